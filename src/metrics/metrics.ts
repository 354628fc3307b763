/** Counters and distributions as plain numbers; four-letter words and exporters read them when asked. */

/** Counts up (or is set back by `srst`). */
export class Counter {
  value = 0;

  add(amount = 1): void {
    this.value += amount;
  }

  reset(): void {
    this.value = 0;
  }
}

const SUB_BUCKETS = 16;
const BUCKETS = 45 * SUB_BUCKETS;

/** Distribution of non-negative values: exact count, sum, min, max; quantiles within 1/16 of the value. */
export class Summary {
  count = 0;
  sum = 0;
  min = Number.POSITIVE_INFINITY;
  max = 0;
  private readonly buckets = new Uint32Array(BUCKETS);

  /** `times`: so many of the same value. */
  record(value: number, times = 1): void {
    this.count += times;
    this.sum += value * times;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    const bucket = bucketOf(value);
    this.buckets[bucket] = (this.buckets[bucket] as number) + times;
  }

  get average(): number {
    return this.count === 0 ? 0 : this.sum / this.count;
  }

  /** The value below which the share `q` (0 to 1) of all recorded values lies; 0 when there are none. */
  quantile(q: number): number {
    const wanted = q * this.count;
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.buckets[bucket] as number;
      if (seen > 0 && seen >= wanted) return Math.min(valueOf(bucket), this.max);
    }
    return 0;
  }

  /** How often each size was recorded so far, for `quantilesSince`. */
  shape(): Uint32Array {
    return this.buckets.slice();
  }

  /** As `quantile`, of the values that came after `earlier` was taken; NaN when none did. */
  quantilesSince(earlier: Uint32Array, qs: readonly number[]): number[] {
    const since = this.buckets.map((count, bucket) => Math.max(0, count - (earlier[bucket] as number)));
    const total = since.reduce((sum, count) => sum + count, 0);
    if (total === 0) return qs.map(() => Number.NaN);
    return qs.map((q) => {
      let seen = 0;
      const bucket = since.findIndex((count) => (seen += count) > 0 && seen >= q * total);
      return Math.min(valueOf(bucket), this.max);
    });
  }

  reset(): void {
    this.count = 0;
    this.sum = 0;
    this.min = Number.POSITIVE_INFINITY;
    this.max = 0;
    this.buckets.fill(0);
  }
}

function bucketOf(value: number): number {
  const whole = Math.floor(value);
  if (whole < SUB_BUCKETS) return Math.max(0, whole);
  if (whole < 0x8000_0000) {
    const power = 31 - Math.clz32(whole);
    return (power - 3) * SUB_BUCKETS + ((whole >>> (power - 4)) & (SUB_BUCKETS - 1));
  }
  const power = Math.floor(Math.log2(whole));
  const step = Math.floor((whole / 2 ** power - 1) * SUB_BUCKETS);
  return Math.min(BUCKETS - 1, (power - 3) * SUB_BUCKETS + step);
}

function valueOf(bucket: number): number {
  if (bucket < SUB_BUCKETS) return bucket;
  const power = Math.floor(bucket / SUB_BUCKETS) + 3;
  return 2 ** power * (1 + (bucket % SUB_BUCKETS) / SUB_BUCKETS);
}

/** All metrics of one server under ZooKeeper's own names (without the `zk_` that `mntr` puts in front). */
export class Metrics {
  readonly counters = new Map<string, Counter>();
  readonly summaries = new Map<string, Summary>();
  readonly gauges = new Map<string, () => number>();
  /** Values that are told by key (of a server, say): for exporters only. */
  readonly gaugeSets = new Map<string, () => Iterable<readonly [key: string, value: number]>>();

  /** Distributions and counters by a key (the first part of paths), by their family. */
  readonly summarySets = new Map<string, Map<string, Summary>>();
  readonly counterSets = new Map<string, Map<string, Counter>>();

  counter(name: string): Counter {
    let counter = this.counters.get(name);
    if (counter === undefined) this.counters.set(name, (counter = new Counter()));
    return counter;
  }

  summary(name: string): Summary {
    let summary = this.summaries.get(name);
    if (summary === undefined) this.summaries.set(name, (summary = new Summary()));
    return summary;
  }

  /** Null: there are too many keys already, and what has none is not told. */
  summaryOf(family: string, key: string): Summary | null {
    return memberOf(this.summarySets, family, key, () => new Summary());
  }

  /** The same for counters. */
  counterOf(family: string, key: string): Counter | null {
    return memberOf(this.counterSets, family, key, () => new Counter());
  }

  /** Forgets what was counted so far; what is read from elsewhere stays. */
  reset(): void {
    for (const counter of this.counters.values()) counter.reset();
    for (const summary of this.summaries.values()) summary.reset();
    for (const set of this.summarySets.values()) for (const summary of set.values()) summary.reset();
    for (const set of this.counterSets.values()) for (const counter of set.values()) counter.reset();
  }

  /** Registers (or replaces) a value that is computed when read. */
  gauge(name: string, read: () => number): void {
    this.gauges.set(name, read);
  }

  /** The same for a set of values. */
  gaugeSet(name: string, read: () => Iterable<readonly [key: string, value: number]>): void {
    this.gaugeSets.set(name, read);
  }
}

/** Keys come from clients, so that there is an end to them. */
const MOST_KEYS = 200;

function memberOf<T>(sets: Map<string, Map<string, T>>, family: string, key: string, make: () => T): T | null {
  let set = sets.get(family);
  if (set === undefined) sets.set(family, (set = new Map<string, T>()));
  let member = set.get(key);
  if (member !== undefined) return member;
  if (set.size >= MOST_KEYS) return null;
  set.set(key, (member = make()));
  return member;
}
