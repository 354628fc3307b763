// Recorded good conversations gone wrong in random places, on each port. With ZK_TEST_LONG many more of them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeNotification } from '../../src/protocol/index.js';
import { JAVA_EXCHANGES } from '../client/java-exchanges.js';
import { SeededRandom, World } from '../fakes/index.js';
import { hostName, membership, QUORUM_PORT, ZabServer } from '../zab/harness.js';
import { recorded } from '../zab/recorded.js';
import { history } from '../zab/zxids.js';
import type { PortName } from './cases.js';
import { FakeEnsemble } from './fake-ensemble.js';
import { mutated, pieces } from './mutations.js';
import { connectRequest, framed, greeting, hex, info } from './speech.js';

const ROUNDS = process.env['ZK_TEST_LONG'] ? 1000 : 40;
const SEEDS = process.env['ZK_TEST_LONG'] ? 5 : 2;
const RECORDINGS = ['diff-follower', 'diff-observer', 'first-start-follower', 'reconfig-follower', 'snap-observer'];

/** A whole session: its connect request and some of the recorded requests. */
function clientSpeech(random: SeededRandom): Buffer {
  const requests = Object.values(JAVA_EXCHANGES)
    .filter(({ request }) => request !== '')
    .map(({ request }) => framed(hex(request)));
  const chosen = Array.from({ length: 1 + random.below(12) }, () => requests[random.below(requests.length)] as Buffer);
  return Buffer.concat([connectRequest(), ...chosen]);
}

async function learnerSpeech(random: SeededRandom): Promise<Buffer> {
  const { toLeader } = await recorded(RECORDINGS[random.below(RECORDINGS.length)] as string);
  if (random.oneIn(4)) return toLeader;
  const known = info(0).length;
  // A server in no configuration, so that it gets further than the id of one that is there.
  return Buffer.concat([info(40 + random.below(50)), toLeader.subarray(known)]);
}

function electionSpeech(random: SeededRandom): Buffer {
  const vote = (state: 'LOOKING' | 'LEADING' | 'FOLLOWING'): Buffer =>
    framed(
      encodeNotification({
        state,
        leader: random.below(9),
        zxid: random.below(1000) * 2 ** 32,
        electionEpoch: BigInt(random.below(100)),
        peerEpoch: random.below(1000),
        version: 2,
        config: random.oneIn(2) ? 'server.1=s1:2888:3888:participant\nversion=0' : null,
      }),
    );
  const sid = random.oneIn(3) ? 1 + random.below(3) : 40 + random.below(9);
  const votes = [vote('LOOKING'), vote('LEADING'), vote('FOLLOWING')].slice(random.below(3));
  return Buffer.concat([greeting(sid, '127.0.0.1:9'), ...votes]);
}

const SPEECHES: Readonly<Record<PortName, (random: SeededRandom) => Buffer | Promise<Buffer>>> = {
  client: clientSpeech,
  quorum: learnerSpeech,
  election: electionSpeech,
};

async function babble(ensemble: FakeEnsemble, port: PortName, random: SeededRandom): Promise<void> {
  const sid = port === 'quorum' ? 3 : 1 + random.below(3);
  const line = await ensemble.dialServer(sid, port, `babbler${random.below(20)}`);
  for (const piece of pieces(mutated(await SPEECHES[port](random), random), random)) {
    line.send(piece);
    if (random.oneIn(4)) await ensemble.pause(random.below(4));
  }
  await ensemble.pause(random.below(30));
  if (random.oneIn(3)) line.end();
  else if (random.oneIn(2)) line.destroy();
}

/** Refusals are warnings; what is an error is an error of this server's. */
function errorsOf(ensemble: FakeEnsemble): string[] {
  return [1, 2, 3].flatMap((sid) =>
    ensemble
      .logOf(sid)
      .filter(({ level, code }) => ['error', 'fatal'].includes(level) && code !== 'ELECTION_OWN_ID')
      .map(({ text }) => text),
  );
}

describe('conversations gone wrong', () => {
  for (const port of ['client', 'quorum', 'election'] as const) {
    it(`${port} port: harm nobody but the speaker`, async () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const ensemble = await FakeEnsemble.start(seed);
        const random = new SeededRandom(`${port} ${seed}`);
        for (let round = 0; round < ROUNDS; round++) {
          try {
            await babble(ensemble, port, random);
            if (round % 10 === 9) await ensemble.assertUnharmed();
            assert.deepEqual(errorsOf(ensemble), []);
          } catch (error) {
            throw new Error(`seed ${seed}, round ${round}`, { cause: error });
          }
        }
        // Whoever left, or keeps silent, is forgotten.
        await ensemble.pause(10_000);
        await ensemble.assertUnharmed();
        assert.equal(ensemble.peers.get(3)?.learners.length, 2);
      }
    });
  }
});

/** Server 1 follows somebody who speaks like a leader, more or less. */
async function followWildLeader(seed: number): Promise<void> {
  const world = new World(seed);
  const random = new SeededRandom(`leader ${seed}`);
  const verifier = membership([1, 2, 3]);
  let server = await world.settle(ZabServer.boot(world, 1, verifier));
  for (const entry of history('1:1-3')) server.database.append(entry);
  await world.settle(server.database.settle());
  await world.settle(server.database.epochs.setAccepted(1));
  await world.settle(server.database.epochs.setCurrent(1));
  const { toLearner } = await recorded(RECORDINGS[random.below(RECORDINGS.length)] as string);
  const bytes = random.oneIn(5) ? toLearner : mutated(toLearner, random);
  await world.settle(
    world.host(hostName(2)).network.listen({ endpoint: { host: hostName(2), port: QUORUM_PORT } }, (socket) => {
      socket.start({
        onData: () => undefined,
        onEnd: () => undefined,
        onDrain: () => undefined,
        onClose: () => undefined,
      });
      for (const piece of pieces(bytes, random)) socket.write(Buffer.from(piece));
    }),
  );
  const end = random.oneIn(2) ? server.follow(2) : server.observe(2);
  await world.run(3000);
  await world.settle(server.stop());
  const { code, reason } = await world.settle(end);
  assert.notEqual(code, 'INTERNAL', reason);
  assert.ok(server.database.epochs.accepted >= 1 && server.database.epochs.current >= 1);
  const { lastLoggedZxid, epochs } = server.database;
  // The process ends, and the next one finds what this one had.
  world.powerOff(hostName(1), 'lose');
  server = await world.settle(ZabServer.boot(world, 1, verifier));
  assert.equal(server.database.lastLoggedZxid, lastLoggedZxid);
  assert.deepEqual(
    [server.database.epochs.current, server.database.epochs.accepted],
    [epochs.current, epochs.accepted],
  );
}

describe('a leader gone wrong', () => {
  it('ends the role of its learner, never more', async () => {
    for (let seed = 1; seed <= ROUNDS * 3; seed++) {
      try {
        await followWildLeader(seed);
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
  });
});
