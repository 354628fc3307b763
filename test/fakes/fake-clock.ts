import type { Clock, Timer } from '../../src/host/index.js';
import { Gate, Scheduler, type SimEvent } from './scheduler.js';

/** 2001-09-09T01:46:40Z, so that wall times look like wall times. */
const WALL_START_MS = 1_000_000_000_000;

/**
 * The clock of one simulated process. Several may share one `Scheduler` (a World does that); alone it brings its own, and
 * `advance` drives it. Timers fire in order of due time, then of creation.
 */
export class FakeClock implements Clock {
  readonly gate: Gate;
  private wallOffsetMs = WALL_START_MS;
  /** How fast this clock runs, and from which moment on (its own time, the world's time). */
  private rate = 1;
  private ownBaseMs = 0;
  private worldBaseMs = 0;

  constructor(readonly scheduler: Scheduler = new Scheduler()) {
    this.gate = new Gate(scheduler);
  }

  monotonicMs(): number {
    const { nowMs } = this.scheduler;
    return this.rate === 1 && this.ownBaseMs === this.worldBaseMs
      ? nowMs
      : this.ownBaseMs + (nowMs - this.worldBaseMs) * this.rate;
  }

  wallMs(): number {
    return Math.floor(this.wallOffsetMs + this.monotonicMs());
  }

  after(delayMs: number, fn: () => void): Timer {
    const waitMs = Math.max(0, delayMs);
    // A clock that has drifted is read with rounding errors: no timer may come too early by one.
    const isExact = this.rate === 1 && this.ownBaseMs === this.worldBaseMs;
    const worldMs = isExact ? waitMs : waitMs / this.rate + 1e-6;
    return new FakeTimer(this.scheduler.at(this.scheduler.nowMs + worldMs, this.gate, fn));
  }

  /** From now on this clock gains (rate > 1) or loses time; timers that run already keep their moment. */
  drift(rate: number): void {
    this.ownBaseMs = this.monotonicMs();
    this.worldBaseMs = this.scheduler.nowMs;
    this.rate = rate;
  }

  defer(fn: () => void): void {
    this.scheduler.at(this.scheduler.nowMs, this.gate, fn);
  }

  deferFirst(fn: () => void): void {
    this.defer(fn);
  }

  /** Moves the wall clock (and nothing else) by so much, back too. */
  jumpWall(byMs: number): void {
    this.wallOffsetMs += byMs;
  }

  /** Lets so much virtual time pass with all that is due in it. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.scheduler.nowMs + byMs;
    await this.scheduler.drive(untilMs, () => false);
    this.scheduler.nowMs = untilMs;
  }

  /** Runs until nothing is left to happen, at most `limitMs` of virtual time. */
  async runUntilIdle(limitMs = 3_600_000): Promise<void> {
    await this.scheduler.drive(this.scheduler.nowMs + limitMs, () => false);
  }
}

class FakeTimer implements Timer {
  constructor(private readonly event: SimEvent) {}

  cancel(): void {
    this.event.fn = undefined;
  }
}
