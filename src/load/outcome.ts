import { Histogram, type HistogramParts } from './histogram.js';
import type { Kind } from './plan.js';

export type Row = Kind | 'lock' | 'event' | 'session';

/** What was measured; times in microseconds. */
export class Outcome {
  readonly rows = new Map<Row, Histogram>();
  /** Answers that were error codes, and what was lost with connections. */
  errors = 0;
  /** Asked within the measured time and not answered until a little after it; their latency counts as until then. */
  unanswered = 0;
  /** Connections that broke. */
  lostConnections = 0;
  measuredMs = 0;

  of(row: Row): Histogram {
    let histogram = this.rows.get(row);
    if (histogram === undefined) {
      histogram = new Histogram();
      this.rows.set(row, histogram);
    }
    return histogram;
  }

  get ops(): number {
    let sum = 0;
    for (const { count } of this.rows.values()) sum += count;
    return sum;
  }

  get perSecond(): number {
    return this.measuredMs === 0 ? 0 : (this.ops / this.measuredMs) * 1000;
  }

  get latency(): Histogram {
    const all = new Histogram();
    for (const histogram of this.rows.values()) all.add(histogram);
    return all;
  }

  /** Other workers of the same time, or (`follows`) a later time of the same target. */
  add(other: Outcome, follows = false): void {
    for (const [row, histogram] of other.rows) this.of(row).add(histogram);
    this.errors += other.errors;
    this.unanswered += other.unanswered;
    this.lostConnections += other.lostConnections;
    this.measuredMs = follows ? this.measuredMs + other.measuredMs : Math.max(this.measuredMs, other.measuredMs);
  }

  toParts(): OutcomeParts {
    const { errors, unanswered, lostConnections, measuredMs } = this;
    const rows = [...this.rows].map(([row, histogram]): [Row, HistogramParts] => [row, histogram.toParts()]);
    return { rows, errors, unanswered, lostConnections, measuredMs };
  }

  static ofParts(parts: OutcomeParts): Outcome {
    const outcome = new Outcome();
    for (const [row, histogram] of parts.rows) outcome.rows.set(row, Histogram.ofParts(histogram));
    outcome.errors = parts.errors;
    outcome.unanswered = parts.unanswered;
    outcome.lostConnections = parts.lostConnections;
    outcome.measuredMs = parts.measuredMs;
    return outcome;
  }
}

/** An outcome as it goes to another thread. */
export interface OutcomeParts {
  readonly rows: readonly (readonly [Row, HistogramParts])[];
  readonly errors: number;
  readonly unanswered: number;
  readonly lostConnections: number;
  readonly measuredMs: number;
}
