import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Outbox } from '../../src/client/outbox.js';
import { OpCode, writeSetWatches } from '../../src/protocol/index.js';
import { frameOf, requestBytes, type WireClient, WireClosed } from '../support/wire-client.js';
import { ClientWorld } from './client-world.js';

const BIG = Buffer.alloc(100_000, 0x61);

/** Requests for the data of `path`, as one run of bytes. */
function reads(path: string, count: number, firstXid = 1000): Buffer {
  const encode = (xid: number) =>
    frameOf(
      requestBytes(xid, OpCode.getData, (w) => {
        w.string(path);
        w.bool(false);
      }),
    );
  return Buffer.concat(Array.from({ length: count }, (_, i) => encode(firstXid + i)));
}

async function worldWithBigNode(options = {}): Promise<{ world: ClientWorld; client: WireClient }> {
  const world = await ClientWorld.make(options);
  const client = await world.connect();
  await world.get(client.create('/big', BIG));
  return { world, client };
}

/** What the server has ready for slow readers and not given to the network; and how many requests it took. */
function taken(world: ClientWorld): number {
  return Number(/packets_received\t(\d+)/.exec(world.mntr())?.[1]);
}

describe('slow readers', () => {
  it('are not read until they have taken their replies, and then get all of them', async () => {
    const { world, client } = await worldWithBigNode();
    client.transport.pause();
    client.quietly(() => client.sendRaw(reads('/big', 400)));
    await world.world.run(500);
    const before = taken(world);
    assert.ok(before < 50, `${before} packets taken while nobody read the replies`);
    const other = await world.connect({}, 'other');
    assert.equal((await world.get(other.getData('/big'))).data?.length, BIG.length, 'others are served meanwhile');
    client.transport.resume();
    await world.world.until(() => client.frames.length >= 402);
    const xids = client.frames.slice(2).map((frame) => frame.readInt32BE(0));
    assert.deepEqual(
      xids,
      Array.from({ length: 400 }, (_, i) => 1000 + i),
    );
  });

  it('are not taken for silent while they take what they asked for', async () => {
    const { world, client } = await worldWithBigNode();
    const session = world.pipeline.sessions.size;
    client.transport.pause();
    client.quietly(() => client.sendRaw(reads('/big', 300)));
    // Their pings lie behind the requests that the server does not read yet.
    for (let i = 0; i < 40 && !client.isClosed; i++) {
      await world.world.run(500);
      client.transport.resume();
      const before = client.frames.length;
      await world.world.until(() => client.frames.length > before + 3 || client.isClosed);
      client.transport.pause();
    }
    assert.equal(client.isClosed, false);
    assert.equal(world.pipeline.sessions.size, session);
    client.transport.resume();
    await world.world.until(() => client.frames.length >= 302);
  });

  it('lose their connection when events for them pile up without end', async () => {
    const world = await ClientWorld.make({ maxPendingReplyBytes: 200_000 });
    const [slow, writer] = [await world.connect(), await world.connect({}, 'other')];
    const path = `/${'p'.repeat(2000)}`;
    await world.get(writer.create(path));
    await world.get(slow.addWatch(path, 0));
    slow.transport.pause();
    for (let i = 0; i < 1000 && world.connectionCount() > 1; i++) await world.get(writer.setData(path, null));
    assert.equal(world.connectionCount(), 1);
    assert.equal(world.logged(/does not read: \d+ bytes wait/).length, 1);
    assert.equal((await world.get(writer.ping())).err, 0);
    slow.transport.resume();
    await world.get(slow.closed);
  });

  it('get what waited behind a write in pieces, not in one buffer for all of it', async (t) => {
    const { world, client } = await worldWithBigNode();
    world.pipeline.isHolding = true;
    client.quietly(() => {
      client.sendFrame(requestBytes(1, OpCode.sync, (w) => w.string('/')));
      client.sendRaw(reads('/big', 100));
    });
    await world.world.until(() => /zk_outstanding_requests\t101\n/.test(world.mntr()));
    const takes = t.mock.method(Outbox.prototype, 'take').mock;
    world.pipeline.release();
    await world.world.until(() => client.frames.length === 2 + 101);
    const largest = Math.max(...takes.calls.map(({ result }) => result?.length ?? 0));
    assert.ok(largest < 2 * BIG.length, `${largest} bytes in one piece`);
  });

  it('leave no watch behind when the answer to waiting setWatches is what ends their connection', async () => {
    const world = await ClientWorld.make({ maxPendingReplyBytes: 200_000 });
    const client = await world.connect();
    world.pipeline.isHolding = true;
    client.transport.pause();
    client.quietly(() => {
      client.sendFrame(requestBytes(1, OpCode.sync, (w) => w.string('/')));
      const gone = Array.from({ length: 3000 }, (_, i) => `/${i}${'g'.repeat(100)}`);
      const lists = { relativeZxid: 0, data: gone, exist: [], child: [], persistent: ['/'], persistentRecursive: [] };
      client.sendFrame(requestBytes(-8, OpCode.setWatches2, (w) => writeSetWatches(w, lists, OpCode.setWatches2)));
    });
    await world.world.until(() => /zk_outstanding_requests\t2\n/.test(world.mntr()));
    world.pipeline.release();
    await world.world.run(10);
    assert.equal(world.connectionCount(), 0);
    assert.equal(world.pipeline.tree.watchCount, 0);
  });

  it('cost nobody anything when they vanish', async () => {
    const { world, client } = await worldWithBigNode();
    client.transport.pause();
    client.quietly(() => client.sendRaw(reads('/big', 400)));
    await world.world.run(100);
    client.destroy();
    await world.world.run(100);
    assert.equal(world.connectionCount(), 0);
    assert.match(world.mntr(), /zk_outstanding_requests\t0\n/);
  });
});

describe('globalOutstandingLimit', () => {
  it('stops reading from connections with unanswered requests, and from no others', async () => {
    const world = await ClientWorld.make({ globalOutstandingLimit: 10 });
    const [busy, idle] = [await world.connect(), await world.connect({}, 'other')];
    world.pipeline.isHolding = true;
    const writes = Array.from({ length: 50 }, (_, i) => busy.create(`/n${i}`));
    await world.world.run(100);
    assert.equal(world.pipeline.waiting.length, 11);
    assert.equal((await world.get(idle.getData('/'))).stat.czxid, 0);
    const other = idle.create('/other');
    await world.world.run(10);
    assert.equal(world.pipeline.waiting.length, 12, 'a first request of an idle connection is taken');
    world.pipeline.release(1);
    await world.world.run(10);
    assert.equal(world.pipeline.waiting.length, 11);
    world.pipeline.isHolding = false;
    world.pipeline.release();
    await world.get(Promise.all([...writes, other]));
    assert.match(world.mntr(), /zk_outstanding_requests\t0\n/);
  });

  it('counts reads that wait behind a write', async () => {
    const world = await ClientWorld.make({ globalOutstandingLimit: 10 });
    const client = await world.connect();
    world.pipeline.isHolding = true;
    const write = client.create('/a');
    const waiting = Array.from({ length: 300 }, () => client.exists('/a'));
    await world.world.run(100);
    assert.match(world.mntr(), /zk_outstanding_requests\t11\n/);
    world.pipeline.release();
    await world.get(write);
    for (const stat of await world.get(Promise.all(waiting))) assert.equal(stat.czxid, 2);
  });

  it('bounds what a client can make the server keep', async () => {
    const world = await ClientWorld.make({ globalOutstandingLimit: 10 });
    const client = await world.connect();
    world.pipeline.isHolding = true;
    client.quietly(() => {
      for (let i = 0; i < 200; i++) {
        client.sendFrame(requestBytes(i + 1, OpCode.create, (w) => w.raw(Buffer.alloc(50_000))));
      }
    });
    await world.world.run(1000);
    assert.equal(world.pipeline.waiting.length, 11);
  });
});

function refusalEntries(world: ClientWorld) {
  const warnings = world.world.host('server').log.atLeast('warn');
  return warnings.filter((entry) => entry.fields['code'] === 'CONNECTION_REFUSED');
}

function refusals(world: ClientWorld): string[] {
  return refusalEntries(world).map((entry) => entry.message);
}

describe('limits on connections', () => {
  it('maxClientCnxns counts by address, and frees what is closed', async () => {
    const world = await ClientWorld.make({ maxClientCnxns: 2 });
    const first = await world.connect();
    await world.connect();
    for (let i = 0; i < 3; i++) await world.get((await world.dial()).closed);
    assert.deepEqual(refusals(world), [
      'Error accepting new connection: Too many connections from /10.0.0.2 - max is 2',
    ]);
    assert.equal(world.metrics.counter('connection_rejected').value, 3);
    await world.connect({}, 'other');
    await world.get(first.close());
    await world.world.run(10);
    await world.connect();
  });

  it('maxCnxns counts all', async () => {
    const world = await ClientWorld.make({ maxCnxns: 2 });
    await world.connect({}, 'a');
    await world.connect({}, 'b');
    await world.get((await world.dial('c')).closed);
    assert.deepEqual(refusals(world), ['Error accepting new connection: Too many connections max allowed is 2']);
  });

  it('says once a minute how often it refused', async () => {
    const world = await ClientWorld.make({ maxClientCnxns: 1 });
    const holder = await world.connect({ timeoutMs: 40_000 });
    for (let i = 0; i < 5; i++) await world.get((await world.dial()).closed);
    for (let i = 0; i < 4; i++) {
      await world.world.run(16_000);
      await world.get(holder.ping());
    }
    await world.get((await world.dial()).closed);
    assert.equal(refusals(world).length, 2);
    assert.equal(refusalEntries(world)[1]?.fields['timesSinceLastSaid'], 4);
  });
});

describe('silent connections', () => {
  it('without a session are closed in good time', async () => {
    const world = await ClientWorld.make({ sessionlessTimeoutMs: 10_000 });
    const silent = await world.dial();
    silent.sendRaw(Buffer.from([0, 0]));
    await world.world.run(9900);
    assert.equal(silent.isClosed, false);
    await world.world.run(2200);
    assert.equal(silent.isClosed, true);
    assert.equal(world.metrics.counter('sessionless_connections_expired').value, 1);
  });

  it('with a session are closed after its time-out, and live on with pings', async () => {
    const world = await ClientWorld.make();
    const silent = await world.connect({ timeoutMs: 6000 });
    const lively = await world.connect({ timeoutMs: 6000 }, 'other');
    for (let i = 0; i < 5; i++) {
      await world.world.run(2000);
      await world.get(lively.ping());
    }
    assert.equal(silent.isClosed, true);
    assert.equal(lively.isClosed, false);
  });

  it('are given another chance when this process stood still', async () => {
    const world = await ClientWorld.make();
    const client = await world.connect({ timeoutMs: 6000 });
    world.world.pause('server');
    await world.world.run(4000);
    const ping = client.ping();
    await world.world.run(20_000);
    world.world.resume('server');
    assert.equal((await world.get(ping)).err, 0);
    await world.world.run(3000);
    assert.equal(client.isClosed, false);
  });

  it('that do not close after the last word are cut off', async () => {
    const world = await ClientWorld.make();
    const socket = await world.get(world.world.host('client').network.dial({ host: 'server', port: 2181 }, 1000));
    const heard: string[] = [];
    socket.start({
      onData: (chunk) => heard.push(chunk.toString('latin1')),
      onEnd: () => heard.push('end'),
      onDrain: () => undefined,
      onClose: () => heard.push('close'),
    });
    socket.write(Buffer.from('ruok'));
    await world.world.run(500);
    assert.equal(heard.at(-1), 'end');
    socket.write(Buffer.from('still there?'));
    await world.world.run(500);
    assert.equal(heard.at(-1), 'end', 'what is said after the last word is thrown away');
    await world.world.run(5000);
    socket.write(Buffer.from('and now?'));
    await world.world.run(500);
    assert.equal(heard.at(-1), 'close');
  });
});

describe('draining', () => {
  it('answers what was taken, and neither does nor answers what comes later', async () => {
    const world = await ClientWorld.make();
    const client = await world.connect();
    const greeting = await world.dial('b');
    world.pipeline.isHolding = true;
    const taken = client.create('/taken');
    await world.world.until(() => world.pipeline.waiting.length === 1);
    const drained = world.listener.drain();
    await world.world.run(10);
    const late = assert.rejects(client.create('/late'), WireClosed);
    const begun = assert.rejects(greeting.open({}), WireClosed);
    await world.world.run(50);
    assert.equal(world.pipeline.waiting.length, 1, 'a request that came after the end is not taken');
    world.pipeline.isHolding = false;
    world.pipeline.release();
    await world.get(drained);
    assert.equal(await world.get(taken), '/taken');
    await world.get(late);
    await world.get(begun);
    assert.equal(world.pipeline.calls.filter((call) => call.startsWith('submit')).length, 1);
    assert.equal(world.pipeline.sessions.size, 1);
  });

  it('closes a connection when its client has read its last answers, though it writes on', async () => {
    const world = await ClientWorld.make();
    const client = await world.connect();
    await world.get(client.create('/big', BIG));
    client.transport.pause();
    client.quietly(() => client.sendRaw(reads('/big', 3)));
    await world.world.run(20);
    await world.get(world.listener.drain());
    const closed = world.listener.close();
    client.quietly(() => client.sendRaw(reads('/big', 400)));
    await world.world.run(100);
    const before = client.frames.length;
    client.transport.resume();
    await world.get(client.closed);
    assert.equal(client.frames.length, before + 3);
    await world.get(closed);
  });

  it('does not wait long for clients that never close', async () => {
    const world = await ClientWorld.make();
    const client = await world.connect();
    client.transport.pause();
    client.quietly(() => client.sendRaw(reads('/', 1)));
    await world.get(world.listener.drain());
    const beganMs = world.world.host('server').clock.monotonicMs();
    await world.get(world.listener.close());
    const tookMs = world.world.host('server').clock.monotonicMs() - beganMs;
    assert.ok(tookMs >= 400 && tookMs <= 600, `${tookMs} ms`);
  });
});

describe('closing the port', () => {
  it('ends every connection and frees the port', async () => {
    const world = await ClientWorld.make();
    const clients = [await world.connect(), await world.dial('b'), await world.connect({}, 'c')];
    await world.get(world.listener.close());
    for (const client of clients) await world.get(client.closed);
    await assert.rejects(world.dial('d'), { code: 'REFUSED' });
    const [first] = clients;
    assert.ok(first);
    await assert.rejects(world.get(first.ping()), WireClosed);
  });
});
