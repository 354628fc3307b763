import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ErrorCode, OpCode, writeMultiRead } from '../../src/protocol/index.js';
import { requestBytes, WireClosed } from '../support/wire-client.js';
import { ClientWorld } from './client-world.js';

const LIMIT = 5000;

describe('jute.maxbuffer', () => {
  it('refuses a longer request and names limit, size, node and session', async () => {
    const world = await ClientWorld.make({ juteMaxBufferBytes: LIMIT });
    const client = await world.connect();
    await assert.rejects(world.get(client.setData('/some/node', Buffer.alloc(6000))), WireClosed);
    const [line = '', ...more] = world.logged(/jute\.maxbuffer/);
    assert.equal(more.length, 0);
    for (const part of [
      'setData of /some/node',
      'length of 6030',
      `jute.maxbuffer=${LIMIT}`,
      client.sessionId.toString(16),
    ]) {
      assert.ok(line.includes(part), `${part} in ${line}`);
    }
  });

  it('says no more than is known of a request whose beginning has not come', async () => {
    const world = await ClientWorld.make({ juteMaxBufferBytes: LIMIT });
    const client = await world.connect();
    const length = Buffer.alloc(4);
    length.writeInt32BE(LIMIT + 1);
    client.sendRaw(length);
    await world.get(client.closed);
    assert.equal(world.logged(/length of 5001/).length, 1);
    assert.equal(world.logged(/getData of/).length, 0);
  });

  it('sends a longer reply, and tells of it', async () => {
    const world = await ClientWorld.make({ juteMaxBufferBytes: LIMIT });
    const client = await world.connect();
    await world.get(client.create('/many'));
    for (let i = 0; i < 30; i++) await world.get(client.create(`/many/${'x'.repeat(200)}${i}`));
    assert.equal((await world.get(client.getChildren('/many'))).length, 30);
    await world.get(client.getChildren('/many'));
    const told = world.logged(/The reply to/);
    assert.equal(told.filter((line) => /getChildren of \/many .*jute\.maxbuffer=5000/.test(line)).length >= 1, true);
    assert.ok(told[0]?.includes(client.sessionId.toString(16)));
  });

  it('lets a request of exactly the limit pass', async () => {
    const world = await ClientWorld.make({ juteMaxBufferBytes: LIMIT });
    const client = await world.connect();
    const empty = requestBytes(1, OpCode.setData, (w) => {
      w.string('/');
      w.buffer(Buffer.alloc(0));
      w.int(-1);
    }).length;
    await world.get(client.setData('/', Buffer.alloc(LIMIT - empty)));
    await assert.rejects(world.get(client.setData('/', Buffer.alloc(LIMIT - empty + 1))), WireClosed);
  });
});

describe('a multiRead of much', () => {
  const NODE = Buffer.alloc(1_000_000, 0x62);
  const LOW = 16 * 1024 * 1024;
  /** How many parts name the one large node, and what the answer is limited to when it is refused. */
  const cases: readonly { juteMaxBufferBytes: number; parts: number; refusedAt: number | null }[] = [
    { juteMaxBufferBytes: 1_048_575, parts: 16, refusedAt: null },
    { juteMaxBufferBytes: 1_048_575, parts: 20, refusedAt: LOW },
    { juteMaxBufferBytes: 1_048_575, parts: 6000, refusedAt: LOW },
    { juteMaxBufferBytes: 20_000_000, parts: 20, refusedAt: null },
    { juteMaxBufferBytes: 20_000_000, parts: 30, refusedAt: 20_000_000 },
  ];
  for (const { juteMaxBufferBytes, parts, refusedAt } of cases) {
    const outcome = refusedAt === null ? 'answered' : `refused beyond ${refusedAt} bytes`;
    it(`${parts} MB with jute.maxbuffer=${juteMaxBufferBytes}: ${outcome}`, async () => {
      const world = await ClientWorld.make({ juteMaxBufferBytes });
      const client = await world.connect();
      await world.get(client.create('/big', NODE));
      const asked = Array.from({ length: parts }, () => ({ type: OpCode.getData, path: '/big' }));
      const reply = await world.get(client.requestAny(OpCode.multiRead, (w) => writeMultiRead(w, asked)));
      const told = world.logged(/is refused with MarshallingError/);
      if (refusedAt === null) {
        assert.deepEqual([reply.header.err, told.length], [ErrorCode.ok, 0]);
        assert.ok(reply.body.length > parts * NODE.length);
      } else {
        assert.deepEqual([reply.header.err, reply.body.length, told.length], [ErrorCode.marshallingError, 0, 1]);
        const [, session, bytes, limit] =
          /session 0x(\w+) is refused .*: the first (\d+) bytes .* more than (\d+),/.exec(told[0] ?? '') ?? [];
        assert.deepEqual([session, Number(limit)], [client.sessionId.toString(16), refusedAt]);
        assert.ok(Number(bytes) <= refusedAt + NODE.length + 200, `stopped at ${bytes} bytes`);
      }
      assert.equal((await world.get(client.getData('/'))).stat.version, 0, 'the session goes on');
    });
  }
});
