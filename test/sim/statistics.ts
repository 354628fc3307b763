import type { Settings } from './settings.js';
import type { Outcome } from './simulation.js';

const SPREADS = ['leaderChanges', 'faults', 'ackedWrites'] as const;
type Spread = (typeof SPREADS)[number];

/** What a median must come to, and in which share of the seeds each kind of fault and of synchronization must happen. */
export const GOALS: Readonly<Record<Spread, number>> = { leaderChanges: 3, faults: 5, ackedWrites: 1000 };
export const LEAST_SHARE = 0.05;

/** What some seeds came to, as it is kept in files; two of them can be added up. */
export interface Report {
  readonly profile: string;
  /** Whatever the campaign was called, a commit for instance. */
  readonly label: string;
  /** First and last seed. */
  readonly ranges: readonly (readonly [number, number])[];
  readonly seeds: number;
  readonly failedSeeds: readonly number[];
  readonly virtualMs: number;
  readonly cpuSeconds: number;
  /** How many seeds had that value. */
  readonly spreads: Readonly<Record<Spread, Readonly<Record<string, number>>>>;
  /** In how many seeds it happened. */
  readonly seedsWith: Readonly<Record<string, number>>;
  readonly totals: Readonly<Record<string, number>>;
}

/** Adds up what the runs of a range came to. */
export class Statistics {
  private readonly failedSeeds: number[] = [];
  private readonly spreads: Record<Spread, Map<number, number>> = {
    leaderChanges: new Map(),
    faults: new Map(),
    ackedWrites: new Map(),
  };
  private readonly seedsWith = new Map<string, number>();
  private readonly totals = new Map<string, number>();
  private readonly ran: number[] = [];
  private virtualMs = 0;

  constructor(
    private readonly profile: string,
    private readonly label = '',
  ) {}

  add({ figures, plan, problems, virtualMs }: Outcome): void {
    const faults = Object.values(figures.faults).reduce((sum, count) => sum + count, 0);
    const values = { leaderChanges: Math.max(0, figures.leaders - 1), faults, ackedWrites: figures.ackedWrites };
    for (const name of SPREADS) count(this.spreads[name], values[name]);
    for (const name of Object.keys(figures.faults)) count(this.seedsWith, `fault ${name}`);
    for (const how of Object.keys(figures.syncs)) count(this.seedsWith, `sync ${how}`);
    for (const what of featuresOf(plan.settings)) count(this.seedsWith, what);
    const sums = Object.entries(figures).filter((each): each is [string, number] => typeof each[1] === 'number');
    for (const [name, value] of [['faults', faults] as const, ...sums]) count(this.totals, name, value);
    this.ran.push(plan.seed);
    this.virtualMs += virtualMs;
    if (problems.length > 0) this.failedSeeds.push(plan.seed);
  }

  get seeds(): number {
    return this.ran.length;
  }

  get failures(): number {
    return this.failedSeeds.length;
  }

  report(cpuSeconds: number): Report {
    const { failedSeeds, label, profile, ran, seeds, seedsWith, spreads, totals, virtualMs } = this;
    return {
      ...{ profile, label, seeds, failedSeeds, virtualMs, cpuSeconds },
      ranges: seeds === 0 ? [] : [[ran[0] ?? 0, ran.at(-1) ?? 0]],
      spreads: {
        leaderChanges: Object.fromEntries(spreads.leaderChanges),
        faults: Object.fromEntries(spreads.faults),
        ackedWrites: Object.fromEntries(spreads.ackedWrites),
      },
      seedsWith: Object.fromEntries(seedsWith),
      totals: Object.fromEntries(totals),
    };
  }
}

/** What not every ensemble has. */
function featuresOf({ localSessions, observerMasters, observers, oddRequests }: Settings): string[] {
  const features: readonly (readonly [string, boolean])[] = [
    ['an observer', observers.length === 1],
    ['two observers', observers.length === 2],
    ['observers of followers', observerMasters && observers.length > 0],
    ['local sessions', localSessions],
    ['odd requests', oddRequests],
  ];
  return features.filter(([, has]) => has).map(([name]) => name);
}

function count<K>(map: Map<K, number>, key: K, by = 1): void {
  map.set(key, (map.get(key) ?? 0) + by);
}

/** Reports of one profile as one. */
export function mergeReports(reports: readonly Report[]): Report {
  const [first] = reports;
  if (first === undefined) throw new Error('there is no report to add up');
  const sum = (of: (report: Report) => number) => reports.reduce((total, one) => total + of(one), 0);
  const spread = (name: Spread) => addUp(reports.map((one) => one.spreads[name]));
  return {
    profile: [...new Set(reports.map(({ profile }) => profile))].join(' and '),
    label: [...new Set(reports.map(({ label }) => label))].filter((label) => label !== '').join(' and '),
    ranges: reports.flatMap(({ ranges }) => ranges).sort(([a], [b]) => a - b),
    seeds: sum(({ seeds }) => seeds),
    failedSeeds: reports.flatMap(({ failedSeeds }) => failedSeeds).sort((a, b) => a - b),
    virtualMs: sum(({ virtualMs }) => virtualMs),
    cpuSeconds: sum(({ cpuSeconds }) => cpuSeconds),
    spreads: {
      leaderChanges: spread('leaderChanges'),
      faults: spread('faults'),
      ackedWrites: spread('ackedWrites'),
    },
    seedsWith: addUp(reports.map(({ seedsWith }) => seedsWith)),
    totals: addUp(reports.map(({ totals }) => totals)),
  };
}

function addUp(records: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums = new Map<string, number>();
  for (const record of records) for (const [name, value] of Object.entries(record)) count(sums, name, value);
  return Object.fromEntries(sums);
}

/** The value in the middle. */
export function medianOf(spread: Readonly<Record<string, number>>): number {
  const values = Object.entries(spread).map(([value, times]) => [Number(value), times] as const);
  values.sort(([a], [b]) => a - b);
  let left = Math.floor(values.reduce((sum, [, times]) => sum + times, 0) / 2);
  for (const [value, times] of values) {
    if (left < times) return value;
    left -= times;
  }
  return 0;
}

/** Medians below their goal, and what happened in too few seeds. `expected`: names that may not be missing. */
export function shortfalls(report: Report, expected: readonly string[] = []): string[] {
  const medians = SPREADS.filter((name) => medianOf(report.spreads[name]) < GOALS[name]).map(
    (name) => `the median of ${words(name)} is ${medianOf(report.spreads[name])}, below ${GOALS[name]}`,
  );
  const names = new Set([...expected, ...Object.keys(report.seedsWith)]);
  const rare = [...names].filter((name) => (report.seedsWith[name] ?? 0) < report.seeds * LEAST_SHARE);
  return [...medians, ...rare.sort().map((name) => `${name} in ${share(report, name)} % of the seeds only`)];
}

export function describeReport(report: Report): string {
  const { cpuSeconds, failedSeeds, label, profile, ranges, seeds, seedsWith, totals } = report;
  if (seeds === 0) return 'no seeds';
  const virtualSeconds = report.virtualMs / 1000;
  const medians = SPREADS.map((name) => `${medianOf(report.spreads[name])} ${words(name)}`);
  return [
    `${seeds} seeds, ${failedSeeds.length} failed${failedSeeds.length === 0 ? '' : ` (${failedSeeds.join(', ')})`}; ` +
      `${(virtualSeconds / 3600).toFixed(2)} virtual hours, ` +
      `${(virtualSeconds / cpuSeconds).toFixed(0)} virtual seconds a second of CPU`,
    `profile ${profile}, seeds ${ranges.map(([from, to]) => `${from}..${to}`).join(' ')}${label === '' ? '' : `, ${label}`}`,
    `medians a seed: ${medians.join(', ')}`,
    `in all: ${Object.entries(totals)
      .map(([name, value]) => `${value} ${words(name)}`)
      .join(', ')}`,
    'share of seeds in which it happened:',
    ...Object.keys(seedsWith)
      .sort()
      .map((name) => `  ${share(report, name).padStart(5)} %  ${name}`),
  ].join('\n');
}

/** The rows of the table in docs/verification.md. */
export function tableOf(report: Report): string {
  const rows = Object.keys(report.seedsWith).sort();
  return [
    '| what | share of seeds |',
    '| --- | --- |',
    ...rows.map((name) => `| ${name} | ${share(report, name)} % |`),
  ].join('\n');
}

function share(report: Report, name: string): string {
  return ((100 * (report.seedsWith[name] ?? 0)) / report.seeds).toFixed(1);
}

function words(name: string): string {
  return name === 'ackedWrites'
    ? 'acknowledged writes'
    : name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
