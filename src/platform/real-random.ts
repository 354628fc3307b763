import { randomBytes, randomInt } from 'node:crypto';
import type { Random } from '../host/index.js';

/** The system's generator. */
export class RealRandom implements Random {
  below(bound: number): number {
    return bound <= 1 ? 0 : randomInt(bound);
  }

  bytes(length: number): Buffer {
    return randomBytes(length);
  }
}
