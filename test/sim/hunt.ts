import type { Mutant } from './mutants/index.js';
import { drawPlan } from './plan.js';
import { Simulation } from './simulation.js';

/** How a mutant was caught. */
export interface Catch {
  readonly seed: number;
  readonly tried: number;
  readonly rule: string;
  readonly text: string;
}

/** Runs seeds with the mutant until one fails, by one of `rules` if they are given; undefined when none does. */
export async function hunt(
  mutant: Mutant,
  seeds: Iterable<number>,
  profile: string,
  isOutOfTime: () => boolean = () => false,
  rules?: readonly string[],
): Promise<Catch | undefined> {
  let tried = 0;
  for (const seed of seeds) {
    if (isOutOfTime()) return undefined;
    tried++;
    const { problems } = await Simulation.run(drawPlan(seed, profile), mutant, rules);
    const [first] = problems;
    if (first !== undefined) return { seed, tried, rule: first.rule, text: first.text };
  }
  return undefined;
}
