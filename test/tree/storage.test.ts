import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crc32 as zlibCrc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { BlockStore } from '../../src/tree/block-store.js';
import { crc32, crc32OfView } from '../../src/tree/crc32.js';
import { HashIndex } from '../../src/tree/hash-index.js';
import { PathKey } from '../../src/tree/path-key.js';
import { RecordTable } from '../../src/tree/record-table.js';

describe('crc32', () => {
  it('is that of zlib, from any seed, over any part of a buffer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), fc.nat(20), fc.nat(0xffff_ffff), (bytes, skip, seed) => {
        const start = Math.min(skip, bytes.length);
        // zlib's own answer for no bytes is 0, whatever the seed.
        const expected = start === bytes.length ? seed : zlibCrc32(bytes.subarray(start), seed);
        assert.equal(crc32(bytes, start, bytes.length, seed), expected);
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
        assert.equal(crc32OfView(view, start, bytes.length - start, seed), expected);
      }),
    );
  });

  it('has the known check value', () => {
    assert.equal(crc32(Buffer.from('123456789'), 0, 9, 0), 0xcbf43926);
  });
});

describe('HashIndex', () => {
  const idsUnder = (index: HashIndex, hash: number): number[] => {
    const ids: number[] = [];
    for (let id = index.first(hash); id !== -1; id = index.next()) ids.push(id);
    return ids.sort((a, b) => a - b);
  };

  it('is a multimap', () => {
    // Few hashes that share their low or their high bits, so that runs are long and wrap around.
    const hash = fc.oneof(
      fc.constantFrom(0, -1, 31, 32, 0x7fff_ffff, -0x8000_0000),
      fc.nat(40),
      fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), hash), { maxLength: 300 }), (steps) => {
        const index = new HashIndex();
        const model = new Map<number, number[]>();
        steps.forEach(([add, at], id) => {
          const ids = model.get(at) ?? [];
          if (add) {
            index.add(at, id);
            model.set(at, [...ids, id]);
          } else {
            const [gone] = ids;
            if (gone === undefined) return;
            index.remove(at, gone);
            model.set(at, ids.slice(1));
          }
        });
        for (const [at, ids] of model) assert.deepEqual(idsUnder(index, at), ids);
        assert.equal(
          index.size,
          [...model.values()].reduce((sum, ids) => sum + ids.length, 0),
        );
      }),
    );
  });

  it('grows far, and shrinks again', () => {
    const index = new HashIndex();
    const hashOf = (id: number) => Math.imul(id + 1, 0x9e3779b1);
    for (let id = 0; id < 100_000; id++) index.add(hashOf(id), id);
    for (let id = 0; id < 100_000; id += 2) index.remove(hashOf(id), id);
    assert.equal(index.size, 50_000);
    for (let id = 0; id < 100_000; id++) assert.deepEqual(idsUnder(index, hashOf(id)), id % 2 === 0 ? [] : [id]);
  });

  it('stands thousands of equal hashes', () => {
    const index = new HashIndex();
    for (let id = 0; id < 10_000; id++) index.add(42, id);
    for (let id = 0; id < 1000; id++) index.add(id << 20, id);
    assert.equal(idsUnder(index, 42).length, 10_000);
    assert.deepEqual(idsUnder(index, 7 << 20), [7]);
  });

  it('refuses to remove what it does not hold', () => {
    const index = new HashIndex();
    index.add(1, 1);
    assert.throws(() => index.remove(1, 2), /no id 2/);
  });
});

describe('BlockStore', () => {
  const size = fc.oneof(fc.nat(70), fc.nat(600), fc.integer({ min: 15_000, max: 18_000 }), fc.nat(5000));

  it('gives every block its own bytes', () => {
    const step = fc.record({ size, free: fc.boolean(), which: fc.nat(1000) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const store = new BlockStore();
        const blocks: { handle: number; size: number; fill: number }[] = [];
        const check = ({ handle, size: bytes, fill }: (typeof blocks)[number]) => {
          const at = store.offset(handle);
          const block = store.bytes(handle).subarray(at, at + bytes);
          assert.equal(block.length, bytes);
          assert.ok(block.every((byte) => byte === fill));
          if (bytes > 0) assert.equal(store.view(handle).getUint8(at), fill);
        };
        steps.forEach(({ size: bytes, free, which }, turn) => {
          if (free && blocks.length > 0) {
            const [gone] = blocks.splice(which % blocks.length, 1);
            if (gone === undefined) return;
            check(gone);
            store.free(gone.handle);
            return;
          }
          const handle = store.allocate(bytes);
          const fill = turn % 255;
          store.bytes(handle).fill(fill, store.offset(handle), store.offset(handle) + bytes);
          blocks.push({ handle, size: bytes, fill });
        });
        blocks.forEach(check);
      }),
      { numRuns: 200 },
    );
  });

  it('does so over many pages that fill and empty in any order', () => {
    const store = new BlockStore();
    const live = new Map<number, number>();
    let state = 12345;
    const below = (bound: number) => (state = (Math.imul(state, 1103515245) + 12345) >>> 1) % bound;
    // 64 blocks a page: pages empty often, in the middle of the list of those with room.
    for (let wave = 0; wave < 40; wave++) {
      for (let i = 0; i < 1000; i++) {
        const handle = store.allocate(16_000);
        assert.ok(!live.has(handle), 'a block in use was given out');
        live.set(handle, wave * 1000 + i);
        store.view(handle).setInt32(store.offset(handle) + 15_996, wave * 1000 + i);
      }
      const handles = [...live.keys()];
      for (let left = handles.length - 10; left > 0; left--) {
        const [handle] = handles.splice(below(handles.length), 1);
        if (handle === undefined) break;
        assert.equal(store.view(handle).getInt32(store.offset(handle) + 15_996), live.get(handle));
        live.delete(handle);
        store.free(handle);
      }
    }
    assert.ok(store.reservedBytes <= 32 * 1024 * 1024, 'freed space was used again');
  });

  it('uses freed space again', () => {
    const store = new BlockStore();
    const sizes = [40, 200, 1000, 9000];
    let handles: number[] = [];
    const reserved: number[] = [];
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 400; i++) handles.push(store.allocate(sizes[(i + round) % 4] ?? 0));
      reserved.push(store.reservedBytes);
      for (const handle of handles) store.free(handle);
      handles = [];
    }
    assert.equal(reserved.at(-1), reserved[0]);
  });

  it('gives memory back when much was freed', () => {
    const store = new BlockStore();
    const handles = Array.from({ length: 30_000 }, () => store.allocate(1000));
    handles.push(...Array.from({ length: 10 }, () => store.allocate(1_000_000)));
    assert.ok(store.reservedBytes >= 40_000_000);
    for (const handle of handles) store.free(handle);
    assert.ok(store.reservedBytes <= 6_000_000, `${store.reservedBytes} bytes are still held`);
    const small = Array.from({ length: 1000 }, () => store.allocate(16));
    assert.equal(new Set(small).size, 1000);
  });

  it('wastes at most an eighth, or 7 bytes', () => {
    for (let bytes = 1; bytes < 20_000; bytes++) {
      const room = BlockStore.roomFor(bytes);
      assert.ok(room >= bytes && room - bytes <= Math.max(7, bytes / 8), `${room} for ${bytes}`);
    }
  });
});

describe('RecordTable', () => {
  it('gives freed numbers out again, and keeps fields apart across pages', () => {
    const table = new RecordTable(2);
    const ids = Array.from({ length: 40_000 }, () => table.allocate());
    for (const id of ids) for (let field = 0; field < 4; field++) table.put(id, field, id * 4 + field);
    for (const id of ids) for (let field = 0; field < 4; field++) assert.equal(table.get(id, field), id * 4 + field);
    for (const id of [7, 39_999, 16_384]) table.free(id);
    assert.equal(table.count, 39_997);
    assert.deepEqual(
      [table.allocate(), table.allocate(), table.allocate(), table.allocate()],
      [16_384, 39_999, 7, 40_000],
    );
  });
});

describe('PathKey', () => {
  const paths = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '/', 'é', '中', '😀') }), { maxLength: 6 });

  it('is the same from a string and from its bytes', () => {
    fc.assert(
      fc.property(paths, (parts) => {
        const path = `/${parts.join('/')}`;
        const key = new PathKey();
        key.set(path);
        const bytes = Buffer.from(`xx${path}`);
        const other = new PathKey();
        other.setUtf8(bytes, 2, bytes.length);
        assert.deepEqual([key.hash, key.parentHash], [other.hash, other.parentHash]);
        assert.equal(Buffer.from(key.bytes.subarray(key.start, key.end)).toString('utf8'), path);
        assert.equal(Buffer.from(other.bytes.subarray(other.start, other.end)).toString('utf8'), path);
        assert.equal(key.textLength, path.length);
        const parent = new PathKey();
        parent.set(path.slice(0, path.lastIndexOf('/')));
        assert.equal(key.parentHash, parent.hash);
        assert.equal(key.isTopLevel, path.lastIndexOf('/') === 0);
      }),
    );
  });

  it('takes long paths', () => {
    const key = new PathKey();
    for (const path of [`/${'x'.repeat(5000)}`, `/${'é'.repeat(5000)}`]) {
      key.set(path);
      assert.equal(Buffer.from(key.bytes.subarray(key.start, key.end)).toString('utf8'), path);
    }
  });

  it('spreads similar paths over all bits of the hash', () => {
    const key = new PathKey();
    const counts = Array.from({ length: 32 }, () => 0);
    for (let i = 0; i < 4096; i++) {
      key.set(`/locks/lock-${String(i).padStart(10, '0')}`);
      for (let bit = 0; bit < 32; bit++) counts[bit] = (counts[bit] ?? 0) + ((key.hash >>> bit) & 1);
    }
    for (const count of counts) assert.ok(count > 1848 && count < 2248, String(counts));
  });
});
