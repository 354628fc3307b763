import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_PACKET_BYTES, PacketError, RecvWorker } from '../../src/connection/recv-worker.js';
import { SeededRandom } from '../fakes/index.js';
import { frame } from './fixtures.js';

describe('RecvWorker', () => {
  it('finds the same messages however the bytes are cut', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = new SeededRandom(seed);
      const sent = Array.from({ length: 1 + random.below(6) }, () => random.bytes(1 + random.below(9000)));
      const bytes = Buffer.concat(sent.map(frame));
      const got: Buffer[] = [];
      const worker = new RecvWorker((message) => got.push(message));
      for (let at = 0; at < bytes.length;) {
        const size = 1 + random.below([3, 50, 20_000][random.below(3)] ?? 1);
        const chunk = Buffer.from(bytes.subarray(at, at + size));
        worker.push(chunk);
        // The chunk belongs to the socket again.
        chunk.fill(0xdb);
        at += size;
      }
      assert.deepEqual(got, sent, `seed ${seed}`);
    }
  });

  it('takes the longest message and nothing longer', () => {
    const got: number[] = [];
    const worker = new RecvWorker((message) => got.push(message.length));
    worker.push(frame(Buffer.alloc(MAX_PACKET_BYTES)));
    assert.deepEqual(got, [MAX_PACKET_BYTES]);
    for (const length of [0, -1, MAX_PACKET_BYTES + 1]) {
      const head = Buffer.alloc(4);
      head.writeInt32BE(length);
      assert.throws(() => new RecvWorker(() => undefined).push(head), PacketError, `length ${length}`);
    }
  });

  it('takes no memory for bytes that only a length claims', () => {
    const chunk = Buffer.alloc(5);
    chunk.writeInt32BE(MAX_PACKET_BYTES);
    const before = process.memoryUsage().arrayBuffers;
    const workers = Array.from({ length: 200 }, () => new RecvWorker(() => undefined));
    for (const worker of workers) worker.push(chunk);
    assert.ok(process.memoryUsage().arrayBuffers - before < 16 * 1024 * 1024);
    assert.equal(workers.length, 200);
  });
});
