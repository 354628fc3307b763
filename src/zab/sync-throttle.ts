import type { Summary } from '../metrics/index.js';
import { ZabError } from './life.js';

/**
 * Bounds how many learners are synchronized at a time. Listed followers are counted but never sent
 * away: the quorum needs them.
 */
export class SyncThrottle {
  private running = 0;

  constructor(
    private readonly what: 'SNAP' | 'DIFF',
    private readonly limit: number,
    private readonly inflight: Summary,
  ) {}

  /** Returns how to end it. Throws when the learner has to come again later. */
  begin(canComeAgain: boolean): () => void {
    if (canComeAgain && this.running >= this.limit) {
      throw new ZabError('THROTTLED', `${this.running} learners are being synchronized by ${this.what} already`);
    }
    this.running++;
    this.inflight.record(this.running);
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.running--;
    };
  }
}
