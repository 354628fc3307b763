import { describe, it } from 'node:test';
import { joined } from './established.js';
import type { Scenario } from './scenario.js';
import { play } from './scenario.js';

const FOLLOWING = `
  ${joined('follows')}
  serving
`;

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'an epoch behind which there is no other is not promised',
    history: '1:1-3',
    steps: `
      1 follows 2
      2 < FOLLOWERINFO 1:0 from 1
      2 > LEADERINFO 2097151:0
      2 < closed
      ends EPOCH_FAR
      says the leader's epoch 2097151 is one behind which no epoch is possible
      epochs 1 1
    `,
  },
  {
    name: 'discovery, synchronization and broadcast',
    history: '1:1-3',
    steps: `
      1 follows 2
      2 < FOLLOWERINFO 1:0 from 1
      epochs 1 1
      2 > LEADERINFO 2:0
      2 < ACKEPOCH 1:3 epoch 1
      epochs 1 2                      # the promise is on disk before it is given
      2 > DIFF 1:3
      2 > NEWLEADER 2:0 config 200000000
      2 < ACK 2:0
      epochs 2 2                      # and so is the new leader's epoch
      not serving
      2 > UPTODATE
      2 < ACK 2:0
      serving
      config established version=200000000
      2 > PROPOSAL 2:1 /a
      2 < ACK 2:1
      not applied 2:1
      2 > COMMIT 2:1
      applied 2:1
      history t1-1 t1-2 t1-3 a
    `,
  },
  {
    name: 'a write goes to the leader, and is answered when it comes back committed',
    history: '1:1-3',
    steps: `${FOLLOWING}
      write a
      2 < REQUEST a
      sync s
      2 < REQUEST sync
      not answered s
      2 > SYNC
      answered s
    `,
  },
  {
    name: 'a sync is done when what was committed before it is applied here, though the own disk is slow',
    history: '1:1-3',
    steps: `${FOLLOWING}
      disk hangs
      sync s
      2 < REQUEST sync
      2 > PROPOSAL 2:1 /a
      2 > COMMIT 2:1
      2 > SYNC
      not answered s
      disk works
      answered s
      history t1-1 t1-2 t1-3 a
    `,
  },
  {
    name: 'pings carry the sessions that were heard from; sessions are checked with the leader',
    history: '1:1-3',
    steps: `${FOLLOWING}
      2 > PING 2:0
      2 < PING 2:0
      2 > REVALIDATE 7 valid
      event revalidated 7 true
      2 > REVALIDATE 8 invalid
      event revalidated 8 false
    `,
  },
  {
    name: 'more sessions than fit into the answer to a ping wait for the next one',
    history: '1:1-3',
    options: { maxSentBytes: 40 },
    steps: `${FOLLOWING}
      touched 7=4000 8=6000 9=6000
      2 > PING 2:0
      2 < PING 2:0 touched 7=4000 8=6000
      touched 7=5000 9=8000 10=4000
      2 > PING 2:0
      2 < PING 2:0 touched 9=8000 7=5000
      2 > PING 2:0
      2 < PING 2:0 touched 10=4000
      2 > PING 2:0
      2 < PING 2:0
    `,
  },
  {
    name: 'transactions of a DIFF are durable before currentEpoch, and that before the ACK (3023, 3911, 4643, 4646, 4785)',
    history: '1:1-3',
    steps: `
      1 follows 2
      2 < FOLLOWERINFO 1:0 from 1
      2 > LEADERINFO 2:0
      2 < ACKEPOCH 1:3 epoch 1
      disk hangs
      2 > DIFF 1:5
      2 > PROPOSAL 1:4
      2 > COMMIT 1:4
      2 > PROPOSAL 1:5
      2 > COMMIT 1:5
      2 > NEWLEADER 2:0 config 200000000
      2 < nothing
      epochs 1 2
      not applied 1:4
      disk works
      2 < ACK 2:0                     # and nothing for transactions that were committed before
      epochs 2 2
      2 < nothing
      applied 1:5
      2 > UPTODATE
      2 < ACK 2:0
      history t1-1 t1-2 t1-3 t1-4 t1-5
    `,
  },
  {
    name: 'proposals around NEWLEADER are acknowledged after it, in order (4685)',
    history: '1:1-3',
    steps: `
      1 follows 2
      2 < FOLLOWERINFO 1:0 from 1
      2 > LEADERINFO 2:0
      2 < ACKEPOCH 1:3 epoch 1
      disk hangs
      2 > DIFF 1:3
      2 > PROPOSAL 2:1 /a
      2 > PROPOSAL 2:2 /b
      2 > NEWLEADER 2:0 config 200000000
      2 > PROPOSAL 2:3 /c
      2 < nothing
      disk works
      2 < ACK 2:0
      2 < ACK 2:1
      2 < ACK 2:2
      2 < ACK 2:3
      2 > UPTODATE
      2 < ACK 2:0
      2 > COMMIT 2:1
      applied 2:1
    `,
  },
  {
    name: 'a COMMIT between NEWLEADER and UPTODATE is a commit like others (4394)',
    history: '1:1-3',
    steps: `
      1 follows 2
      2 < FOLLOWERINFO 1:0 from 1
      2 > LEADERINFO 2:0
      2 < ACKEPOCH 1:3 epoch 1
      2 > DIFF 1:3
      2 > PROPOSAL 2:1 /a
      2 > NEWLEADER 2:0 config 200000000
      2 < ACK 2:0
      2 < ACK 2:1
      2 > COMMIT 2:1
      applied 2:1
      2 > PROPOSAL 2:2 /b
      2 > COMMIT 2:2
      2 > UPTODATE
      2 < ACK 2:0
      2 < ACK 2:2
      applied 2:2
      2 > PROPOSAL 2:3 /c
      2 < ACK 2:3
      2 > COMMIT 2:3
      applied 2:3
      history t1-1 t1-2 t1-3 a b c
    `,
  },
  {
    name: 'a commit is applied only after the own durable append (4882)',
    history: '1:1-3',
    steps: `${FOLLOWING}
      disk hangs
      2 > PROPOSAL 2:1 /a
      2 > PROPOSAL 2:2 /b
      2 > COMMIT 2:1
      2 < nothing
      not applied 2:1
      disk works
      2 < ACK 2:1
      2 < ACK 2:2
      applied 2:1
      not applied 2:2
    `,
  },
  {
    name: 'each proposal is acknowledged when it is durable itself',
    history: '1:1-3',
    steps: `${FOLLOWING}
      disk takes 100
      2 > PROPOSAL 2:1 /a
      wait 10
      2 > PROPOSAL 2:2 /b
      wait 10
      2 > PROPOSAL 2:3 /c
      2 < ACK 2:1
      2 < nothing
      2 < ACK 2:2
      2 < ACK 2:3
    `,
  },
  {
    name: 'a hole within an epoch ends synchronization (4925)',
    history: '1:1-3',
    steps: `
      1 follows 2
      2 < FOLLOWERINFO 1:0 from 1
      2 > LEADERINFO 2:0
      2 < ACKEPOCH 1:3 epoch 1
      2 > DIFF 1:6
      2 > PROPOSAL 1:4
      2 > PROPOSAL 1:6
      ends PROTOCOL
      logged 1:4
    `,
  },
  {
    name: 'a hole right behind the own history ends synchronization',
    history: '1:1-3',
    steps: `
      1 follows 2
      2 < FOLLOWERINFO 1:0 from 1
      2 > LEADERINFO 2:0
      2 < ACKEPOCH 1:3 epoch 1
      2 > DIFF 1:6
      2 > PROPOSAL 1:5
      ends PROTOCOL
      logged 1:3
    `,
  },
  {
    name: 'a step to a newer epoch is legal, one into its middle is not',
    history: '1:1-3',
    steps: `
      1 follows 2
      2 < FOLLOWERINFO 1:0 from 1
      2 > LEADERINFO 5:0
      2 < ACKEPOCH 1:3 epoch 1
      2 > DIFF 3:2
      2 > PROPOSAL 2:1
      2 > COMMIT 2:1
      2 > PROPOSAL 3:1
      2 > COMMIT 3:1
      2 > PROPOSAL 4:2
      ends PROTOCOL
      logged 3:1
    `,
  },
  {
    name: 'a hole in broadcast ends following',
    history: '1:1-3',
    steps: `${FOLLOWING}
      2 > PROPOSAL 2:1 /a
      2 > PROPOSAL 2:3 /c
      ends PROTOCOL
    `,
  },
  {
    name: 'a proposal of another epoch than the leader has ends following',
    history: '1:1-3',
    steps: `${FOLLOWING}
      2 > PROPOSAL 3:1 /a
      ends PROTOCOL
      logged 1:3
    `,
  },
  {
    name: 'a commit of something that was never proposed ends following',
    history: '1:1-3',
    steps: `${FOLLOWING}
      2 > PROPOSAL 2:1 /a
      2 > COMMIT 2:2
      ends PROTOCOL
    `,
  },
  {
    name: 'what is there already is not logged twice, but acknowledged again',
    history: '1:1-3',
    steps: `${FOLLOWING}
      2 > PROPOSAL 2:1 /a
      2 < ACK 2:1
      2 > PROPOSAL 2:1 /a
      2 < ACK 2:1
      2 > COMMIT 2:1
      2 > COMMIT 2:1
      2 > PROPOSAL 2:2 /b
      2 < ACK 2:2
      logged 2:2
      applied 2:1
    `,
  },
  {
    name: 'TRUNC drops the dead tail (1154, 2832)',
    history: '1:1-3',
    dead: '1:4-6',
    steps: `
      1 follows 2
      2 < FOLLOWERINFO 1:0 from 1
      2 > LEADERINFO 3:0
      2 < ACKEPOCH 1:6 epoch 1
      2 > TRUNC 1:3
      2 > PROPOSAL 2:1 /a
      2 > COMMIT 2:1
      2 > NEWLEADER 3:0 config 300000000
      2 < ACK 3:0
      2 > UPTODATE
      2 < ACK 3:0
      history t1-1 t1-2 t1-3 a
      1 stops
      1 restarts
      history t1-1 t1-2 t1-3 a
      epochs 3 3
    `,
  },
  {
    name: 'TRUNC to a zxid that the log does not have changes nothing (1156)',
    history: '1:1-3 2:1-2',
    steps: `
      1 follows 2
      2 < FOLLOWERINFO 2:0 from 1
      2 > LEADERINFO 4:0
      2 < ACKEPOCH 2:2 epoch 2
      2 > TRUNC 1:5
      ends TRUNCATE_FAILED
      logged 2:2
      history t1-1 t1-2 t1-3 t2-1 t2-2
    `,
  },
  {
    name: 'a leader of an older epoch than the accepted one is not followed',
    history: '1:1-3',
    epochs: [1, 3],
    steps: `
      1 follows 2
      2 < FOLLOWERINFO 3:0 from 1
      2 > LEADERINFO 2:0
      ends EPOCH_TOO_OLD
      epochs 1 3
    `,
  },
  {
    name: 'an epoch that was accepted before is not promised again',
    history: '1:1-3',
    epochs: [1, 2],
    steps: `
      1 follows 2
      2 < FOLLOWERINFO 2:0 from 1
      2 > LEADERINFO 2:0
      2 < ACKEPOCH 1:3 epoch -1
      2 > DIFF 1:3
      2 > NEWLEADER 2:0 config 200000000
      2 < ACK 2:0
      epochs 2 2
    `,
  },
  {
    name: 'NEWLEADER of another epoch than the agreed one is refused',
    history: '1:1-3',
    steps: `
      1 follows 2
      2 < FOLLOWERINFO 1:0 from 1
      2 > LEADERINFO 2:0
      2 < ACKEPOCH 1:3 epoch 1
      2 > DIFF 1:3
      2 > NEWLEADER 3:0 config 300000000
      ends PROTOCOL
      epochs 1 2
    `,
  },
  {
    name: 'UPTODATE before NEWLEADER is refused',
    history: '1:1-3',
    steps: `
      1 follows 2
      2 < FOLLOWERINFO 1:0 from 1
      2 > LEADERINFO 2:0
      2 < ACKEPOCH 1:3 epoch 1
      2 > DIFF 1:3
      2 > UPTODATE
      ends PROTOCOL
      not serving
    `,
  },
  {
    name: 'a leader of ZooKeeper 3.3 (NEWLEADER without LEADERINFO) is refused',
    history: '1:1-3',
    steps: `
      1 follows 2
      2 < FOLLOWERINFO 1:0 from 1
      2 > NEWLEADER 2:0 config 200000000
      ends PROTOCOL
      epochs 1 1
    `,
  },
  {
    name: 'a leader that is silent for syncLimit is left',
    history: '1:1-3',
    steps: `${FOLLOWING}
      wait 400
      2 > PING 2:0
      wait 450
      serving
      ends SILENT
      2 < PING 2:0
      2 < closed
    `,
  },
  {
    name: 'a leader that closes the connection is left at once',
    history: '1:1-3',
    steps: `${FOLLOWING}
      2 > close
      ends CONNECTION_LOST
    `,
  },
  {
    name: 'garbage from the leader ends following',
    history: '1:1-3',
    steps: `${FOLLOWING}
      2 > bytes 00000063
      ends PROTOCOL
    `,
  },
  {
    name: 'the leader is dialled until it listens',
    history: '1:1-3',
    steps: `
      1 follows 2 unheard
      wait 60
      2 listens
      2 < FOLLOWERINFO 1:0 from 1
    `,
  },
  {
    name: 'a leader that never listens is given up',
    history: '1:1-3',
    steps: `
      1 follows 2 unheard
      ends CONNECT_FAILED
    `,
  },
  {
    name: 'the role can be ended at any time',
    history: '1:1-3',
    steps: `
      1 follows 2
      1 stops
      ends SHUTDOWN
      1 follows 2
      2 < FOLLOWERINFO 1:0 from 1
      1 stops
      2 < closed
      1 follows 2
      2 < FOLLOWERINFO 1:0 from 1
      2 > LEADERINFO 2:0
      2 < ACKEPOCH 1:3 epoch 1
      disk hangs
      2 > DIFF 1:5
      2 > PROPOSAL 1:4
      2 > NEWLEADER 2:0 config 200000000
      wait 40
      disk works
      1 stops
      epochs 1 2
    `,
  },
  {
    name: 'memory is what the log says when the next role begins (2845)',
    history: '1:1-3',
    steps: `${FOLLOWING}
      2 > PROPOSAL 2:1 /a
      2 < ACK 2:1
      2 > close
      ends CONNECTION_LOST
      1 follows 2
      2 < FOLLOWERINFO 2:0 from 1
      applied 2:1
      history t1-1 t1-2 t1-3 a
      2 > LEADERINFO 3:0
      2 < ACKEPOCH 2:1 epoch 2
      2 > TRUNC 1:3
      2 > NEWLEADER 3:0 config 300000000
      2 < ACK 3:0
      history t1-1 t1-2 t1-3
    `,
  },
  {
    name: 'an observer is informed',
    voters: [2, 3, 4],
    observers: [1],
    history: '1:1-3',
    steps: `
      1 observes 2
      2 < OBSERVERINFO 1:0 from 1
      2 > LEADERINFO 2:0
      2 < ACKEPOCH 1:3 epoch 1
      2 > DIFF 1:4
      2 > PROPOSAL 1:4
      2 > COMMIT 1:4
      2 > INFORM 2:1 /a
      2 > NEWLEADER 2:0 config 200000000
      2 < ACK 2:0
      2 > INFORM 2:2 /b
      2 > UPTODATE
      2 < ACK 2:0
      2 > INFORM 2:3 /c
      applied 2:3
      2 < nothing                     # informs are not acknowledged
      history t1-1 t1-2 t1-3 t1-4 a b c
      write d
      2 < REQUEST d
    `,
  },
  {
    name: 'an observer passes over proposals and commits that are not for it',
    voters: [2, 3, 4],
    observers: [1],
    history: '1:1-3',
    steps: `
      ${joined('observes')}
      2 > PROPOSAL 2:1 /a
      2 > COMMIT 2:1
      2 > INFORM 2:1 /a
      applied 2:1
    `,
  },
];

describe('a learner', () => {
  for (const scenario of SCENARIOS) {
    it(scenario.name, async () => {
      await play(scenario);
    });
  }
});
