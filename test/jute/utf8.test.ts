import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeUtf8, encodeToBuffer, JuteReader } from '../../src/jute/index.js';

/** Bytes and what `new String(bytes, UTF_8)` of Java 17 makes of them; `?` stands for U+FFFD. */
const DECODED: readonly (readonly [hex: string, text: string])[] = [
  ['', ''],
  ['41c3a9e282acf09f9880', 'Aé€😀'],
  ['efbfbd', '?'],
  ['ed9fbfee8080', '\ud7ff\ue000'],
  ['eda08041', '?A'],
  ['eda0bdedb880', '??'],
  ['41eda0', 'A?'],
  ['eda041', '?A'],
  ['ed', '?'],
  ['e282eda080', '??'],
  ['eda08080', '??'],
  ['c0af', '??'],
  ['e282', '?'],
  ['e08080', '???'],
  ['f09f98', '?'],
  ['f4908080', '????'],
  ['f888808080', '?????'],
];

describe('text out of bytes, as Java reads it', () => {
  for (const [hex, text] of DECODED) {
    it(hex === '' ? 'none' : hex, () => {
      const bytes = Buffer.from(hex, 'hex');
      const expected = text.replaceAll('?', '\ufffd');
      assert.equal(decodeUtf8(bytes), expected);
      assert.equal(decodeUtf8(Buffer.concat([bytes, bytes]), bytes.length), expected);
      for (const long of ['', 'x'.repeat(100)]) {
        const field = encodeToBuffer((w) => w.buffer(Buffer.concat([Buffer.from(long), bytes])));
        assert.equal(new JuteReader(field).string(), long + expected);
      }
    });
  }
});
