import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Socket } from '../../src/host/index.js';
import { encodeToBuffer } from '../../src/jute/index.js';
import { Summary } from '../../src/metrics/index.js';
import { PacketType, writeQuorumPacket } from '../../src/protocol/index.js';
import { PacketReader } from '../../src/zab/packet-reader.js';
import { PacketStream } from '../../src/zab/packet-stream.js';
import { World } from '../fakes/index.js';

const MEGABYTE = 1024 * 1024;
const PIECE_BYTES = 64 * 1024;

function packetOf(dataBytes: number): Buffer {
  const data = Buffer.alloc(dataBytes, 7);
  return encodeToBuffer((w) => {
    writeQuorumPacket(w, { type: PacketType.proposal, zxid: 5, data, authinfo: null });
  });
}

describe('PacketStream', () => {
  it('takes packets larger than what it holds back for (jute.maxbuffer may allow them)', async () => {
    const world = new World(1);
    const [a, b] = [world.host('a'), world.host('b')];
    const streams: PacketStream[] = [];
    await world.settle(
      b.network.listen({ endpoint: { host: 'b', port: 2888 } }, (socket) => {
        streams.push(new PacketStream(socket, b.clock, { maxPacketBytes: 4 * MEGABYTE, silenceLimitMs: 1000 }));
      }),
    );
    const socket = await world.settle(a.network.dial({ host: 'b', port: 2888 }, 1000));
    socket.start({
      onData: () => undefined,
      onEnd: () => undefined,
      onDrain: () => undefined,
      onClose: () => undefined,
    });
    const bytes = Buffer.concat([1, 2, 3].map(() => packetOf(3 * MEGABYTE)));
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) socket.write(bytes.subarray(at, at + PIECE_BYTES));
    await world.until(() => streams.length === 1);
    for (let i = 0; i < 3; i++) {
      const packet = await world.settle(streams[0]?.next() ?? assert.fail());
      assert.equal(packet.data?.length, 3 * MEGABYTE);
    }
  });

  it('tells how long a packet waits: the rest of its turn, or until a socket that is full has room', async () => {
    const world = new World(1);
    const [a, b] = [world.host('a'), world.host('b')];
    const sockets: Socket[] = [];
    await world.settle(b.network.listen({ endpoint: { host: 'b', port: 2888 } }, (socket) => sockets.push(socket)));
    const dialled = await world.settle(a.network.dial({ host: 'b', port: 2888 }, 1000));
    const stream = new PacketStream(dialled, a.clock, { maxPacketBytes: MEGABYTE, silenceLimitMs: 1e6 });
    await world.until(() => sockets.length === 1);
    const waited = new Summary();
    const ping = (): void => {
      stream.timeNext(waited);
      stream.send(PacketType.ping, 0);
    };
    ping();
    await world.run(1);
    assert.deepEqual([waited.count, waited.sum], [1, 0]);
    // Nobody reads at the other end.
    for (let i = 0; i < 16; i++) stream.send(PacketType.proposal, 5, Buffer.alloc(PIECE_BYTES));
    ping();
    await world.run(500);
    ping();
    await world.run(500);
    assert.equal(waited.count, 1);
    sockets[0]?.start({
      onData: () => undefined,
      onEnd: () => undefined,
      onDrain: () => undefined,
      onClose: () => undefined,
    });
    await world.until(() => waited.count === 2);
    assert.ok(waited.sum >= 1000, `${waited.sum} ms`);
    ping();
    await world.run(1);
    assert.equal(waited.count, 3);
  });
});

describe('PacketReader', () => {
  it('takes bytes that trickle in without a chunk and a long walk for each', () => {
    const bytes = packetOf(100_000);
    const reader = new PacketReader(MEGABYTE);
    const before = process.memoryUsage();
    const beganMs = performance.now();
    for (let at = 0; at < bytes.length - 1; at++) {
      // A chunk of a network is a buffer of its own.
      reader.push(Buffer.from(bytes.subarray(at, at + 1)));
      if (at % 100 === 0) assert.equal(reader.take(), null);
    }
    const after = process.memoryUsage();
    const grownBytes = after.heapUsed + after.external - before.heapUsed - before.external;
    assert.ok(grownBytes < 8 * MEGABYTE, `${grownBytes} bytes for ${bytes.length}`);
    reader.push(bytes.subarray(-1));
    assert.equal(reader.take()?.data?.length, 100_000);
    // A walk over all chunks for each of them takes a minute.
    const tookMs = performance.now() - beganMs;
    assert.ok(tookMs < 15_000, `${tookMs} ms`);
  });
});
