import { SeededRandom } from '../fakes/index.js';
import { checkAllocations } from './allocations.js';
import type { Coverage } from './coverage.js';
import { mutate } from './mutator.js';
import { Broken, type Target } from './target.js';

/** Coverage is taken after so many inputs, for taking it is slow. */
const BATCH = 64;
/** No input takes longer. */
const SLOW_MS = 2000;

export interface FuzzResult {
  readonly inputs: number;
  readonly corpus: number;
  /** Of the sources, that have run. */
  readonly characters: number;
  readonly finding: Finding | null;
}

export interface Finding {
  readonly text: string;
  readonly inputHex: string;
}

export interface FuzzOptions {
  readonly seed: number;
  readonly limitMs: number;
  /** Is told of every input before it runs. */
  readonly begin: (bytes: Buffer) => void;
}

/** Mutates inputs, and keeps those that reach code that none before reached, until time is up or something is found. */
export async function fuzz(target: Target, coverage: Coverage, options: FuzzOptions): Promise<FuzzResult> {
  const random = new SeededRandom(`fuzz ${target.name} ${options.seed}`);
  const endMs = performance.now() + options.limitMs;
  const corpus = [...(await target.seeds())];
  let inputs = 0;
  const done = (finding: Finding | null): FuzzResult => ({
    ...{ inputs, corpus: corpus.length, characters: coverage.characters, finding },
  });
  const runOne = async (bytes: Buffer): Promise<Finding | null> => {
    inputs++;
    options.begin(bytes);
    return tryInput(target, bytes);
  };
  for (const seed of corpus) {
    const finding = await runOne(seed);
    if (finding !== null) return done(finding);
  }
  coverage.takeNew();
  while (performance.now() < endMs) {
    const batch = Array.from({ length: BATCH }, () => mutate(corpus, target, random));
    for (const bytes of batch) {
      const finding = await runOne(bytes);
      if (finding !== null) return done(finding);
      if (performance.now() > endMs) break;
    }
    if (coverage.takeNew() === 0) continue;
    corpus.push(...(await newcomers(target, batch, coverage)));
  }
  return done(null);
}

/**
 * Which of a batch reach code that no input before them reached; the batch has just done so. Halves are tried until single
 * inputs are left.
 */
async function newcomers(target: Target, batch: readonly Buffer[], coverage: Coverage): Promise<Buffer[]> {
  if (batch.length === 1) return [...batch];
  coverage.forgetLast();
  const found: Buffer[] = [];
  const middle = batch.length >> 1;
  for (const half of [batch.slice(0, middle), batch.slice(middle)]) {
    for (const bytes of half) await tryInput(target, bytes);
    if (coverage.takeNew() > 0) found.push(...(await newcomers(target, half, coverage)));
  }
  return found;
}

/** Runs one input; what is wrong with how it went, or null. */
export async function tryInput(target: Target, bytes: Buffer): Promise<Finding | null> {
  const beganMs = performance.now();
  checkAllocations(Number.POSITIVE_INFINITY);
  try {
    // A copy with nothing around it: who reads beyond the end reads nothing.
    await target.run(Buffer.from(bytes));
    checkAllocations(bytes.length);
    const tookMs = performance.now() - beganMs;
    if (tookMs > SLOW_MS) throw new Broken(`took ${Math.round(tookMs)} ms`);
    return null;
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { text, inputHex: bytes.toString('hex') };
  }
}
