import type { Outcome } from './outcome.js';

/** One worker's run. */
export interface SceneRun {
  /** What was done so far, for the live display. */
  readonly answers: number;
  run(): Promise<Outcome>;
  /** Ends it before its time: `run` settles soon, and nothing is made any more. */
  stop(): void;
}
