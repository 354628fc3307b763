import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ErrorCode, OpCode, OPEN_ACL_UNSAFE } from '../../src/protocol/index.js';
import { SeededRandom } from '../fakes/index.js';
import { requestBytes, WireClosed } from '../support/wire-client.js';
import { ClientWorld, SUPER } from './client-world.js';

const data = (text: string): Buffer => Buffer.from(text);

describe("a session's order", () => {
  it('answers a read at once when nothing of the session is under way', async () => {
    const world = await ClientWorld.make();
    const [writer, reader] = [await world.connect(), await world.connect({}, 'other')];
    world.pipeline.isHolding = true;
    const create = writer.create('/a');
    await world.world.run(5);
    assert.deepEqual(await world.get(reader.getChildren('/')), ['zookeeper']);
    world.pipeline.isHolding = false;
    world.pipeline.release();
    assert.equal(await world.get(create), '/a');
  });

  it('lets reads wait behind a write and see it, and not see the write behind them', async () => {
    const world = await ClientWorld.make();
    const client = await world.connect();
    await world.get(client.create('/a', data('0')));
    world.pipeline.isHolding = true;
    const log: string[] = [];
    const read = () => client.getData('/a').then((r) => log.push(`read ${r.data?.toString() ?? ''}`));
    const set = (text: string) => client.setData('/a', data(text)).then(() => log.push(`set ${text}`));
    const all = [read(), set('1'), read(), read(), set('2'), read()];
    await world.world.run(10);
    assert.deepEqual(log, ['read 0']);
    world.pipeline.release(1);
    await world.world.run(10);
    assert.deepEqual(log, ['read 0', 'set 1', 'read 1', 'read 1']);
    world.pipeline.release(1);
    await world.get(Promise.all(all));
    assert.deepEqual(log.slice(4), ['set 2', 'read 2']);
  });

  it('reads between two writes of one batch of commits see the first only', async () => {
    const world = await ClientWorld.make();
    const client = await world.connect();
    await world.get(client.create('/a', data('0')));
    world.pipeline.isHolding = true;
    const first = client.setData('/a', data('1'));
    const read = client.getData('/a');
    const second = client.setData('/a', data('2'));
    await world.world.run(10);
    world.pipeline.release(2);
    await world.get(Promise.all([first, second]));
    assert.equal((await world.get(read)).data?.toString(), '1');
  });

  it('answers pings at once, whatever is under way', async () => {
    const world = await ClientWorld.make();
    const client = await world.connect();
    world.pipeline.isHolding = true;
    const create = client.create('/a');
    assert.deepEqual(await world.get(client.ping()), { xid: -2, zxid: 1, err: 0 });
    world.pipeline.release();
    await world.get(create);
  });

  it('gives a waiting read the identities its sender had', async () => {
    const world = await ClientWorld.make();
    const owner = await world.connect();
    await world.get(owner.addAuth('digest', 'alice:a'));
    await world.get(owner.create('/mine', data('m'), 0, [{ perms: 31, id: { scheme: 'auth', id: '' } }]));
    const client = await world.connect({}, 'other');
    world.pipeline.isHolding = true;
    const write = client.create('/b');
    const before = client.requestAny(OpCode.getData, (w) => {
      w.string('/mine');
      w.bool(false);
    });
    const auth = client.addAuth('digest', 'alice:a');
    const after = client.getData('/mine');
    assert.equal((await world.get(auth)).err, 0);
    world.pipeline.release();
    await world.get(write);
    assert.equal((await world.get(before)).header.err, ErrorCode.noAuth);
    assert.equal((await world.get(after)).data?.toString(), 'm');
  });

  it('holds for any mixture of reads and writes, cut and decided in any way', async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const world = await ClientWorld.make({ seed });
      const random = new SeededRandom(seed);
      const client = await world.connect();
      await world.get(client.create('/n', data('0')));
      world.pipeline.isHolding = true;
      let written = 0;
      const all: Promise<unknown>[] = [];
      for (let i = 0; i < 120; i++) {
        if (random.oneIn(3)) {
          written++;
          all.push(client.setData('/n', data(String(written))));
        } else {
          const expected = String(written);
          const check = client.getData('/n').then((r) => {
            assert.equal(r.data?.toString(), expected, `seed ${seed}`);
          });
          all.push(check);
        }
        if (random.oneIn(6)) await world.world.run(random.below(3));
        if (random.oneIn(5)) world.pipeline.release(random.below(4));
      }
      await world.world.run(5);
      world.pipeline.release();
      await world.get(Promise.all(all));
    }
  });

  it('tells the pipeline once a chunk that its requests are all there', async () => {
    const world = await ClientWorld.make();
    const client = await world.connect();
    world.world.network.chopOneIn = 0;
    world.pipeline.calls.length = 0;
    const all = ['/a', '/b', '/c'].map((path) => client.create(path));
    await world.get(Promise.all(all));
    assert.deepEqual(world.pipeline.calls, ['submit 1', 'submit 2', 'submit 3', 'endBatch']);
  });
});

describe('watches', () => {
  it('are told before any reply that shows the change', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const world = await ClientWorld.make({ seed });
      const [watcher, writer] = [await world.connect(), await world.connect({}, 'other')];
      await world.get(writer.create('/a', data('old')));
      await world.get(watcher.getData('/a', true));
      const order: string[] = [];
      const seen = watcher.nextEvent().then((event) => order.push(`event ${event.type} ${event.path}`));
      await world.get(writer.setData('/a', data('new')));
      const read = watcher.getData('/a').then((r) => order.push(`read ${r.data?.toString() ?? ''}`));
      await world.get(Promise.all([seen, read]));
      assert.deepEqual(order, ['event 3 /a', 'read new']);
    }
  });

  it("come before the reply to the session's own write, with the transaction's zxid", async () => {
    const world = await ClientWorld.make();
    const client = await world.connect();
    await world.get(client.getChildren('/', true));
    await world.get(client.exists('/a', true).catch(() => undefined));
    const create = client.create('/a');
    await world.get(create);
    assert.deepEqual(client.events, [
      { type: 1, state: 3, path: '/a', zxid: 2 },
      { type: 4, state: 3, path: '/', zxid: 2 },
    ]);
    const reply = client.frames.findIndex(
      (frame) => frame.subarray(-2).toString() === '/a' && frame.readInt32BE(0) > 0,
    );
    assert.equal(reply, client.frames.length - 1, 'the reply is the last of all');
  });

  it('fire once, or for ever, or for all below, as they were set', async () => {
    const world = await ClientWorld.make();
    const client = await world.connect();
    await world.get(client.create('/p'));
    await world.get(client.getData('/p', true));
    await world.get(client.addWatch('/p', 0));
    await world.get(client.addWatch('/', 1));
    for (const text of ['1', '2']) await world.get(client.setData('/p', data(text)));
    await world.get(client.create('/p/q'));
    assert.deepEqual(
      client.events.map((event) => `${event.type} ${event.path}`),
      ['3 /p', '3 /p', '1 /p/q', '4 /p'],
    );
    await world.get(client.removeWatches('/', 5));
    await world.get(client.removeWatches('/p', 4));
    await assert.rejects(world.get(client.checkWatches('/p', 3)), { code: ErrorCode.noWatcher });
    await world.get(client.setData('/p', data('3')));
    assert.equal(client.events.length, 4);
  });

  it('are not told to who may not read the node', async () => {
    const world = await ClientWorld.make();
    const [owner, spy] = [await world.connect(), await world.connect({}, 'other')];
    await world.get(owner.addAuth('digest', 'alice:a'));
    await world.get(spy.addWatch('/', 1));
    const mine = [{ perms: 31, id: { scheme: 'auth', id: '' } }];
    await world.get(owner.create('/secret', data('s'), 0, mine));
    await world.get(owner.setData('/secret', data('t')));
    await world.get(owner.create('/open', data('o'), 0, OPEN_ACL_UNSAFE));
    await world.get(spy.ping());
    assert.deepEqual(
      spy.events.map((event) => event.path),
      ['/open'],
    );
  });

  it('are gone with their connection', async () => {
    const world = await ClientWorld.make();
    const client = await world.connect();
    await world.get(client.getChildren('/', true));
    assert.equal(world.pipeline.tree.watchCount, 1);
    client.destroy();
    await world.world.run(50);
    assert.equal(world.pipeline.tree.watchCount, 0);
  });

  it('tells one change to many watchers, each once', async () => {
    const world = await ClientWorld.make({ maxClientCnxns: 0 });
    const clients = [];
    for (let i = 0; i < 50; i++) clients.push(await world.connect({}, `client${i}`));
    const [first] = clients;
    assert.ok(first);
    await world.get(first.create('/hot'));
    for (const client of clients) await world.get(client.getData('/hot', true));
    const told = Promise.all(clients.map((client) => client.nextEvent()));
    await world.get(first.setData('/hot', data('x')));
    for (const event of await world.get(told)) {
      assert.deepEqual(event, { type: 3, state: 3, path: '/hot', zxid: 52 });
    }
    assert.equal(world.pipeline.tree.watchCount, 0);
  });
});

describe('the end of a session', () => {
  it('answers closeSession, then closes', async () => {
    const world = await ClientWorld.make();
    const client = await world.connect();
    const wrote = client.create('/e', null, 1);
    const closed = client.request(OpCode.closeSession, () => undefined, 77);
    const late = client.getData('/e');
    await world.get(wrote);
    assert.equal((await world.get(closed)).header.xid, 77);
    await assert.rejects(world.get(late), WireClosed);
    await world.get(client.closed);
    assert.equal(world.pipeline.tree.ephemeralCount, 0);
    assert.equal(world.metrics.counter('connection_drop_count').value, 0);
  });

  it('is not heard any more when the server has forgotten it', async () => {
    const world = await ClientWorld.make();
    const client = await world.connect();
    world.pipeline.touchAnswer = false;
    const lost = client.getData('/');
    await world.world.run(100);
    assert.equal(client.frames.length, 1);
    for (const session of world.pipeline.sessions.values()) session.port?.closeFromServer('sessionExpired');
    await assert.rejects(world.get(lost), WireClosed);
  });

  it('without an answer when it moved to another server', async () => {
    const world = await ClientWorld.make();
    const client = await world.connect();
    world.pipeline.isHolding = true;
    const lost = client.create('/a');
    const behind = client.getData('/');
    await world.world.run(10);
    const request = world.pipeline.waiting.shift();
    request?.port?.writeDone({ zxid: 0, type: OpCode.create, err: ErrorCode.sessionMoved, result: null });
    // Both end at the same time: neither may be without somebody who waits for it.
    const ends = await world.get(Promise.allSettled([lost, behind]));
    for (const end of ends) assert.ok(end.status === 'rejected' && end.reason instanceof WireClosed);
    assert.equal(client.frames.length, 1);
  });

  const refusals = [
    { name: 'a request that nobody knows', type: 99, err: ErrorCode.unimplemented, zxid: -1 },
    { name: 'a bare check', type: OpCode.check, err: ErrorCode.unimplemented, zxid: -1 },
    { name: 'a createSession', type: OpCode.createSession, err: ErrorCode.unimplemented, zxid: -1 },
    { name: 'a notification', type: OpCode.notification, err: ErrorCode.unimplemented, zxid: -1 },
  ];
  for (const { name, type, err, zxid } of refusals) {
    it(`comes with ${name}, after the error was told`, async () => {
      const world = await ClientWorld.make();
      const client = await world.connect();
      const reply = await world.get(client.requestAny(type, (w) => w.string('/a')));
      assert.deepEqual(reply.header, { xid: 1, zxid, err });
      await world.get(client.closed);
    });
  }

  it('comes with a failed authentication, after the error was told', async () => {
    for (const scheme of ['nonsense', 'world']) {
      const world = await ClientWorld.make();
      const client = await world.connect();
      await assert.rejects(world.get(client.addAuth(scheme, 'x')), { code: ErrorCode.authFailed });
      await world.get(client.closed);
    }
  });

  const tooMuch: readonly (readonly [string, readonly string[], string])[] = [
    ['more ids than a client may have', Array.from({ length: 255 }, (_, n) => `user${n}:x`), 'one:more'],
    [
      'ids of more bytes than a client may have',
      [`${'a'.repeat(16_000)}:x`, `${'b'.repeat(16_000)}:x`],
      `${'c'.repeat(16_000)}:x`,
    ],
  ];
  for (const [what, users, more] of tooMuch) {
    it(`comes with ${what}, after the error was told`, async () => {
      const world = await ClientWorld.make();
      const client = await world.connect();
      for (const user of users) await world.get(client.addAuth('digest', user));
      // What the session has counts once.
      await world.get(client.addAuth('digest', users[0] ?? ''));
      await assert.rejects(world.get(client.addAuth('digest', more)), { code: ErrorCode.authFailed });
      await world.get(client.closed);
      assert.equal(world.logged(/authenticates as more users than it may: a client may have 256 ids/).length, 1);
    });
  }

  it('comes not with a good authentication, which counts from then on', async () => {
    const world = await ClientWorld.make();
    const client = await world.connect();
    await world.get(client.addAuth('digest', SUPER));
    await world.get(client.addAuth('digest', SUPER));
    const infos = await world.get(client.whoAmI());
    assert.deepEqual(
      infos.map((info) => `${info.scheme}:${info.user}`),
      ['ip:10.0.0.2', 'super:', 'digest:super'],
    );
  });

  it('comes with bytes that have no room for a request header', async () => {
    const world = await ClientWorld.make();
    const client = await world.connect();
    client.sendFrame(requestBytes(1, OpCode.ping, () => undefined).subarray(0, 7));
    await world.get(client.closed);
    assert.equal(client.frames.length, 1);
  });
});
