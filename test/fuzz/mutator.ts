import { mutated } from '../bad-input/mutations.js';
import type { SeededRandom } from '../fakes/index.js';
import type { Target } from './target.js';

const MAX_BYTES = 16 * 1024;

/** A new input from those that reached something. */
export function mutate(corpus: readonly Buffer[], target: Target, random: SeededRandom): Buffer {
  // Who came last got furthest.
  let bytes = random.oneIn(3)
    ? (corpus.at(-1 - random.below(Math.min(4, corpus.length))) as Buffer)
    : pick(corpus, random);
  if (random.oneIn(4)) bytes = spliced(bytes, pick(corpus, random), random);
  const { words } = target;
  if (words !== undefined && random.oneIn(2)) {
    for (let times = 1 + random.below(3); times > 0; times--) bytes = withWord(bytes, pick(words, random), random);
  }
  if (words === undefined || random.oneIn(2)) {
    bytes = random.oneIn(3) ? withOtherBytes(bytes, random) : mutated(bytes, random);
  }
  if (target.repair !== undefined && !random.oneIn(4)) bytes = target.repair(bytes);
  return bytes.subarray(0, MAX_BYTES);
}

function pick<T>(from: readonly T[], random: SeededRandom): T {
  return from[random.below(from.length)] as T;
}

function withOtherBytes(bytes: Buffer, random: SeededRandom): Buffer {
  const changed = Buffer.from(bytes);
  for (let times = 1 + random.below(2); times > 0 && bytes.length > 0; times--) {
    changed[random.below(bytes.length)] = random.below(256);
  }
  return changed;
}

/** The beginning of one and the end of another. */
function spliced(a: Buffer, b: Buffer, random: SeededRandom): Buffer {
  return Buffer.concat([a.subarray(0, random.below(a.length + 1)), b.subarray(random.below(b.length + 1))]);
}

/** With a word of the grammar in it, or in place of what stands there. */
function withWord(bytes: Buffer, word: string, random: SeededRandom): Buffer {
  const at = random.below(bytes.length + 1);
  const replaced = random.oneIn(2) ? random.below(word.length + 1) : 0;
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(word, 'latin1'), bytes.subarray(at + replaced)]);
}
