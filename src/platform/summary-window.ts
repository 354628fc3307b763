import type { Summary } from '../metrics/index.js';
import type { Sample } from './exposition.js';

/** ZooKeeper's quantiles are of the last ten minutes, in five steps. */
const STEP_MS = 120_000;
const STEPS = 5;

interface Mark {
  readonly atMs: number;
  readonly shape: Uint32Array;
}

/**
 * A summary as Prometheus sees it: count and sum since the start, quantiles of the last ten minutes (to one step). What came
 * before is remembered when it is scraped, so recording costs nothing more.
 */
export class SummaryWindow {
  /** Oldest first. */
  private marks: Mark[] = [];

  constructor(
    private readonly find: () => Summary | undefined,
    private readonly quantiles: readonly number[],
  ) {}

  samples(name: string, labels: Sample['labels']): Sample[] {
    const summary = this.find();
    const values = summary === undefined ? this.quantiles.map(() => Number.NaN) : this.read(summary);
    return [
      ...this.quantiles.map((quantile, at) => ({ labels: { ...labels, quantile }, value: values[at] as number })),
      { name: `${name}_sum`, labels, value: summary?.sum ?? 0 },
      { name: `${name}_count`, labels, value: summary?.count ?? 0 },
    ];
  }

  private read(summary: Summary): number[] {
    const nowMs = performance.now();
    const newest = this.marks.at(-1);
    // Most summaries of most servers are never used: those are not remembered.
    if (summary.count === 0 && newest === undefined) return this.quantiles.map(() => Number.NaN);
    if (newest === undefined || nowMs - newest.atMs >= STEP_MS) {
      const shape = newest === undefined ? new Uint32Array(summary.shape().length) : summary.shape();
      this.marks.push({ atMs: nowMs, shape });
    }
    const firstKept = this.marks.findLastIndex(({ atMs }) => nowMs - atMs >= STEP_MS * STEPS);
    if (firstKept > 0) this.marks = this.marks.slice(firstKept);
    return summary.quantilesSince((this.marks[0] as Mark).shape, this.quantiles);
  }
}
