/** A pending call; cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/** Time as the core sees it. The real one is in `src/platform`, the simulated one in `test/fakes`. */
export interface Clock {
  /** Milliseconds (fractional) from an arbitrary start; never goes back. All time-outs are measured with it. */
  monotonicMs(): number;
  /** Whole milliseconds since 1970-01-01 UTC; may jump. Only for times that clients see and for making ids. */
  wallMs(): number;
  /** Calls `fn` once, not before `delayMs` have passed. */
  after(delayMs: number, fn: () => void): Timer;
  /** Calls `fn` once after the events that are ready now have been handled: the end of this turn. */
  defer(fn: () => void): void;
  /** As `defer`, for what others wait for (the disk): it may run before what was deferred earlier in this turn. */
  deferFirst(fn: () => void): void;
}

/** Resolves after `delayMs`. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
}
