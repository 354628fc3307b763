import { isDeepStrictEqual } from 'node:util';

/** One decoder under test. */
export interface Target {
  readonly name: string;
  /** Good inputs to begin with. */
  seeds(): readonly Buffer[] | Promise<readonly Buffer[]>;
  /** Words of a text's grammar. */
  readonly words?: readonly string[];
  /** Makes checksums and lengths fit again, so that what lies behind them is reached. */
  repair?(bytes: Buffer): Buffer;
  /** Decodes; throws when anything but success or a typed error comes of it. */
  run(bytes: Buffer): void | Promise<void>;
}

/** A promise of a decoder that an input broke. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

type ErrorClass = new (...args: never[]) => Error;

/** What `decode` gives; undefined when it refuses the input with one of these errors. Every other error is a finding. */
export function attempt<T>(errors: readonly ErrorClass[], decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (isTyped(error, errors)) return undefined;
    throw error;
  }
}

/** Errors that only a mistake in the code makes may not hide as the cause of a typed one. */
export function isTyped(error: unknown, errors: readonly ErrorClass[]): boolean {
  if (!errors.some((one) => error instanceof one)) return false;
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof TypeError || cause instanceof RangeError || cause instanceof ReferenceError) return false;
  }
  return true;
}

/** What was decoded is the same after encoding and decoding it again. */
export function assertStable<T>(value: T, encode: (value: T) => Buffer, decode: (bytes: Buffer) => T): void {
  const again = decode(encode(value));
  if (!isDeepStrictEqual(again, value)) throw new Broken(`${show(value)} becomes ${show(again)}`);
}

export function assertSame(what: string, found: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(found, expected)) throw new Broken(`${what}: ${show(found)} instead of ${show(expected)}`);
}

function show(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? `${item}n` : item)).slice(0, 600);
}
