import { describe, it } from 'node:test';
import { formatZxid } from '../../src/protocol/index.js';
import { ESTABLISHED, joined } from './established.js';
import { QUORUM_PORT } from './harness.js';
import type { Scenario } from './scenario.js';
import { play } from './scenario.js';
import { zxid } from './zxids.js';

/** Server 1 (history 1:1-3) follows server 2 in epoch 2, and has logged 2:1 and 2:2. */
const FOLLOWING = `
  ${joined('follows')}
  2 > PROPOSAL 2:1 /a
  2 < ACK 2:1
  2 > PROPOSAL 2:2 /b
  2 < ACK 2:2
`;

/** `PROPOSAL 2:1 /a`: type and zxid as messages have them. */
function named(packet: string): string {
  const [name = '', at = ''] = packet.split(' ');
  return `${name} ${formatZxid(zxid(at))}`;
}

/** A leader that says these words to a follower that it has synchronized. */
function leaderSays(name: string, ...packets: readonly string[]): Scenario {
  const lines = packets.map((packet) => `2 > ${packet}`);
  return {
    name: `a leader that sends ${name} is left`,
    history: '1:1-3',
    steps: `${FOLLOWING}\n${lines.join('\n')}\nends PROTOCOL\nlogged 2:2\nepochs 2 2
      warns No longer following server 2 at 10.0.0.2:${QUORUM_PORT}:
      warns (its last packet is ${named(packets.at(-1) ?? '')})`,
  };
}

const LEADERS: readonly Scenario[] = [
  leaderSays('a proposal before its last one', 'PROPOSAL 2:1 /a'),
  leaderSays('a proposal of an epoch before', 'PROPOSAL 1:3 /t1-3'),
  leaderSays('a proposal with a hole before it', 'PROPOSAL 2:4 /d'),
  leaderSays('a proposal of an epoch to come', 'PROPOSAL 3:1 /c'),
  leaderSays('a commit of what it never proposed', 'COMMIT 2:3'),
  leaderSays('NEWLEADER of another epoch', 'NEWLEADER 3:0 config 0'),
  leaderSays('NEWLEADER of an epoch before', 'NEWLEADER 1:0 config 0'),
  leaderSays('LEADERINFO again', 'LEADERINFO 2:0'),
  leaderSays('DIFF when synchronization is over', 'DIFF 2:2'),
  leaderSays('TRUNC when synchronization is over', 'TRUNC 1:3'),
  leaderSays('SNAP when synchronization is over', 'SNAP 1:3'),
  {
    name: 'a leader that commits again what it has committed changes nothing',
    history: '1:1-3',
    steps: `${FOLLOWING}
      2 > COMMIT 2:2
      applied 2:2
      2 > COMMIT 2:1
      2 > COMMIT 1:1
      2 > PROPOSAL 2:3 /c
      2 < ACK 2:3
      applied 2:2
    `,
  },
  {
    name: 'a leader that sends a word of learners is told off, and followed',
    history: '1:1-3',
    steps: `${FOLLOWING}
      2 > ACK 2:1
      2 > ACKEPOCH 2:1 epoch 1
      2 > UPTODATE
      2 > PROPOSAL 2:3 /c
      2 < ACK 2:3
    `,
  },
];

const LEARNERS: readonly Scenario[] = [
  {
    name: 'who comes with the id of a follower that is there and well is sent away, before and after',
    history: '1:1-3',
    steps: `${ESTABLISHED}
      3 > FOLLOWERINFO 1:0 from 2
      3 < closed
      4 > FOLLOWERINFO 1:0 from 2
      4 < closed
      write a
      2 < PROPOSAL 2:1 /a
      2 > ACK 2:1
      2 < COMMIT 2:1
      serving
    `,
  },
  {
    name: 'who comes with the id of a follower that has fallen silent takes its place',
    history: '1:1-3',
    steps: `${ESTABLISHED}
      2 is mute
      wait 150
      3 > FOLLOWERINFO 1:0 from 2
      2 < closed
      3 < LEADERINFO 2:0
    `,
  },
  {
    name: 'a newer connection of a learner that is being synchronized takes its place',
    history: '1:1-3',
    steps: `${ESTABLISHED}
      3 > FOLLOWERINFO 1:0 from 3
      3 < LEADERINFO 2:0
      4 > FOLLOWERINFO 1:0 from 3
      3 < closed
      4 < LEADERINFO 2:0
    `,
  },
  {
    name: 'the accepted epoch of a server in no configuration does not count',
    history: '1:1-3',
    steps: `
      1 leads
      7 > FOLLOWERINFO 900:0 from 7
      2 > FOLLOWERINFO 1:0 from 2
      2 < LEADERINFO 2:0
      7 < LEADERINFO 2:0
    `,
  },
  {
    name: 'the accepted epoch of a voter counts',
    history: '1:1-3',
    steps: `
      1 leads
      3 > FOLLOWERINFO 8:0 from 3
      3 < LEADERINFO 9:0
    `,
  },
  {
    name: 'acknowledgements that go back take nothing back',
    history: '1:1-3',
    steps: `${ESTABLISHED}
      write a, write b
      2 < PROPOSAL 2:1 /a
      2 < PROPOSAL 2:2 /b
      2 > ACK 2:2
      2 < COMMIT 2:1
      2 < COMMIT 2:2
      2 > ACK 2:1
      2 > ACK 1:1
      write c
      2 < PROPOSAL 2:3 /c
      2 > ACK 2:3
      2 < COMMIT 2:3
      applied 2:3
    `,
  },
  {
    name: 'acknowledgements of servers in no configuration commit nothing',
    history: '1:1-3',
    voters: [1, 2, 3],
    steps: `${ESTABLISHED}
      7 > FOLLOWERINFO 1:0 from 7
      7 < LEADERINFO 2:0
      7 > ACKEPOCH 1:3 epoch -1
      7 < DIFF 1:3
      7 < NEWLEADER 2:0 config 0
      7 > ACK 2:0
      7 < UPTODATE
      write a
      7 < PROPOSAL 2:1 /a
      7 > ACK 2:1
      not applied 2:1
      2 > ACK 2:1
      applied 2:1
    `,
  },
  {
    name: 'a leader that has ended closes whoever still speaks',
    history: '1:1-3',
    steps: `${ESTABLISHED}
      1 stops
      2 > ACK 2:0
      2 < closed
    `,
  },
];

describe('out of turn', () => {
  for (const scenario of [...LEADERS, ...LEARNERS]) {
    it(scenario.name, async () => {
      await play(scenario);
    });
  }
});
