import {
  ADVANCED_SUMMARY_NAMES,
  BASIC_SUMMARY_NAMES,
  COUNTER_NAMES,
  FRACTIONAL_GAUGE_NAMES,
  type Metrics,
  type Summary,
} from '../../metrics/index.js';
import { javaAverage, javaDouble, NOT_SERVING } from '../../status/index.js';
import type { CommandContext } from './context.js';

const QUANTILES = [
  ['p50', 0.5],
  ['p95', 0.95],
  ['p99', 0.99],
  ['p999', 0.999],
] as const;

/** One figure of `mntr`, named without its `zk_`. Fractional ones are printed as Java prints a double. */
export interface Figure {
  readonly name: string;
  readonly value: number | string;
  readonly isFractional: boolean;
}

/** `zk_name<TAB>value` for everything that is counted. */
export function mntr(c: CommandContext): string {
  if (c.pipeline === null) return `${NOT_SERVING}\n`;
  const lines = monitorFigures(c, c.pipeline.mode).map(
    ({ name, value, isFractional }) =>
      `zk_${name}\t${isFractional && typeof value === 'number' ? javaDouble(value) : value}\n`,
  );
  return lines.join('');
}

/** Everything that is counted, in the order of `mntr`. `mode`: as whom clients are served; null: they are not. */
export function monitorFigures(
  { status, metrics }: Pick<CommandContext, 'status' | 'metrics'>,
  mode: string | null,
): Figure[] {
  const figures = [figure('version', status.version)];
  if (mode !== null) figures.push(figure('server_state', mode));
  const peerState = status.quorum()?.peerState;
  if (peerState !== undefined) figures.push(figure('peer_state', peerState));
  addGauges(figures, metrics);
  for (const name of allNames(COUNTER_NAMES, metrics.counters)) {
    figures.push(figure(name, metrics.counters.get(name)?.value ?? 0));
  }
  addSummaries(figures, metrics);
  addSets(figures, metrics);
  return figures;
}

function figure(name: string, value: number | string, isFractional = false): Figure {
  return { name, value, isFractional };
}

/** A gauge that has nothing to say now gives NaN and is left out. */
function addGauges(figures: Figure[], metrics: Metrics): void {
  for (const [name, read] of metrics.gauges) {
    const value = read();
    if (Number.isNaN(value)) continue;
    figures.push(figure(name, value, !Number.isSafeInteger(value) || FRACTIONAL_GAUGE_NAMES.has(name)));
  }
}

function addSummaries(figures: Figure[], metrics: Metrics): void {
  const basic = new Set(BASIC_SUMMARY_NAMES);
  for (const name of BASIC_SUMMARY_NAMES) addSummary(figures, name, metrics.summaries.get(name));
  for (const name of allNames(ADVANCED_SUMMARY_NAMES, metrics.summaries)) {
    if (basic.has(name)) continue;
    const summary = metrics.summaries.get(name);
    addSummary(figures, name, summary);
    for (const [prefix, q] of QUANTILES) {
      figures.push(figure(`${prefix}_${name}`, Math.round(summary?.quantile(q) ?? 0)));
    }
  }
}

/** Names as ZooKeeper makes them: the key in front of the family's. */
function addSets(figures: Figure[], metrics: Metrics): void {
  for (const [family, set] of metrics.counterSets) {
    for (const [key, counter] of set) figures.push(figure(`${key}_${family}`, counter.value));
  }
  for (const [family, set] of metrics.summarySets) {
    for (const [key, summary] of set) addSummary(figures, `${key}_${family}`, summary);
  }
}

function addSummary(figures: Figure[], name: string, summary: Summary | undefined): void {
  const { count, sum, min, max } = summary ?? { count: 0, sum: 0, min: 0, max: 0 };
  figures.push(
    figure(`avg_${name}`, javaAverage(sum, count), true),
    figure(`min_${name}`, count === 0 ? 0 : Math.floor(min)),
    figure(`max_${name}`, Math.floor(max)),
    figure(`cnt_${name}`, count),
    figure(`sum_${name}`, Math.floor(sum)),
  );
}

function allNames(known: readonly string[], present: ReadonlyMap<string, unknown>): Set<string> {
  return new Set([...known, ...present.keys()]);
}
