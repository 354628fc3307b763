import type { SeededRandom } from '../fakes/index.js';

/** Numbers that parsers are afraid of. */
const ODD_INTS = [0, 1, -1, -2, 0x7fffffff, -0x80000000, 0xffff, 0x10000, 0xfffff, 0x100000, 20, 28, 512 * 1024 + 1];

function pick<T>(random: SeededRandom, from: readonly T[]): T {
  return from[random.below(from.length)] as T;
}

function oddInt(bytes: Buffer, random: SeededRandom): Buffer {
  if (bytes.length < 4) return bytes;
  const changed = Buffer.from(bytes);
  changed.writeInt32BE(pick(random, ODD_INTS), random.below(bytes.length - 3));
  return changed;
}

function flippedBit(bytes: Buffer, random: SeededRandom): Buffer {
  const changed = Buffer.from(bytes);
  const at = random.below(bytes.length);
  changed[at] = (changed[at] as number) ^ (1 << random.below(8));
  return changed;
}

function slice(bytes: Buffer, random: SeededRandom): Buffer {
  const start = random.below(bytes.length);
  return bytes.subarray(start, start + 1 + random.below(Math.min(64, bytes.length - start)));
}

function doubled(bytes: Buffer, random: SeededRandom): Buffer {
  const at = random.below(bytes.length);
  return Buffer.concat([bytes.subarray(0, at), slice(bytes, random), bytes.subarray(at)]);
}

function cutOut(bytes: Buffer, random: SeededRandom): Buffer {
  const at = random.below(bytes.length);
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(16))]);
}

function withNoise(bytes: Buffer, random: SeededRandom): Buffer {
  const at = random.below(bytes.length);
  return Buffer.concat([bytes.subarray(0, at), random.bytes(1 + random.below(40)), bytes.subarray(at)]);
}

function cutOff(bytes: Buffer, random: SeededRandom): Buffer {
  return bytes.subarray(0, 1 + random.below(bytes.length));
}

const MUTATIONS = [oddInt, oddInt, flippedBit, flippedBit, doubled, cutOut, withNoise, cutOff];

/** The bytes of a good conversation with some of them gone wrong. */
export function mutated(bytes: Buffer, random: SeededRandom): Buffer {
  let result = bytes;
  for (let times = 1 + random.below(4); times > 0 && result.length > 0; times--) {
    result = pick(random, MUTATIONS)(result, random);
  }
  return result;
}

/** In pieces, as a network brings them. */
export function* pieces(bytes: Buffer, random: SeededRandom): Generator<Buffer> {
  for (let at = 0; at < bytes.length;) {
    const size = random.oneIn(3) ? 1 + random.below(12) : 1 + random.below(bytes.length);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}
