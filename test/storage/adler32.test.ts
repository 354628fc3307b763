import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deflateSync } from 'node:zlib';
import { adler32 } from '../../src/storage/adler32.js';
import { SeededRandom } from '../fakes/index.js';

/** zlib ends its stream with the Adler-32 of what went in. */
function zlibsAdler32(bytes: Buffer): number {
  const stream = deflateSync(bytes, { level: 0 });
  return stream.readUInt32BE(stream.length - 4);
}

describe('adler32', () => {
  const random = new SeededRandom(7);
  for (const length of [0, 1, 7, 8, 9, 3847, 3848, 3849, 65_521, 200_000]) {
    it(`is zlib's for ${length} bytes`, () => {
      for (const bytes of [random.bytes(length), Buffer.alloc(length, 0xff), Buffer.alloc(length)]) {
        assert.equal(adler32(bytes), zlibsAdler32(bytes));
      }
    });
  }

  it('can be continued at any byte', () => {
    const bytes = random.bytes(10_000);
    for (const at of [0, 1, 3848, 5000, 10_000]) {
      assert.equal(adler32(bytes, at, bytes.length, adler32(bytes, 0, at)), adler32(bytes));
    }
  });
});
