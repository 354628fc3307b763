import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { World } from '../fakes/index.js';
import { hostName, membership, ZabServer } from './harness.js';
import { history } from './zxids.js';

/** How a learner comes to be behind, and by what it is brought up. */
interface Case {
  readonly mode: string;
  readonly leader: string;
  readonly learner: string;
  /** Transactions behind `learner` that the leader does not have. */
  readonly dead?: string;
  readonly snapshots?: boolean;
}

const CASES: readonly Case[] = [
  { mode: 'DIFF', leader: '1:1-3 2:1-2', learner: '1:1-2' },
  { mode: 'DIFF', leader: '1:1-3', learner: '1:1-3' },
  { mode: 'TRUNC', leader: '1:1-3', learner: '1:1-3', dead: '1:4-5' },
  { mode: 'TRUNC', leader: '1:1-3 2:1-2', learner: '1:1-3', dead: '1:4-5' },
  { mode: 'SNAP', leader: '1:1-3 2:1-2', learner: '1:1-2', snapshots: true },
  { mode: 'SNAP', leader: '1:1-3 2:1-2', learner: '1:1-2', dead: '1:3-5', snapshots: true },
  { mode: 'SNAP', leader: '1:1-3 2:1-2', learner: '', snapshots: true },
];

const LEADER = 2;
const OTHER = 3;
const LEARNER = 1;
const VOTERS = membership([1, 2, 3]);

async function bootWith(
  world: World,
  sid: number,
  common: string,
  dead: string,
  snapshots: boolean,
): Promise<ZabServer> {
  const server = await world.settle(ZabServer.boot(world, sid, VOTERS, { forceSnapshotSync: snapshots }));
  const { database } = server;
  for (const entry of [...history(common), ...history(dead, 'dead')]) database.append(entry);
  await world.settle(database.settle());
  const epoch = Math.floor(database.lastLoggedZxid / 2 ** 32);
  await world.settle(database.epochs.setAccepted(epoch));
  await world.settle(database.epochs.setCurrent(epoch));
  return server;
}

/** Brings the learner up with a crash at its disk's operation number `point`; false when there are not so many. */
async function crashAt(one: Case, point: number, mode: 'kill' | 'lose' | 'tear'): Promise<boolean> {
  const world = new World(`${one.mode} ${one.leader} ${point} ${mode}`);
  const leader = await bootWith(world, LEADER, one.leader, '', one.snapshots === true);
  const other = await bootWith(world, OTHER, one.leader, '', false);
  const before = await bootWith(world, LEARNER, one.learner, one.dead ?? '', false);
  const own = before.history();
  leader.lead().catch((error: unknown) => assert.fail(String(error)));
  other.follow(LEADER).catch((error: unknown) => assert.fail(String(error)));
  await world.until(() => leader.isServing && other.isServing);
  const disk = world.disk(hostName(LEARNER));
  const first = disk.operationCount;
  const crash = { happened: false };
  disk.onOperation = ({ index }) => {
    if (index !== first + point || crash.happened) return;
    crash.happened = true;
    if (mode === 'kill') world.kill(hostName(LEARNER));
    else world.powerOff(hostName(LEARNER), mode);
  };
  before.follow(LEADER).catch((error: unknown) => assert.fail(String(error)));
  await world.until(() => crash.happened || before.isServing);
  const how = before.trace.records.map((record) => record.note).join(' ');
  disk.onOperation = null;
  if (!crash.happened) {
    assert.match(how, new RegExp(one.mode));
    return false;
  }
  const after = await world.settle(ZabServer.boot(world, LEARNER, VOTERS));
  checkLegal(own, after.history(), leader.history(), after.database.epochs.current === leader.database.epochs.current);
  after.follow(LEADER).catch((error: unknown) => assert.fail(String(error)));
  leader.pipeline.write('next');
  await world.until(() => after.isServing && after.history().length === leader.history().length);
  assert.deepEqual(after.history(), leader.history());
  return true;
}

/** What was there, or what both have in common and then only what the leader has. */
function checkLegal(
  own: readonly string[],
  found: readonly string[],
  leader: readonly string[],
  hasLeadersEpoch: boolean,
): void {
  if (found.join() === own.join() && !hasLeadersEpoch) return;
  const differs = own.findIndex((line, at) => line !== leader[at]);
  const common = differs < 0 ? own.length : differs;
  assert.ok(found.length >= common, `lost committed transactions: ${found.join()}`);
  assert.deepEqual(found, leader.slice(0, found.length));
  // The new leader's epoch is written when its whole history is there.
  if (hasLeadersEpoch) assert.deepEqual(found, leader);
}

describe('a crash at every disk operation of a learner that is synchronized', () => {
  for (const one of CASES) {
    for (const mode of ['kill', 'lose', 'tear'] as const) {
      const dead = one.dead === undefined ? '' : `, dead ${one.dead}`;
      it(`${one.mode}: leader ${one.leader}, learner ${one.learner || 'empty'}${dead} (${mode})`, async () => {
        let point = 0;
        while (await crashAt(one, point, mode)) point++;
        assert.ok(point >= 6, `only ${point} disk operations`);
      });
    }
  }
});
