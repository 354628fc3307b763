import assert from 'node:assert/strict';
import * as mutants from '../sim/mutants/known-bugs/epochs.js';
import { ACCEPTED_IN_MEMORY, EPOCH_NOT_NOTED } from '../sim/mutants/durability.js';
import { Machine, Story } from '../storage/support.js';
import { Ensemble } from './ensemble.js';
import type { KnownBug } from './known-bug.js';

const LOST = /answered writes are lost/;

/** Server 1 is behind and its disk hangs when server 3 has brought it up; then it loses power and 3 dies. */
async function crashInSynchronization(committed: boolean): Promise<void> {
  const long = '1:1-5';
  const e = await Ensemble.with({
    1: { history: '1:1-3' },
    2: { history: committed ? long : '1:1-3' },
    3: { history: long },
  });
  if (committed) e.toldBy(3);
  e.disk(1).hang('append');
  e.begin(3, 1);
  await e.run();
  if (!committed) {
    // The newest history is committed when the epoch is established, and a leader that serves shows it.
    if (!e.server(3).isServing) {
      e.disk(1).release();
      await e.serving(3);
    }
    e.toldBy(3);
  }
  e.crash(1, 'lose');
  e.crash(3, 'kill');
  await e.boot(1);
  await e.look(2);
  const leader = await e.elect(1, 2);
  await e.boot(3);
  await e.join(3, leader);
  await e.checkEnd();
}

/** The disk of server 1 hangs when it comes to its currentEpoch. */
async function acknowledgedEpochIsKnown(): Promise<void> {
  const e = await Ensemble.with({ 1: { history: '1:1-3' }, 2: { history: '1:1-3' }, 3: { history: '1:1-3' } });
  e.disk(1).onOperation = ({ kind, path }) => {
    if (kind === 'create' && path.includes('currentEpoch')) e.disk(1).hang('sync');
  };
  e.begin(3, 1);
  await e.run();
  e.disk(1).onOperation = null;
  if (!e.server(3).isServing) {
    e.disk(1).release();
    await e.serving(3, 1);
  }
  await e.restart(1, 'lose');
  assert.equal(e.server(1).database.epochs.current, 2, 'the epoch that server 1 acknowledged');
}

/** A follower that has promised and joined an epoch starts again. */
async function startsAfterPowerLoss(): Promise<void> {
  const e = await Ensemble.with({ 1: { history: '1:1-3' }, 2: { history: '1:1-3' }, 3: { history: '1:1-3' } });
  await e.lead(3, 1, 2);
  await e.restart(1, 'lose');
  const { accepted, current } = e.server(1).database.epochs;
  assert.deepEqual([accepted, current], [2, 2]);
}

/** A promise is written; the rename fails, or the server ends at any operation of the disk. */
async function promiseIsReplacedInOneStep(): Promise<void> {
  assert.equal(await promiseAfter('rename fails', 0), 2);
  for (const how of ['kill', 'lose'] as const) {
    let point = 0;
    while ((await promiseAfter(how, point)) !== null) point++;
    assert.ok(point >= 5, `${point} operations`);
  }
}

/** The promise that is remembered; null when the disk has fewer operations. */
async function promiseAfter(how: 'rename fails' | 'kill' | 'lose', point: number): Promise<number | null> {
  const machine = new Machine();
  const { disk, world } = machine;
  const database = await machine.open({ keepEpochs: true });
  await machine.commit(database, new Story().grow(3));
  await machine.settle(database.epochs.setAccepted(2));
  const first = disk.operationCount;
  const end = { isOver: false };
  if (how === 'rename fails') disk.fail({ kind: 'rename', code: 'IO' });
  disk.onOperation = ({ index }) => {
    if (end.isOver || how === 'rename fails' || index !== first + point) return;
    end.isOver = true;
    if (how === 'lose') world.powerOff(machine.name, how);
    else world.kill(machine.name);
  };
  database.epochs.setAccepted(3).catch(() => undefined);
  await world.run(100);
  disk.onOperation = null;
  if (how === 'rename fails') world.kill(machine.name);
  else if (!end.isOver) return null;
  const { accepted } = (await machine.open({ keepEpochs: true })).epochs;
  assert.ok([2, 3].includes(accepted), `epoch 2 was promised, ${accepted} is remembered`);
  return accepted;
}

/** A learner takes over transactions of an epoch that is newer than its own, and crashes at any operation of its disk. */
async function startsWherever(): Promise<void> {
  for (let point = 0; ; point++) {
    const long = { history: '1:1-3 2:1-2' };
    const e = await Ensemble.with({ 1: { history: '1:1-3' }, 2: long, 3: long });
    await e.lead(3, 2);
    const crash = e.crashAt(1, point);
    e.follow(1, 3);
    await e.run();
    if (!crash.happened) {
      assert.ok(point > 6, `${point} operations`);
      return;
    }
    await e.boot(1);
    await e.join(1, 3);
  }
}

/** What is promised, and what is durable when it is: currentEpoch, acceptedEpoch, and the history that belongs to them. */
export const EPOCH_BUGS: readonly KnownBug[] = [
  {
    bug: 'ZOOKEEPER-3911',
    name: 'what a DIFF brought survives the crash of the follower whose word established the epoch',
    history: () => crashInSynchronization(false),
    mutants: [{ mutant: mutants.HISTORY_NOT_AWAITED, shows: LOST }],
  },
  {
    bug: 'ZOOKEEPER-4643',
    name: 'a follower that dies before its DIFF is on disk is not taken for one of the new epoch',
    history: () => crashInSynchronization(true),
    mutants: [{ mutant: mutants.EPOCH_BEFORE_HISTORY, shows: LOST }],
  },
  {
    bug: 'ZOOKEEPER-4646',
    name: 'a follower that dies right after acknowledging NEWLEADER has the history on disk',
    history: () => crashInSynchronization(false),
    mutants: [{ mutant: mutants.ACK_BEFORE_HISTORY, shows: LOST }],
  },
  {
    bug: 'ZOOKEEPER-4785',
    name: 'no race between the log, the epoch and the acknowledgement of NEWLEADER',
    history: () => crashInSynchronization(true),
    mutants: [{ mutant: mutants.ACK_IN_A_RACE, shows: LOST }],
  },
  {
    bug: 'ZOOKEEPER-3023',
    name: 'who acknowledged NEWLEADER knows the epoch after a power loss',
    history: acknowledgedEpochIsKnown,
    mutants: [{ mutant: mutants.ACK_BEFORE_EPOCH, shows: /the epoch that server 1 acknowledged/ }],
  },
  {
    bug: 'ZOOKEEPER-2307',
    name: 'acceptedEpoch is never older than currentEpoch after a power loss',
    history: startsAfterPowerLoss,
    mutants: [{ mutant: ACCEPTED_IN_MEMORY, shows: /The accepted epoch \d \(.*\) is older than the current epoch/ }],
  },
  {
    bug: 'ZOOKEEPER-4269',
    name: 'a rename of acceptedEpoch.tmp that fails, or a crash around it, leaves the old promise or the new one',
    history: promiseIsReplacedInOneStep,
    mutants: [{ mutant: mutants.EPOCH_FILE_REMOVED_FIRST, shows: /epoch 2 was promised, 0 is remembered/ }],
  },
  {
    bug: 'ZOOKEEPER-2354',
    name: 'a learner whose log is ahead of its currentEpoch starts again, wherever it crashed',
    history: startsWherever,
    mutants: [{ mutant: EPOCH_NOT_NOTED, shows: /The current epoch 1 \(.*\) is older than the last zxid/ }],
  },
];
