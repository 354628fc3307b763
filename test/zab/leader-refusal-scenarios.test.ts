import { describe, it } from 'node:test';
import { ESTABLISHED } from './established.js';
import type { Scenario } from './scenario.js';
import { play } from './scenario.js';

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'a learner with a newer history than the leader is refused (newer zxid)',
    history: '1:1-3',
    steps: `
      1 leads
      2 > FOLLOWERINFO 1:0 from 2
      2 < LEADERINFO 2:0
      2 > ACKEPOCH 1:4 epoch 1
      2 < closed
      ends NO_EPOCH_ACK_QUORUM
    `,
  },
  {
    name: 'a learner with a newer history than the leader is refused (newer epoch, older zxid)',
    history: '1:1-3',
    steps: `
      1 leads
      2 > FOLLOWERINFO 2:0 from 2
      2 < LEADERINFO 3:0
      2 > ACKEPOCH 1:1 epoch 2
      2 < closed
    `,
  },
  {
    name: 'voters that follow another leader do not come, so that nobody waits for them (3109)',
    history: '1:1-3',
    steps: `
      1 leads
      voter 2 follows 3
      wait 20
      voter 3 follows 3
      ends DISLOYAL_VOTERS
    `,
  },
  {
    name: 'one voter that follows another leader does not matter',
    history: '1:1-3',
    steps: `
      1 leads
      voter 3 follows 3
      wait 500
      2 > FOLLOWERINFO 1:0 from 2
      2 < LEADERINFO 2:0
    `,
  },
  {
    name: 'voters that prefer another leader are given some time to come all the same (3109)',
    history: '1:1-3',
    steps: `
      1 leads
      voter 2 prefers 3
      voter 3 prefers 3
      wait 200
      2 > FOLLOWERINFO 1:0 from 2
      2 < LEADERINFO 2:0
      2 > ACKEPOCH 1:3 epoch 1
      2 < DIFF 1:3
      2 < NEWLEADER 2:0 config 0
      2 > ACK 2:0
      2 < UPTODATE
    `,
  },
  {
    name: 'and no more time than that',
    history: '1:1-3',
    steps: `
      1 leads
      voter 2 prefers 3
      voter 3 prefers 3
      wait 350
      ends DISLOYAL_VOTERS
    `,
  },
  {
    name: 'voters that look, and would vote for this leader, are awaited',
    history: '1:1-3',
    steps: `
      1 leads
      voter 2 looks
      voter 3 prefers 1
      wait 350
      2 > FOLLOWERINFO 1:0 from 2
      2 < LEADERINFO 2:0
    `,
  },
  {
    name: 'voters that came and went over to another leader are not awaited',
    history: '1:1-3',
    steps: `
      1 leads
      2 > FOLLOWERINFO 1:0 from 2
      2 < LEADERINFO 2:0
      2 > close
      voter 2 follows 3
      voter 3 follows 3
      ends DISLOYAL_VOTERS
    `,
  },
  {
    name: 'no quorum comes: initLimit ends it',
    history: '1:1-3',
    steps: `
      1 leads
      wait 900
      ends NO_EPOCH_QUORUM
      epochs 1 1
    `,
  },
  {
    name: 'no quorum acknowledges NEWLEADER: initLimit ends it, and the promised epoch stays promised',
    history: '1:1-3',
    steps: `
      1 leads
      2 > FOLLOWERINFO 1:0 from 2
      2 < LEADERINFO 2:0
      2 > ACKEPOCH 1:3 epoch 1
      2 < DIFF 1:3
      2 < NEWLEADER 2:0 config 0
      2 is mute
      ends NO_NEWLEADER_QUORUM
      2 < closed
      epochs 2 2
    `,
  },
  {
    name: 'an acknowledgement of something else than NEWLEADER does not count',
    history: '1:1-3',
    steps: `
      1 leads
      2 > FOLLOWERINFO 1:0 from 2
      2 < LEADERINFO 2:0
      2 > ACKEPOCH 1:3 epoch 1
      2 < DIFF 1:3
      2 < NEWLEADER 2:0 config 0
      2 > ACK 1:0
      2 < closed
      not serving
    `,
  },
  {
    name: 'voters that look for another leader end discovery early (3109)',
    history: '1:1-3',
    steps: `
      1 leads
      voter 2 looks
      wait 400
      voter 2 looks
      wait 40
      voter 3 looks
      ends DISLOYAL_VOTERS
    `,
  },
  {
    name: 'a zxid of this epoch that was never proposed is refused',
    history: '1:1-3',
    steps: `${ESTABLISHED}
      3 > FOLLOWERINFO 2:0 from 3
      3 < LEADERINFO 2:0
      3 > ACKEPOCH 2:5 epoch -1
      3 < closed
      serving
    `,
  },
  {
    name: 'observers beyond the limit of concurrent synchronizations are sent away, followers are not',
    voters: [1, 2, 3],
    observers: [4],
    history: '1:1-3',
    options: { maxConcurrentDiffSyncs: 1 },
    steps: `${ESTABLISHED}
      3 > FOLLOWERINFO 1:0 from 3
      3 < LEADERINFO 2:0
      3 > ACKEPOCH 1:3 epoch 1
      3 < DIFF 1:3
      3 < NEWLEADER 2:0 config 0
      4 > OBSERVERINFO 1:0 from 4
      4 < LEADERINFO 2:0
      4 > ACKEPOCH 1:3 epoch 1
      4 < closed
      3 > ACK 2:0
      3 < UPTODATE
      4 > OBSERVERINFO 1:0 from 4
      4 < LEADERINFO 2:0
      4 > ACKEPOCH 1:3 epoch 1
      4 < DIFF 1:3
    `,
  },
  {
    name: 'observers beyond the limit of images at a time are sent away, followers are not',
    voters: [1, 2, 3],
    observers: [4],
    history: '1:1-3',
    options: { forceSnapshotSync: true, maxConcurrentSnapSyncs: 1 },
    steps: `
      1 leads
      2 > FOLLOWERINFO 1:0 from 2
      2 < LEADERINFO 2:0
      2 > ACKEPOCH 1:3 epoch 1
      2 < SNAP 1:3
      2 < image
      2 < NEWLEADER 2:0 config 0
      2 > ACK 2:0
      2 < UPTODATE
      3 > FOLLOWERINFO 1:0 from 3
      3 < LEADERINFO 2:0
      3 > ACKEPOCH 1:3 epoch 1
      3 < SNAP 1:3
      3 < image
      3 < NEWLEADER 2:0 config 0
      4 > OBSERVERINFO 1:0 from 4
      4 < LEADERINFO 2:0
      4 > ACKEPOCH 1:3 epoch 1
      4 < closed
      3 > ACK 2:0
      3 < UPTODATE
      4 > OBSERVERINFO 1:0 from 4
      4 < LEADERINFO 2:0
      4 > ACKEPOCH 1:3 epoch 1
      4 < SNAP 1:3
    `,
  },
  {
    name: 'a learner that too much waits for is dropped',
    history: '1:1-3',
    options: { learnerQueueBytes: 100 },
    steps: `${ESTABLISHED}
      3 > FOLLOWERINFO 1:0 from 3
      3 < LEADERINFO 2:0
      3 > ACKEPOCH 1:3 epoch 1
      3 < DIFF 1:3
      3 < NEWLEADER 2:0 config 0
      write a, write b, write c, write d, write e, write f
      3 < closed
      serving
    `,
  },
  {
    name: 'learners of ZooKeeper 3.3 are refused',
    history: '1:1-3',
    steps: `
      1 leads
      2 > FOLLOWERINFO 1:3 from 2 version 1
      2 < closed
    `,
  },
  {
    name: 'a learner that leaves no epoch to come is refused, and nothing is promised for it',
    history: '1:1-3',
    steps: `
      1 leads
      2 > FOLLOWERINFO 2097151:0 from 2
      2 < closed
      ends NO_EPOCH_QUORUM
      epochs 1 1
    `,
  },
  {
    name: 'a learner that has accepted an epoch to which no elections lead is refused, and the others are not held up',
    history: '1:1-3',
    steps: `
      1 leads
      2 > FOLLOWERINFO 2097149:0 from 2
      2 < closed
      2 > FOLLOWERINFO 65538:0 from 2
      2 < closed
      says Server 2 from 10.0.0.2:
      says has accepted epoch 2097149, and this leader is only at 1
      says stop all servers, write the epoch of the newest zxid of all into that file
      epochs 1 1
      3 > FOLLOWERINFO 1:0 from 3
      3 < LEADERINFO 2:0
    `,
  },
  {
    name: 'a learner that has accepted many epochs in elections that failed is believed',
    history: '1:1-3',
    steps: `
      1 leads
      2 > FOLLOWERINFO 65537:0 from 2
      2 < LEADERINFO 65538:0
      epochs 1 65538
    `,
  },
  {
    name: 'an ensemble may be as old as it likes: only the way from the leader counts',
    history: '1000000:1-3',
    steps: `
      1 leads
      2 > FOLLOWERINFO 0:0 from 2
      2 < LEADERINFO 1000001:0
    `,
  },
  {
    name: 'a leader behind whose own epoch no other is possible says so, and takes none',
    history: '1:1-3',
    epochs: [1, 2097150],
    steps: `
      1 leads
      ends EPOCH_FAR
      says this server has accepted epoch 2097150, behind which no epoch is possible
      epochs 1 2097150
    `,
  },
  {
    name: 'a server that keeps taking the place of its own connection is told of once, with a hint',
    history: '1:1-3',
    steps: `
      1 leads
      2 > FOLLOWERINFO 1:0 from 2
      2 < LEADERINFO 2:0
      2 > FOLLOWERINFO 1:0 from 2
      2 < LEADERINFO 2:0
      2 > FOLLOWERINFO 1:0 from 2
      2 < LEADERINFO 2:0
      2 > FOLLOWERINFO 1:0 from 2
      2 < LEADERINFO 2:0
      said 1 in place of an older connection
      said 1 connected anew from 10.0.0.2:32769; if this goes on, two servers have 2 in their myid file
      said 1 connected anew
    `,
  },
  {
    name: 'a learner with a newer configuration is refused',
    history: '1:1-3',
    steps: `
      1 leads
      2 > FOLLOWERINFO 1:0 from 2 version 65536 config 77
      2 < closed
    `,
  },
  {
    name: 'a second server 1 is refused',
    history: '1:1-3',
    steps: `
      1 leads
      2 > FOLLOWERINFO 1:0 from 1
      2 < closed
    `,
  },
];

describe('what a leader refuses and gives up', () => {
  for (const scenario of SCENARIOS) {
    it(scenario.name, async () => {
      await play(scenario);
    });
  }
});
