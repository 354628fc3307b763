import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { describeFailure, replayLine, runCampaign } from './campaign.js';
import { formatHistory } from './history.js';
import { hunt } from './hunt.js';
import { type Mutant, MUTANTS } from './mutants/index.js';
import { drawPlan, expectedKinds, PROFILES } from './plan.js';
import { Simulation } from './simulation.js';
import { describeReport, mergeReports, type Report, shortfalls, tableOf } from './statistics.js';

/** Small buffers are cut from slabs of this size: whole ensembles in one process make a great many. */
Buffer.poolSize = 256 * 1024;

const USAGE = `Runs whole simulated ensembles and checks every promise (docs/verification.md).

  npm run sim -- --seed N             one seed
  npm run sim -- --seeds A..B         a range of seeds
  npm run sim -- --minutes M          as many seeds as fit, from a start that the clock chooses
  npm run sim -- --profile P          ${Object.keys(PROFILES).join(', ')}
  npm run sim -- --trace              with --seed: every log line and fault in the order of time
  npm run sim -- --history FILE       with --seed: the history of the clients as JSON lines
  npm run sim -- --mutant NAME        breaks a rule on purpose; with --seeds, the seeds to find it with (1..1000); with
                                      --seed, that one as if nothing were broken
  npm run sim -- --mutants            all of them, as a table
  npm run sim -- --keep-going         do not stop at the first seed that fails
  npm run sim -- --report FILE        with --seeds or --minutes: what they came to as JSON, kept up to date
  npm run sim -- --label TEXT         what the report calls the campaign (a commit)
  npm run sim -- --merge FILE ...     adds reports up: figures, what happened too rarely, the table of the documentation
`;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function cpuSeconds(): number {
  const { system, user } = process.cpuUsage();
  return (system + user) / 1e6;
}

interface OneSeed {
  readonly trace: boolean;
  readonly history: string | undefined;
  readonly mutant: Mutant | undefined;
}

async function oneSeed(seed: number, profile: string, options: OneSeed): Promise<boolean> {
  const before = cpuSeconds();
  const outcome = await Simulation.run(drawPlan(seed, profile), options.mutant);
  const seconds = cpuSeconds() - before;
  if (options.trace) for (const line of outcome.log()) say(line);
  if (options.history !== undefined) writeFileSync(options.history, formatHistory(outcome.history));
  say(`seed ${seed}: ${JSON.stringify(outcome.figures)}`);
  const virtualSeconds = outcome.virtualMs / 1000;
  say(
    `trace hash ${outcome.fingerprint.toString(16)}, ${virtualSeconds.toFixed(1)} virtual s in ${seconds.toFixed(2)} s`,
  );
  if (outcome.problems.length > 0) say(await describeFailure(outcome, options.mutant));
  return outcome.problems.length === 0;
}

/** Hunts each mutant, and says in a table which seed found it, by which rule. */
async function huntAll(mutants: readonly Mutant[], seeds: string, profile: string): Promise<boolean> {
  let missed = 0;
  for (const mutant of mutants) {
    const before = cpuSeconds();
    const found = await hunt(mutant, range(seeds), profile);
    if (found === undefined) missed++;
    const how = found === undefined ? 'NOT CAUGHT' : `seed ${found.seed} (${found.tried} tried): ${found.rule}`;
    say(`| ${mutant.name} | ${mutant.switchesOff} | ${how} | ${(cpuSeconds() - before).toFixed(0)} s |`);
    if (mutants.length === 1 && found !== undefined)
      say(`${found.text}\nreplay: ${replayLine(drawPlan(found.seed, profile), mutant)}`);
  }
  say(`${mutants.length - missed} of ${mutants.length} mutants caught`);
  return missed === 0;
}

function* range(text: string): Generator<number> {
  const [from, to] = text.split('..').map(Number);
  if (from === undefined || to === undefined || !Number.isInteger(from) || !Number.isInteger(to)) {
    throw new Error(`--seeds takes A..B, not ${text}`);
  }
  for (let seed = from; seed <= to; seed++) yield seed;
}

function addUpReports(files: readonly string[]): number {
  const merged = mergeReports(files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Report));
  say(describeReport(merged));
  const missing = shortfalls(merged, expectedKinds(merged.profile));
  say(missing.length === 0 ? 'every goal is reached' : `below the goals: ${missing.join('; ')}`);
  say(tableOf(merged));
  return merged.failedSeeds.length === 0 ? 0 : 1;
}

/** Whoever reads the file while a campaign runs finds a whole one. */
function keepReport(file: string, report: Report): void {
  writeFileSync(`${file}.tmp`, `${JSON.stringify(report)}\n`);
  renameSync(`${file}.tmp`, file);
}

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string' },
      minutes: { type: 'string' },
      profile: { type: 'string', default: 'default' },
      trace: { type: 'boolean', default: false },
      history: { type: 'string' },
      mutant: { type: 'string', multiple: true },
      mutants: { type: 'boolean', default: false },
      'keep-going': { type: 'boolean', default: false },
      report: { type: 'string' },
      label: { type: 'string', default: '' },
      merge: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { history, minutes, profile, report, seed, seeds, trace } = values;
  if (values.merge) return addUpReports(positionals);
  if (values.mutants || values.mutant !== undefined) {
    const chosen = MUTANTS.filter(({ name }) => values.mutants || values.mutant?.includes(name));
    if (chosen.length === 0)
      throw new Error(`no such mutant; there are: ${MUTANTS.map(({ name }) => name).join(', ')}`);
    if (seed === undefined) return (await huntAll(chosen, seeds ?? '1..1000', profile)) ? 0 : 1;
    return (await oneSeed(Number(seed), profile, { trace, history, mutant: chosen[0] })) ? 0 : 1;
  }
  if (seed !== undefined) return (await oneSeed(Number(seed), profile, { trace, history, mutant: undefined })) ? 0 : 1;
  if (values.help || (seeds === undefined && minutes === undefined)) {
    say(USAGE);
    return values.help ? 0 : 2;
  }
  let isStopped = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      isStopped = true;
    });
  }
  const start = Math.floor(Date.now() / 1000) % 1_000_000_000;
  const statistics = await runCampaign({
    profile,
    label: values.label,
    seeds: range(seeds ?? `${start}..${start + 100_000_000}`),
    limitMs: minutes === undefined ? Number.POSITIVE_INFINITY : Number(minutes) * 60_000,
    stopAtFailure: !values['keep-going'],
    isStopped: () => isStopped,
    print: say,
    keep: (figures) => {
      if (report !== undefined) keepReport(report, figures);
    },
    nowMs: () => performance.now(),
    cpuSeconds,
  });
  return statistics.failures === 0 ? 0 : 1;
}

process.exitCode = await main();
