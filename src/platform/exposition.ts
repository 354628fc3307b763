import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { ADVANCED_SUMMARY_NAMES, BASIC_SUMMARY_NAMES, COUNTER_NAMES, type Metrics } from '../metrics/index.js';
import { registerJavaNames } from './java-names.js';
import { SummaryWindow } from './summary-window.js';

/** One line: a value under labels; `name` where it is not that of the family. */
export interface Sample {
  readonly name?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

type Family = 'counter' | 'gauge' | 'summary';

/** A family whose samples are read when it is scraped; its base class is there for the registry only. */
class View extends Gauge {
  constructor(
    registry: Registry,
    private readonly family: string,
    private readonly type: Family,
    private readonly read: () => Iterable<Sample>,
  ) {
    super({ name: family, help: family, registers: [registry] });
  }

  override get(): ReturnType<Gauge['get']> {
    const values = Array.from(this.read(), ({ name, labels, value }) => ({
      value,
      labels,
      ...(name === undefined ? {} : { metricName: name }),
    }));
    // The library's types know one type of its own for each class; its text is made from what is here.
    const metric = { name: this.family, help: this.family, type: this.type, values, aggregator: 'sum' };
    return Promise.resolve(metric as unknown as Awaited<ReturnType<Gauge['get']>>);
  }
}

/** Registers a family without values of its own. */
export type AddFamily = (name: string, type: Family, read: () => Iterable<Sample>) => void;

/** The quantiles that ZooKeeper exports of a summary, by its level of detail. */
const BASIC_QUANTILES = [0.5];
const ADVANCED_QUANTILES = [0.5, 0.9, 0.99];
/** Sets of summaries with all quantiles. */
const ADVANCED_SETS: ReadonlySet<string> = new Set(['ack_latency', 'learner_handler_qp_time_ms']);
/** Summaries of a set: `3_ack_latency` belongs to server 3. */
const OF_A_SET = /^(\d+)_(.+)$/;

/**
 * Everything in `Metrics` under the names, types and quantiles of ZooKeeper's PrometheusMetricsProvider. Nothing is done for
 * it before it is asked: requests count as they do without.
 */
export class Exposition {
  private readonly registry = new Registry();
  private readonly known = new Set<string>();
  private readonly advanced = new Set(ADVANCED_SUMMARY_NAMES);
  /** Summaries of sets by family, then by key. */
  private readonly sets = new Map<string, Map<string, SummaryWindow>>();

  constructor(
    private readonly metrics: Metrics,
    exportsProcess: boolean,
  ) {
    if (!exportsProcess) return;
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: 20 });
    registerJavaNames((name, type, read) => this.add(name, type, read));
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  async text(): Promise<string> {
    this.addNew();
    // The library writes a word of its own where the format says NaN.
    return (await this.registry.metrics()).replace(/ Nan$/gm, ' NaN');
  }

  private add(name: string, type: Family, read: () => Iterable<Sample>): void {
    if (this.known.has(name)) return;
    this.known.add(name);
    new View(this.registry, name, type, read);
  }

  /** Names come with what they count: a leader has some that a follower lacks. */
  private addNew(): void {
    const { counters, gauges, gaugeSets, summaries } = this.metrics;
    for (const [name, read] of gauges) this.add(name, 'gauge', () => plain(gauges.get(name)?.() ?? read()));
    for (const name of gaugeSets.keys()) {
      this.add(name, 'gauge', () =>
        Array.from(gaugeSets.get(name)?.() ?? [], ([key, value]) => ({ labels: { key }, value })),
      );
    }
    for (const name of [...COUNTER_NAMES, ...counters.keys()]) {
      this.add(name, 'counter', () => plain(counters.get(name)?.value ?? 0));
    }
    for (const name of [...BASIC_SUMMARY_NAMES, ...ADVANCED_SUMMARY_NAMES, ...summaries.keys()]) this.addSummary(name);
    this.addKeyed();
  }

  private addKeyed(): void {
    const { counterSets, summarySets } = this.metrics;
    for (const [family, set] of counterSets) {
      this.add(family, 'counter', () => Array.from(set, ([key, { value }]) => ({ labels: { key }, value })));
    }
    for (const [family, set] of summarySets) {
      const windows = new Map<string, SummaryWindow>();
      const windowOf = (key: string): SummaryWindow => {
        const window = windows.get(key) ?? new SummaryWindow(() => set.get(key), BASIC_QUANTILES);
        windows.set(key, window);
        return window;
      };
      this.add(family, 'summary', () => [...set.keys()].flatMap((key) => windowOf(key).samples(family, { key })));
    }
  }

  private addSummary(name: string): void {
    const [, key, family] = OF_A_SET.exec(name) ?? [];
    if (key !== undefined && family !== undefined) {
      this.addToSet(family, key, name);
      return;
    }
    if (this.known.has(name)) return;
    const window = this.windowOf(name, this.advanced.has(name));
    this.add(name, 'summary', () => window.samples(name, {}));
  }

  private addToSet(family: string, key: string, name: string): void {
    const members = this.sets.get(family) ?? new Map<string, SummaryWindow>();
    this.sets.set(family, members);
    if (!members.has(key)) members.set(key, this.windowOf(name, ADVANCED_SETS.has(family)));
    this.add(family, 'summary', () => [...members].flatMap(([each, window]) => window.samples(family, { key: each })));
  }

  private windowOf(name: string, isAdvanced: boolean): SummaryWindow {
    const quantiles = isAdvanced ? ADVANCED_QUANTILES : BASIC_QUANTILES;
    return new SummaryWindow(() => this.metrics.summaries.get(name), quantiles);
  }
}

/** NaN: there is nothing to say now. */
function plain(value: number): Sample[] {
  return Number.isNaN(value) ? [] : [{ labels: {}, value }];
}
