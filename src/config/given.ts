import type { Origin } from './origin.js';

/** A text from a file or from the environment. */
export interface GivenValue {
  readonly value: string;
  readonly origin: Origin;
}
