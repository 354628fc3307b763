import type { SequentialModel } from './checker.js';

/** One creation of a sequential node below some parent; `number` is null when it was never answered. */
export interface SequenceOperation {
  readonly text: string;
  readonly number: number | null;
}

/** Names of sequential nodes count the children that were ever created; the state is that count. */
export const SEQUENCE_MODEL: SequentialModel<number, SequenceOperation> = {
  initial: 0,
  keyOf: String,
  step: (count, { number }) => (number === null || number === count ? count + 1 : null),
};
