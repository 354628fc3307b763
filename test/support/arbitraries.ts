// Values as they stand in records of the protocol, with those that codecs are afraid of among them.
import fc from 'fast-check';
import type { Acl, Id, Stat } from '../../src/protocol/index.js';
import { OPEN_ACL_UNSAFE } from '../../src/protocol/index.js';

const INT_MIN = -(2 ** 31);
const INT_MAX = 2 ** 31 - 1;

/** A plain object of these. */
export function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true });
}

export function listOf<T>(item: fc.Arbitrary<T>, most = 5): fc.Arbitrary<T[]> {
  return fc.array(item, { maxLength: most, size: 'max' });
}

export function orNull<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  return fc.option(value, { nil: null, freq: 5 });
}

export const int: fc.Arbitrary<number> = fc.oneof(
  fc.integer(),
  fc.integer({ min: -3, max: 300 }),
  fc.constantFrom(0, -1, 1, INT_MIN, INT_MAX, 0xff, 0x100, 0xffff, 0x10000),
);

/** A long that is exact as a number. */
export const long: fc.Arbitrary<number> = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer(),
  fc.constantFrom(0, -1, 1, INT_MIN, 2 ** 31, 2 ** 32 - 1, 2 ** 32, -(2 ** 32), -(2 ** 32) - 1),
  fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
);

export const zxid: fc.Arbitrary<number> = fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, -1, 1, 0x1_0000_0000));

export const long64: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(0n, -1n, 1n, -(2n ** 63n), 2n ** 63n - 1n, 0x1_0000_0000n, 0xffff_ffffn),
);

export const bytes: fc.Arbitrary<Buffer> = fc
  .oneof(
    fc.uint8Array({ maxLength: 12, size: 'max' }),
    fc.uint8Array({ maxLength: 150, size: 'max' }),
    fc.constantFrom(Uint8Array.of(), Uint8Array.of(255, 255, 255, 255), Uint8Array.of(0, 0, 0, 0)),
  )
  .map((data) => Buffer.from(data));

/** Around the lengths at which writer and reader take another way, and with characters of one to four bytes. */
export const text: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30, size: 'max' }),
  fc.string({ unit: 'binary-ascii', minLength: 60, maxLength: 100, size: 'max' }),
  fc.string({ unit: 'grapheme', maxLength: 8, size: 'max' }),
  fc.constantFrom('', '/', '\0', 'é', '\u{10ffff}', '\ufffd'),
);

/** One of these. */
export function character(of: string): fc.Arbitrary<string> {
  return fc.constantFrom(...Array.from(of));
}

const name = fc.string({ unit: character('abz09-_.é😀'), minLength: 1, maxLength: 12, size: 'max' });

export const path: fc.Arbitrary<string> = fc.oneof(
  listOf(name, 4).map((names) => `/${names.join('/')}`),
  text,
);

export const id: fc.Arbitrary<Id> = record<Id>({
  scheme: fc.oneof(fc.constantFrom('world', 'digest', 'ip', 'sasl', 'x509', 'super'), text),
  id: text,
});

export const acl: fc.Arbitrary<Acl> = record<Acl>({ perms: int, id });

export const acls: fc.Arbitrary<readonly Acl[]> = fc.oneof(listOf(acl), fc.constant(OPEN_ACL_UNSAFE));

export const stat: fc.Arbitrary<Stat> = record<Stat>({
  ...{ czxid: long, mzxid: long, ctime: long, mtime: long, version: int, cversion: int, aversion: int },
  ...{ ephemeralOwner: long64, dataLength: int, numChildren: int, pzxid: long },
});
