import type { Metrics, Summary } from '../../metrics/index.js';
import {
  ADVANCED_SUMMARY_NAMES,
  BASIC_SUMMARY_NAMES,
  COUNTER_NAMES,
  FRACTIONAL_GAUGE_NAMES,
  javaAverage,
  javaDouble,
  NOT_SERVING,
} from '../../status/index.js';
import type { CommandContext } from './context.js';

const QUANTILES = [
  ['p50', 0.5],
  ['p95', 0.95],
  ['p99', 0.99],
  ['p999', 0.999],
] as const;

/** `zk_name<TAB>value` for everything that is counted. */
export function mntr(c: CommandContext): string {
  const { pipeline, status } = c;
  if (pipeline === null) return `${NOT_SERVING}\n`;
  const lines = [line('version', status.version), line('server_state', pipeline.mode)];
  const peerState = status.quorum()?.peerState;
  if (peerState !== undefined) lines.push(line('peer_state', peerState));
  addGauges(lines, c.metrics);
  addCounters(lines, c.metrics);
  addSummaries(lines, c.metrics);
  return lines.join('');
}

function line(name: string, value: string | number): string {
  return `zk_${name}\t${value}\n`;
}

/** A gauge that has nothing to say now gives NaN and is left out. */
function addGauges(lines: string[], metrics: Metrics): void {
  for (const [name, read] of metrics.gauges) {
    const value = read();
    if (Number.isNaN(value)) continue;
    const isWhole = Number.isSafeInteger(value) && !FRACTIONAL_GAUGE_NAMES.has(name);
    lines.push(line(name, isWhole ? value : javaDouble(value)));
  }
}

function addCounters(lines: string[], metrics: Metrics): void {
  for (const name of allNames(COUNTER_NAMES, metrics.counters)) {
    lines.push(line(name, metrics.counters.get(name)?.value ?? 0));
  }
}

function addSummaries(lines: string[], metrics: Metrics): void {
  const basic = new Set(BASIC_SUMMARY_NAMES);
  for (const name of BASIC_SUMMARY_NAMES) addSummary(lines, name, metrics.summaries.get(name));
  for (const name of allNames(ADVANCED_SUMMARY_NAMES, metrics.summaries)) {
    if (basic.has(name)) continue;
    const summary = metrics.summaries.get(name);
    addSummary(lines, name, summary);
    for (const [prefix, q] of QUANTILES) {
      lines.push(line(`${prefix}_${name}`, Math.round(summary?.quantile(q) ?? 0)));
    }
  }
}

function addSummary(lines: string[], name: string, summary: Summary | undefined): void {
  const { count, sum, min, max } = summary ?? { count: 0, sum: 0, min: 0, max: 0 };
  lines.push(
    line(`avg_${name}`, javaDouble(javaAverage(sum, count))),
    line(`min_${name}`, count === 0 ? 0 : Math.floor(min)),
    line(`max_${name}`, Math.floor(max)),
    line(`cnt_${name}`, count),
    line(`sum_${name}`, Math.floor(sum)),
  );
}

function allNames(known: readonly string[], present: ReadonlyMap<string, unknown>): Set<string> {
  return new Set([...known, ...present.keys()]);
}
