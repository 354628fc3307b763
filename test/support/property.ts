// Properties by seed: some that are the same each time, so that a change is told by its own mistakes, and one that each run
// draws anew, so that the runs together get further than one.
import fc from 'fast-check';

const FIXED_SEEDS = [1, 2];
const FIXED_RUNS = 6;
/** Time ends the others. */
const FRESH_RUNS = 10_000_000;
/** A replay must get as far as the run did that failed, on a slower machine too. */
const REPLAY_TIMES = 20;
const LONG_TIMES = 40;
const VARIABLE = 'ZK_PROPERTY_SEED';

const given = process.env[VARIABLE];
const FRESH_SEED = given === undefined ? Date.now() % 2 ** 31 : Number(given);
const IS_LONG = process.env['ZK_TEST_LONG'] === '1';

/** Throws with the seed and the smallest value found for which the property does not hold. */
export function holds<T>(property: fc.IRawProperty<T>, budgetMs: number): void {
  for (const seed of FIXED_SEEDS) check(property, { seed, numRuns: FIXED_RUNS });
  const times = given !== undefined ? REPLAY_TIMES : IS_LONG ? LONG_TIMES : 1;
  const runs = check(property, {
    ...{ seed: FRESH_SEED, numRuns: FRESH_RUNS, plugins: [fc.interruptAfterTimeLimit(budgetMs * times)] },
  });
  if (runs === 0) throw new Error(`no value was tried within ${budgetMs * times} ms`);
}

/** How many values it held for. */
function check<T>(property: fc.IRawProperty<T>, parameters: fc.Parameters<T>): number {
  const details = fc.check(property, parameters) as fc.RunDetails<T>;
  if (!details.failed || details.interrupted) return details.numRuns;
  const cause = details.errorInstance;
  const values = fc.stringify(details.counterexample);
  const replay = `again with ${VARIABLE}=${details.seed} (path ${details.counterexamplePath ?? 'none'})`;
  throw new Error(`${replay}, for ${values}: ${String(cause)}`, { cause });
}
