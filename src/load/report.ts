import type { Histogram } from './histogram.js';
import { Outcome } from './outcome.js';
import type { Plan } from './plan.js';

/** One target with what each round measured. */
export interface Measured {
  readonly server: string;
  readonly rounds: readonly Outcome[];
}

interface LatencyJson {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

function latencyJson(histogram: Histogram): LatencyJson {
  return {
    mean: Math.round(histogram.mean),
    p50: histogram.percentile(50),
    p90: histogram.percentile(90),
    p99: histogram.percentile(99),
    p999: histogram.percentile(99.9),
    max: histogram.max,
  };
}

function outcomeJson(outcome: Outcome) {
  const kinds = [...outcome.rows].map(([row, histogram]) => [
    row,
    { ops: histogram.count, latencyUs: latencyJson(histogram) },
  ]);
  return {
    opsPerSecond: Math.round(outcome.perSecond),
    ops: outcome.ops,
    errors: outcome.errors,
    unanswered: outcome.unanswered,
    lostConnections: outcome.lostConnections,
    measuredMs: outcome.measuredMs,
    latencyUs: latencyJson(outcome.latency),
    kinds: Object.fromEntries(kinds) as Record<string, unknown>,
  };
}

function total(rounds: readonly Outcome[]): Outcome {
  const sum = new Outcome();
  for (const round of rounds) sum.add(round, true);
  return sum;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** First target by second, the median over rounds: so a machine that drifts drags both. */
export interface Comparison {
  readonly opsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** Null: there is nothing to compare. */
export function compare(measured: readonly Measured[]): Comparison | null {
  const [a, b] = measured;
  if (a === undefined || b === undefined) return null;
  const ratio = (figure: (outcome: Outcome) => number): number =>
    median(a.rounds.map((round, at) => figure(round) / figure(b.rounds[at] as Outcome)));
  return {
    opsPerSecond: ratio((outcome) => outcome.perSecond),
    p50: ratio((outcome) => outcome.latency.percentile(50)),
    p99: ratio((outcome) => outcome.latency.percentile(99)),
  };
}

/** The whole run as one value. */
export function reportJson(profile: string, plan: Plan, measured: readonly Measured[]) {
  const targets = measured.map(({ server, rounds }) => ({
    server,
    ...outcomeJson(total(rounds)),
    rounds: rounds.map(outcomeJson),
  }));
  const comparison = compare(measured);
  return { profile, plan, targets, ...(comparison === null ? {} : { comparison }) };
}

function milliseconds(us: number): string {
  return (us / 1000).toFixed(us < 10_000 ? 3 : us < 100_000 ? 2 : 1);
}

function row(name: string, perSecond: number, latency: Histogram): string {
  const figures = [latency.mean, ...[50, 90, 99, 99.9].map((percent) => latency.percentile(percent)), latency.max];
  return [
    name.padEnd(10),
    Math.round(perSecond).toString().padStart(10),
    ...figures.map((us) => milliseconds(us).padStart(9)),
  ].join('');
}

export function reportText(measured: readonly Measured[]): string {
  const lines: string[] = [];
  for (const { server, rounds } of measured) {
    const sum = total(rounds);
    lines.push(`${server}: ${rounds.length} x ${(sum.measuredMs / rounds.length / 1000).toFixed(1)} s, latency in ms`);
    lines.push(
      ['', 'per second', 'mean', 'p50', 'p90', 'p99', 'p99.9', 'max']
        .map((head, at) => (at === 0 ? head.padEnd(10) : head.padStart(at === 1 ? 10 : 9)))
        .join(''),
    );
    lines.push(row('all', sum.perSecond, sum.latency));
    if (sum.rows.size > 1) {
      for (const [name, histogram] of sum.rows)
        lines.push(row(name, (histogram.count / sum.measuredMs) * 1000, histogram));
    }
    const faults = [
      [sum.errors, 'errors'],
      [sum.unanswered, 'unanswered'],
      [sum.lostConnections, 'connections lost'],
    ] as const;
    lines.push(
      faults
        .filter(([count], at) => at === 0 || count > 0)
        .map(([count, what]) => `${count} ${what}`)
        .join(', '),
      '',
    );
  }
  const comparison = compare(measured);
  if (comparison !== null) {
    const { opsPerSecond, p50, p99 } = comparison;
    lines.push(
      `first by second, median of rounds: ${opsPerSecond.toFixed(3)} of its rate, p50 ${p50.toFixed(3)}, p99 ${p99.toFixed(3)}`,
    );
  }
  return lines.join('\n').trimEnd();
}
