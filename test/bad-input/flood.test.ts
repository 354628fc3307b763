// Many strangers at once, or one for a long time: what they get is bounded, and so is what the log says of them.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { encodeNotification } from '../../src/protocol/index.js';
import type { PortName } from './cases.js';
import { FakeEnsemble, type FakeLine } from './fake-ensemble.js';
import { connectRequest, framed, greeting, info, NOISE, TLS_HELLO } from './speech.js';

const PORTS: readonly PortName[] = ['client', 'quorum', 'election'];

describe('a flood of strangers, simulated', () => {
  let ensemble: FakeEnsemble;

  before(async () => {
    ensemble = await FakeEnsemble.start(2);
  });

  /** So many connections to server 3 from one machine, each saying this. */
  async function crowd(
    port: PortName,
    count: number,
    machine: string,
    say: (at: number) => Buffer,
  ): Promise<FakeLine[]> {
    const lines: FakeLine[] = [];
    for (let at = 0; at < count; at++) {
      const line = await ensemble.dialServer(3, port, machine);
      line.send(say(at));
      lines.push(line);
    }
    await ensemble.pause(20);
    return lines;
  }

  function open(lines: readonly FakeLine[]): number {
    return lines.filter((line) => !line.closed).length;
  }

  /** What server 3 has said of this machine. */
  function said(machine: string) {
    const address = ensemble.world.network.addressOf(machine);
    return ensemble.logOf(3).filter(({ text }) => text.includes(`${address}:`));
  }

  async function leave(lines: readonly FakeLine[]): Promise<void> {
    for (const line of lines) line.destroy();
    await ensemble.pause(50);
    await ensemble.assertUnharmed();
  }

  it('who comes every second fills a line a minute for each thing it says', async () => {
    for (let second = 0; second < 125; second++) {
      const lines: FakeLine[] = [];
      for (const port of PORTS) {
        lines.push(...(await crowd(port, 1, `scanner-of-${port}`, () => (second % 2 === 0 ? NOISE : TLS_HELLO))));
      }
      assert.equal(open(lines), 0);
      await ensemble.pause(930);
    }
    for (const port of PORTS) {
      const lines = said(`scanner-of-${port}`);
      assert.ok(lines.length >= 3 && lines.length <= 6, lines.map(({ message }) => message).join('\n'));
      assert.match(lines.at(-1)?.text ?? '', /"timesSinceLastSaid":\d+/);
    }
  });

  for (const port of ['quorum', 'election'] as const) {
    it(`${port} port: of those who say nothing only so many are kept, and none for long`, async () => {
      const machine = `silent-on-${port}`;
      const silent = await crowd(port, 300, machine, () => Buffer.alloc(0));
      assert.equal(open(silent), 256);
      const crowded = said(machine).filter(({ text }) => /CROWDED/.test(text));
      assert.equal(crowded.length, 1);
      assert.match(crowded[0]?.message ?? '', /more than 256 connections have not said who they are/);
      // Another machine finds room, since those who fill it lose their own.
      const [guest] = await crowd(port, 1, `guest-of-${port}`, () =>
        port === 'quorum' ? info(150) : greeting(150, '127.0.0.1:9'),
      );
      assert.equal(guest?.closed, false);
      assert.equal(open(silent), 255);
      await ensemble.pause(4000);
      assert.equal(open(silent), 0);
      await leave([...silent, guest]);
    });
  }

  it('quorum port: bytes that trickle in are no introduction', async () => {
    const line = await ensemble.dialServer(3, 'quorum', 'trickle');
    const bytes = info(151);
    for (let at = 0; at < 10; at++) {
      line.send(bytes.subarray(at, at + 1));
      await ensemble.pause(400);
    }
    assert.equal(line.closed, true);
    assert.match(said('trickle')[0]?.message ?? '', /did not say who it is within 3000 ms \(initLimit\)/);
    await leave([line]);
  });

  it('quorum port: of servers that are in no configuration only so many are served', async () => {
    const strangers = await crowd('quorum', 150, 'learners', (at) => info(1000 + at));
    assert.equal(open(strangers), 128);
    await leave(strangers);
    assert.ok(
      said('learners').length <= 5,
      said('learners')
        .map(({ message }) => message)
        .join('\n'),
    );
  });

  it('election port: of servers that are in no configuration only so many are connected', async () => {
    const strangers = await crowd('election', 150, 'voters', (at) => greeting(1000 + at, '127.0.0.1:9'));
    assert.equal(open(strangers), 128);
    assert.equal(strangers[0]?.closed, true);
    await leave(strangers);
    assert.ok(
      said('voters').length <= 5,
      said('voters')
        .map(({ message }) => message)
        .join('\n'),
    );
  });

  it('election port: a server in no configuration that keeps voting is answered, and moves nobody', async () => {
    const vote = framed(
      encodeNotification({
        state: 'LOOKING',
        leader: 300,
        zxid: 2 ** 50,
        electionEpoch: 2n ** 30n,
        peerEpoch: 2 ** 20,
        version: 2,
        config: null,
      }),
    );
    const [line] = await crowd('election', 1, 'candidate', () => greeting(300, '127.0.0.1:9'));
    for (let at = 0; at < 500; at++) {
      line?.send(vote);
      await ensemble.pause(2);
    }
    assert.ok((line?.heard.length ?? 0) > 0);
    assert.ok((line?.heard.length ?? 0) < 20_000, 'an answer to every vote');
    await leave(line === undefined ? [] : [line]);
  });

  it('client port: one machine has so many connections, others have theirs', async () => {
    const many = await crowd('client', 30, 'greedy', () => connectRequest());
    assert.equal(open(many), 20);
    assert.deepEqual(
      said('greedy').map(({ message }) => message),
      [
        `Error accepting new connection: Too many connections from /${ensemble.world.network.addressOf('greedy')} - max is 20`,
      ],
    );
    const other = await ensemble.connect(3, 'modest');
    other.destroy();
    await leave(many);
  });
});
