import type { Clock, Timer } from '../host/index.js';

/** The longest delay that setTimeout takes; longer ones go in steps. */
const LONGEST_STEP_MS = 2 ** 31 - 1;

/** The machine's time and Node's timers. */
export class RealClock implements Clock {
  private deferred: (() => void)[] = [];
  private nextDeferred = 0;
  private readonly deferredFirst: (() => void)[] = [];

  /** `atTurnEnd` runs at the end of each turn for which something was deferred, before that. */
  constructor(private readonly atTurnEnd?: () => void) {}

  monotonicMs(): number {
    return performance.now();
  }

  wallMs(): number {
    return Date.now();
  }

  after(delayMs: number, fn: () => void): Timer {
    return new RealTimer(performance.now() + delayMs, fn);
  }

  // One immediate for each, so that the promises that one settles are heard before the next.

  defer(fn: () => void): void {
    this.deferred.push(fn);
    setImmediate(this.onTurnEnd);
  }

  deferFirst(fn: () => void): void {
    this.deferredFirst.push(fn);
    setImmediate(this.onTurnEnd);
  }

  private readonly onTurnEnd = (): void => {
    this.atTurnEnd?.();
    const fn = this.deferredFirst.shift() ?? this.deferred[this.nextDeferred++];
    if (this.nextDeferred === this.deferred.length) {
      this.deferred = [];
      this.nextDeferred = 0;
    }
    fn?.();
  };
}

class RealTimer implements Timer {
  private handle: NodeJS.Timeout;

  constructor(
    private readonly dueMs: number,
    private readonly fn: () => void,
  ) {
    this.handle = this.arm();
  }

  cancel(): void {
    clearTimeout(this.handle);
  }

  private arm(): NodeJS.Timeout {
    const waitMs = Math.ceil(this.dueMs - performance.now());
    return setTimeout(this.onTimeout, Math.min(Math.max(waitMs, 1), LONGEST_STEP_MS));
  }

  /** Node counts from the start of the turn, so it may be early by what the turn had taken. */
  private readonly onTimeout = (): void => {
    if (performance.now() < this.dueMs) this.handle = this.arm();
    else this.fn();
  };
}
