import { type Clock, Fifo, type Timer } from '../host/index.js';

/** The longest delay that setTimeout takes; longer ones go in steps. */
const LONGEST_STEP_MS = 2 ** 31 - 1;

/** Told of turns for whose end something is deferred. */
interface TurnHooks {
  /** Something was deferred, the first thing in this turn. */
  begun(): void;
  /** Before each thing that was deferred. */
  ending(): void;
  /** Behind the last of them. */
  ended(): void;
}

/** The machine's time and Node's timers. */
export class RealClock implements Clock {
  private readonly deferred = new Fifo<() => void>();
  private readonly deferredFirst = new Fifo<() => void>();
  private waiting = 0;

  constructor(private readonly hooks?: TurnHooks) {}

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
    this.arm();
  }

  deferFirst(fn: () => void): void {
    this.deferredFirst.push(fn);
    this.arm();
  }

  private arm(): void {
    if (this.waiting++ === 0) this.hooks?.begun();
    setImmediate(this.onTurnEnd);
  }

  private readonly onTurnEnd = (): void => {
    this.hooks?.ending();
    try {
      this.runNext();
    } finally {
      if (--this.waiting === 0) this.hooks?.ended();
    }
  };

  private runNext(): void {
    const fn = this.deferredFirst.shift() ?? this.deferred.shift();
    fn?.();
  }
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
