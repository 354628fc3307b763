import { describe, it } from 'node:test';
import { ESTABLISHED } from './established.js';
import type { Scenario } from './scenario.js';
import { play } from './scenario.js';

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'a commit needs a quorum, in zxid order',
    voters: [1, 2, 3, 4, 5],
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
      not serving                     # two of five
      3 > ACK 2:0
      2 < UPTODATE
      3 < UPTODATE
      write a, write b
      2 < PROPOSAL 2:1 /a
      2 < PROPOSAL 2:2 /b
      3 < PROPOSAL 2:1 /a
      3 < PROPOSAL 2:2 /b
      2 > ACK 2:1
      2 > ACK 2:2
      2 < nothing
      3 > ACK 2:1
      2 < COMMIT 2:1
      3 < COMMIT 2:1
      2 < nothing
      3 > ACK 2:2
      2 < COMMIT 2:2
      answered b
    `,
  },
  {
    name: 'a proposal may be committed before the leader has it on disk, but is not applied before (4882)',
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
      write a
      2 < PROPOSAL 2:1 /a
      3 < PROPOSAL 2:1 /a
      2 > ACK 2:1
      3 > ACK 2:1
      2 < COMMIT 2:1
      not answered a
      not applied 2:1
      disk works
      answered a
    `,
  },
  {
    name: 'a leader whose disk hangs for half of syncLimit steps down',
    history: '1:1-3',
    steps: `${ESTABLISHED}
      disk hangs
      write a
      2 < PROPOSAL 2:1 /a
      wait 200
      serving
      ends DISK_SLOW
      2 < closed
    `,
  },
  {
    name: 'a leader without followers steps down',
    history: '1:1-3',
    steps: `${ESTABLISHED}
      2 > close
      ends QUORUM_LOST
    `,
  },
  {
    name: 'a leader whose follower is silent for syncLimit steps down',
    history: '1:1-3',
    steps: `${ESTABLISHED}
      2 < PING 2:0
      2 is mute
      wait 400
      serving
      wait 200
      not serving
    `,
  },
  {
    name: 'a follower that answers pings but no proposal is dropped after syncLimit',
    history: '1:1-3',
    steps: `${ESTABLISHED}
      3 > FOLLOWERINFO 2:0 from 3
      3 < LEADERINFO 2:0
      3 > ACKEPOCH 1:3 epoch -1
      3 < DIFF 1:3
      3 < NEWLEADER 2:0 config 0
      3 > ACK 2:0
      3 < UPTODATE
      write a
      2 < PROPOSAL 2:1 /a
      2 > ACK 2:1
      2 < COMMIT 2:1
      3 < PROPOSAL 2:1 /a
      3 < COMMIT 2:1
      wait 450
      3 < nothing
      3 < closed
      serving                         # the other one is enough
    `,
  },
  {
    name: 'the same server connects anew when its older connection has fallen silent: that one goes',
    history: '1:1-3',
    steps: `${ESTABLISHED}
      2 is mute
      wait 150
      3 > FOLLOWERINFO 2:0 from 2
      3 < LEADERINFO 2:0
      2 < closed
      3 > ACKEPOCH 1:3 epoch -1
      3 < DIFF 1:3
    `,
  },
  {
    name: 'an acknowledgement of a proposal that was never made ends only that connection',
    history: '1:1-3',
    steps: `${ESTABLISHED}
      3 > FOLLOWERINFO 2:0 from 3
      3 < LEADERINFO 2:0
      3 > ACKEPOCH 1:3 epoch -1
      3 < DIFF 1:3
      3 < NEWLEADER 2:0 config 0
      3 > ACK 2:0
      3 < UPTODATE
      3 > ACK 2:7
      3 < closed
      serving
      write a
      2 < PROPOSAL 2:1 /a
    `,
  },
  {
    name: 'requests, syncs, session checks and touches of learners',
    history: '1:1-3',
    steps: `${ESTABLISHED}
      2 > REQUEST x
      event forwarded x from 2
      2 < PROPOSAL 2:1 /x
      2 > REQUEST sync
      2 < nothing                     # behind the proposal that was outstanding when it came
      2 > ACK 2:1
      2 < COMMIT 2:1
      2 < SYNC
      2 > REVALIDATE 7 4000
      event revalidate 7 4000 from 2
      2 < REVALIDATE 7 invalid
      2 > PING 2:1 touched 7=4000 8=6000
      event touch 7 4000
      event touch 8 6000
    `,
  },
  {
    name: 'a sync is answered only when a quorum is known to follow still',
    history: '1:1-3',
    steps: `${ESTABLISHED}
      2 < PING 2:0
      2 is mute
      sync s
      not answered s
      2 > PING 2:0
      wait 5
      2 > PING 2:0
      2 > PING 2:0
      2 > PING 2:0
      answered s
    `,
  },
  {
    name: 'near the end of the counter the first quiet moment ends the epoch (1277)',
    history: '1:1-3',
    options: { counterEnd: 10, zxidMargin: 8 },
    steps: `${ESTABLISHED}
      write a, write b
      2 < PROPOSAL 2:1 /a
      2 < PROPOSAL 2:2 /b
      2 > ACK 2:1
      2 < COMMIT 2:1
      serving                         # b is under way
      2 > ACK 2:2
      ends HANDOVER
    `,
  },
  {
    name: 'when no quiet moment comes near the end of the counter, one is made',
    history: '1:1-3',
    options: { counterEnd: 30, zxidMargin: 20 },
    steps: `${ESTABLISHED}
      write a, write b, write c, write d, write e, write f, write g, write h, write i, write j, write k
      write l, write m, write n, write o, write p, write q, write r, write s, write t, write u, write v
      write w, write x, write y, write z, write aa, write bb, write cc
      2 > ACK 2:1
      2 > ACK 2:28                    # all but the last is committed, and 2 are left
      applied 2:28
      write dd                        # comes too late
      2 > ACK 2:29
      ends HANDOVER
      logged 2:29
    `,
  },
  {
    name: "while the leadership is handed over, a learner's sync is not answered before a write of its that is dropped",
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
      write a
      2 < PROPOSAL 2:1 /a
      3 < PROPOSAL 2:1 /a
      3 > ACK 2:1
      2 < COMMIT 2:1
      3 > close
      wait 5
      1 hands over                    # to server 2, once that has everything
      2 > REQUEST late
      event forwarded late from 2
      2 > REQUEST sync
      2 < nothing
      2 > ACK 2:1
      ends HANDOVER
    `,
  },
  {
    name: 'the counter never rolls over (1277)',
    history: '1:1-3',
    options: { counterEnd: 3, zxidMargin: 0 },
    steps: `${ESTABLISHED}
      write a, write b
      2 < PROPOSAL 2:1 /a
      2 < PROPOSAL 2:2 /b
      write c
      ends ZXID_EXHAUSTED
      2 < closed
      logged 2:2
    `,
  },
  {
    name: 'garbage ends only its connection',
    history: '1:1-3',
    steps: `${ESTABLISHED}
      3 > bytes 47455420 2f204854 54502f31 2e310d0a
      3 < closed
      serving
    `,
  },
  {
    name: 'an ensemble of one leads itself',
    voters: [1],
    history: '1:1-3',
    steps: `
      1 leads
      serving
      epochs 2 2
      write a
      answered a
      sync s
      answered s
      1 stops
      ends SHUTDOWN
    `,
  },
];

describe('a leader in broadcast', () => {
  for (const scenario of SCENARIOS) {
    it(scenario.name, async () => {
      await play(scenario);
    });
  }
});
