import type { RecordingWriter } from '../ensemble/recording-writer.js';

/** Knows the longest time between two acknowledgements of any of these writers since it was asked last. */
export class LongestPause {
  private longest = 0;
  private lastMs = performance.now();
  private seen = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly writers: readonly RecordingWriter[]) {
    this.timer = setInterval(() => {
      this.look();
    }, 1);
  }

  takeMs(): number {
    this.look();
    const { longest } = this;
    this.longest = 0;
    this.lastMs = performance.now();
    return Math.round(longest);
  }

  end(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const count = this.writers.reduce((sum, one) => sum + one.acknowledged.length, 0);
    const nowMs = performance.now();
    this.longest = Math.max(this.longest, nowMs - this.lastMs);
    if (count === this.seen) return;
    this.seen = count;
    this.lastMs = nowMs;
  }
}
