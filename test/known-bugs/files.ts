import assert from 'node:assert/strict';
import * as mutants from '../sim/mutants/known-bugs/files.js';
import { DIR, fingerprint, Machine, Story } from '../storage/support.js';
import type { Scenario } from '../zab/scenario.js';
import { play } from '../zab/scenario.js';
import { Ensemble } from './ensemble.js';
import type { KnownBug } from './known-bug.js';

const ALONE = { keepEpochs: false };

/** `logs` logs of ten transactions, each with a snapshot behind it. */
async function tens(logs: number): Promise<{ machine: Machine; story: Story }> {
  const machine = new Machine();
  const story = new Story();
  for (let n = 0; n < logs; n++) {
    const database = await machine.open(ALONE);
    await machine.commit(database, story.grow(10));
    await machine.settle(database.takeSnapshot());
    await machine.close(database);
  }
  return { machine, story };
}

async function truncKeepsItsZxid(): Promise<void> {
  const { machine, story } = await tens(2);
  const database = await machine.open(ALONE);
  await machine.settle(database.truncate(15));
  assert.deepEqual(fingerprint(database), story.state(15));
  machine.world.powerOff(machine.name, 'lose');
  assert.deepEqual(fingerprint(await machine.open(ALONE)), story.state(15), 'what TRUNC should have kept');
}

/** The snapshots are gone, or empty, when older logs were purged already. */
async function startWithoutSnapshots(how: 'gone' | 'empty'): Promise<void> {
  const { machine, story } = await tens(6);
  const old = await machine.open(ALONE);
  await machine.settle(old.purge(3));
  await machine.close(old);
  const files = new Map(machine.disk.files());
  for (const path of [...files.keys()].filter((one) => one.includes('snapshot.'))) {
    if (how === 'gone') files.delete(path);
    else files.set(path, Buffer.alloc(0));
  }
  machine.disk.replaceWith(files);
  let database;
  try {
    database = await machine.open(ALONE);
  } catch (error) {
    assert.match(String(error), how === 'gone' ? /transactions .* but no snapshot/ : /No snapshot .* can be read/);
    return;
  }
  assert.deepEqual(fingerprint(database), story.state(60), 'a start without snapshots shows the whole tree');
}

async function startsWithEmptyLog(): Promise<void> {
  const { machine, story } = await tens(2);
  machine.disk.install(`${DIR}/log.15`, Buffer.alloc(0));
  const database = await machine.open(ALONE);
  assert.deepEqual(fingerprint(database), story.state(20));
  await machine.commit(database, story.grow(2));
  await machine.close(database);
  assert.deepEqual(fingerprint(await machine.open(ALONE)), story.state(22));
}

/** One log from before the oldest snapshot that is kept to the present. */
async function purgeKeepsWhatIsNeeded(): Promise<void> {
  const machine = new Machine();
  const story = new Story();
  const database = await machine.open(ALONE);
  for (let n = 0; n < 5; n++) {
    await machine.commit(database, story.grow(5));
    if (n < 4) await machine.settle(database.takeSnapshot());
  }
  await machine.settle(database.purge(3));
  await machine.close(database);
  assert.deepEqual(fingerprint(await machine.open(ALONE)), story.state(25), 'what was logged behind the snapshots');
}

/** An image comes; the server goes on behind it, and loses power. */
async function imageAndPowerLoss(): Promise<void> {
  const e = await Ensemble.with({
    1: { history: '1:1-3' },
    2: { history: '1:1-8' },
    3: { history: '1:1-8', zab: { forceSnapshotSync: true } },
  });
  await e.lead(3, 2, 1);
  await e.write(3, 'next');
  await e.checkEnd();
}

const LEADER_DIES_BEHIND_IMAGE: Scenario = {
  name: 'the leader dies when its image is here, the next one sends a DIFF',
  history: '1:1-3',
  steps: `
    1 follows 2
    2 < FOLLOWERINFO 1:0 from 1
    2 > LEADERINFO 2:0
    2 < ACKEPOCH 1:3 epoch 1
    2 > SNAP 1:8
    2 > image 1:1-8
    wait 50
    2 > close
    ends CONNECTION_LOST
    1 follows 3
    3 < FOLLOWERINFO 2:0 from 1
    3 > LEADERINFO 3:0
    3 < ACKEPOCH 1:8 epoch 1
    3 > DIFF 2:1
    3 > PROPOSAL 2:1 /a
    3 > COMMIT 2:1
    3 > NEWLEADER 3:0 config 300000000
    3 < ACK 3:0
    3 > UPTODATE
    3 < ACK 3:0
    history t1-1 t1-2 t1-3 t1-4 t1-5 t1-6 t1-7 t1-8 a
    1 loses power
    history t1-1 t1-2 t1-3 t1-4 t1-5 t1-6 t1-7 t1-8 a
  `,
};

const IMAGE_BREAKS_OFF: Scenario = {
  name: 'an image does not come to its end',
  history: '1:1-3',
  steps: `
    1 follows 2
    2 < FOLLOWERINFO 1:0 from 1
    2 > LEADERINFO 2:0
    2 < ACKEPOCH 1:3 epoch 1
    2 > SNAP 1:8
    2 > unsigned image 1:1-8
    ends PROTOCOL
    history t1-1 t1-2 t1-3
    1 follows 3
    3 < FOLLOWERINFO 2:0 from 1
    3 > LEADERINFO 3:0
    3 < ACKEPOCH 1:3 epoch 1
  `,
};

/** Logs, snapshots and received images on disk. */
export const FILE_BUGS: readonly KnownBug[] = [
  {
    bug: 'ZOOKEEPER-1156',
    name: 'TRUNC cuts behind its zxid, not before it',
    history: truncKeepsItsZxid,
    mutants: [{ mutant: mutants.CUT_TOO_EARLY, shows: /what TRUNC should have kept/ }],
  },
  {
    bug: 'ZOOKEEPER-2325',
    name: 'logs without a usable snapshot are not taken for the whole history',
    history: async () => {
      await startWithoutSnapshots('empty');
      await startWithoutSnapshots('gone');
    },
    mutants: [{ mutant: mutants.LOGS_ALONE_TRUSTED, shows: /a start without snapshots shows the whole tree/ }],
  },
  {
    bug: 'ZOOKEEPER-2332',
    name: 'an empty log at the end is no obstacle',
    history: startsWithEmptyLog,
    mutants: [{ mutant: mutants.EMPTY_LOGS_REFUSED, shows: /EOF where a log header should be/ }],
  },
  {
    bug: 'ZOOKEEPER-2574',
    name: 'purging leaves the log that the oldest kept snapshot lies in',
    history: purgeKeepsWhatIsNeeded,
    // It is the only log, and the next start misses it.
    mutants: [
      { mutant: mutants.LOGS_PURGED_BY_NAME, shows: /There is no transaction log in .*, though one was there/ },
    ],
  },
  {
    bug: 'ZOOKEEPER-2872',
    name: 'a server that was brought up by an image has it after a power loss',
    history: imageAndPowerLoss,
    mutants: [{ mutant: mutants.IMAGE_FILE_LATER, shows: /differ after a restart/ }],
  },
  {
    bug: 'ZOOKEEPER-3642',
    name: 'an image is durable before a leader may count on it, also when its sender dies at once',
    history: () => play(LEADER_DIES_BEHIND_IMAGE),
    mutants: [{ mutant: mutants.IMAGE_IN_MEMORY, shows: /line 24, "history t1-1/ }],
  },
  {
    bug: 'ZOOKEEPER-5094',
    name: 'an image that breaks off leaves memory and disk as they were',
    history: () => play(IMAGE_BREAKS_OFF),
    mutants: [{ mutant: mutants.STATE_CLEARED_FIRST, shows: /"history t1-1 t1-2 t1-3"/ }],
  },
];
