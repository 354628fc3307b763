import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConnectionThrottle, NO_CONNECTION_THROTTLE } from '../../src/client/connection-throttle.js';
import { Outbox } from '../../src/client/outbox.js';
import { NO_REQUEST_THROTTLE } from '../../src/client/request-throttle.js';
import { ErrorCode, OpCode, writePathWatchRequest } from '../../src/protocol/index.js';
import { SeededRandom } from '../fakes/seeded-random.js';
import { requestBytes, WireClosed, WireError } from '../support/wire-client.js';
import { ClientWorld } from './client-world.js';

const counter = (world: ClientWorld, name: string): number => world.metrics.counters.get(name)?.value ?? 0;

describe('the token bucket of new connections', () => {
  type Kind = 'global' | 'local' | 'renewed';
  /** `at`: which kind asks when, and is it let in? */
  const cases: readonly {
    readonly name: string;
    readonly options: Partial<typeof NO_CONNECTION_THROTTLE>;
    readonly asks: readonly (readonly [atMs: number, kind: Kind, admitted: boolean])[];
  }[] = [
    {
      name: 'without tokens there is no limit',
      options: {},
      asks: [
        [0, 'global', true],
        [0, 'global', true],
        [0, 'global', true],
      ],
    },
    {
      name: 'two at once, then one a filling',
      options: { tokens: 2, fillTimeMs: 100 },
      asks: [
        [0, 'global', true],
        [0, 'renewed', true],
        [0, 'global', false],
        [100, 'global', false],
        [101, 'global', true],
        [101, 'global', false],
        // Never more than the bucket holds.
        [10_000, 'global', true],
        [10_000, 'global', true],
        [10_000, 'global', false],
      ],
    },
    {
      name: 'sessions that weigh differently; the bucket is counted in global ones',
      options: { tokens: 2, fillTimeMs: 1000, isWeighted: true },
      asks: [
        [0, 'global', true],
        [0, 'local', true],
        [0, 'renewed', true],
        [0, 'local', false],
        [1001, 'global', true],
        [1001, 'local', false],
      ],
    },
    {
      name: 'weights that cannot be are the usual ones, and none is lighter than a local session',
      options: { tokens: 1, isWeighted: true, globalSessionWeight: 0, localSessionWeight: 2, renewSessionWeight: 1 },
      asks: [
        [0, 'renewed', true],
        [0, 'local', false],
      ],
    },
  ];
  for (const { name, options, asks } of cases) {
    it(name, () => {
      const throttle = new ConnectionThrottle({ ...NO_CONNECTION_THROTTLE, ...options }, new SeededRandom(1), 0);
      assert.deepEqual(
        asks.map(([atMs, kind]) => [atMs, kind, throttle.admit(kind, atMs)]),
        asks,
      );
    });
  }

  it('drops more at random the longer it is empty, and less when it is full again', () => {
    const options = { tokens: 1, fillTimeMs: 1_000_000, freezeTimeMs: 10, dropIncrease: 0.25, dropDecrease: 0.5 };
    const throttle = new ConnectionThrottle({ ...NO_CONNECTION_THROTTLE, ...options }, new SeededRandom(1), 0);
    assert.equal(throttle.admit('global', 1), true);
    const probabilities = [20, 25, 40, 60, 80, 100].map((atMs) => {
      assert.equal(throttle.admit('global', atMs), false);
      return throttle.dropProbability;
    });
    assert.deepEqual(probabilities, [0.25, 0.25, 0.5, 0.75, 1, 1]);
    throttle.admit('global', 2_000_000);
    assert.equal(throttle.dropProbability, 0.5);
  });

  it('refuses clients of a real listener without an answer, and counts them', async () => {
    const connectionThrottle = { ...NO_CONNECTION_THROTTLE, tokens: 2, fillTimeMs: 60_000 };
    const world = await ClientWorld.make({ connectionThrottle });
    await world.connect();
    await world.connect();
    await assert.rejects(world.connect(), WireClosed);
    assert.equal(counter(world, 'connection_rejected'), 1);
    assert.match(world.mntr(), /^zk_connection_drop_probability\t0$/m);
  });
});

describe('large requests', () => {
  it('are refused beside others that are under way; small ones are not', async () => {
    const world = await ClientWorld.make({ largeRequestThresholdBytes: 1000, largeRequestMaxBytes: 5000 });
    const [slow, other] = [await world.connect(), await world.connect()];
    world.pipeline.isHolding = true;
    const first = slow.create('/large', Buffer.alloc(3000));
    await world.world.run(5);
    await assert.rejects(world.get(other.create('/too-much', Buffer.alloc(3000))), WireClosed);
    assert.equal(counter(world, 'large_requests_rejected'), 1);
    world.pipeline.isHolding = false;
    const third = await world.connect();
    await world.get(third.create('/small', Buffer.alloc(900)));
    await world.get(first);
    await world.get(third.create('/large-again', Buffer.alloc(4000)));
    assert.equal(counter(world, 'large_requests_rejected'), 1);
  });
});

describe('a large request that has begun to come', () => {
  it('is refused as soon as its length is known', async () => {
    const world = await ClientWorld.make({ largeRequestThresholdBytes: 1000, largeRequestMaxBytes: 5000 });
    const client = await world.connect();
    const length = Buffer.alloc(4);
    length.writeInt32BE(6000);
    client.transport.write(length.subarray(0, 3));
    await world.world.run(5);
    assert.equal(client.isClosed, false, 'it may be any length');
    client.transport.write(length.subarray(3));
    await world.get(client.closed);
    assert.equal(counter(world, 'large_requests_rejected'), 1);
  });

  it('is refused when its length came while nothing was taken of the client', async () => {
    const world = await ClientWorld.make({ largeRequestThresholdBytes: 1000, largeRequestMaxBytes: 5000 });
    const client = await world.dial();
    world.pipeline.isHolding = true;
    const opened = client.open({});
    await world.world.run(5);
    const length = Buffer.alloc(4);
    length.writeInt32BE(6000);
    client.transport.write(length);
    await world.world.run(5);
    assert.equal(client.isClosed, false);
    world.pipeline.openSessions();
    await world.get(opened);
    await world.get(client.closed);
    assert.equal(counter(world, 'large_requests_rejected'), 1);
  });

  it('may come when there is room for it', async () => {
    const world = await ClientWorld.make({ largeRequestThresholdBytes: 1000, largeRequestMaxBytes: 5000 });
    const client = await world.connect();
    const length = Buffer.alloc(4);
    length.writeInt32BE(4000);
    client.transport.write(length);
    await world.world.run(5);
    assert.equal(client.isClosed, false);
    assert.equal(counter(world, 'large_requests_rejected'), 0);
  });
});

describe('the throttle of requests', () => {
  const throttled = (more: object = {}) =>
    ClientWorld.make({ requestThrottle: { ...NO_REQUEST_THROTTLE, maxRequests: 2, ...more } });
  const exists = (path: string) => (w: Parameters<typeof writePathWatchRequest>[0]) => {
    writePathWatchRequest(w, path, false);
  };

  it('lets no more than so many be under way, and answers all in order', async () => {
    const world = await throttled();
    const [a, b] = [await world.connect(), await world.connect()];
    world.pipeline.isHolding = true;
    const order: string[] = [];
    const made = ['/1', '/2', '/3', '/4'].map((path) => a.create(path).then((name) => order.push(name)));
    await world.world.run(10);
    const read = b.requestAny(OpCode.exists, exists('/3')).then(({ header }) => order.push(`exists ${header.err}`));
    await world.world.run(10);
    assert.equal(world.pipeline.waiting.length, 2, 'two are under way');
    assert.deepEqual(order, []);
    world.pipeline.isHolding = false;
    world.pipeline.release();
    await world.get(Promise.all([...made, read]));
    assert.deepEqual(
      order.filter((name: string) => name.startsWith('/')),
      ['/1', '/2', '/3', '/4'],
    );
    assert.ok(counter(world, 'request_throttle_wait_count') > 0);
  });

  it('ends the connection of who does not read, also when much of what waited is let go at once', async (t) => {
    const world = await ClientWorld.make({
      requestThrottle: { ...NO_REQUEST_THROTTLE, maxRequests: 2, stallTimeMs: 50 },
      maxPendingReplyBytes: 500_000,
    });
    const [busy, slow] = [await world.connect({}, 'a'), await world.connect({}, 'b')];
    await world.get(busy.create('/big', Buffer.alloc(100_000)));
    world.pipeline.isHolding = true;
    const made = [busy.create('/1'), busy.create('/2')];
    await world.world.run(10);
    slow.transport.pause();
    const read = (xid: number) => requestBytes(xid, OpCode.getData, exists('/big'));
    slow.quietly(() => {
      for (let xid = 1; xid <= 200; xid++) slow.sendFrame(read(xid));
    });
    await world.world.run(10);
    const takes = t.mock.method(Outbox.prototype, 'take').mock;
    world.pipeline.isHolding = false;
    world.pipeline.release();
    await world.get(Promise.all(made));
    await world.world.run(100);
    assert.equal(world.connectionCount(), 1);
    assert.equal(world.logged(/does not read: \d+ bytes wait/).length, 1);
    const largest = Math.max(...takes.calls.map(({ result }) => result?.length ?? 0));
    assert.ok(largest < 300_000, `${largest} bytes in one piece`);
  });

  it('drops what nobody waits for any more', async () => {
    const world = await throttled({ stallTimeMs: 50 });
    const [a, b] = [await world.connect(), await world.connect()];
    world.pipeline.isHolding = true;
    a.quietly(() => undefined);
    const held = [a.create('/1'), a.create('/2')];
    await world.world.run(10);
    const lost = b.create('/never').catch((error: unknown) => error);
    await world.world.run(10);
    b.destroy();
    await world.world.run(100);
    assert.equal(counter(world, 'stale_requests_dropped'), 1);
    world.pipeline.isHolding = false;
    world.pipeline.release();
    await world.get(Promise.all(held));
    assert.ok((await lost) instanceof WireClosed);
    assert.equal(world.pipeline.waiting.length, 0);
  });

  it('drops what waited longer than its session lives without a word, where that is asked', async () => {
    for (const [checksLatency, dropped] of [
      [false, 0],
      [true, 1],
    ] as const) {
      const world = await throttled({ stallTimeMs: 50, checksLatency, checksConnection: false });
      const [a, b] = [await world.connect(), await world.connect({ timeoutMs: 6000 })];
      world.pipeline.isHolding = true;
      // Both connections end for their silence.
      const first = Promise.allSettled([a.create('/1'), a.create('/2')]);
      await world.world.run(10);
      const late = Promise.allSettled([b.create('/late')]);
      await world.world.run(10_000);
      assert.equal(counter(world, 'stale_requests_dropped'), dropped);
      world.pipeline.isHolding = false;
      world.pipeline.release();
      for (const client of [a, b]) client.destroy();
      await world.get(Promise.all([first, late]));
    }
  });

  it('tells ThrottledOp to who waited too long, in its turn, and never to a closeSession', async () => {
    const world = await throttled({ throttledOpWaitTimeMs: 100 });
    const client = await world.connect();
    world.pipeline.isHolding = true;
    const first = [client.create('/1'), client.create('/2')];
    await world.world.run(10);
    const late = client.create('/late').catch((error: unknown) => error);
    const lateRead = client.exists('/1').catch((error: unknown) => error);
    const close = client.close();
    await world.world.run(500);
    world.pipeline.isHolding = false;
    world.pipeline.release();
    await world.get(Promise.all(first));
    for (const error of [await world.get(late), await world.get(lateRead)]) {
      assert.ok(error instanceof WireError);
      assert.equal(error.code, ErrorCode.throttledOp);
    }
    await world.get(close);
    assert.equal(counter(world, 'throttled_ops') >= 2, true);
    assert.equal(world.pipeline.sessions.size, 0);
  });
});
