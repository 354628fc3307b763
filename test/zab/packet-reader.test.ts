import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { encodeToBuffer } from '../../src/jute/index.js';
import type { QuorumPacket } from '../../src/protocol/index.js';
import { MAX_FORWARDED_IDS, PacketType, writeQuorumPacket } from '../../src/protocol/index.js';
import { GarbageError, PacketReader } from '../../src/zab/packet-reader.js';

const LIMIT = 4096;

const PACKETS: readonly QuorumPacket[] = [
  { type: PacketType.ping, zxid: 0x2_0000_0007, data: null, authinfo: null },
  { type: PacketType.proposal, zxid: 0x2_0000_0008, data: Buffer.from('a proposal'), authinfo: null },
  { type: PacketType.request, zxid: -1, data: Buffer.alloc(0), authinfo: [] },
  {
    type: PacketType.request,
    zxid: -1,
    data: Buffer.alloc(LIMIT, 7),
    authinfo: [
      { scheme: 'ip', id: '127.0.0.1' },
      { scheme: 'digest', id: 'ben:x' },
    ],
  },
];

function encode(packets: readonly QuorumPacket[]): Buffer {
  return encodeToBuffer((w) => {
    for (const packet of packets) writeQuorumPacket(w, packet);
  });
}

/** Feeds pieces of the given sizes, then the rest. */
function readInPieces(bytes: Buffer, sizes: readonly number[]): QuorumPacket[] {
  const reader = new PacketReader(LIMIT);
  const packets: QuorumPacket[] = [];
  let at = 0;
  for (const size of [...sizes, bytes.length]) {
    reader.push(Buffer.from(bytes.subarray(at, at + size)));
    at = Math.min(bytes.length, at + size);
    for (let packet = reader.take(); packet !== null; packet = reader.take()) packets.push(packet);
  }
  assert.equal(reader.offset, bytes.length);
  return packets;
}

function errorOf(bytes: Buffer): GarbageError {
  const reader = new PacketReader(LIMIT);
  reader.push(bytes);
  try {
    while (reader.take() !== null);
  } catch (error) {
    assert.ok(error instanceof GarbageError);
    return error;
  }
  return assert.fail('no error');
}

describe('PacketReader', () => {
  it('reads packets however the stream is cut', () => {
    const bytes = encode(PACKETS);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1500 })), (sizes) => {
        assert.deepEqual(readInPieces(bytes, sizes), PACKETS);
      }),
    );
    assert.deepEqual(readInPieces(bytes, new Array<number>(bytes.length).fill(1)), PACKETS);
  });

  it('hands out what stands between packets, and takes back what was too much', () => {
    const reader = new PacketReader(LIMIT);
    const [first, second] = PACKETS as [QuorumPacket, QuorumPacket];
    reader.push(Buffer.concat([encode([first]), Buffer.from('image, ')]));
    reader.push(Buffer.concat([Buffer.from('more image'), encode([second])]));
    assert.deepEqual(reader.take(), first);
    assert.equal(reader.takeRaw()?.toString(), 'image, ');
    const rest = reader.takeRaw() as Buffer;
    assert.equal(rest.subarray(0, 10).toString(), 'more image');
    assert.equal(reader.takeRaw(), null);
    reader.push(encode([first]));
    reader.unread(rest.subarray(10));
    assert.deepEqual(reader.take(), second);
    assert.deepEqual(reader.take(), first);
    assert.equal(reader.take(), null);
  });

  describe('ids of a client, which its follower sends all', () => {
    const request = (...ids: readonly string[]): QuorumPacket => ({
      type: PacketType.request,
      zxid: -1,
      data: Buffer.from('a request'),
      authinfo: ids.map((id) => ({ scheme: 'digest', id })),
    });
    const numbered = (count: number): string[] => Array.from({ length: count }, (_, n) => `user${n}:secret`);
    const [ping] = PACKETS as [QuorumPacket];

    function between(packet: QuorumPacket, size: number): QuorumPacket {
      const bytes = encode([ping, packet, ping]);
      const sizes = new Array<number>(Math.ceil(bytes.length / size)).fill(size);
      const [first, read, last, ...more] = readInPieces(bytes, sizes);
      assert.deepEqual([first, last, more], [ping, ping, []]);
      assert.ok(read);
      return read;
    }

    it('are kept as far as they fit into a packet', () => {
      for (const ids of [['x'.repeat(LIMIT - 14)], numbered(150), new Array<string>(5).fill('y'.repeat(800))]) {
        for (const size of [1, 7, 1000, 1 << 20]) assert.deepEqual(between(request(...ids), size), request(...ids));
      }
    });

    it('end nothing when they are more: they are passed over and said to be too many', () => {
      const wild = [numbered(5000), numbered(151).map((id) => id.padEnd(30)), ['x'.repeat(LIMIT - 13)]];
      for (const ids of wild) {
        for (const size of [1, 7, 1000, 1 << 20]) {
          const { authinfo, ...rest } = between(request(...ids), size);
          const sent = { type: PacketType.request, zxid: -1, data: Buffer.from('a request') };
          assert.deepEqual(rest, sent);
          assert.ok((authinfo ?? []).length > MAX_FORWARDED_IDS);
          assert.ok(authinfo?.every(({ scheme, id }) => scheme === '' && id === ''));
        }
      }
    });

    it('take no memory before they come', () => {
      const bytes = encode([request()]);
      bytes.writeInt32BE(2 ** 28, bytes.length - 4);
      const reader = new PacketReader(LIMIT);
      reader.push(bytes);
      const before = process.memoryUsage();
      for (let n = 0; n < 100; n++) {
        assert.equal(reader.take(), null);
        reader.push(encodeToBuffer((w) => w.string('digest')));
      }
      const after = process.memoryUsage();
      assert.ok(after.heapTotal + after.external - before.heapTotal - before.external < 64 << 20);
      assert.equal(reader.neededBytes, 4);
    });
  });

  const good = encode(PACKETS.slice(0, 2));
  const head = (type: number, dataBytes: number): Buffer =>
    encodeToBuffer((w) => {
      w.int(type);
      w.long(1);
      w.int(dataBytes);
    });
  const withIds = (count: number, ...lengths: number[]): Buffer =>
    Buffer.concat([
      head(PacketType.request, 0),
      encodeToBuffer((w) => {
        w.int(count);
        for (const length of lengths) w.int(length);
      }),
    ]);
  const beyond = head(PacketType.ack, -1);
  beyond.writeBigInt64BE(1n << 60n, 4);
  const cases: readonly [name: string, bytes: Buffer, reason: RegExp][] = [
    ['an unknown type', head(20, 0), /no packet type 20/],
    ['type 0', head(0, 0), /no packet type 0/],
    ['text of another protocol, too short for a packet', Buffer.from('GET / H'), /no packet type 1195725856/],
    ['data beyond jute.maxbuffer', head(PacketType.proposal, LIMIT + 1), /data of 4097 bytes.*4096/],
    ['a negative length', head(PacketType.proposal, -2), /data of -2 bytes/],
    ['a count of ids that no memory holds', withIds(0x7fffffff), /2147483647 authentication ids/],
    ['a negative count of ids', withIds(-3), /-3 authentication ids/],
    ['an id too long', withIds(1, 70_000), /an authentication id of 70000 bytes/],
    ['a later id of a negative length', withIds(2, 0, 0, -9), /an authentication id of -9 bytes/],
    ['a zxid that no epoch has', Buffer.concat([beyond, Buffer.from([255, 255, 255, 255])]), /beyond 2\^53/],
  ];
  for (const [name, bytes, reason] of cases) {
    it(`refuses ${name}, and names the offset`, () => {
      assert.match(errorOf(bytes).reason, reason);
      const later = errorOf(Buffer.concat([good, bytes]));
      assert.match(later.message, reason);
      assert.equal(later.offset, good.length);
    });
  }

  it('refuses a type that comes in pieces, and nothing more', () => {
    const reader = new PacketReader(LIMIT);
    for (const piece of ['r', 'u', 'o']) {
      reader.push(Buffer.from(piece));
      assert.equal(reader.take(), null);
    }
    reader.push(Buffer.from('k'));
    assert.throws(() => reader.take(), /no packet type 1920298859.*four-letter word/);
  });
});
