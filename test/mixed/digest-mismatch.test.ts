// A follower whose tree differs from its leader's, though both are at the same zxid: synchronization does not tell, the
// digests of the next transactions do. That is counted and logged; the follower goes on following, and nobody mends its data.
import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ErrorCode } from '../../src/protocol/index.js';
import { PATIENT } from '../support/at-server.js';
import { Ensemble, type Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { fourLetter } from '../support/four-letter.js';
import { WireClient } from '../support/wire-client.js';
import { type Kind, MixedEnsemble } from './mixed-ensemble.js';

const LIMIT_MS = 60_000;
const WRITES = 5;
const [FIRST, DIFFERENT, LEADER] = [1, 2, 3];
/** How each kind logs that after the first transaction of epoch 1 the digest is not the expected one. */
const LOGGED: Readonly<Record<Kind, RegExp>> = {
  'zk-server': /"code":"DIGEST_MISMATCH","zxid":"0x100000001"/,
  'Apache ZooKeeper': /First digest mismatch on txn: \d+,\d+,4294967297,/,
};

const MIXES: readonly (readonly [first: Kind, different: Kind, leader: Kind])[] = [
  ['zk-server', 'zk-server', 'Apache ZooKeeper'],
  ['zk-server', 'Apache ZooKeeper', 'zk-server'],
  ['zk-server', 'zk-server', 'zk-server'],
];

/** A server that stood alone, is gone, and has written this. */
async function written(data: string): Promise<Ensemble> {
  const ensemble = await Ensemble.create({ servers: 1, config: { extendedTypesEnabled: 'true' } });
  await ensemble.start();
  const client = await WireClient.connect(ensemble.member(1).clientPort);
  await client.create('/differs', Buffer.from(data));
  await client.close();
  await ensemble.member(1).kill();
  return ensemble;
}

function filesOf({ dataDir }: Member): string {
  return join(dataDir, 'version-2');
}

async function mismatchesOf({ clientPort }: Member): Promise<number> {
  return Number(/^zk_digest_mismatches_count\t(\d+)$/m.exec(await fourLetter(clientPort, 'mntr'))?.[1]);
}

/** How often `learner` was synchronized by `leader`, as the one of them that is ours logged it. */
async function syncsOf(mixed: MixedEnsemble, learner: Member, leader: Member): Promise<string[]> {
  const isOurs = mixed.kind(learner.sid) === 'zk-server';
  const pattern = isOurs
    ? /The leader synchronizes by (\w+)/g
    : new RegExp(`Server ${learner.sid} at \\S+ is synchronized by (\\w+)`, 'g');
  return [...(await (isOurs ? learner : leader).log()).matchAll(pattern)].map(([, plan = '']) => plan);
}

describe('a follower whose tree differs from its leader’s', { timeout: 240_000 }, () => {
  let common: Ensemble;
  let other: Ensemble;

  before(async () => {
    [common, other] = await Promise.all([written('as the leader has it'), written('otherwise')]);
  });
  after(() => Promise.all([common.remove(), other.remove()]));

  for (const [first, different, leads] of MIXES) {
    it(`${different} follows ${leads}`, async () => {
      const mixed = await MixedEnsemble.create([first, different, leads]);
      try {
        for (const member of mixed.members) {
          const source = (member.sid === DIFFERENT ? other : common).member(1);
          await cp(filesOf(source), filesOf(member), { recursive: true });
        }
        await mixed.start();
        const [follower, leader] = [mixed.member(DIFFERENT), mixed.member(LEADER)];
        assert.equal((await mixed.ensemble.leader()).sid, LEADER);
        const syncs = await syncsOf(mixed, follower, leader);
        assert.equal(syncs.at(-1), 'DIFF');

        // Through the follower: what is answered it has applied.
        const client = await WireClient.connect(follower.clientPort, PATIENT);
        for (let i = 0; i < WRITES; i++) await client.create(`/node-${i}`);
        const counted = await mismatchesOf(follower);
        assert.ok(counted >= WRITES, `${counted} mismatches`);
        await eventually('the mismatch is logged', LIMIT_MS, async () => LOGGED[different].test(await follower.log()));
        assert.deepEqual(await mixed.everywhere(`/node-${WRITES - 1}`), [true, true, true]);
        for (const sid of [FIRST, LEADER]) assert.equal(await mismatchesOf(mixed.member(sid)), 0, `server ${sid}`);

        // What it acknowledges counts: without it these writes have no quorum. Its client keeps its connection.
        await mixed.member(FIRST).kill();
        for (let i = 0; i < WRITES; i++) await client.setData('/node-0', Buffer.from(String(i)));
        assert.ok((await mismatchesOf(follower)) >= counted + WRITES);
        assert.equal(await follower.mode(), 'follower');
        assert.equal(String((await client.getData('/differs')).data), 'otherwise');

        // A write that is refused says the digest, too, where a leader of ours logs it; Apache ZooKeeper's say none.
        const before = await mismatchesOf(follower);
        await assert.rejects(client.delete('/nothing'), { code: ErrorCode.noNode });
        const told = leads === 'zk-server' ? 1 : 0;
        assert.equal(await mismatchesOf(follower), before + told, 'an error that is different');
        assert.equal(await mismatchesOf(leader), 0);
        assert.deepEqual(await syncsOf(mixed, follower, leader), syncs, 'it was not synchronized again');
        await client.close();
      } finally {
        await mixed.remove();
      }
    });
  }
});
