import assert from 'node:assert/strict';
import { OPEN_ACL_UNSAFE, OpCode } from '../../src/protocol/index.js';
import * as mutants from '../sim/mutants/known-bugs/roles.js';
import { DIRTY_SNAPSHOTS_STAY, TRUNC_ON_DISK_ONLY } from '../sim/mutants/known-bugs/synchronization.js';
import { createEntry, zxid } from '../zab/zxids.js';
import { Ensemble } from './ensemble.js';
import type { KnownBug } from './known-bug.js';

const SESSION = 0x7n;
const SAME = { history: '1:1-3' };

function ephemeral(path: string) {
  const type = OpCode.create;
  return { type, path, data: null, acl: OPEN_ACL_UNSAFE, ephemeral: true, parentCVersion: -1 } as const;
}

/** Server 1 logs what its leader never commits, and is then elected without a restart. */
async function electedWithTail(): Promise<void> {
  const e = await Ensemble.with({ 1: SAME, 2: SAME, 3: SAME });
  await e.lead(3, 1, 2);
  await e.look(2);
  e.isolate(2);
  e.world.network.cut('s1', 's3', { mode: 'silent', oneWay: true });
  e.ask(3, 'tail');
  await e.run(50);
  assert.deepEqual([e.logged(1), e.isAnswered('tail')], ['2:1', false]);
  e.crash(3, 'kill');
  e.world.network.healAll();
  await e.look(1);
  await e.lead(1, 2);
  await e.write(2, 'next');
  await e.checkEnd();
}

/** Server 1 fails when it has logged the end of a session, before it is told that this is committed; then it comes back. */
async function closeSessionNotCommittedHere(): Promise<void> {
  const e = await Ensemble.with({ 1: SAME, 2: SAME, 3: SAME });
  await e.lead(3, 1, 2);
  e.propose(3, { type: OpCode.createSession, timeoutMs: 4000 }, SESSION);
  e.propose(3, ephemeral('/mine'), SESSION);
  await e.checkSame('with an ephemeral node');
  e.propose(3, { type: OpCode.closeSession, paths: ['/mine'] }, SESSION);
  await e.until('server 1 has the end of the session', () => e.logged(1) === '2:3');
  await e.look(1);
  await e.join(1, 3);
  await e.checkSame('while they run');
  assert.ok(!e.names(3).includes('mine'));
  await e.checkEnd();
}

/** The log of server 1 is on its way to the disk when its role ends; the disk works again in the middle of the next one. */
async function diskOutlivesRole(late: (e: Ensemble) => void): Promise<void> {
  const e = await Ensemble.with({ 1: SAME, 2: SAME, 3: SAME });
  await e.lead(3, 1, 2);
  e.propose(3, { type: OpCode.createSession, timeoutMs: 4000 }, SESSION);
  await e.run();
  e.crash(2, 'kill');
  e.disk(1).hang('append');
  late(e);
  await e.run(20);
  e.crash(3, 'kill');
  await e.look(1);
  await e.boot(2);
  const leader = e.best(1, 2);
  e.begin(leader, 3 - leader);
  await e.run();
  e.disk(1).release();
  await e.serving(1, 2);
  await e.write(leader, 'next');
  await e.checkEnd();
}

/** A leader that nobody hears any more has its log on the way to a disk that hangs; then it follows another one. */
async function diskOutlivesLeader(): Promise<void> {
  const e = await Ensemble.with({ 1: SAME, 2: SAME, 3: SAME });
  await e.lead(3, 1, 2);
  e.isolate(3);
  e.disk(3).hang('append');
  e.propose(3, ephemeral('/ghost'), SESSION);
  await e.run(20);
  await e.look(1, 2, 3);
  e.world.network.healAll();
  await e.lead(2, 1);
  e.follow(3, 2);
  await e.run();
  e.disk(3).release();
  await e.serving(3);
  await e.write(1, 'next');
  await e.checkEnd();
}

/** A leader that nobody hears any more made an ephemeral node; it then follows another one without a restart. */
async function ephemeralOfOldLeader(): Promise<void> {
  const e = await Ensemble.with({ 1: SAME, 2: SAME, 3: SAME });
  await e.lead(3, 1, 2);
  e.isolate(3);
  e.propose(3, ephemeral('/ghost'), SESSION);
  await e.run(20);
  await e.look(1, 2, 3);
  e.world.network.healAll();
  await e.lead(2, 1);
  await e.write(1, 'next');
  await e.join(3, 2);
  await e.checkEnd();
}

/** The disk of server 1 fails once while it follows. */
async function appendFails(): Promise<void> {
  const e = await Ensemble.with({ 1: SAME, 2: SAME, 3: SAME });
  await e.lead(3, 1, 2);
  e.disk(1).fail({ kind: 'append', code: 'IO' });
  await e.write(3, 'a');
  await e.run();
  assert.ok(!e.names(1).includes('a'), 'server 1 shows a, which its disk does not have');
  await e.restart(1);
  await e.join(1, 3);
  await e.write(3, 'b');
  await e.checkEnd();
}

/** Server 3 took a snapshot with an ephemeral node of a session that only it ever had. */
async function dirtySnapshotWithEphemeral(): Promise<void> {
  const e = await Ensemble.with({ 1: SAME, 2: SAME, 3: SAME });
  const { database } = e.server(3);
  const header = createEntry(zxid('1:4'), '/x', SESSION).header;
  e.append(3, { ...header, type: OpCode.createSession }, { type: OpCode.createSession, timeoutMs: 4000 });
  e.append(3, { ...header, zxid: zxid('1:5') }, ephemeral('/mine'));
  await e.applyAll(3);
  await e.world.settle(database.takeSnapshot());
  await e.lead(2, 1);
  await e.write(2, 'next');
  await e.join(3, 2);
  await e.checkSame('while they run');
  await e.restart(3);
  assert.deepEqual(e.names(3), e.names(1), 'server 3 has a node of a session that nobody knows');
  await e.join(3, 2);
  await e.checkEnd();
}

const DIFFER = /differ (after a restart|after the next election|while they run)/;

/** Memory, log and disk over the end of roles; ephemeral nodes that live too long on one server. */
export const ROLE_BUGS: readonly KnownBug[] = [
  {
    bug: 'ZOOKEEPER-2845',
    name: 'a server that is elected again without a restart leads with all that it logged',
    history: electedWithTail,
    mutants: [{ mutant: mutants.MEMORY_KEPT, shows: DIFFER }],
  },
  {
    bug: 'ZOOKEEPER-2355',
    name: 'the end of a session that a follower logged and never saw committed takes the ephemeral node away there, too',
    history: closeSessionNotCommittedHere,
    mutants: [{ mutant: mutants.MEMORY_KEPT, shows: DIFFER }],
  },
  {
    bug: 'ZOOKEEPER-4712',
    name: 'nothing of a role reaches the disk after its end unseen by the next one',
    history: () => diskOutlivesRole((e) => e.propose(3, { ...ephemeral('/late'), ephemeral: false })),
    mutants: [{ mutant: mutants.WRITES_OUTLIVE_ROLES, shows: DIFFER }],
  },
  {
    bug: 'ZOOKEEPER-4541',
    name: 'no ephemeral node is visible on one of three servers only',
    history: () => diskOutlivesRole((e) => e.propose(3, ephemeral('/ghost'), SESSION)),
    mutants: [{ mutant: mutants.WRITES_OUTLIVE_ROLES, shows: DIFFER }],
  },
  {
    bug: 'ZOOKEEPER-4502',
    name: 'nothing of a leader reaches its disk after the end of its role unseen by the next one',
    history: diskOutlivesLeader,
    mutants: [{ mutant: mutants.WRITES_OUTLIVE_ROLES, shows: DIFFER }],
  },
  {
    bug: 'ZOOKEEPER-5010',
    name: 'synchronization takes an ephemeral node that was never committed out of memory, too',
    history: ephemeralOfOldLeader,
    mutants: [{ mutant: TRUNC_ON_DISK_ONLY, shows: DIFFER }],
  },
  {
    bug: 'ZOOKEEPER-4837',
    name: 'an ephemeral node in a snapshot that ran ahead of what is committed does not stay for ever',
    history: dirtySnapshotWithEphemeral,
    mutants: [{ mutant: DIRTY_SNAPSHOTS_STAY, shows: /a node of a session that nobody knows/ }],
  },
  {
    bug: 'ZOOKEEPER-4882',
    name: 'a commit whose log entry the own disk refused is not applied',
    history: appendFails,
    mutants: [{ mutant: mutants.APPLIED_WITHOUT_LOG, shows: /server 1 shows a, which its disk does not have/ }],
  },
];
