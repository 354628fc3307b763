// What every codec must keep to, whatever it encodes and whatever comes in.
import { it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { encodeToBuffer, JuteError, JuteReader, type JuteWriter } from '../../src/jute/index.js';
import { checkAllocations, watchAllocations } from '../fuzz/allocations.js';
import { isTyped } from '../fuzz/target.js';
import { holds } from '../support/property.js';

export interface Decoded<T> {
  readonly value: T;
  /** Bytes that it took. */
  readonly length: number;
}

/** One kind of record: how it is written, and how it is read. */
export interface Codec<T> {
  readonly name: string;
  readonly values: fc.Arbitrary<T>;
  encode(value: T): Buffer;
  /** Undefined: a decoder of a stream waits for more. */
  decode(bytes: Buffer): Decoded<T> | undefined;
  /** All that it may throw; JuteError when absent. */
  readonly errors?: readonly (new (...args: never[]) => Error)[];
  /** A beginning of the bytes is waited behind, and no error. */
  readonly waits?: boolean;
  /** What beginnings of these lengths say all the same; all others are refused. */
  shorter?(value: T, length: number): ReadonlyMap<number, T>;
  /** False: it may be read, but nobody writes it so. */
  isWritten?(value: T): boolean;
}

/** A buffer that a decoder may take beside its input. */
const FIXED_BYTES = 8192;
/** Of many positions so many are tried. */
const MOST_POSITIONS = 150;
const FILE_BUDGET_MS = 700;
const NOISE = Buffer.from('ff7f0180ffffffff', 'hex');

/** A codec with its properties to be shown. */
export interface Proof {
  readonly name: string;
  show(budgetMs: number): void;
}

export function proof<T>(codec: Codec<T>): Proof {
  return { name: codec.name, show: (budgetMs) => checkCodec(codec, budgetMs) };
}

/** A record that is read from a place within other bytes, which are none of its business. */
export function juteProof<T>(
  codec: Omit<Codec<T>, 'encode' | 'decode'> & { write(w: JuteWriter, value: T): void; read(r: JuteReader): T },
): Proof {
  return proof({
    ...codec,
    encode: (value) => encodeToBuffer((w) => codec.write(w, value)),
    decode: (bytes) => {
      const within = Buffer.concat([NOISE, bytes, NOISE]);
      const r = new JuteReader(within, NOISE.length, NOISE.length + bytes.length);
      const value = codec.read(r);
      return { value, length: r.offset - NOISE.length };
    },
  });
}

/** A test for each. */
export function showAll(proofs: readonly Proof[]): void {
  for (const one of proofs) it(one.name, () => one.show(FILE_BUDGET_MS / proofs.length));
}

function checkCodec<T>(codec: Codec<T>, budgetMs: number): void {
  watchAllocations();
  const { stackTraceLimit } = Error;
  // Each value has hundreds of beginnings that are refused: nobody reads where.
  Error.stackTraceLimit = 0;
  try {
    const property = fc.property(codec.values, fc.nat(254), (value, mask) => {
      const bytes = checkRoundTrip(codec, value);
      checkBeginnings(codec, value, bytes);
      checkFlips(codec, bytes, mask + 1);
    });
    holds(property, budgetMs);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function checkRoundTrip<T>(codec: Codec<T>, value: T): Buffer {
  const bytes = Buffer.from(codec.encode(value));
  const decoded = codec.decode(bytes);
  if (decoded === undefined) throw new Error(`${bytes.toString('hex')} is waited behind`);
  expectSame('what was encoded', decoded, { value, length: bytes.length });
  expectSame('encoded once more', codec.encode(value), bytes);
  expectSame('encoded from what was decoded', codec.encode(decoded.value), bytes);
  return bytes;
}

function checkBeginnings<T>(codec: Codec<T>, value: T, bytes: Buffer): void {
  const shorter = codec.shorter?.(value, bytes.length);
  for (const length of positions(bytes.length)) {
    const what = `the first ${length} of ${bytes.toString('hex')}`;
    const decoded = attempt(codec, bytes.subarray(0, length), what);
    if (shorter?.has(length) === true) {
      expectSame(what, decoded === 'refused' ? decoded : decoded?.value, shorter.get(length));
    } else if (decoded !== (codec.waits === true ? undefined : 'refused')) {
      throw new Error(`${what} are taken for ${fc.stringify(decoded)}`);
    }
  }
}

/** Each byte turned into another: something else comes out, or a typed error, and what comes out can be written again. */
function checkFlips<T>(codec: Codec<T>, bytes: Buffer, mask: number): void {
  for (const at of positions(bytes.length)) {
    const flipped = Buffer.from(bytes);
    flipped[at] = (flipped[at] as number) ^ mask;
    const what = `byte ${at} turned in ${flipped.toString('hex')}`;
    const decoded = attempt(codec, flipped, what);
    if (decoded === 'refused' || decoded === undefined) continue;
    if (decoded.length > bytes.length) throw new Error(`${what}: ${decoded.length} bytes are taken`);
    const { value } = decoded;
    if (codec.isWritten?.(value) === false || !isExact(value)) continue;
    expectSame(`${what}, encoded and decoded`, codec.decode(codec.encode(value))?.value, value);
  }
}

function attempt<T>(codec: Codec<T>, bytes: Buffer, what: string): Decoded<T> | 'refused' | undefined {
  checkAllocations(Number.POSITIVE_INFINITY);
  let decoded: Decoded<T> | 'refused' | undefined;
  try {
    decoded = codec.decode(bytes);
  } catch (error) {
    if (!isTyped(error, codec.errors ?? [JuteError])) throw new Error(`${what}: ${String(error)}`, { cause: error });
    decoded = 'refused';
  }
  checkAllocations(bytes.length, FIXED_BYTES);
  if (typeof decoded === 'object' && weight(decoded.value) > FIXED_BYTES + bytes.length * 2) {
    throw new Error(`${what}: a value of ${weight(decoded.value)} parts`);
  }
  return decoded;
}

function* positions(length: number): Generator<number> {
  const step = Math.max(1, length / MOST_POSITIONS);
  for (let at = 0; at < length; at += step) yield Math.floor(at);
}

/** How many items, characters and bytes there are in it. */
function weight(value: unknown): number {
  if (typeof value === 'string' || Buffer.isBuffer(value)) return value.length;
  if (typeof value !== 'object' || value === null) return 1;
  let sum = 1;
  for (const part of Object.values(value)) sum += weight(part);
  return sum;
}

/** Numbers from outside may be rounded; those are only compared, and never written. */
function isExact(value: unknown): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value);
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return true;
  return Object.values(value).every(isExact);
}

function expectSame(what: string, found: unknown, expected: unknown): void {
  if (isDeepStrictEqual(found, expected)) return;
  throw new Error(`${what}: found ${fc.stringify(found)} instead of ${fc.stringify(expected)}`);
}
