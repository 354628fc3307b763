// A second server with the myid of another, as if on a machine of its own: it comes from another address, and its own line of
// zoo.cfg has an address and ports that the others know nothing of.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { assertNothingLost, progress } from '../ensemble/nothing-lost.js';
import { RecordingWriter } from '../ensemble/recording-writer.js';
import type { Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { freePorts } from '../support/ports.js';
import { treeLines } from '../support/tree-lines.js';
import { WireClient } from '../support/wire-client.js';
import { LongestPause } from './longest-pause.js';
import { type Kind, MixedEnsemble } from './mixed-ensemble.js';

const FOLDER = '/written';
/** So many writes go through while the double is there: it has time to try all that it tries. */
const WRITES = 300;
const LIVES = 3;
/** Less than any server waits before it gives another one up, and long enough for a busy machine. */
const LONGEST_PAUSE_MS = 4000;
const START_MS = 60_000;
/** A leader of ours takes a server for there and well when it heard it a tick ago: long enough for a busy machine, too. */
const TIMING = { tickTime: 1000, initLimit: 20, syncLimit: 10 };

const OURS: Kind = 'zk-server';
const JAVA: Kind = 'Apache ZooKeeper';

interface Case {
  readonly name: string;
  /** Of the servers 1, 2 and 3. */
  readonly kinds: readonly Kind[];
  readonly leader: number;
  /** Whose myid the double has. */
  readonly sid: number;
  /** Who names the double, and with which words of the log. */
  readonly named: Readonly<Record<number, RegExp>>;
  /** What the double is for its own clients; where it serves nobody: nothing. */
  readonly mode: '' | 'follower';
}

function moved(sid: number): RegExp {
  return new RegExp(`"code":"ELECTION_DOUBLE","sid":${sid},"remote":"127\\.0\\.0\\.2:`);
}

const CASES: readonly Case[] = [
  // The others dial back where their configuration says that server 1 is: nobody tells the double who leads.
  {
    name: 'of a follower',
    kinds: [OURS, OURS, OURS],
    leader: 3,
    sid: 1,
    named: { 2: moved(1), 3: moved(1) },
    mode: '',
  },
  {
    name: 'of the leader',
    kinds: [OURS, OURS, OURS],
    leader: 3,
    sid: 3,
    named: { 1: moved(3), 2: moved(3) },
    mode: '',
  },
  // It dials the others and stays connected, so it learns who leads; but the leader has a server 3 that is well.
  {
    name: 'of a follower with a larger id than the leader',
    kinds: [OURS, OURS, OURS],
    leader: 2,
    sid: 3,
    named: {
      1: moved(3),
      2: /"code":"ZAB_LEARNER_GONE","sid":3,[^\n]*"end":"DOUBLE"[^\n]*two servers have 3 in their/,
    },
    mode: '',
  },
  {
    name: 'of a follower beside Apache ZooKeeper',
    kinds: [JAVA, OURS, OURS],
    leader: 3,
    sid: 2,
    named: { 3: moved(2) },
    mode: '',
  },
  // Apache ZooKeeper dials back where the double says that it is; its one word is no quorum.
  {
    name: 'of a follower of Apache ZooKeeper',
    kinds: [OURS, OURS, JAVA],
    leader: 3,
    sid: 1,
    named: { 2: moved(1) },
    mode: '',
  },
  // A quorum tells it who leads, and the leader, Apache ZooKeeper, takes as many servers 1 as come.
  {
    name: 'of the only follower of Apache ZooKeeper that is not its like',
    kinds: [OURS, JAVA, JAVA],
    leader: 3,
    sid: 1,
    named: {},
    mode: 'follower',
  },
];

/** Another address of this machine, and ways from it to the ports of the first one. */
class OtherMachine {
  static readonly host = '127.0.0.2';
  private readonly ways: Server[] = [];
  private readonly sockets = new Set<Socket>();

  /** The port here that leads to a port there, where whoever takes it comes from this machine's address. */
  private async wayTo(port: number): Promise<number> {
    const way = createServer((near) => {
      const far = connect({ host: '127.0.0.1', port, localAddress: OtherMachine.host });
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.sockets.add(one);
        one.setNoDelay(true);
        one.pipe(other);
        one.on('error', () => undefined);
        one.once('close', () => {
          this.sockets.delete(one);
          other.destroy();
        });
      }
    });
    this.ways.push(way);
    way.listen(0, OtherMachine.host);
    await once(way, 'listening');
    return (way.address() as AddressInfo).port;
  }

  /** The lines of a zoo.cfg with which server `sid` is here, and all others are there. */
  async lines(sid: number, config: string): Promise<Record<string, string>> {
    const lines: Record<string, string> = {};
    for (const [, key = '', quorum, election] of config.matchAll(/^(server\.\d+)=[^:]+:(\d+):(\d+)/gm)) {
      const ports =
        key === `server.${sid}`
          ? await freePorts(2)
          : [await this.wayTo(Number(quorum)), await this.wayTo(Number(election))];
      lines[key] = `${OtherMachine.host}:${ports.join(':')}`;
    }
    return lines;
  }

  close(): void {
    for (const way of this.ways) way.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

/** Starts all so that server `leader` leads: two that have no data first, of which it has the larger id. */
async function start(mixed: MixedEnsemble, leader: number): Promise<void> {
  for (const sids of [[leader - 1, leader], [leader === 3 ? 1 : 3]]) {
    for (const sid of sids) await mixed.member(sid).start();
    await Promise.all(sids.map((sid) => mixed.member(sid).serving(START_MS)));
  }
  assert.equal(await mixed.member(leader).mode(), 'leader');
}

/** Asks a server over and over what it is; `end` tells every answer that there was. */
function watchModes(member: Member): { readonly end: () => Promise<string[]> } {
  const seen = new Set<string>();
  let isOver = false;
  const watching = (async (): Promise<void> => {
    while (!isOver) seen.add(await member.mode());
  })();
  return {
    end: async () => {
      isOver = true;
      await watching;
      return [...seen];
    },
  };
}

for (const { name, kinds, leader, sid, named, mode } of CASES) {
  describe(`a double ${name}`, { timeout: 240_000 }, () => {
    const elsewhere = new OtherMachine();
    let mixed: MixedEnsemble;
    let double: Member | undefined;

    before(async () => {
      mixed = await MixedEnsemble.create(kinds, { config: TIMING });
      await start(mixed, leader);
      const client = await WireClient.connect(mixed.member(leader).clientPort);
      await client.create(FOLDER);
      await client.close();
    });
    after(async () => {
      await double?.kill();
      elsewhere.close();
      await mixed.remove();
    });

    const does = mode === '' ? 'serves nobody' : 'serves what all serve';
    it(`${does}, and nobody else is disturbed, however often it comes back`, async (t) => {
      const { ensemble, members } = mixed;
      const original = mixed.member(sid);
      const lines = await elsewhere.lines(sid, await original.config());
      const modes = await Promise.all(members.map((member) => member.mode()));
      const writer = new RecordingWriter(FOLDER, members, 0, { depth: 2, pauseMs: 5 });
      const pauses = new LongestPause([writer]);
      try {
        await progress([writer], 20);
        pauses.takeMs();
        for (let life = 0; life < LIVES; life++) {
          double = await ensemble.imitate(original, lines);
          const watch = watchModes(double);
          try {
            if (mode !== '') await double.serving(START_MS);
            for (const [by, words] of Object.entries(named)) {
              await eventually(`server ${by} names the double`, START_MS, async () =>
                words.test(await mixed.member(Number(by)).log()),
              );
            }
            await progress([writer], WRITES);
            assert.equal(double.running, true);
          } finally {
            const seen = await watch.end();
            assert.deepEqual(
              seen.filter((one) => one !== '' && one !== mode),
              [],
            );
          }
          assert.equal(await double.mode(), mode);
          if (life < LIVES - 1) await double.kill();
        }
        const longestMs = pauses.takeMs();
        t.diagnostic(`the longest time without a write: ${longestMs} ms`);
        assert.ok(longestMs < LONGEST_PAUSE_MS, `${longestMs} ms without a write`);
      } finally {
        pauses.end();
        await writer.stop();
      }
      assert.deepEqual(await Promise.all(members.map((member) => member.mode())), modes);
      if (mode !== '' && double !== undefined) await assertSameTree(double, mixed.member(leader));
      await assertNothingLost(ensemble, [writer]);
      await mixed.sameTrees();
      await mixed.noQuarrels();
    });
  });
}

async function assertSameTree(one: Member, other: Member): Promise<void> {
  assert.deepEqual(await treeLines(one), await treeLines(other));
}
