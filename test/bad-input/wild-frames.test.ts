// Frames gone wrong in every way, by seed, several connections at once, on a real server: it neither dies nor grows, and
// nobody else notices. WILD_SEED repeats one.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { SeededRandom } from '../fakes/index.js';
import { Ensemble, type Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { fourLetter } from '../support/four-letter.js';
import { WireClient } from '../support/wire-client.js';
import { pieces } from './mutations.js';
import { footprintOf, RealLine } from './real-ensemble.js';
import { wildSpeech } from './wild-frames.js';

const SEED = process.env['WILD_SEED'] ?? '1';
const ROUNDS = process.env['ZK_TEST_LONG'] ? 2000 : 60;
const WARM_UP_ROUNDS = ROUNDS / 3;
const AT_ONCE = 8;
const LIMIT_MS = 60_000;
/** How much more may be resident at the end: garbage that is not collected yet, not what grows with the rounds. */
const ALLOWED_BYTES = 48 * 1024 * 1024;

/** A client that goes on with its own work, and checks every answer. */
class GoodClient {
  private count = 0;

  private constructor(private readonly client: WireClient) {}

  static async begin(port: number): Promise<GoodClient> {
    const client = await WireClient.connect(port, { timeoutMs: 20_000 });
    await client.create('/good', Buffer.from('0'), 1);
    return new GoodClient(client);
  }

  async work(): Promise<void> {
    const data = Buffer.from(String(++this.count));
    const [, read] = await Promise.all([
      this.client.setData('/good', data, this.count - 1),
      this.client.getData('/good', true),
    ]);
    assert.deepEqual(read.data, data);
    assert.equal(read.stat.version, this.count);
  }

  async end(): Promise<void> {
    assert.equal(this.client.isClosed, false);
    // Each write but the first is told of, because the read before it watches.
    assert.equal(this.client.events.length, this.count - 1);
    await this.client.close();
  }
}

/** Some connections at once, a piece of one, then of another. */
async function babble(member: Member, random: SeededRandom): Promise<string[]> {
  const speeches = Array.from({ length: AT_ONCE }, () => wildSpeech(random));
  const lines = await Promise.all(speeches.map((_, at) => RealLine.dial(member.clientPort, `127.0.4.${at + 1}`)));
  let speaking = speeches.map(({ bytes }, at) => ({ line: lines[at] as RealLine, rest: pieces(bytes, random) }));
  while (speaking.length > 0) {
    const one = speaking[random.below(speaking.length)] as (typeof speaking)[number];
    const next = one.rest.next();
    if (next.done !== true) {
      one.line.send(next.value);
      continue;
    }
    speaking = speaking.filter((other) => other !== one);
    if (random.oneIn(2)) one.line.end();
    else one.line.destroy();
  }
  await eventually('what was said is heard', LIMIT_MS, () => Promise.resolve(lines.every(({ closed }) => closed)));
  for (const line of lines) line.destroy();
  return speeches.flatMap(({ ways }) => ways);
}

describe(`frames gone wrong (WILD_SEED=${SEED})`, () => {
  let ensemble: Ensemble;
  let member: Member;
  const random = new SeededRandom(`wild frames ${SEED}`);
  const met = new Map<string, number>();

  before(async () => {
    ensemble = await Ensemble.create({
      servers: 1,
      config: { tickTime: 300, minSessionTimeout: 600, maxSessionTimeout: 20_000, 'nio.sessionlessCnxnTimeout': 1500 },
    });
    await ensemble.start();
    member = ensemble.member(1);
  });
  after(() => ensemble.remove());

  async function rounds(count: number, good: GoodClient): Promise<void> {
    for (let round = 0; round < count; round++) {
      try {
        const [ways] = await Promise.all([babble(member, random), good.work()]);
        for (const way of ways) met.set(way, (met.get(way) ?? 0) + 1);
        await good.work();
        assert.ok(member.running);
      } catch (error) {
        throw new Error(`round ${round}`, { cause: error });
      }
    }
  }

  /** Only the good client is left, and nothing is kept for the others. */
  async function settled(mostFiles = Number.POSITIVE_INFINITY): Promise<Awaited<ReturnType<typeof footprintOf>>> {
    await eventually('the others are forgotten', LIMIT_MS, async () => {
      const mntr = await fourLetter(member.clientPort, 'mntr');
      return /^zk_num_alive_connections\t[12]$/m.test(mntr) && /^zk_outstanding_requests\t0$/m.test(mntr);
    });
    await eventually('their sockets are gone', LIMIT_MS, async () => {
      return (await footprintOf(member)).openFiles <= mostFiles;
    });
    return footprintOf(member);
  }

  it(`${(ROUNDS + WARM_UP_ROUNDS) * AT_ONCE} connections harm nobody and leave nothing behind`, async () => {
    const good = await GoodClient.begin(member.clientPort);
    await rounds(WARM_UP_ROUNDS, good);
    const before = await settled();
    await rounds(ROUNDS, good);
    const now = await settled(before.openFiles + 2);
    const grownBytes = now.residentBytes - before.residentBytes;
    assert.ok(grownBytes < ALLOWED_BYTES, `the server has grown by ${grownBytes} bytes`);
    assert.ok(
      [...met.values()].every((count) => count >= 5),
      JSON.stringify([...met]),
    );
    assert.equal(met.size, 10);
    await good.end();
    const faults = (await member.log()).split('\n').filter((line) => /"level":"(error|fatal)"/.test(line));
    assert.deepEqual(faults, []);
  });
});
