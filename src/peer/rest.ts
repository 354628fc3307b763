import type { Clock, Random } from '../host/index.js';

/** Waits of random length, which the end of a server cuts short. */
export class Rest {
  private isOver = false;
  private wake: (() => void) | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  /** For less than `maxMs`; one at a time. */
  async take(maxMs: number): Promise<void> {
    if (maxMs <= 0 || this.isOver) return;
    const restMs = this.random.below(Math.min(maxMs, 2 ** 32));
    await new Promise<void>((resolve) => {
      const timer = this.clock.after(restMs, resolve);
      this.wake = () => {
        timer.cancel();
        resolve();
      };
    });
    this.wake = null;
  }

  /** Ends the one that is being taken, and all to come. */
  end(): void {
    this.isOver = true;
    this.wake?.();
  }
}
