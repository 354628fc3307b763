// The properties can fail: each planted mistake is found.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { JuteReader, JuteWriter } from '../../src/jute/index.js';
import { character } from '../support/arbitraries.js';
import { juteProof } from './codec.js';

const BUDGET_MS = 20;

interface Planted {
  readonly name: string;
  readonly found: RegExp;
  write?(w: JuteWriter, value: string): void;
  read?(r: JuteReader): string;
}

let count = 0;

const PLANTED: readonly Planted[] = [
  { name: 'a value that comes back as another', found: /what was encoded/, read: (r) => r.string().toLowerCase() },
  { name: 'bytes left over', found: /what was encoded/, write: (w, value) => (w.string(value), w.byte(0)) },
  {
    name: 'other bytes each time',
    found: /encoded once more/,
    write: (w, value) => w.string(value + String.fromCharCode(97 + (count++ % 26))),
    read: (r) => r.string().slice(0, -1),
  },
  {
    name: 'a beginning that is taken for the whole',
    found: /the first \d+ of/,
    read: (r) => (r.remaining < 4 ? r.raw(r.remaining).toString() : r.string()),
  },
  {
    name: 'an error without a type',
    found: /RangeError/,
    read: (r) => r.source.toString('latin1', r.offset + 4, r.skip(4) + 4 + r.source.readInt32BE(4000)),
  },
  {
    name: 'memory as a length claims',
    found: /bytes at once/,
    read: (r) => {
      const claimed = r.peekInt();
      if (claimed > 0 && claimed < 2 ** 28) Buffer.alloc(claimed);
      return r.string();
    },
  },
];

describe('properties of codecs find', () => {
  for (const { found, name, ...mistake } of PLANTED) {
    it(name, () => {
      const planted = juteProof<string>({
        ...{ name, values: fc.string({ unit: character('ABC'), maxLength: 9 }) },
        ...{ write: (w, value) => w.string(value), read: (r) => r.string(), ...mistake },
      });
      assert.throws(
        () => planted.show(BUDGET_MS),
        (error: Error) => {
          assert.match(error.message, /ZK_PROPERTY_SEED=\d+/);
          assert.match(error.message, found);
          return true;
        },
      );
    });
  }
});
