import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { ownProgram } from '../support/own-program.js';
import { describeFailure } from './campaign.js';
import { hunt } from './hunt.js';
import { MUTANTS } from './mutants/index.js';
import { drawPlan, PROFILES } from './plan.js';
import { shrink } from './shrink.js';
import { HISTORY_RULES, Simulation } from './simulation.js';

const run = promisify(execFile);
const MAIN = ownProgram(new URL('main.ts', import.meta.url));
const IS_LONG = process.env['ZK_TEST_LONG'] === '1';

async function failures(profile: string, seeds: number): Promise<string[]> {
  const failed: string[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const outcome = await Simulation.run(drawPlan(seed, profile));
    if (outcome.problems.length > 0) failed.push(await describeFailure(outcome));
  }
  return failed;
}

describe('simulated ensembles', () => {
  it('keep every promise under all faults together', async () => {
    assert.deepEqual(await failures('default', IS_LONG ? 3000 : 12), []);
  });

  for (const profile of Object.keys(PROFILES).filter((name) => name !== 'default')) {
    it(`keep every promise with the faults of the profile ${profile}`, async () => {
      assert.deepEqual(await failures(profile, IS_LONG ? 500 : 2), []);
    });
  }

  it('do the same for the same seed in two processes, and not for another', async () => {
    const hashOf = async (seed: number): Promise<string> => {
      const { stdout } = await run(process.execPath, [...MAIN, '--seed', String(seed)]);
      return /trace hash ([0-9a-f]+)/.exec(stdout)?.[1] ?? `no hash in ${stdout}`;
    };
    const [first, again, other] = await Promise.all([hashOf(5), hashOf(5), hashOf(6)]);
    assert.equal(first, again);
    assert.notEqual(first, other);
    const { fingerprint } = await Simulation.run(drawPlan(5));
    assert.equal(fingerprint.toString(16), first);
  });
});

describe('the simulator', () => {
  // The bounded set has one of each family that falls at once.
  const quick = new Set(['memory is not the log', 'DIFF forgets the first', 'sessions expire early', 'watch late']);
  for (const mutant of MUTANTS.filter(({ name }) => IS_LONG || quick.has(name))) {
    it(`catches ${mutant.name}`, async () => {
      const seeds = Array.from({ length: IS_LONG ? 1000 : 20 }, (_, at) => at + 1);
      assert.notEqual(await hunt(mutant, seeds, 'default'), undefined);
    });
  }

  // What a history of real processes would be held to, without a look into the servers.
  const byHistory = [
    'commit without quorum',
    'memory is not the log',
    'multi is not atomic',
    'sequence numbers repeat',
  ];
  for (const mutant of MUTANTS.filter(({ name }) => byHistory.includes(name))) {
    it(`catches ${mutant.name} by the histories of its clients alone`, async () => {
      const [linearizes] = HISTORY_RULES;
      const found = await hunt(mutant, [1, 2, 3, 4, 5, 6, 7, 8], 'default', undefined, [linearizes]);
      assert.equal(found?.rule, linearizes);
    });
  }

  it('tells of a failure how to see it again, and with how few faults', async () => {
    const mutant = MUTANTS.find(({ name }) => name === 'watch twice');
    const outcome = await Simulation.run(drawPlan(1), mutant);
    const report = await describeFailure(outcome, mutant);
    assert.match(report, /watches fire once at \d/);
    assert.match(report, /replay: npm run sim -- --seed 1 --mutant 'watch twice' --trace/);
    assert.match(report, /\n0 of \d+ faults are enough/);
  });
});

describe('shrinking', () => {
  const cases: readonly [name: string, culprits: readonly number[]][] = [
    ['one culprit', [7]],
    ['two that must be together', [2, 11]],
    ['none', []],
  ];
  for (const [name, culprits] of cases) {
    it(`finds ${name} among many`, async () => {
      const items = Array.from({ length: 16 }, (_, at) => at);
      const fails = (left: readonly number[]) => Promise.resolve(culprits.every((one) => left.includes(one)));
      assert.deepEqual(await shrink(items, fails, 200), culprits);
    });
  }

  it('asks no more often than it may', async () => {
    let asked = 0;
    const fails = () => Promise.resolve(++asked < 0);
    await shrink(
      Array.from({ length: 100 }, (_, at) => at),
      fails,
      10,
    );
    assert.equal(asked, 10);
  });
});
