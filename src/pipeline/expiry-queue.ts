/** Something that expires. The queue writes the time. */
export interface Expiring {
  /** Monotonic milliseconds, a multiple of the interval; 0: not queued. */
  expiresAtMs: number;
}

/**
 * Things that expire, in buckets: expiry times are rounded up to the next multiple of the interval, so that moving one
 * costs the same however many there are, and they expire in batches (ZooKeeper's `ExpiryQueue`).
 */
export class ExpiryQueue<T extends Expiring> {
  private readonly buckets = new Map<number, Set<T>>();

  constructor(private readonly intervalMs: number) {}

  /** The first boundary after `nowMs`. */
  boundaryAfter(nowMs: number): number {
    return (Math.floor(nowMs / this.intervalMs) + 1) * this.intervalMs;
  }

  /** Sets (or moves) the expiry to `timeoutMs` from now, rounded up. */
  update(item: T, timeoutMs: number, nowMs: number): void {
    const expiresAtMs = this.boundaryAfter(nowMs + timeoutMs);
    if (item.expiresAtMs === expiresAtMs) return;
    this.remove(item);
    item.expiresAtMs = expiresAtMs;
    const bucket = this.buckets.get(expiresAtMs);
    if (bucket === undefined) this.buckets.set(expiresAtMs, new Set([item]));
    else bucket.add(item);
  }

  remove(item: T): void {
    const bucket = this.buckets.get(item.expiresAtMs);
    bucket?.delete(item);
    if (bucket?.size === 0) this.buckets.delete(item.expiresAtMs);
    item.expiresAtMs = 0;
  }

  /** Takes out everything that has expired by `nowMs`, earliest first. */
  takeExpired(nowMs: number): T[] {
    const due = [...this.buckets.keys()].filter((time) => time <= nowMs).sort((a, b) => a - b);
    const expired: T[] = [];
    for (const time of due) {
      for (const item of this.buckets.get(time) ?? []) {
        item.expiresAtMs = 0;
        expired.push(item);
      }
      this.buckets.delete(time);
    }
    return expired;
  }

  /** What expires when, earliest first. */
  get sets(): readonly (readonly [expiresAtMs: number, items: ReadonlySet<T>])[] {
    return [...this.buckets].sort(([a], [b]) => a - b);
  }
}
