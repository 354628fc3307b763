import type { Counter, Metrics } from '../metrics/index.js';

/** Bounds how many bytes of large requests are under way; small ones do not count (ZooKeeper's `largeRequest...`). */
export class LargeRequests {
  private bytes = 0;
  private readonly rejected: Counter;

  constructor(
    /** `largeRequestThreshold`: larger requests are large; -1 (or 0): none is. */
    private readonly thresholdBytes: number,
    /** `largeRequestMaxBytes`: of all that are under way. */
    private readonly maxBytes: number,
    metrics: Metrics,
  ) {
    this.rejected = metrics.counter('large_requests_rejected');
  }

  /** Is there room for one more of this size? Counts it as rejected when there is not. */
  admit(requestBytes: number): boolean {
    if (!this.isLarge(requestBytes) || this.bytes + requestBytes <= this.maxBytes) return true;
    this.rejected.add();
    return false;
  }

  came(requestBytes: number): void {
    if (this.isLarge(requestBytes)) this.bytes += requestBytes;
  }

  done(requestBytes: number): void {
    if (this.isLarge(requestBytes)) this.bytes -= requestBytes;
  }

  private isLarge(requestBytes: number): boolean {
    return this.thresholdBytes > 0 && requestBytes > this.thresholdBytes;
  }
}
