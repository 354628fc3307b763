import { SeededRandom } from '../fakes/index.js';
import { checkAllocations } from './allocations.js';
import type { Coverage } from './coverage.js';
import { mutate } from './mutator.js';
import { Broken, type Target } from './target.js';

/**
 * Coverage is taken after so many inputs at most, for taking it is slow. After fewer where news are frequent: to find out who
 * of many brought them, they must run again.
 */
const LARGEST_BATCH = 64;
const SMALLEST_BATCH = 4;
/** Who has not tried enough inputs within so many times its limit never will. */
const PATIENCE = 60;
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
  /** It goes on for longer when it has not tried so many. */
  readonly leastInputs: number;
  /** Is told of every input before it runs. */
  readonly begin: (bytes: Buffer) => void;
}

/** Mutates inputs, and keeps those that reach code that none before reached, until time is up or something is found. */
export async function fuzz(target: Target, coverage: Coverage, options: FuzzOptions): Promise<FuzzResult> {
  const random = new SeededRandom(`fuzz ${target.name} ${options.seed}`);
  const beganMs = performance.now();
  const corpus = [...(await target.seeds())];
  let inputs = 0;
  const done = (finding: Finding | null): FuzzResult => ({
    ...{ inputs, corpus: corpus.length, characters: coverage.characters, finding },
  });
  const isOver = (): boolean => {
    const tookMs = performance.now() - beganMs;
    return tookMs > options.limitMs * (inputs < options.leastInputs ? PATIENCE : 1);
  };
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
  for (let size = SMALLEST_BATCH; !isOver();) {
    const batch: Buffer[] = [];
    while (batch.length < size && !isOver()) {
      const bytes = mutate(corpus, target, random);
      batch.push(bytes);
      const finding = await runOne(bytes);
      if (finding !== null) return done(finding);
    }
    const reached = coverage.takeNew();
    size = reached > 0 ? Math.max(SMALLEST_BATCH, size >> 1) : Math.min(LARGEST_BATCH, size * 2);
    if (reached === 0) continue;
    coverage.forgetLast();
    corpus.push(...(await newcomers(target, batch, reached, coverage, isOver)));
  }
  return done(null);
}

/**
 * Which of a batch reach code that no input before them reached: so many characters of it, of which `coverage` does not know
 * (any more). Halves are tried until single inputs are left, or no time is.
 */
async function newcomers(
  target: Target,
  batch: readonly Buffer[],
  characters: number,
  coverage: Coverage,
  isOver: () => boolean,
): Promise<readonly Buffer[]> {
  if (isOver()) return [];
  const middle = batch.length >> 1;
  const half = batch.length === 1 ? batch : batch.slice(0, middle);
  for (const bytes of half) await tryInput(target, bytes);
  const reached = coverage.takeNew();
  if (batch.length === 1) return reached > 0 ? batch : [];
  const found: Buffer[] = [];
  if (reached > 0) {
    coverage.forgetLast();
    found.push(...(await newcomers(target, half, reached, coverage, isOver)));
  }
  const rest = characters - reached;
  if (rest > 0) found.push(...(await newcomers(target, batch.slice(middle), rest, coverage, isOver)));
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
