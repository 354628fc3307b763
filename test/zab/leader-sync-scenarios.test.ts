import { describe, it } from 'node:test';
import { ESTABLISHED } from './established.js';
import type { Scenario } from './scenario.js';
import { play } from './scenario.js';

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'a follower of 3.4 says no version of its configuration (12 bytes), and takes part',
    history: '1:1-3',
    steps: `
      1 leads
      2 > bytes 0000000b 00000001 00000000 0000000c 00000000 00000002 00010000 ffffffff
      2 < LEADERINFO 2:0
      2 > ACKEPOCH 1:3 epoch 1
      2 < DIFF 1:3
      2 < NEWLEADER 2:0 config 0
      2 > ACK 2:0
      2 < UPTODATE
      serving
      write a
      2 < PROPOSAL 2:1 /a
      2 > ACK 2:1
      2 < COMMIT 2:1
      answered a
    `,
  },
  {
    name: 'discovery, synchronization and broadcast with one follower of two',
    history: '1:1-3',
    steps: `
      1 leads
      epochs 1 1
      2 > FOLLOWERINFO 1:0 from 2
      2 < LEADERINFO 2:0              # the epoch is on the leader's disk before it is told
      epochs 1 2
      2 > ACKEPOCH 1:3 epoch 1
      2 < DIFF 1:3                    # in step: nothing to send
      2 < NEWLEADER 2:0 config 0
      epochs 2 2
      not serving
      2 > ACK 2:0
      2 < UPTODATE
      serving
      2 > ACK 2:0
      write a
      2 < PROPOSAL 2:1 /a
      2 < nothing
      not answered a
      2 > ACK 2:1
      2 < COMMIT 2:1
      answered a
      applied 2:1
    `,
  },
  {
    name: 'a Java follower acknowledges proposals of its DIFF before NEWLEADER (4685)',
    history: '1:1-3',
    steps: `
      1 leads
      2 > FOLLOWERINFO 1:0 from 2
      2 < LEADERINFO 2:0
      2 > ACKEPOCH 1:1 epoch 1
      2 < DIFF 1:3
      2 < PROPOSAL 1:2 /t1-2
      2 < COMMIT 1:2
      2 < PROPOSAL 1:3 /t1-3
      2 < COMMIT 1:3
      2 < NEWLEADER 2:0 config 0
      2 > ACK 1:2
      2 > ACK 1:3
      2 < nothing                     # neither is the word that the leader waits for
      not serving
      2 > ACK 2:0
      2 < UPTODATE
      serving
    `,
  },
  {
    name: 'an acknowledgement before NEWLEADER of what was never sent ends the connection',
    history: '1:1-3',
    steps: `
      1 leads
      2 > FOLLOWERINFO 1:0 from 2
      2 < LEADERINFO 2:0
      2 > ACKEPOCH 1:3 epoch 1
      2 < DIFF 1:3
      2 < NEWLEADER 2:0 config 0
      2 > ACK 1:4
      2 < closed
      not serving
    `,
  },
  {
    name: 'a configuration that may change gets its first version with the first epoch (1783)',
    history: '1:1-3',
    options: { reconfigEnabled: true },
    steps: `
      1 leads
      2 > FOLLOWERINFO 1:0 from 2
      2 < LEADERINFO 2:0
      2 > ACKEPOCH 1:3 epoch 1
      2 < DIFF 1:3
      2 < NEWLEADER 2:0 config 200000000
    `,
  },
  {
    name: 'the epoch is one more than the newest that anybody of the quorum accepted',
    history: '1:1-3',
    epochs: [1, 2],
    steps: `
      1 leads
      2 > FOLLOWERINFO 6:0 from 2
      2 < LEADERINFO 7:0
      2 > ACKEPOCH 1:3 epoch 1
      2 < DIFF 1:3
      2 < NEWLEADER 7:0 config 0
    `,
  },
  {
    name: 'a learner that is too old gets the epoch and cannot be one of the quorum that promises it',
    history: '1:1-3',
    steps: `
      1 leads
      2 > FOLLOWERINFO 1:0 from 2
      2 < LEADERINFO 2:0
      2 > ACKEPOCH 1:3 epoch -1       # it promised this epoch to somebody else
      2 < nothing
      3 > FOLLOWERINFO 1:0 from 3
      3 < LEADERINFO 2:0
      3 > ACKEPOCH 1:2 epoch 1
      3 < DIFF 1:3
      3 < PROPOSAL 1:3 /t1-3
      3 < COMMIT 1:3
      2 < DIFF 1:3
    `,
  },
  {
    name: 'once a quorum promised the epoch, a newer tail is a dead one: TRUNC (1154)',
    history: '1:1-3',
    steps: `
      1 leads
      2 > FOLLOWERINFO 1:0 from 2
      2 < LEADERINFO 2:0
      2 > ACKEPOCH 1:3 epoch 1
      2 < DIFF 1:3
      3 > FOLLOWERINFO 1:0 from 3
      3 < LEADERINFO 2:0
      3 > ACKEPOCH 1:9 epoch 1
      3 < TRUNC 1:3
      3 < NEWLEADER 2:0 config 0
    `,
  },
  {
    name: 'a learner that joins under load gets UPTODATE before what is under way (4394, 4685)',
    history: '1:1-3',
    steps: `${ESTABLISHED}
      write a
      2 < PROPOSAL 2:1 /a
      2 > ACK 2:1
      2 < COMMIT 2:1
      answered a
      write b
      2 < PROPOSAL 2:2 /b
      3 > FOLLOWERINFO 1:0 from 3
      3 < LEADERINFO 2:0
      3 > ACKEPOCH 1:2 epoch 1
      3 < DIFF 2:1
      3 < PROPOSAL 1:3 /t1-3
      3 < COMMIT 1:3
      3 < PROPOSAL 2:1 /a
      3 < COMMIT 2:1
      3 < NEWLEADER 2:0 config 0
      write c
      2 < PROPOSAL 2:3 /c
      2 > ACK 2:2
      2 < COMMIT 2:2
      answered b
      3 < nothing
      3 > ACK 2:0
      3 < UPTODATE
      3 < PROPOSAL 2:2 /b
      3 < PROPOSAL 2:3 /c
      3 < COMMIT 2:2
      3 > ACK 2:0
      3 > ACK 2:2
      3 > ACK 2:3
      3 < COMMIT 2:3
      2 < COMMIT 2:3
    `,
  },
  {
    name: 'acknowledgements count only from the one of NEWLEADER on',
    voters: [1, 2, 3],
    history: '1:1-3',
    steps: `${ESTABLISHED}
      write a
      2 < PROPOSAL 2:1 /a
      3 > FOLLOWERINFO 2:0 from 3     # it had the proposal before its connection broke
      3 < LEADERINFO 2:0
      3 > ACKEPOCH 2:1 epoch -1
      3 < DIFF 2:1
      3 < NEWLEADER 2:0 config 0
      2 < nothing
      not answered a
      3 > ACK 2:0                     # now it is known that the proposal is on its disk
      2 < COMMIT 2:1
      answered a
      3 < UPTODATE                    # and only now may it serve what its own tail says
      3 < nothing
    `,
  },
  {
    name: 'a learner that is being synchronized makes no quorum',
    voters: [1, 2, 3, 4, 5],
    history: '1:1-3',
    steps: `
      1 leads
      2 > FOLLOWERINFO 1:0 from 2
      3 > FOLLOWERINFO 1:0 from 3
      4 > FOLLOWERINFO 1:0 from 4
      2 < LEADERINFO 2:0
      2 > ACKEPOCH 1:3 epoch 1
      3 < LEADERINFO 2:0
      3 > ACKEPOCH 1:3 epoch 1
      4 < LEADERINFO 2:0
      4 > ACKEPOCH 1:3 epoch 1
      2 < DIFF 1:3
      2 < NEWLEADER 2:0 config 0
      2 > ACK 2:0
      3 < DIFF 1:3
      3 < NEWLEADER 2:0 config 0
      3 > ACK 2:0
      4 < DIFF 1:3
      4 < NEWLEADER 2:0 config 0
      4 > ACK 2:0
      2 < UPTODATE
      3 < UPTODATE
      4 < UPTODATE
      5 > FOLLOWERINFO 1:0 from 5
      5 < LEADERINFO 2:0
      5 > ACKEPOCH 1:3 epoch 1
      5 < DIFF 1:3
      5 < NEWLEADER 2:0 config 0
      write a
      2 < PROPOSAL 2:1 /a
      2 > ACK 2:1
      2 < nothing                     # one, two, and five that has not even got it
      3 > ACK 2:1
      2 < COMMIT 2:1
    `,
  },
  {
    name: 'a learner with a tail under way serves only when that is committed',
    voters: [1, 2, 3, 4, 5],
    history: '1:1-3',
    steps: `
      1 leads
      2 > FOLLOWERINFO 1:0 from 2
      3 > FOLLOWERINFO 1:0 from 3
      4 > FOLLOWERINFO 1:0 from 4
      2 < LEADERINFO 2:0
      2 > ACKEPOCH 1:3 epoch 1
      3 < LEADERINFO 2:0
      3 > ACKEPOCH 1:3 epoch 1
      4 < LEADERINFO 2:0
      4 > ACKEPOCH 1:3 epoch 1
      2 < DIFF 1:3
      2 < NEWLEADER 2:0 config 0
      2 > ACK 2:0
      3 < DIFF 1:3
      3 < NEWLEADER 2:0 config 0
      3 > ACK 2:0
      4 < DIFF 1:3
      4 < NEWLEADER 2:0 config 0
      4 > ACK 2:0
      2 < UPTODATE
      3 < UPTODATE
      4 < UPTODATE
      write a
      2 < PROPOSAL 2:1 /a
      3 < PROPOSAL 2:1 /a
      4 < PROPOSAL 2:1 /a
      3 > close                       # its ACK is lost on the way
      3 > FOLLOWERINFO 2:0 from 3
      3 < LEADERINFO 2:0
      3 > ACKEPOCH 2:1 epoch -1
      3 < DIFF 2:1
      3 < NEWLEADER 2:0 config 0
      3 > ACK 2:0
      3 < nothing                     # it counts now, but two of five are no quorum
      2 > ACK 2:1
      2 < COMMIT 2:1
      3 < UPTODATE
      3 < nothing
    `,
  },
  {
    name: 'what is committed but not applied yet goes to a learner that joins just then',
    voters: [1, 2, 3],
    observers: [4],
    history: '1:1-3',
    steps: `
      1 leads
      2 > FOLLOWERINFO 1:0 from 2
      3 > FOLLOWERINFO 1:0 from 3
      2 < LEADERINFO 2:0
      2 > ACKEPOCH 1:3 epoch 1
      3 < LEADERINFO 2:0
      3 > ACKEPOCH 1:3 epoch 1
      2 < DIFF 1:3
      2 < NEWLEADER 2:0 config 0
      2 > ACK 2:0
      3 < DIFF 1:3
      3 < NEWLEADER 2:0 config 0
      3 > ACK 2:0
      2 < UPTODATE
      3 < UPTODATE
      disk hangs
      write a, write b
      2 < PROPOSAL 2:1 /a
      2 > ACK 2:1
      3 < PROPOSAL 2:1 /a
      3 > ACK 2:1
      3 < PROPOSAL 2:2 /b
      3 < COMMIT 2:1
      4 > OBSERVERINFO 1:0 from 4
      4 < LEADERINFO 2:0
      4 > ACKEPOCH 1:3 epoch 1
      4 < DIFF 1:3
      4 < NEWLEADER 2:0 config 0
      4 > ACK 2:0
      4 < UPTODATE
      4 < INFORM 2:1 /a
      4 < nothing
      disk works
      3 > ACK 2:2
      4 < INFORM 2:2 /b
    `,
  },
  {
    name: 'proposals under way are never truncated: they may have been counted',
    voters: [1, 2, 3],
    history: '1:1-3',
    steps: `
      1 leads
      2 > FOLLOWERINFO 1:0 from 2
      3 > FOLLOWERINFO 1:0 from 3
      2 < LEADERINFO 2:0
      3 < LEADERINFO 2:0
      2 > ACKEPOCH 1:3 epoch 1
      3 > ACKEPOCH 1:3 epoch 1
      2 < DIFF 1:3
      2 < NEWLEADER 2:0 config 0
      3 < DIFF 1:3
      3 < NEWLEADER 2:0 config 0
      2 > ACK 2:0
      3 > ACK 2:0
      2 < UPTODATE
      3 < UPTODATE
      disk hangs
      write a, write b
      2 < PROPOSAL 2:1 /a
      2 < PROPOSAL 2:2 /b
      3 < PROPOSAL 2:1 /a
      3 < PROPOSAL 2:2 /b
      2 > ACK 2:1
      3 > ACK 2:1
      2 < COMMIT 2:1                  # made by the followers' disks alone
      3 < COMMIT 2:1
      3 > close
      3 > FOLLOWERINFO 2:0 from 3
      3 < LEADERINFO 2:0
      3 > ACKEPOCH 2:1 epoch -1
      3 < DIFF 2:1
      3 < NEWLEADER 2:0 config 0
      3 > ACK 2:0
      3 < UPTODATE
      3 < PROPOSAL 2:2 /b
    `,
  },
  {
    name: 'a learner without history gets an image, then the proposals behind it (3104)',
    history: '1:1-3',
    steps: `${ESTABLISHED}
      write a
      2 < PROPOSAL 2:1 /a
      2 > ACK 2:1
      2 < COMMIT 2:1
      answered a
      3 > FOLLOWERINFO 0:0 from 3
      3 < LEADERINFO 2:0
      3 > ACKEPOCH 0:0 epoch 0
      3 < SNAP 2:1
      3 < image
      3 < NEWLEADER 2:0 config 0
      write b
      2 < PROPOSAL 2:2 /b
      3 < nothing
      3 > ACK 2:0
      3 < UPTODATE
      3 < PROPOSAL 2:2 /b
    `,
    storage: { commitLogCount: 2 },
    options: { snapshotSizeFactor: -1 },
  },
  {
    name: 'older than the committed log: from the log on disk, then from memory',
    history: '1:1-6',
    storage: { commitLogCount: 2 },
    options: { snapshotSizeFactor: 100 },
    steps: `
      1 leads
      2 > FOLLOWERINFO 1:0 from 2
      2 < LEADERINFO 2:0
      2 > ACKEPOCH 1:3 epoch 1
      2 < DIFF 1:6
      2 < PROPOSAL 1:4 /t1-4
      2 < COMMIT 1:4
      2 < PROPOSAL 1:5 /t1-5
      2 < COMMIT 1:5
      2 < PROPOSAL 1:6 /t1-6
      2 < COMMIT 1:6
      2 < NEWLEADER 2:0 config 0
    `,
  },
  {
    name: 'too much log for so small a snapshot: an image',
    history: '1:1-6',
    storage: { commitLogCount: 2 },
    options: { snapshotSizeFactor: 0.01 },
    steps: `
      1 leads
      2 > FOLLOWERINFO 1:0 from 2
      2 < LEADERINFO 2:0
      2 > ACKEPOCH 1:3 epoch 1
      2 < SNAP 1:6
      2 < image
      2 < NEWLEADER 2:0 config 0
    `,
  },
  {
    name: 'a dead tail in the middle: TRUNC and DIFF in one',
    history: '1:1-3 2:1-2',
    steps: `
      1 leads
      2 > FOLLOWERINFO 2:0 from 2
      2 < LEADERINFO 3:0
      2 > ACKEPOCH 1:5 epoch 1
      2 < TRUNC 1:3
      2 < PROPOSAL 2:1 /t2-1
      2 < COMMIT 2:1
      2 < PROPOSAL 2:2 /t2-2
      2 < COMMIT 2:2
      2 < NEWLEADER 3:0 config 0
    `,
  },
  {
    name: 'observers are informed, have no vote, and are synchronized like followers',
    voters: [1, 2, 3],
    observers: [4],
    history: '1:1-3',
    steps: `
      1 leads
      4 > OBSERVERINFO 1:0 from 4
      4 < nothing                     # an observer makes no quorum
      2 > FOLLOWERINFO 1:0 from 2
      2 < LEADERINFO 2:0
      4 < LEADERINFO 2:0
      2 > ACKEPOCH 1:3 epoch 1
      4 > ACKEPOCH 1:2 epoch 1
      2 < DIFF 1:3
      2 < NEWLEADER 2:0 config 0
      4 < DIFF 1:3
      4 < PROPOSAL 1:3 /t1-3
      4 < COMMIT 1:3
      4 < NEWLEADER 2:0 config 0
      4 > ACK 2:0
      not serving
      2 > ACK 2:0
      2 < UPTODATE
      4 < UPTODATE
      write a
      2 < PROPOSAL 2:1 /a
      4 < nothing
      4 > ACK 2:1                     # counts for nothing
      not answered a
      2 > ACK 2:1
      2 < COMMIT 2:1
      4 < INFORM 2:1 /a
    `,
  },
  {
    name: 'a leader comes back: its tail is part of the new history',
    history: '1:1-3',
    steps: `${ESTABLISHED}
      write a
      2 < PROPOSAL 2:1 /a
      1 restarts
      1 leads
      history t1-1 t1-2 t1-3 a
      2 > FOLLOWERINFO 2:0 from 2
      2 < LEADERINFO 3:0
      2 > ACKEPOCH 1:3 epoch 2
      2 < DIFF 2:1
      2 < PROPOSAL 2:1 /a
      2 < COMMIT 2:1
      2 < NEWLEADER 3:0 config 0
    `,
  },
];

describe('a leader before broadcast', () => {
  for (const scenario of SCENARIOS) {
    it(scenario.name, async () => {
      await play(scenario);
    });
  }
});
