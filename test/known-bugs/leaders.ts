import assert from 'node:assert/strict';
import * as mutants from '../sim/mutants/known-bugs/leaders.js';
import { ValidatorScenario } from '../pipeline/validator-scenario.js';
import { FakeEnsemble } from '../bad-input/fake-ensemble.js';
import type { Scenario } from '../zab/scenario.js';
import { play } from '../zab/scenario.js';
import type { KnownBug } from './known-bug.js';

const VOTERS_TURN_AWAY: Scenario = {
  name: 'both voters look for another leader',
  history: '1:1-3',
  steps: `
    1 leads
    wait 400
    voter 2 looks
    voter 3 looks
    wait 40
    ends DISLOYAL_VOTERS
  `,
};

const COUNTER_ENDS: Scenario = {
  name: 'the last zxid of an epoch is used up',
  history: '1:1-3',
  options: { counterEnd: 3, zxidMargin: 0 },
  steps: `
    1 leads
    2 > FOLLOWERINFO 1:0 from 2
    2 < LEADERINFO 2:0
    2 > ACKEPOCH 1:3 epoch 1
    2 < DIFF 1:3
    2 < NEWLEADER 2:0 config 0
    2 > ACK 2:0
    2 < UPTODATE
    write a, write b
    2 < PROPOSAL 2:1 /a
    2 < PROPOSAL 2:2 /b
    write c
    ends ZXID_EXHAUSTED
    logged 2:2
  `,
};

/** The disk of a leader refuses an append: the others elect another one and writes go on. */
async function leaderCannotLog(): Promise<void> {
  const e = await FakeEnsemble.start(1);
  e.world.disk('s3').fail({ kind: 'append', code: 'IO', forever: true });
  await e.until('another server leads', () => [1, 2].some((sid) => e.peers.get(sid)?.state() === 'LEADING'));
  await e.pause(500);
  const client = await e.connect(2);
  await e.world.settle(client.create('/after', Buffer.from('x')));
}

function check(scenario: ValidatorScenario, line: string, answer: RegExp, what: string): void {
  assert.match(scenario.run(line), answer, what);
}

function checkAlone(): Promise<void> {
  const scenario = new ValidatorScenario();
  scenario.run('session a');
  scenario.run('a: create /n');
  check(scenario, 'a: check /n version=0', /error/, 'check on its own is refused');
  return Promise.resolve();
}

function versionSkipsMinusOne(): Promise<void> {
  const scenario = new ValidatorScenario();
  scenario.run('session a');
  scenario.run('a: create /n');
  scenario.run('given /n version=-2');
  check(scenario, 'a: set /n version=-2', /version=0\b/, 'the version behind -2 is 0');
  return Promise.resolve();
}

/** Leaders that should go, and requests that should not be taken. */
export const LEADER_BUGS: readonly KnownBug[] = [
  {
    bug: 'ZOOKEEPER-1277',
    name: 'the counter of an epoch does not roll over into the next one',
    history: () => play(COUNTER_ENDS),
    mutants: [{ mutant: mutants.COUNTER_ROLLS_OVER, shows: /"ends ZXID_EXHAUSTED"/ }],
  },
  {
    bug: 'ZOOKEEPER-2247',
    name: 'a leader that cannot log makes room for another one',
    history: leaderCannotLog,
    mutants: [{ mutant: mutants.DISK_ERRORS_SURVIVED, shows: /another server leads/ }],
  },
  {
    bug: 'ZOOKEEPER-3109',
    name: 'a leader whose voters turned away does not wait for initLimit',
    history: () => play(VOTERS_TURN_AWAY),
    mutants: [{ mutant: mutants.DISLOYAL_VOTERS_AWAITED, shows: /"ends DISLOYAL_VOTERS"/ }],
  },
  {
    bug: 'ZOOKEEPER-2623',
    name: 'check outside of a multi changes nothing',
    history: checkAlone,
    mutants: [{ mutant: mutants.CHECK_ALONE_TAKEN, shows: /check on its own is refused/ }],
  },
  {
    bug: 'ZOOKEEPER-4743',
    name: 'no version is ever -1',
    history: versionSkipsMinusOne,
    mutants: [{ mutant: mutants.VERSION_MINUS_ONE, shows: /the version behind -2 is 0/ }],
  },
];
