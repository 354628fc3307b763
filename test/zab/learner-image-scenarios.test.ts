// SNAP: a learner takes the leader's image.
import { describe, it } from 'node:test';
import type { Scenario } from './scenario.js';
import { play } from './scenario.js';

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'SNAP replaces everything, and what the image has already is passed over',
    history: '1:1-3',
    dead: '1:4-6',
    steps: `
      1 follows 2
      2 < FOLLOWERINFO 1:0 from 1
      2 > LEADERINFO 4:0
      2 < ACKEPOCH 1:6 epoch 1
      2 > SNAP 2:2
      2 > image 1:1-3 2:1-2
      2 > PROPOSAL 2:2                # a Java leader sends from where it was when it planned
      2 > COMMIT 2:2
      2 > PROPOSAL 2:3 /a
      2 > COMMIT 2:3
      2 > NEWLEADER 4:0 config 400000000
      2 < ACK 4:0
      2 > UPTODATE
      2 < ACK 4:0
      applied 2:3
      history t1-1 t1-2 t1-3 t2-1 t2-2 a
      1 restarts
      history t1-1 t1-2 t1-3 t2-1 t2-2 a
      epochs 4 4
    `,
  },
  {
    name: 'a Java leader goes on changing its tree while it sends the image: digests are judged once the image is whole',
    history: '1:1-3',
    steps: `
      1 follows 2
      2 < FOLLOWERINFO 1:0 from 1
      2 > LEADERINFO 2:0
      2 < ACKEPOCH 1:3 epoch 1
      2 > SNAP 2:1
      2 > image 1:1-3 2:1-3
      2 > PROPOSAL 2:2 /t2-2 after 1:1-3 2:1-2
      2 > COMMIT 2:2
      2 > PROPOSAL 2:3 /t2-3 after 1:1-3 2:1-3
      2 > COMMIT 2:3
      2 > NEWLEADER 2:0 config 200000000
      2 < ACK 2:0
      2 > UPTODATE
      2 < ACK 2:0
      applied 2:3
      mismatches 0
      1 restarts
      applied 2:3
      mismatches 0
    `,
  },
  {
    name: 'an image that is wrong shows in the first digest behind NEWLEADER',
    history: '1:1-3',
    steps: `
      1 follows 2
      2 < FOLLOWERINFO 1:0 from 1
      2 > LEADERINFO 2:0
      2 < ACKEPOCH 1:3 epoch 1
      2 > SNAP 2:1
      2 > image 1:1-2 2:1
      2 > PROPOSAL 2:2 /t2-2 after 1:1-3 2:1-2
      2 > COMMIT 2:2
      2 > NEWLEADER 2:0 config 200000000
      2 < ACK 2:0
      2 > UPTODATE
      2 < ACK 2:0
      applied 2:2
      mismatches 0
      2 > PROPOSAL 2:3 /t2-3 after 1:1-3 2:1-3
      2 < ACK 2:3
      2 > COMMIT 2:3
      applied 2:3
      mismatches 1
    `,
  },
  {
    name: 'an image that was right is not doubted any more',
    history: '1:1-3',
    steps: `
      1 follows 2
      2 < FOLLOWERINFO 1:0 from 1
      2 > LEADERINFO 2:0
      2 < ACKEPOCH 1:3 epoch 1
      2 > SNAP 2:1
      2 > image 1:1-3 2:1
      2 > PROPOSAL 2:2 /t2-2 after 1:1-3 2:1-2
      2 > COMMIT 2:2
      2 > PROPOSAL 2:3 /other after 1:1-3 2:1-3
      2 > COMMIT 2:3
      2 > NEWLEADER 2:0 config 200000000
      2 < ACK 2:0
      2 > UPTODATE
      2 < ACK 2:0
      applied 2:3
      mismatches 1
    `,
  },
  {
    name: 'an image of which the leader says the digest is judged at once, and its file says it, too',
    history: '1:1-3',
    steps: `
      1 follows 2
      2 < FOLLOWERINFO 1:0 from 1
      2 > LEADERINFO 2:0
      2 < ACKEPOCH 1:3 epoch 1
      2 > SNAP 2:1 digest of 1:1-3 2:1
      2 > image 1:1-3 2:1
      2 > NEWLEADER 2:0 config 200000000
      2 < ACK 2:0
      2 > UPTODATE
      2 < ACK 2:0
      2 > PROPOSAL 2:2 /t2-2 after 1:1-3
      2 < ACK 2:2
      2 > COMMIT 2:2
      applied 2:2
      mismatches 1                    # the image was right to the last node, so this digest is not
      1 restarts
      applied 2:2
      mismatches 1
    `,
  },
  {
    name: 'an image that is not what the leader says it is is refused, and everything is as it was',
    history: '1:1-3',
    steps: `
      1 follows 2
      2 < FOLLOWERINFO 1:0 from 1
      2 > LEADERINFO 2:0
      2 < ACKEPOCH 1:3 epoch 1
      2 > SNAP 2:1 digest of 1:1-3 2:1
      2 > image 1:1-2 2:1
      ends PROTOCOL
      logged 1:3
      history t1-1 t1-2 t1-3
      1 restarts
      history t1-1 t1-2 t1-3
    `,
  },
  {
    name: 'an image that breaks off leaves everything as it was (2872, 3642, 5094)',
    history: '1:1-3',
    steps: `
      1 follows 2
      2 < FOLLOWERINFO 1:0 from 1
      2 > LEADERINFO 4:0
      2 < ACKEPOCH 1:3 epoch 1
      2 > SNAP 2:2
      2 > bytes 00000000 00000001 00000000 00000001 00000001 0000001f
      2 > close
      ends CONNECTION_LOST
      logged 1:3
      history t1-1 t1-2 t1-3
      epochs 1 4
      1 restarts
      history t1-1 t1-2 t1-3
      epochs 1 4
    `,
  },
  {
    name: 'an image without the signature is refused',
    history: '1:1-3',
    steps: `
      1 follows 2
      2 < FOLLOWERINFO 1:0 from 1
      2 > LEADERINFO 4:0
      2 < ACKEPOCH 1:3 epoch 1
      2 > SNAP 2:2
      2 > unsigned image 1:1-3 2:1-2
      ends PROTOCOL
      history t1-1 t1-2 t1-3
    `,
  },
];

describe('a learner that gets an image', () => {
  for (const scenario of SCENARIOS) {
    it(scenario.name, async () => {
      await play(scenario);
    });
  }
});
