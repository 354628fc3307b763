import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { JuteWriter } from '../../src/jute/index.js';

describe('JuteWriter.piece', () => {
  it('appends what raw appends, wherever the piece lies and however long it is', () => {
    const bytes = fc.uint8Array({ maxLength: 1500 });
    fc.assert(
      fc.property(bytes, fc.nat(40), fc.nat(40), fc.nat(7), (source, skip, leave, before) => {
        const start = Math.min(skip, source.length);
        const size = Math.max(0, source.length - start - leave);
        const view = new DataView(source.buffer, source.byteOffset, source.length);
        const [pieced, raw] = [new JuteWriter(8), new JuteWriter(8)];
        for (const w of [pieced, raw]) for (let i = 0; i < before; i++) w.byte(i);
        pieced.piece(view, start, size);
        raw.raw(source.subarray(start, start + size));
        for (const w of [pieced, raw]) w.int(7);
        assert.deepEqual(pieced.copy(), raw.copy());
      }),
    );
  });
});
