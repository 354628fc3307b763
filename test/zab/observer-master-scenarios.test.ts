// A follower that serves observers: which requests of them, and of its own clients, it passes on to its leader.
import { describe, it } from 'node:test';
import { joined } from './established.js';
import type { Scenario } from './scenario.js';
import { play } from './scenario.js';

/** Server 1 follows server 2 in epoch 2 and serves observers 4 and 5. */
const SERVING = `
  ${joined('follows')}
  says Observers are served
  ${observerComes(4)}
  ${observerComes(5)}
`;

function observerComes(sid: number): string {
  return `
    ${sid} > OBSERVERINFO 2:0 from ${sid}
    ${sid} < LEADERINFO 2:0
    ${sid} > ACKEPOCH 1:3 epoch 1
    ${sid} < DIFF 1:3
    ${sid} < NEWLEADER 2:0 config 0
    ${sid} > ACK 2:0
    ${sid} < UPTODATE
  `;
}

/** A client comes to an observer with session 7, and the leader says that it lives. */
function comesTo(observer: number): string {
  return `
    ${observer} > REVALIDATE 7 4000
    2 < REVALIDATE 7 4000
    2 > REVALIDATE 7 valid
    ${observer} < REVALIDATE 7 valid
  `;
}

/** The same to server 1 itself. */
const COMES_HERE = `
  comes 7
  2 < REVALIDATE 7 4000
  2 > REVALIDATE 7 valid
  event revalidated 7 true
`;

/** The leader does not hear of it, and the observer stays, and is told. */
function dropped(observer: number, holder: string, at = '1:3'): string {
  return `
    2 < nothing
    says session 0x7, which has moved to ${holder}, came from server ${observer}
    ${observer} < PING ${at} left 7
    ${observer} > REQUEST x of 9
    2 < REQUEST x
  `;
}

const CASES: readonly Omit<Scenario, 'history' | 'servesObservers'>[] = [
  {
    name: 'an observer passes on requests of its sessions, and of those that nobody has come with',
    steps: `${comesTo(4)}
      4 > REQUEST a of 7
      2 < REQUEST a
      4 > REQUEST local of 8
      2 < REQUEST local
      5 > REQUEST local of 8
      2 < REQUEST local
    `,
  },
  {
    name: 'a late request of an observer whose session has come to the follower goes nowhere',
    steps: `${comesTo(4)} ${COMES_HERE}
      4 > REQUEST late of 7
      ${dropped(4, 'this server, 1')}
    `,
  },
  {
    name: 'and so does one of an observer whose session has come to another observer of the same follower',
    steps: `${comesTo(4)} ${comesTo(5)}
      4 > REQUEST late of 7
      ${dropped(4, 'server 5')}
      5 > REQUEST b of 7
      2 < REQUEST b
    `,
  },
  {
    name: 'a multi that is late is no other request',
    steps: `${comesTo(4)} ${comesTo(5)}
      4 > REQUEST multi of 7
      ${dropped(4, 'server 5')}
    `,
  },
  {
    name: 'a session has come when its server asks for it, before the leader answers',
    steps: `${comesTo(4)}
      5 > REVALIDATE 7 4000
      2 < REVALIDATE 7 4000
      4 > REQUEST late of 7
      ${dropped(4, 'server 5')}
      2 > REVALIDATE 7 valid
      5 < REVALIDATE 7 valid
    `,
  },
  {
    name: 'of two that ask, the session is that of the one who asked last',
    steps: `
      4 > REVALIDATE 7 4000
      2 < REVALIDATE 7 4000
      comes 7
      2 < REVALIDATE 7 4000
      2 > REVALIDATE 7 valid
      4 < REVALIDATE 7 valid
      2 > REVALIDATE 7 valid
      event revalidated 7 true
      4 > REQUEST late of 7
      ${dropped(4, 'this server, 1')}
    `,
  },
  {
    name: 'a session that an observer asks for leaves the follower at once',
    steps: `${COMES_HERE}
      5 > REVALIDATE 7 4000
      2 < REVALIDATE 7 4000
      event session 7 moved
    `,
  },
  {
    name: 'a session moves back',
    steps: `${comesTo(4)} ${comesTo(5)} ${comesTo(4)}
      4 > REQUEST a of 7
      2 < REQUEST a
      ${COMES_HERE} ${comesTo(5)}
      5 > REQUEST b of 7
      2 < REQUEST b
    `,
  },
  {
    name: 'who makes a session has it',
    steps: `
      4 > REQUEST createSession of 7
      2 < REQUEST createSession
      4 > REQUEST a of 7
      2 < REQUEST a
      5 > REQUEST b of 7
      ${dropped(5, 'server 4')}
    `,
  },
  {
    name: 'and so has the follower, if a client of its own makes it',
    steps: `
      makes 7
      2 < REQUEST createSession
      5 > REQUEST b of 7
      ${dropped(5, 'this server, 1')}
    `,
  },
  {
    name: 'an observer that the session has left may close it, as with the leader, and ask for a sync',
    steps: `${comesTo(4)} ${comesTo(5)}
      4 > REQUEST sync of 7
      2 < REQUEST sync
      4 > REQUEST closeSession of 7
      2 < REQUEST closeSession
      4 > REQUEST x of 9
      2 < REQUEST x
    `,
  },
  {
    name: 'a session that was closed is forgotten, when that is applied',
    steps: `${comesTo(4)}
      2 > PROPOSAL 2:1 closes 7
      2 < ACK 2:1
      2 > COMMIT 2:1
      4 < INFORM 2:1 type -11
      5 > REQUEST a of 7
      2 < REQUEST a
    `,
  },
  {
    name: 'a session that is only being closed is not forgotten',
    steps: `${comesTo(4)}
      2 > PROPOSAL 2:1 closes 7
      2 < ACK 2:1
      5 > REQUEST a of 7
      ${dropped(5, 'server 4', '2:1')}
    `,
  },
  {
    name: 'an observer is told once, and not of what has come back',
    steps: `${comesTo(4)} ${comesTo(5)}
      4 > REQUEST late of 7
      ${comesTo(4)}
      5 > REQUEST late of 7
      4 < PING 1:3
      4 < PING 1:3
      5 < PING 1:3 left 7
      5 < PING 1:3
    `,
  },
  {
    name: 'a session that the leader does not know is not remembered, whoever asked',
    steps: `
      4 > REVALIDATE 7 4000
      2 < REVALIDATE 7 4000
      2 > REVALIDATE 7 invalid
      4 < REVALIDATE 7 invalid
      5 > REQUEST a of 7
      2 < REQUEST a
      comes 8
      2 < REVALIDATE 8 4000
      2 > REVALIDATE 8 invalid
      event revalidated 8 false
      5 > REQUEST b of 8
      2 < REQUEST b
    `,
  },
  {
    name: 'a no to one server takes nothing from another, which made the session meanwhile',
    steps: `
      4 > REVALIDATE 7 4000
      2 < REVALIDATE 7 4000
      5 > REQUEST createSession of 7
      2 < REQUEST createSession
      2 > REVALIDATE 7 invalid
      4 < REVALIDATE 7 invalid
      4 > REQUEST a of 7
      ${dropped(4, 'server 5')}
    `,
  },
];

describe('an observer that cannot reach its master', () => {
  it('says whom it has tried to reach, where, and that it is no leader', async () => {
    await play({
      name: 'unreachable',
      history: '1:1-3',
      voters: [2, 3],
      observers: [1],
      masterSid: 3,
      steps: `
        1 observes 2 unheard
        ends CONNECT_FAILED
        says No longer observing server 3: cannot connect to server 3 (observerMasterPort): s3:2888:
      `,
    });
  });
});

describe('an observer of a follower', () => {
  it('lets clients go whose sessions have come to another server, if they are not coming back', async () => {
    await play({
      name: 'left',
      history: '1:1-3',
      voters: [2, 3],
      observers: [1],
      steps: `
        ${joined('observes')}
        2 > PING 1:3 left 7
        event session 7 moved
        comes 8
        2 < REVALIDATE 8 4000
        2 > PING 1:3 left 8
        2 > PING 1:3 left 9
        event session 9 moved
        not event session 8 moved
        2 > REVALIDATE 8 valid
        event revalidated 8 true
        2 > PING 1:3 left 8
        event session 8 moved
      `,
    });
  });
});

describe('a follower that serves observers', () => {
  for (const one of CASES) {
    it(one.name, async () => {
      const steps = `${SERVING}\n${one.steps}`;
      await play({ ...one, history: '1:1-3', observers: [4, 5], servesObservers: true, steps });
    });
  }
});
