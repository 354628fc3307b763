import type { Clock, Timer } from '../host/index.js';
import type { Counter, Metrics, Summary } from '../metrics/index.js';

/** Settings of the throttle; the comments name ZooKeeper's keys. */
export interface RequestThrottleOptions {
  /** `request_throttle_max_requests`: requests under way beyond which others wait; 0: none ever waits. */
  readonly maxRequests: number;
  /** `request_throttle_stall_time`: how often the oldest that waits is looked at again. */
  readonly stallTimeMs: number;
  /** `request_throttle_drop_stale` */
  readonly dropsStale: boolean;
  /** `request_stale_latency_check`: who waited longer than the session's time-out is stale. */
  readonly checksLatency: boolean;
  /** `request_stale_connection_check`: who has no connection any more is stale. */
  readonly checksConnection: boolean;
  /** `throttled_op_wait_time`: who waited longer is told ThrottledOp; 0: nobody. */
  readonly throttledOpWaitTimeMs: number;
}

export const NO_REQUEST_THROTTLE: RequestThrottleOptions = {
  maxRequests: 0,
  stallTimeMs: 100,
  dropsStale: true,
  checksLatency: false,
  checksConnection: true,
  throttledOpWaitTimeMs: 0,
};

/** Whose requests may wait: a session. */
export interface Throttled {
  readonly isOver: boolean;
  readonly timeoutMs: number;
  /** Its turn has come. `tooLate`: it waited so long that it is to be told so. */
  take(frame: Buffer, tooLate: boolean): void;
  /** It waited in vain: nothing more is heard of this connection. */
  drop(frame: Buffer): void;
}

interface Held {
  readonly session: Throttled;
  readonly frame: Buffer;
  readonly sinceMs: number;
}

/**
 * Holds requests back while too many are under way, in the order in which they came from all clients (ZooKeeper's
 * `RequestThrottler`). Made only where a limit is set: a request that need not wait costs one comparison.
 */
export class RequestThrottle {
  private held: Held[] = [];
  private timer: Timer | null = null;
  private isWaking = false;
  private readonly waits: Counter;
  private readonly stale: Counter;
  private readonly staleDropped: Counter;
  private readonly throttled: Counter;
  private readonly queueTime: Summary;

  constructor(
    private readonly options: RequestThrottleOptions,
    private readonly clock: Clock,
    metrics: Metrics,
    /** Requests that are under way. */
    private readonly underWay: () => number,
  ) {
    this.waits = metrics.counter('request_throttle_wait_count');
    this.stale = metrics.counter('stale_requests');
    this.staleDropped = metrics.counter('stale_requests_dropped');
    this.throttled = metrics.counter('throttled_ops');
    this.queueTime = metrics.summary('request_throttle_queue_time_ms');
  }

  /** Requests that wait. */
  get size(): number {
    return this.held.length;
  }

  /** Must this request wait? Then its bytes are kept, and `take` or `drop` follows. */
  holds(session: Throttled, bytes: Buffer, start: number, end: number): boolean {
    if (this.held.length === 0 && this.underWay() < this.options.maxRequests) {
      this.queueTime.record(0);
      return false;
    }
    this.held.push({ session, frame: Buffer.from(bytes.subarray(start, end)), sinceMs: this.clock.monotonicMs() });
    this.wait();
    return true;
  }

  /** Something is done, or time has passed: lets go whoever may. */
  wake(): void {
    if (this.held.length === 0) return;
    const nowMs = this.clock.monotonicMs();
    let at = 0;
    for (let first = this.held[at]; first !== undefined; first = this.held[++at]) {
      if (this.options.dropsStale && this.isStale(first, nowMs)) {
        this.staleDropped.add();
        first.session.drop(first.frame);
      } else if (this.underWay() < this.options.maxRequests) {
        this.letGo(first, nowMs);
      } else {
        break;
      }
    }
    this.held.splice(0, at);
    this.wait();
  }

  /** The same, not inside this call. */
  wakeSoon(): void {
    if (this.isWaking || this.held.length === 0) return;
    this.isWaking = true;
    this.clock.defer(() => {
      this.isWaking = false;
      this.wake();
    });
  }

  stop(): void {
    this.held = [];
    this.timer?.cancel();
    this.timer = null;
  }

  private letGo(held: Held, nowMs: number): void {
    if (this.isStale(held, nowMs)) this.stale.add();
    const waitedMs = nowMs - held.sinceMs;
    this.queueTime.record(waitedMs);
    const { throttledOpWaitTimeMs } = this.options;
    const tooLate = throttledOpWaitTimeMs > 0 && waitedMs > throttledOpWaitTimeMs;
    if (tooLate) this.throttled.add();
    held.session.take(held.frame, tooLate);
  }

  private isStale({ session, sinceMs }: Held, nowMs: number): boolean {
    if (this.options.checksConnection && session.isOver) return true;
    return this.options.checksLatency && nowMs - sinceMs > session.timeoutMs;
  }

  private wait(): void {
    if (this.held.length === 0 || this.timer !== null) return;
    this.waits.add();
    this.timer = this.clock.after(this.options.stallTimeMs, () => {
      this.timer = null;
      this.wake();
    });
  }
}
