import type { Outcome } from './outcome.js';

/** One worker's run. */
export interface SceneRun {
  /** What was done so far, for the live display. */
  readonly answers: number;
  run(): Promise<Outcome>;
}
