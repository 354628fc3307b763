import type { Clock } from './clock.js';

const SLICE_MS = 5;
/** The clock is looked at before one step in so many. */
const CLOCK_EVERY = 32;

/**
 * One turn's part of work that may be very much: what became durable behind a slow disk, or thousands of sessions that end at
 * once. Others have their turn after 5 ms.
 */
export class Slice {
  private readonly endMs: number;
  private steps = 0;

  constructor(private readonly clock: Clock) {
    this.endMs = clock.monotonicMs() + SLICE_MS;
  }

  /** To be asked once before each step. True: this step and all behind it belong to a later turn. */
  isOver(): boolean {
    return ++this.steps % CLOCK_EVERY === 0 && this.clock.monotonicMs() >= this.endMs;
  }
}
