import type { Mutant } from '../sim/mutants/mutant.js';

/** One bug that ZooKeeper had (or has), as a history that runs on the production classes. */
export interface KnownBug {
  /** `ZOOKEEPER-2845`, or `Zab paper 1` to `3` for the gaps that the TLA+ specifications of Zab found. */
  readonly bug: string;
  /** What holds here. */
  readonly name: string;
  /** Lives through what broke ZooKeeper; rejects when the damage shows. */
  readonly history: () => Promise<unknown>;
  /** Each switches off a rule that protects us; the history must then end in this damage. */
  readonly mutants: readonly Damage[];
}

export interface Damage {
  readonly mutant: Mutant;
  /** How the history then fails: the message of its error, and its stack for the check that failed. */
  readonly shows: RegExp;
}

/** Runs something while a rule is switched off. */
export async function without<T>(mutant: Mutant, run: () => Promise<T>): Promise<T> {
  const bringBack = mutant.install();
  try {
    return await run();
  } finally {
    bringBack();
  }
}
