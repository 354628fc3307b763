// What a request for another configuration is answered, case by case.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseMembershipText } from '../../src/membership/index.js';
import { planReconfig, type ReconfigContext, ReconfigRefusal } from '../../src/peer/reconfig-plan.js';
import { ErrorCode, errorName, OpCode } from '../../src/protocol/index.js';

const LIST = `server.1=10.0.0.1:2888:3888:participant;0.0.0.0:2181
server.2=10.0.0.2:2888:3888:participant;0.0.0.0:2181
server.3=10.0.0.3:2888:3888:participant;0.0.0.0:2181
version=100000000`;
const GROUPED = `${LIST}\ngroup.1=1:2:3`;
const FOUR = 'server.4=10.0.0.4:2888:3888:participant;0.0.0.0:2181';
const FIVE = 'server.5=10.0.0.5:2888:3888:observer;2181';

interface Case {
  readonly name: string;
  readonly joining?: string;
  readonly leaving?: string;
  readonly members?: string;
  readonly from?: number;
  readonly now?: string;
  readonly pending?: string;
  readonly standaloneEnabled?: boolean;
  readonly synced?: readonly number[];
  /** Ids with the first letter of their role, or the error. */
  readonly becomes: string;
}

const CASES: readonly Case[] = [
  { name: 'one joins', joining: FOUR, becomes: '1p 2p 3p 4p' },
  { name: 'an observer joins, with a port alone', joining: FIVE, becomes: '1p 2p 3p 5o' },
  { name: 'two join', joining: `${FOUR}, ${FIVE}`, becomes: '1p 2p 3p 4p 5o' },
  { name: 'one leaves', leaving: '3', becomes: '1p 2p' },
  { name: 'one leaves and one joins', joining: FOUR, leaving: '1', becomes: '2p 3p 4p' },
  {
    name: 'a member changes its role',
    joining: FOUR.replace('.4=10.0.0.4', '.3=10.0.0.3').replace('participant', 'observer'),
    becomes: '1p 2p 3o',
  },
  { name: 'who is no member leaves', leaving: '9', becomes: '1p 2p 3p' },
  { name: 'nothing at all', becomes: '1p 2p 3p' },
  { name: 'the whole list', members: LIST.replace(/^server.1.*\n/m, `${FOUR}\n`), becomes: '2p 3p 4p' },
  {
    name: 'the whole list with commas',
    members: LIST.replace('\nversion=100000000', '').replaceAll('\n', ','),
    becomes: '1p 2p 3p',
  },
  { name: 'the whole list with groups', members: GROUPED, now: GROUPED, becomes: '1p 2p 3p' },
  { name: 'the right version', leaving: '3', from: 0x100000000, becomes: '1p 2p' },
  { name: 'another version', leaving: '3', from: 5, becomes: 'badVersion' },
  {
    name: 'one is on its way',
    leaving: '3',
    pending: LIST.replace(/version.*/, 'version=100000007'),
    becomes: 'reconfigInProgress',
  },
  {
    name: 'one is on its way, and another version',
    from: 5,
    pending: LIST.replace(/version.*/, 'version=100000007'),
    becomes: 'reconfigInProgress',
  },
  { name: 'groups cannot change bit by bit', leaving: '3', now: GROUPED, becomes: 'badArguments' },
  { name: 'no client port', joining: FOUR.replace(/;.*/, ''), becomes: 'badArguments' },
  { name: 'no address', joining: 'server.4', becomes: 'badArguments' },
  { name: 'half an address', joining: 'server.4=10.0.0.4:2888;2181', becomes: 'badArguments' },
  { name: 'no id', joining: FOUR.replace('.4=', '.x='), becomes: 'badArguments' },
  { name: 'no id leaves', leaving: 'three', becomes: 'badArguments' },
  { name: "another's address", joining: FOUR.replace('10.0.0.4', '10.0.0.3'), becomes: 'badArguments' },
  { name: 'no list', members: 'clientPort=2181', becomes: 'badArguments' },
  { name: 'only observers', members: FIVE, becomes: 'badArguments' },
  { name: 'one participant', leaving: '2,3', becomes: 'badArguments' },
  { name: 'one participant, as an ensemble of one', leaving: '2,3', standaloneEnabled: false, becomes: '1p' },
  { name: 'nobody', leaving: '1,2,3', standaloneEnabled: false, becomes: 'badArguments' },
  {
    name: 'those who join are not there',
    members: `${FOUR},${FOUR.replaceAll('4', '6')},${FOUR.replaceAll('4', '7')}`,
    synced: [1, 2, 3],
    becomes: 'newConfigNoQuorum',
  },
  { name: 'too few of those who stay are there', leaving: '1', synced: [1, 2], becomes: 'newConfigNoQuorum' },
];

function contextOf(one: Case): ReconfigContext {
  const synced = new Set(one.synced ?? [1, 2, 3, 4, 5]);
  return {
    committed: parseMembershipText(one.now ?? LIST),
    lastSeen: one.pending === undefined ? null : parseMembershipText(one.pending),
    options: {},
    standaloneEnabled: one.standaloneEnabled ?? true,
    isQuorumSynced: (verifier) => verifier.containsQuorum(synced),
  };
}

function outcome(one: Case): string {
  const request = {
    type: OpCode.reconfig,
    joiningServers: one.joining ?? null,
    leavingServers: one.leaving ?? null,
    newMembers: one.members ?? null,
    curConfigId: one.from ?? -1,
  } as const;
  try {
    const next = planReconfig(request, 0x100000009, contextOf(one));
    assert.equal(next.version, 0x100000009);
    return [...next.members.values()].map(({ sid, role }) => `${sid}${role.charAt(0)}`).join(' ');
  } catch (error) {
    if (error instanceof ReconfigRefusal) return errorName(error.code);
    throw error;
  }
}

describe('a request for another configuration', () => {
  for (const one of CASES) {
    it(one.name, () => {
      assert.equal(outcome(one), one.becomes);
    });
  }

  it('is told the code that its client gets', () => {
    const refusal = new ReconfigRefusal(ErrorCode.badVersion, 'no');
    assert.equal(refusal.code, -103);
  });
});
