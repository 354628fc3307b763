import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WireClient } from '../support/wire-client.js';
import { ClientWorld } from './client-world.js';
import { type Exchange, JAVA_EXCHANGES, JAVA_SESSION_ID } from './java-exchanges.js';

/** Times of the transactions whose stats appear in the replies. */
const TIMES = new Map([
  [0x2, 0x1a20b8c4efd],
  [0x4, 0x1a20b8c4f1e],
  [0x5, 0x1a20b8c4f27],
  [0x6, 0x1a20b8c4f37],
  [0x7, 0x1a20b8c4f3e],
  [0x9, 0x1a20b8c4f46],
  [0xa, 0x1a20b8c4f4b],
  [0x10, 0x1a20b8c4f6a],
  [0x13, 0x1a20b8c5006],
]);

const M2_STAT = [
  '0000000000000010',
  '0000000000000010',
  '000001a20b8c4f6a',
  '000001a20b8c4f6a',
  '000000000000000000000000',
  '0000000000000000',
  '0000000100000000',
  '0000000000000010',
].join('');

/**
 * Where 3.9.5, whose behaviour this server has, differs from 3.8.0: an event's header carries the zxid of the transaction
 * behind it, and create2 in a multi is answered as such. And where the order is that of a Java hash set: whoAmI.
 */
const DIFFERENCES: Readonly<Record<string, (reply: string) => string>> = {
  'setData fires': (reply) => reply.replace(/^(f{8})f{16}/, '$10000000000000013'),
  closeSession: (reply) => reply.replace(/^(f{8})f{16}/, '$10000000000000014'),
  'multi that succeeds': (reply) =>
    reply.replace('000000010000000000000000032f6d32', `0000000f0000000000000000032f6d32${M2_STAT}`),
  'whoAmI with auth': (reply) => {
    const user = '000000066469676573740000000' + '5616c696365';
    const address = '0000000269700000000' + '93132372e302e302e31';
    return reply.replace(user + address, address + user);
  },
};

function exchanges(): (readonly [string, Exchange])[] {
  return Object.entries(JAVA_EXCHANGES)
    .filter(([name]) => name !== 'connect')
    .map(([name, { request, replies }]) => [name, { request, replies: replies.map(DIFFERENCES[name] ?? String) }]);
}

async function javaWorld(seed: number): Promise<{ world: ClientWorld; client: WireClient }> {
  const world = await ClientWorld.make({ seed });
  world.pipeline.nextSessionId = JAVA_SESSION_ID;
  world.pipeline.timeOf = (zxid) => TIMES.get(zxid) ?? 0;
  // The recording client was on loopback.
  const socket = world.world.host('server').network.dial({ host: '127.0.0.1', port: 2181 }, 1000);
  const client = await world.over(socket);
  await world.get(client.open({ timeoutMs: 30_000 }));
  return { world, client };
}

const hexOf = (frames: readonly Buffer[]): string[] => frames.map((frame) => frame.toString('hex'));

describe("replies and events, byte for byte as Apache ZooKeeper's", () => {
  it('to a connect request', async () => {
    const { client } = await javaWorld(1);
    assert.deepEqual(hexOf(client.frames), JAVA_EXCHANGES['connect']?.replies);
  });

  it('to one request after the other', async () => {
    const { world, client } = await javaWorld(2);
    for (const [name, { request, replies }] of exchanges()) {
      const from = client.frames.length;
      client.quietly(() => client.sendFrame(Buffer.from(request, 'hex')));
      await world.world.until(() => client.frames.length >= from + replies.length);
      await world.world.run(5);
      assert.deepEqual(hexOf(client.frames.slice(from)), replies, name);
    }
    await world.get(client.closed);
  });

  for (const seed of [1, 2, 3, 4, 5]) {
    it(`to all requests sent at once, but for those that are answered out of line (seed ${seed})`, async () => {
      const { world, client } = await javaWorld(seed);
      const from = client.frames.length;
      client.quietly(() => {
        for (const [, { request }] of exchanges()) client.sendFrame(Buffer.from(request, 'hex'));
      });
      await world.get(client.closed);
      const outOfLine = new Set(['ping', 'sasl', 'auth digest']);
      const expected = exchanges().filter(([name]) => !outOfLine.has(name));
      const isOutOfLine = (frame: string): boolean => /^(fffffffe|fffffffc|0000041e)/.test(frame);
      assert.deepEqual(
        hexOf(client.frames.slice(from)).filter((frame) => !isOutOfLine(frame)),
        expected.flatMap(([, { replies }]) => replies),
      );
    });
  }
});
