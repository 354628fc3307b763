import type { Operation, Verdict } from './checker.js';

/** One creation of a sequential node below some parent; `number` is null when it was never answered. */
export interface SequenceOperation {
  readonly text: string;
  readonly number: number | null;
}

interface Numbered {
  readonly operation: Operation<SequenceOperation>;
  readonly number: number;
}

/**
 * Can these creations have got their numbers one after the other, from 0 on, each at some moment between its call and its
 * answer? Names of sequential nodes count the children that were ever created, so that the answers say the order. Let each
 * take effect as late as those behind it allow; the numbers that nobody was told were taken by creations that were never
 * answered, each of which must have been asked for by then. Decides in n log n steps, where a search may never end.
 */
export function checkSequence(operations: readonly Operation<SequenceOperation>[]): Verdict<SequenceOperation> {
  const told: Numbered[] = [];
  const untoldMs: number[] = [];
  for (const operation of operations) {
    const { number } = operation.value;
    if (number === null) untoldMs.push(operation.invokedMs);
    else told.push({ operation, number });
  }
  told.sort((a, b) => a.number - b.number);
  untoldMs.sort((a, b) => a - b);
  const latestMs = latestMoments(told);
  let asked = 0;
  for (const [at, { number, operation }] of told.entries()) {
    const momentMs = latestMs[at] ?? 0;
    while (asked < untoldMs.length && (untoldMs[asked] ?? 0) <= momentMs) asked++;
    const isRepeated = at > 0 && told[at - 1]?.number === number;
    const untoldNumbers = number - at;
    if (operation.invokedMs > momentMs || isRepeated || untoldNumbers > asked) {
      const values = told.map((one) => one.operation.value);
      return { kind: 'not linearizable', ordered: values.slice(0, at), stuck: values.slice(at, at + 1) };
    }
  }
  return { kind: 'linearizable' };
}

/** Before its own answer, and before the moments of all with higher numbers. */
function latestMoments(told: readonly Numbered[]): readonly number[] {
  const moments = told.map(({ operation }) => operation.returnedMs);
  for (let at = moments.length - 2; at >= 0; at--) {
    moments[at] = Math.min(moments[at] ?? 0, moments[at + 1] ?? 0);
  }
  return moments;
}
