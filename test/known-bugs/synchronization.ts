import assert from 'node:assert/strict';
import * as mutants from '../sim/mutants/known-bugs/synchronization.js';
import { SKIP_TRUNC } from '../sim/mutants/zab.js';
import type { Scenario } from '../zab/scenario.js';
import { play } from '../zab/scenario.js';
import { Ensemble } from './ensemble.js';
import type { KnownBug } from './known-bug.js';

const DIFFER_NOW = /differ while they run/;
const DIFFER_LATER = /differ after a restart/;

/** Server 3 has transactions that nobody else has when the others go on without it; `newer` writes are made meanwhile. */
async function deadTailComesBack(newer: number, snapshot = false): Promise<void> {
  const e = await Ensemble.with({
    1: { history: '1:1-3' },
    2: { history: '1:1-3' },
    3: { history: '1:1-3', dead: '1:4-6' },
  });
  if (snapshot) await e.world.settle(e.server(3).database.takeSnapshot());
  await e.lead(2, 1);
  for (let n = 0; n < newer; n++) await e.write(1, `new${n}`);
  await e.join(3, 2);
  await e.checkEnd();
}

/** The disk fails while server 3 cuts its dead tail off. */
async function truncFails(): Promise<void> {
  const e = await Ensemble.with({
    1: { history: '1:1-3' },
    2: { history: '1:1-3' },
    3: { history: '1:1-3', dead: '1:4-6' },
  });
  await e.lead(2, 1);
  e.disk(3).fail({ kind: 'truncate', code: 'NO_SPACE' });
  e.follow(3, 2);
  await e.run();
  if (!e.server(3).isServing) {
    await e.restart(3);
    await e.join(3, 2);
  }
  await e.checkEnd();
}

/** Server 1 is brought up by an image, goes on, and must then bring up server 2, which is older than the image. */
async function imageLeavesGap(restarted: boolean): Promise<void> {
  const e = await Ensemble.with({
    1: { history: '1:1-3' },
    2: { history: '1:1-2' },
    3: { history: '1:1-8', zab: { forceSnapshotSync: true } },
  });
  await e.lead(3, 1);
  await e.write(3, 'new');
  await e.run();
  e.crash(3, 'kill');
  if (restarted) await e.restart(1);
  else await e.look(1);
  await e.elect(1, 2);
  await e.checkEnd();
}

/** Server 1 is brought up by a DIFF, goes on, leads, and must then bring up server 2. */
async function leadsAfterDiff(): Promise<void> {
  const e = await Ensemble.with({ 1: { history: '1:1-3' }, 2: { history: '1:1-3' }, 3: { history: '1:1-5' } });
  await e.lead(3, 1);
  e.toldBy(3);
  await e.write(3, 'new');
  await e.run();
  e.crash(3, 'kill');
  await e.look(1);
  await e.elect(1, 2);
  await e.checkEnd();
}

/** A leader that was read-only for a while synchronizes server 3, which is ahead of what its memory has. */
async function leadsAfterReadOnly(): Promise<void> {
  const same = { history: '1:1-5' };
  const e = await Ensemble.with({ 1: same, 2: same, 3: same });
  e.toldBy(1);
  await e.lead(2, 1);
  await e.join(3, 2);
  await e.checkEnd();
}

/** Server 1 joins while writes go on and its disk hangs, so that its word on NEWLEADER comes late. */
async function joinsUnderLoad(): Promise<void> {
  const same = { history: '1:1-3' };
  const e = await Ensemble.with({ 1: { history: '1:1-2' }, 2: same, 3: same });
  await e.lead(3, 2);
  e.disk(1).hang('append');
  e.follow(1, 3);
  await e.run(50);
  assert.equal(e.server(1).isServing, false);
  await e.write(3, 'a');
  await e.write(2, 'b');
  e.disk(1).release();
  await e.serving(1);
  await e.checkEnd();
}

/** Server 1 (history 1:1-3) follows server 2 up to ACKEPOCH. */
const FOLLOWS = `
  1 follows 2
  2 < FOLLOWERINFO 1:0 from 1
  2 > LEADERINFO 2:0
  2 < ACKEPOCH 1:3 epoch 1
`;

const TWICE: Scenario = {
  name: 'a proposal comes in the DIFF and once more behind it',
  history: '1:1-3',
  steps: `${FOLLOWS}
    2 > DIFF 1:3
    2 > PROPOSAL 2:1 /a
    2 > NEWLEADER 2:0 config 200000000
    2 < ACK 2:0
    2 < ACK 2:1
    2 > UPTODATE
    2 < ACK 2:0
    2 > PROPOSAL 2:1 /a
    2 < ACK 2:1
    2 > COMMIT 2:1
    applied 2:1
    2 > PROPOSAL 2:2 /b
    2 < ACK 2:2
    2 > COMMIT 2:2
    2 > COMMIT 2:2
    applied 2:2
    history t1-1 t1-2 t1-3 a b
  `,
};

const COMMIT_BEHIND_NEWLEADER: Scenario = {
  name: 'a COMMIT between NEWLEADER and UPTODATE',
  history: '1:1-3',
  steps: `${FOLLOWS}
    2 > DIFF 1:3
    2 > PROPOSAL 2:1 /a
    2 > NEWLEADER 2:0 config 200000000
    2 < ACK 2:0
    2 < ACK 2:1
    2 > COMMIT 2:1
    applied 2:1
    2 > UPTODATE
    2 < ACK 2:0
    2 > PROPOSAL 2:2 /b
    2 < ACK 2:2
    2 > COMMIT 2:2
    applied 2:2
  `,
};

const ACKS_OF_LEARNER: Scenario = {
  name: 'our learner acknowledges proposals behind NEWLEADER',
  history: '1:1-3',
  steps: `${FOLLOWS}
    2 > DIFF 1:3
    2 > PROPOSAL 2:1 /a
    2 > PROPOSAL 2:2 /b
    wait 50
    2 > NEWLEADER 2:0 config 200000000
    2 < ACK 2:0
    2 < ACK 2:1
    2 < ACK 2:2
  `,
};

const ACKS_OF_JAVA: Scenario = {
  name: 'our leader takes the acknowledgements of a learner that is early with them',
  history: '1:1-3',
  steps: `
    1 leads
    2 > FOLLOWERINFO 1:0 from 2
    2 < LEADERINFO 2:0
    2 > ACKEPOCH 1:2 epoch 1
    2 < DIFF 1:3
    2 < PROPOSAL 1:3 /t1-3
    2 < COMMIT 1:3
    2 < NEWLEADER 2:0 config 0
    2 > ACK 1:3
    2 < nothing
    2 > ACK 2:0
    2 < UPTODATE
    serving
  `,
};

export const SYNC_BUGS: readonly KnownBug[] = [
  {
    bug: 'ZOOKEEPER-1154',
    name: 'who missed an election with a longer history gives up what nobody else has',
    history: () => deadTailComesBack(2),
    mutants: [{ mutant: SKIP_TRUNC, shows: DIFFER_NOW }],
  },
  {
    bug: 'ZOOKEEPER-2832',
    name: 'a tail beyond the last transaction of the leader goes from the log, too',
    history: () => deadTailComesBack(0),
    mutants: [{ mutant: mutants.TRUNC_IN_MEMORY, shows: DIFFER_LATER }],
  },
  {
    bug: 'ZOOKEEPER-1549',
    name: 'a snapshot that holds a dead tail does not bring it back',
    history: () => deadTailComesBack(2, true),
    mutants: [{ mutant: mutants.DIRTY_SNAPSHOTS_STAY, shows: /differ after a restart|The snapshot of/ }],
  },
  {
    bug: 'ZOOKEEPER-3701',
    name: 'a TRUNC that the disk refuses is no TRUNC',
    history: truncFails,
    mutants: [{ mutant: mutants.TRUNC_ERRORS_IGNORED, shows: DIFFER_LATER }],
  },
  {
    bug: 'ZOOKEEPER-2099',
    name: 'no DIFF from a log in which an image left a gap',
    history: () => imageLeavesGap(true),
    mutants: [{ mutant: mutants.GAPS_BRIDGED, shows: DIFFER_NOW }],
  },
  {
    bug: 'ZOOKEEPER-2846',
    name: 'no DIFF from memory over the gap that an image left',
    history: () => imageLeavesGap(false),
    mutants: [{ mutant: mutants.COMMITTED_LOG_KEPT, shows: DIFFER_NOW }],
  },
  {
    bug: 'ZOOKEEPER-4925',
    name: 'who was brought up by a DIFF can bring up others',
    history: leadsAfterDiff,
    mutants: [{ mutant: mutants.SYNCHRONIZED_NOT_IN_MEMORY, shows: DIFFER_NOW }],
  },
  {
    bug: 'ZOOKEEPER-3526',
    name: 'nothing is cut off because the memory of a leader ends early',
    history: leadsAfterReadOnly,
    mutants: [{ mutant: mutants.BOUNDS_OF_READ_ONLY, shows: /differ while they run/ }],
  },
  {
    bug: 'ZOOKEEPER-4394',
    name: 'a COMMIT between NEWLEADER and UPTODATE is a commit like others',
    history: () => play(COMMIT_BEHIND_NEWLEADER),
    mutants: [{ mutant: mutants.COMMIT_AFTER_NEWLEADER_FAILS, shows: /"applied 2:1"/ }],
  },
  {
    bug: 'ZOOKEEPER-4685',
    name: 'proposals are acknowledged behind NEWLEADER, and nobody stumbles over a learner that does it before',
    history: async () => {
      await play(ACKS_OF_LEARNER);
      await play(ACKS_OF_JAVA);
    },
    mutants: [
      { mutant: mutants.ACKS_BEFORE_NEWLEADER, shows: /"2 < ACK 2:0"/ },
      { mutant: mutants.EARLY_ACKS_END_THE_LEADER, shows: /"2 < nothing"|"2 < UPTODATE"/ },
    ],
  },
  {
    bug: 'Zab paper 1',
    name: 'who joins gets what was proposed between the plan of its history and its word on NEWLEADER',
    history: joinsUnderLoad,
    mutants: [{ mutant: mutants.FORWARDED_FROM_ACK_ON, shows: DIFFER_NOW }],
  },
  {
    bug: 'Zab paper 2',
    name: 'a transaction that comes twice is logged and applied once',
    history: () => play(TWICE),
    mutants: [{ mutant: mutants.TWICE_IS_LOGGED_TWICE, shows: /"2 < ACK 2:1"/ }],
  },
  {
    bug: 'Zab paper 3',
    name: 'who joins hears of what was committed until it joined',
    history: joinsUnderLoad,
    mutants: [{ mutant: mutants.OLD_COMMITS_NOT_TOLD, shows: DIFFER_NOW }],
  },
];
