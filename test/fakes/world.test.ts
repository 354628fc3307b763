import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NetworkError, sleep, type Socket, type SocketHandler } from '../../src/host/index.js';
import { FakeClock, World } from './index.js';

/** A server that echoes and a client that sends and counts; returns what happened, as text. */
async function echoRun(seed: number): Promise<{ events: string[]; fingerprint: number }> {
  const world = new World(seed);
  const events: string[] = [];
  const note = (text: string) => events.push(`${world.nowMs.toFixed(4)} ${text}`);
  const server = world.host('b');
  const client = world.host('a');
  const listening = server.network.listen({ endpoint: { host: 'b', port: 3888 } }, (socket) => {
    note('accepted');
    socket.start(echoing(socket));
  });
  await world.settle(listening);
  const socket = await world.settle(client.network.dial({ host: 'b', port: 3888 }, 1000));
  let received = 0;
  socket.start({
    ...ignoring(),
    onData: (chunk) => {
      received += chunk.length;
      note(`got ${chunk.length}`);
    },
    onEnd: () => note('end'),
    onClose: (error) => note(`closed ${String(error)}`),
  });
  for (let index = 0; index < 20; index++) {
    socket.write(client.random.bytes(1 + client.random.below(5000)));
    await world.run(client.random.below(3));
  }
  socket.end();
  await world.until(() => socket.closed);
  await world.run(10);
  note(`total ${received}`);
  return { events, fingerprint: world.fingerprint };
}

function ignoring(): SocketHandler {
  const nothing = () => undefined;
  return { onData: nothing, onEnd: nothing, onDrain: nothing, onClose: nothing };
}

function echoing(socket: Socket): SocketHandler {
  return {
    ...ignoring(),
    onData: (chunk) => {
      socket.write(Buffer.from(chunk));
    },
    onEnd: () => socket.end(),
  };
}

describe('World', () => {
  it('repeats itself for the same seed and not for another', async () => {
    const first = await echoRun(7);
    assert.deepEqual(await echoRun(7), first);
    assert.notDeepEqual((await echoRun(8)).events, first.events);
  });

  it('lets await chains of any depth finish before the next event', async () => {
    const world = new World();
    const { clock } = world.host('a');
    const order: string[] = [];
    const deep = async (depth: number): Promise<void> => {
      if (depth > 0) await deep(depth - 1);
      await Promise.resolve();
    };
    for (const name of ['one', 'two', 'three']) {
      clock.after(1, () => {
        order.push(`${name} begins`);
        deep(2000)
          .then(() => order.push(`${name} ends`))
          .catch((error: unknown) => order.push(String(error)));
      });
    }
    await world.run(1);
    assert.deepEqual(order, ['one begins', 'one ends', 'two begins', 'two ends', 'three begins', 'three ends']);
  });

  it('says which condition failed, when, and under which seed', async () => {
    const world = new World(42);
    const { clock } = world.host('a');
    clock.after(10_000, () => undefined);
    const never = () => world.nowMs < 0;
    await assert.rejects(world.until(never, 500), /seed 42, at 500\.000 ms.*not within 500 ms.*world\.nowMs ?< ?0/);
    await world.run(10_000);
    await assert.rejects(world.until(never, 500), /nothing is left to happen/);
  });

  it('refuses to run twice at once', async () => {
    const world = new World();
    world.host('a').clock.after(5, () => undefined);
    const first = world.run(10);
    await assert.rejects(world.run(10), /running already/);
    await first;
  });

  it('ends a livelock with an error', async () => {
    const world = new World();
    const { clock } = world.host('a');
    const again = () => clock.defer(again);
    clock.defer(again);
    await assert.rejects(world.run(1), /livelock/);
  });

  it('lets an error of a callback reach the one who runs the world', async () => {
    const world = new World();
    world.host('a').clock.after(1, () => {
      throw new Error('from a timer');
    });
    await assert.rejects(world.run(5), /from a timer/);
  });

  it('runs a paused process only after it is resumed, and misses nothing', async () => {
    const world = new World();
    const { clock } = world.host('a');
    const order: string[] = [];
    clock.after(1, () => order.push(`one ${world.nowMs}`));
    clock.after(2, () => order.push(`two ${world.nowMs}`));
    const cancelled = clock.after(3, () => order.push('cancelled'));
    world.pause('a');
    await world.run(10);
    assert.deepEqual(order, []);
    cancelled.cancel();
    world.resume('a');
    await world.run(10);
    assert.deepEqual(order, ['one 10', 'two 10']);
  });

  it('keeps a dead process dead: no timer, no disk call, no connection of it comes back', async () => {
    const world = new World();
    const dead = world.host('a');
    const other = world.host('b');
    await world.settle(other.network.listen({ endpoint: { host: '', port: 1 } }, (socket) => socket.start(ignoring())));
    await world.settle(dead.disk.makeDir('/data'));
    const happened: string[] = [];
    dead.clock.after(1, () => happened.push('timer'));
    const note = (text: string) => () => {
      happened.push(text);
    };
    dead.disk.list('/data').then(note('list'), note('list failed'));
    dead.network.dial({ host: 'b', port: 1 }, 100).then(note('dial'), note('dial failed'));
    world.kill('a');
    dead.disk.create('/data/late').then(note('create'), note('create failed'));
    await world.run(1000);
    assert.deepEqual(happened, []);
    assert.notEqual(world.host('a'), dead);
    assert.deepEqual(await world.settle(world.host('a').disk.list('/data')), []);
  });

  it('drives a busy world at no more than a second of CPU for 50 virtual ones', async () => {
    const world = new World();
    const names = ['a', 'b', 'c'];
    let rounds = 0;
    for (const name of names) {
      const host = world.host(name);
      await world.settle(
        host.network.listen({ endpoint: { host: '', port: 9 } }, (socket) => socket.start(echoing(socket))),
      );
    }
    for (const name of names) {
      const host = world.host(name);
      for (const other of names) {
        if (other === name) continue;
        const socket = await world.settle(host.network.dial({ host: other, port: 9 }, 1000));
        let answered: () => void = () => undefined;
        socket.start({ ...ignoring(), onData: () => answered() });
        const talk = async () => {
          for (;;) {
            const answer = new Promise<void>((resolve) => {
              answered = resolve;
            });
            socket.write(Buffer.alloc(100, 1));
            await answer;
            await sleep(host.clock, 20);
            rounds++;
          }
        };
        talk().catch((error: unknown) => assert.fail(String(error)));
      }
    }
    const before = process.cpuUsage();
    await world.run(100_000);
    const { user, system } = process.cpuUsage(before);
    const seconds = (user + system) / 1e6;
    assert.ok(rounds > 20_000, `${rounds} rounds`);
    assert.ok(seconds < 2, `100 virtual seconds took ${seconds.toFixed(2)} s`);
  });
});

describe('FakeNetwork', () => {
  it('keeps bytes of a silent cut back and brings them in order after healing', async () => {
    const { world, sent, got } = await oneStream();
    world.network.cut('a', 'b');
    for (let index = 1; index <= 10; index++) {
      sent(index);
      await world.run(1);
    }
    await world.run(5000);
    assert.deepEqual(got, []);
    world.network.heal('a', 'b');
    sent(11);
    await world.run(100);
    assert.deepEqual(got, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  it('cuts one direction only when asked', async () => {
    const { world, sent, got, back } = await oneStream();
    world.network.cut('b', 'a', { oneWay: true });
    sent(1);
    await world.run(100);
    assert.deepEqual(got, [1]);
    assert.deepEqual(back, []);
    world.network.heal('a', 'b');
    await world.run(100);
    assert.deepEqual(back, [1]);
  });

  it('breaks connections at both ends with a reset cut and makes dials fail', async () => {
    const { world, closed } = await oneStream();
    world.network.cut('a', 'b', { mode: 'reset' });
    await world.run(1);
    assert.deepEqual(closed.sort(), ['client RESET', 'server RESET']);
    const dial = world.host('a').network.dial({ host: 'b', port: 5 }, 1000);
    await assert.rejects(world.settle(dial), { code: 'UNREACHABLE' });
  });

  it('lets dials over a silent cut run into their time-out', async () => {
    const { world } = await oneStream();
    world.network.cut('a', 'b');
    const startMs = world.nowMs;
    const dial = world.host('a').network.dial({ host: 'b', port: 5 }, 700);
    await assert.rejects(world.settle(dial), { code: 'TIMEOUT' });
    assert.equal(world.nowMs - startMs, 700);
  });

  it('resets the connections of a killed process and frees its ports', async () => {
    const { world, closed } = await oneStream();
    world.kill('b');
    await world.run(10);
    assert.deepEqual(closed, ['client RESET']);
    const dial = world.host('a').network.dial({ host: 'b', port: 5 }, 700);
    await assert.rejects(world.settle(dial), { code: 'REFUSED' });
    await world.settle(world.host('b').network.listen({ endpoint: { host: 'b', port: 5 } }, () => undefined));
  });

  it('stays silent when a machine loses power, and answers old connections with a reset when it is back', async () => {
    const { world, closed, sent } = await oneStream();
    world.powerOff('b');
    sent(1);
    await world.run(5000);
    assert.deepEqual(closed, []);
    const dial = world.host('a').network.dial({ host: 'b', port: 5 }, 700);
    await assert.rejects(world.settle(dial), { code: 'TIMEOUT' });
    world.host('b');
    sent(2);
    await world.run(10);
    assert.deepEqual(closed, ['client RESET']);
  });

  it('moves a name to another machine', async () => {
    const world = new World();
    const a = world.host('a');
    world.host('b');
    const dial = () => world.settle(a.network.dial({ host: 'db', port: 5 }, 100));
    await assert.rejects(dial(), { code: 'NAME_UNKNOWN' });
    world.network.setName('db', 'b');
    await assert.rejects(dial(), { code: 'REFUSED' });
    world.network.setName('db', null);
    await assert.rejects(dial(), { code: 'NAME_UNKNOWN' });
  });
});

describe('FakeNetwork with several addresses', () => {
  it('listens on each apart, and can silence one', async () => {
    const world = new World();
    const a = world.host('a');
    const b = world.host('b');
    world.network.addAddress('b', 'b-second');
    const accepted: string[] = [];
    for (const host of ['b', 'b-second']) {
      const listening = b.network.listen({ endpoint: { host, port: 7 } }, (socket) => {
        accepted.push(host);
        socket.destroy();
      });
      await world.settle(listening);
    }
    const dial = (host: string) => world.settle(a.network.dial({ host, port: 7 }, 100));
    world.network.setReachable('b', false);
    await assert.rejects(dial('b'), { code: 'TIMEOUT' });
    const socket = await dial('b-second');
    assert.notEqual(socket.remote.host, world.network.addressOf('b'));
    world.network.setReachable('b', true);
    await dial('b');
    assert.deepEqual(accepted, ['b-second', 'b']);
  });
});

describe('FakeClock', () => {
  it('fires in order of due time, then of creation, and shows each its own time', async () => {
    const clock = new FakeClock();
    const fired: string[] = [];
    const at = (text: string, delayMs: number) =>
      clock.after(delayMs, () => fired.push(`${text} ${clock.monotonicMs()}`));
    at('d', 7.5);
    at('a', 0);
    at('b', 3);
    at('c', 3);
    at('never', 11);
    clock.defer(() => fired.push('deferred'));
    await clock.advance(10);
    assert.deepEqual(fired, ['a 0', 'deferred', 'b 3', 'c 3', 'd 7.5']);
    assert.equal(clock.monotonicMs(), 10);
  });

  it('lets the wall jump, back too, while timers keep their pace', async () => {
    const clock = new FakeClock();
    const before = clock.wallMs();
    let firedAt = -1;
    clock.after(100, () => {
      firedAt = clock.monotonicMs();
    });
    clock.jumpWall(-3_600_000);
    await clock.advance(200);
    assert.equal(firedAt, 100);
    assert.equal(clock.wallMs(), before - 3_600_000 + 200);
  });

  it('runs timers that timers make until nothing is left', async () => {
    const clock = new FakeClock();
    let left = 5;
    const again = () => {
      if (--left > 0) clock.after(1000, again);
    };
    clock.after(1000, again);
    await clock.runUntilIdle();
    assert.equal(left, 0);
    assert.equal(clock.monotonicMs(), 5000);
  });
});

/** Disk, timers, chance and a torn crash in one run. */
async function crashRun(seed: number): Promise<{ files: string[]; fingerprint: number }> {
  const world = new World(seed);
  world.disk('a').installDir('/data');
  const { disk, random, clock } = world.host('a');
  const options = { position: 0, preallocateBytes: 0, allocatedBytes: 0 };
  const file = await world.settle(disk.openAppend('/data/log', options));
  await world.settle(disk.syncDir('/data'));
  const append = () => {
    file.append(random.bytes(random.below(2000)), random.below(3) > 0, () => undefined);
    clock.after(random.fraction(), append);
  };
  append();
  await world.run(50);
  world.powerOff('a', 'tear');
  const files = [...world.disk('a').files()].map(([path, bytes]) => `${path} ${bytes.toString('base64')}`);
  return { files, fingerprint: world.fingerprint };
}

describe('a crash', () => {
  it('is the same for the same seed and another for another', async () => {
    const first = await crashRun(11);
    assert.deepEqual(await crashRun(11), first);
    assert.notDeepEqual((await crashRun(12)).files, first.files);
  });
});

/** A connection from a to b that carries single bytes; b sends each back. */
async function oneStream() {
  const world = new World(3);
  const got: number[] = [];
  const back: number[] = [];
  const closed: string[] = [];
  const b = world.host('b');
  const close = (who: string) => (error: Error | undefined) => {
    closed.push(`${who} ${error === undefined ? 'well' : error instanceof NetworkError ? error.code : error.message}`);
  };
  const listening = b.network.listen({ endpoint: { host: 'b', port: 5 } }, (socket) => {
    socket.start({
      ...ignoring(),
      onData: (chunk) => {
        got.push(...chunk);
        socket.write(Buffer.from(chunk));
      },
      onClose: close('server'),
    });
  });
  await world.settle(listening);
  const socket = await world.settle(world.host('a').network.dial({ host: 'b', port: 5 }, 1000));
  socket.start({ ...ignoring(), onData: (chunk) => void back.push(...chunk), onClose: close('client') });
  const sent = (byte: number) => {
    socket.write(Buffer.from([byte]));
  };
  return { world, got, back, closed, sent };
}
