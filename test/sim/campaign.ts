import { describeFault } from './faults/index.js';
import type { Mutant } from './mutants/index.js';
import { drawPlan, type Plan } from './plan.js';
import { describeProblem } from './problems.js';
import { type Outcome, Simulation } from './simulation.js';
import { shrink } from './shrink.js';
import { describeReport, type Report, Statistics } from './statistics.js';

export interface CampaignOptions {
  readonly profile: string;
  /** What the report calls the campaign. */
  readonly label: string;
  readonly seeds: Iterable<number>;
  /** No new seed is begun after so much time. */
  readonly limitMs: number;
  readonly stopAtFailure: boolean;
  /** Asked before each seed: end here, with the statistics so far? */
  readonly isStopped: () => boolean;
  readonly print: (text: string) => void;
  /** Is given what there is so far now and then, and all of it in the end. */
  readonly keep: (report: Report) => void;
  readonly nowMs: () => number;
  readonly cpuSeconds: () => number;
}

const SHRINK_TRIES = 60;
const SHOWN_PROBLEMS = 5;
const SEEDS_BETWEEN_REPORTS = 100;
const SEEDS_BETWEEN_LINES = 1000;

/** Runs one seed after the other and tells of each that fails how to replay it, and with how few faults it fails. */
export async function runCampaign(options: CampaignOptions): Promise<Statistics> {
  const { keep, print, profile } = options;
  const statistics = new Statistics(profile, options.label);
  const startMs = options.nowMs();
  const startCpu = options.cpuSeconds();
  const report = () => statistics.report(options.cpuSeconds() - startCpu);
  for (const seed of options.seeds) {
    if (options.isStopped() || options.nowMs() - startMs > options.limitMs) break;
    const outcome = await Simulation.run(drawPlan(seed, profile));
    statistics.add(outcome);
    if (outcome.problems.length > 0) {
      print(await describeFailure(outcome));
      if (options.stopAtFailure) break;
    }
    if (statistics.seeds % SEEDS_BETWEEN_REPORTS === 0) keep(report());
    if (statistics.seeds % SEEDS_BETWEEN_LINES === 0) print(`... seed ${seed}: ${describeReport(report())}`);
  }
  keep(report());
  print(describeReport(report()));
  return statistics;
}

export function replayLine({ profile, seed }: Plan, mutant?: Mutant): string {
  const ofProfile = profile === 'default' ? '' : ` --profile ${profile}`;
  const ofMutant = mutant === undefined ? '' : ` --mutant '${mutant.name}'`;
  return `npm run sim -- --seed ${seed}${ofProfile}${ofMutant} --trace`;
}

/** The problems, how to see them again, what happened, and the smallest schedule of faults that still breaks the rule. */
export async function describeFailure(outcome: Outcome, mutant?: Mutant): Promise<string> {
  const { events, plan, problems } = outcome;
  const rule = problems[0]?.rule;
  const isSame = async (faults: Plan['faults']): Promise<boolean> => {
    const again = await Simulation.run({ ...plan, faults }, mutant);
    return again.problems[0]?.rule === rule;
  };
  const faults = await shrink(plan.faults, isSame, SHRINK_TRIES);
  return [
    `seed ${plan.seed} FAILED (profile ${plan.profile})`,
    ...problems.slice(0, SHOWN_PROBLEMS).map((problem) => `  ${describeProblem(problem)}`),
    `replay: ${replayLine(plan, mutant)}`,
    `settings: ${JSON.stringify(plan.settings)}`,
    'what happened:',
    ...events.map((event) => `  ${event}`),
    `${faults.length} of ${plan.faults.length} faults are enough:`,
    ...faults.map((fault) => `  ${describeFault(fault)}`),
  ].join('\n');
}
