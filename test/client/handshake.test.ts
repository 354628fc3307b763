import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PipelineMode } from '../../src/pipeline/index.js';
import { ErrorCode, sessionPassword } from '../../src/protocol/index.js';
import type { SessionOptions } from '../support/wire-client.js';
import { ClientWorld } from './client-world.js';

const OPEN_SESSION = 0x1000_0000_0000_0001n;

interface Case {
  readonly name: string;
  readonly options: SessionOptions;
  readonly mode?: PipelineMode;
  /** The response's session, `refused` (session 0), or `closed` without a word. */
  readonly expected: 'new' | 'resumed' | 'refused' | 'closed';
  /** The response has the readOnly byte, with this value. */
  readonly readOnly?: boolean;
}

const PASSWORD = sessionPassword(OPEN_SESSION);
const CASES: readonly Case[] = [
  { name: 'a new session', options: {}, expected: 'new', readOnly: false },
  {
    name: 'a new session of a 3.4 client, without the readOnly byte',
    options: { hasReadOnly: false },
    expected: 'new',
  },
  {
    name: 'a new session whose client can do with reading',
    options: { readOnly: true },
    expected: 'new',
    readOnly: false,
  },
  {
    name: 'a new session with a password of another length',
    options: { password: Buffer.alloc(3) },
    expected: 'new',
    readOnly: false,
  },
  {
    name: 'a known session with its password',
    options: { sessionId: OPEN_SESSION, password: PASSWORD },
    expected: 'resumed',
    readOnly: false,
  },
  {
    name: 'a known session of a 3.4 client',
    options: { sessionId: OPEN_SESSION, password: PASSWORD, hasReadOnly: false },
    expected: 'resumed',
  },
  {
    name: 'a known session with a wrong password',
    options: { sessionId: OPEN_SESSION, password: Buffer.alloc(16, 7) },
    expected: 'refused',
  },
  {
    name: 'a session that nobody knows',
    options: { sessionId: 99n, password: sessionPassword(99n) },
    expected: 'refused',
  },
  { name: 'a client that has seen what we have seen', options: { lastZxidSeen: 1 }, expected: 'new', readOnly: false },
  { name: 'a client that has seen more than we have', options: { lastZxidSeen: 2 }, expected: 'closed' },
  {
    name: 'a returning client that has seen more than we have',
    options: { sessionId: OPEN_SESSION, password: PASSWORD, lastZxidSeen: 2 ** 40 },
    expected: 'closed',
  },
  { name: 'a client that writes, when we only read', options: {}, mode: 'read-only', expected: 'closed' },
  {
    name: 'a client that can do with reading, when we only read',
    options: { readOnly: true },
    mode: 'read-only',
    expected: 'new',
    readOnly: true,
  },
];

describe('connect requests', () => {
  for (const { name, options, mode, expected, readOnly } of CASES) {
    it(`${name}: ${expected}`, async () => {
      const world = await ClientWorld.make();
      const first = await world.connect();
      assert.equal(first.sessionId, OPEN_SESSION);
      world.pipeline.mode = mode ?? 'standalone';
      const client = await world.dial('other');
      const opened = client.open(options);
      if (expected === 'closed' || expected === 'refused') {
        await assert.rejects(world.get(opened));
        await world.get(client.closed);
      } else {
        await world.get(opened);
      }
      const length = readOnly === undefined && options.hasReadOnly === false ? 36 : 37;
      switch (expected) {
        case 'closed':
          assert.deepEqual(client.frames, []);
          break;
        case 'refused':
          assert.equal(client.frames[0]?.toString('hex'), `${'00'.repeat(16)}00000010${'00'.repeat(17)}`);
          break;
        default:
          assert.equal(client.sessionId, expected === 'resumed' ? OPEN_SESSION : OPEN_SESSION + 1n);
          assert.deepEqual(client.password, sessionPassword(client.sessionId));
          assert.equal(client.frames[0]?.length, length);
          assert.equal(client.readOnly, readOnly ?? false);
      }
      // Whatever happened, the first client is served as before, unless its session was taken over.
      if (expected === 'resumed') await world.get(first.closed);
      else assert.equal((await world.get(first.ping())).err, 0);
    });
  }

  it('negotiates the time-out that the pipeline gives', async () => {
    const world = await ClientWorld.make();
    assert.equal((await world.connect({ timeoutMs: 1 })).timeoutMs, 4000);
    assert.equal((await world.connect({ timeoutMs: 1_000_000 })).timeoutMs, 40_000);
  });

  it('hears requests that were sent with the connect request, once the session is there', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const world = await ClientWorld.make({ seed });
      const client = await world.dial();
      const opened = client.open();
      const data = client.getData('/zookeeper');
      const ping = client.ping();
      await world.get(opened);
      assert.equal((await world.get(data)).stat.czxid, 0);
      assert.equal((await world.get(ping)).xid, -2);
    }
  });

  it('refuses sessions while it does not serve, and serves the next ones when it does', async () => {
    const world = await ClientWorld.make({ serving: false });
    const client = await world.dial();
    await assert.rejects(world.get(client.open()));
    assert.deepEqual(client.frames, []);
    const silent = await world.dial('silent');
    world.listener.serve(world.pipeline);
    await world.get(silent.open());
    assert.equal(world.metrics.counter('cnxn_closed_without_zk_server_running').value, 1);
  });

  it('ends sessions, but not the port, when the role is over', async () => {
    const world = await ClientWorld.make();
    const client = await world.connect();
    const greeting = await world.dial('other');
    world.listener.serve(null);
    await world.get(client.closed);
    assert.equal(await world.ask('srvr'), 'This ZooKeeper instance is not currently serving requests\n');
    world.listener.serve(world.pipeline);
    await world.get(greeting.open());
  });

  it('gives up a session whose client went away while it was made', async () => {
    const world = await ClientWorld.make();
    const client = await world.dial();
    world.pipeline.isHolding = true;
    const opened = client.open();
    await world.world.run(10);
    client.destroy();
    await assert.rejects(world.get(opened));
    await world.world.run(10);
    assert.deepEqual(world.pipeline.calls, []);
    world.pipeline.openSessions();
    await world.world.run(10);
    assert.deepEqual(world.pipeline.calls, ['detach']);
    assert.equal(world.pipeline.sessions.size, 1);
  });

  it('leaves the older connection alone when somebody comes with a wrong password', async () => {
    const world = await ClientWorld.make();
    const owner = await world.connect();
    await world.get(owner.create('/e', null, 1));
    const thief = await world.dial('other');
    const opening = thief.open({ sessionId: owner.sessionId, password: Buffer.alloc(16) });
    await assert.rejects(world.get(opening), { code: ErrorCode.sessionExpired });
    await world.get(thief.closed);
    assert.equal((await world.get(owner.exists('/e'))).ephemeralOwner, owner.sessionId);
    assert.equal(owner.isClosed, false);
  });

  it('closes the older connection when a client comes back on a new one', async () => {
    const world = await ClientWorld.make();
    const first = await world.connect();
    const second = await world.connect({ sessionId: first.sessionId, password: first.password }, 'other');
    await world.get(first.closed);
    assert.equal((await world.get(second.ping())).err, 0);
  });
});
