import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OpCode } from '../../src/protocol/index.js';
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
