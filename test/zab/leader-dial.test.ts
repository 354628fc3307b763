import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Socket } from '../../src/host/index.js';
import { AddressTurns } from '../../src/membership/index.js';
import { dialLeader } from '../../src/zab/leader-dial.js';
import { Life, ZabError } from '../../src/zab/life.js';
import { World } from '../fakes/index.js';
import { TEST_ZAB_OPTIONS } from './harness.js';

const LEADER = 7;

/** A learner on `a`, a leader with two networks: `b` and `c`. */
async function setting(listening: readonly string[]) {
  const world = new World(1);
  const { clock, log, network } = world.host('a');
  const sockets: Socket[] = [];
  for (const name of listening) {
    const endpoint = { host: name, port: 2888 };
    await world.settle(world.host(name).network.listen({ endpoint }, (socket) => sockets.push(socket)));
  }
  for (const name of ['b', 'c']) world.host(name);
  const life = new Life(clock);
  const addresses = ['b', 'c'].map((host) => ({ host, port: 2888 }));
  const turns = new AddressTurns();
  const dial = (options = TEST_ZAB_OPTIONS) =>
    dialLeader(LEADER, addresses, turns, { clock, life, log, network, options });
  return { world, life, dial, sockets, turns };
}

describe('dialling the leader', () => {
  it('takes the address that answers', async () => {
    for (const name of ['b', 'c']) {
      const { world, dial } = await setting([name]);
      const socket = await world.settle(dial());
      assert.equal(socket.remote.host, world.network.addressOf(name));
      assert.ok(world.nowMs < 5, `it took ${world.nowMs} ms`);
    }
  });

  it('keeps one connection when both answer', async () => {
    const { world, dial, sockets } = await setting(['b', 'c']);
    const socket = await world.settle(dial());
    let ended = 0;
    for (const one of sockets) {
      one.start({ onData: () => undefined, onEnd: () => ended++, onDrain: () => undefined, onClose: () => undefined });
    }
    await world.run(100);
    assert.equal(socket.closed, false);
    assert.equal(ended, sockets.length - 1);
  });

  it('passes over a network that swallows everything', async () => {
    const { world, dial } = await setting(['b', 'c']);
    world.network.cut('a', 'b');
    const socket = await world.settle(dial());
    assert.equal(socket.remote.host, world.network.addressOf('c'));
  });

  it('goes to the other address when nobody was heard at the first, and stays there when somebody is', async () => {
    const { world, dial, turns } = await setting(['b', 'c']);
    const { host: first } = (await world.settle(dial())).remote;
    turns.doubt(LEADER);
    const other = ['b', 'c'].map((name) => world.network.addressOf(name)).find((host) => host !== first);
    assert.equal((await world.settle(dial())).remote.host, other);
    turns.heard(LEADER);
    for (let i = 0; i < 3; i++) {
      assert.equal((await world.settle(dial())).remote.host, other);
      turns.heard(LEADER);
    }
  });

  it('goes back to an address where nobody was heard when the others do not answer, soon, or are refused', async () => {
    for (const isCut of [true, false]) {
      const { world, dial, turns } = await setting(['b']);
      const address = (await world.settle(dial())).remote.host;
      turns.doubt(LEADER);
      if (isCut) world.network.cut('a', 'c');
      const beganMs = world.nowMs;
      assert.equal((await world.settle(dial())).remote.host, address);
      assert.ok(world.nowMs - beganMs < 400, `it took ${world.nowMs - beganMs} ms`);
    }
  });

  it('gives up after all tries, and says why for each address', async () => {
    const { world, dial } = await setting([]);
    await assert.rejects(world.settle(dial()), (error: ZabError) => {
      assert.equal(error.code, 'CONNECT_FAILED');
      assert.match(error.message, /b:2888: .*refused/);
      assert.match(error.message, /c:2888: .*refused/);
      return true;
    });
    assert.ok(world.nowMs > 350 && world.nowMs < 1000, `it took ${world.nowMs} ms`);
  });

  it('gives up when time is over: initLimit, or connectToLearnerMasterLimit', async () => {
    for (const [limit, expectedMs] of [
      [0, 1000],
      [3, 300],
    ] as const) {
      const { world, dial } = await setting(['b', 'c']);
      world.network.cut('a', 'b');
      world.network.cut('a', 'c');
      await assert.rejects(world.settle(dial({ ...TEST_ZAB_OPTIONS, connectToLearnerMasterLimit: limit })), {
        code: 'CONNECT_FAILED',
        message: `cannot connect to the leader: no answer from b:2888, c:2888 within ${expectedMs} ms`,
      });
      assert.ok(Math.abs(world.nowMs - expectedMs) < 10, `it took ${world.nowMs} ms`);
    }
  });

  it('leaves no connection behind when the role ends meanwhile', async () => {
    const { world, life, dial, sockets } = await setting(['b']);
    const result = dial();
    result.catch(() => undefined);
    life.finish('SHUTDOWN', 'test');
    await assert.rejects(world.settle(result));
    await world.run(100);
    let ended = 0;
    for (const one of sockets) {
      one.start({ onData: () => undefined, onEnd: () => ended++, onDrain: () => undefined, onClose: () => undefined });
    }
    await world.run(10);
    assert.equal(ended, sockets.length);
    assert.ok(!(life.end instanceof ZabError) && life.end?.code === 'SHUTDOWN');
  });

  it('gives up dials under way when the role ends', async () => {
    const { world, life, dial } = await setting([]);
    for (const name of ['b', 'c']) world.network.cut('a', name);
    const result = dial();
    result.catch(() => undefined);
    await world.run(50);
    life.finish('SHUTDOWN', 'test');
    await assert.rejects(world.settle(result));
    for (const name of ['b', 'c']) world.network.heal('a', name);
    await world.run(10);
    assert.equal(world.scheduler.nextDueMs(), undefined, 'nothing waits for the dials any more');
  });
});
