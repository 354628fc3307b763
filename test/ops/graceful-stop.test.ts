// SIGTERM on three real servers: what was taken is answered, the leadership is handed over, and clients move at once.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, it, type TestContext } from 'node:test';
import { Ensemble, type Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { WireClient, WireClosed } from '../support/wire-client.js';

const LIMIT_MS = 120_000;
/** So long that whoever waits for a time-out fails the test. */
const SESSION_MS = 40_000;
/** From the signal until a client of the stopped server has its next write acknowledged; mostly the election's time. */
const MOST_PAUSE_MS = 10_000;
const IN_FLIGHT = 200;
const CLIENTS = 12;
/** Requests of a client at a time. */
const DEPTH = 80;
const EPHEMERAL = 1;

async function three(t: TestContext): Promise<Ensemble> {
  const ensemble = await Ensemble.create({ config: { tickTime: 2000, maxSessionTimeout: SESSION_MS } });
  t.after(() => ensemble.remove());
  await ensemble.start();
  return ensemble;
}

async function isListening({ clientPort }: Member): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port: clientPort });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Goes on with the session at one of the servers, however often it has to ask. */
async function moveTo(members: readonly Member[], { sessionId, password }: WireClient): Promise<WireClient> {
  const endMs = performance.now() + MOST_PAUSE_MS;
  for (let i = 0; ; i++) {
    try {
      const port = members[i % members.length]?.clientPort ?? 0;
      return await WireClient.connect(port, { sessionId, password, timeoutMs: SESSION_MS });
    } catch (error) {
      if (!(error instanceof WireClosed) || performance.now() > endMs) throw error;
    }
  }
}

/**
 * What became of `IN_FLIGHT` creates of which the first was answered when the signal was sent. What the server has not read by then
 * it does not take: the last ones may get the end of the connection for an answer.
 */
async function stopUnderWrites(member: Member, client: WireClient, folder: string) {
  const names = Array.from({ length: IN_FLIGHT }, (_, i) => `n${String(i).padStart(4, '0')}`);
  const writes = names.map((name) => client.create(`${folder}/${name}`));
  await writes[0];
  const beganMs = performance.now();
  const stopped = member.stop();
  const outcomes = await Promise.allSettled(writes);
  const isAnswered = outcomes.map(({ status }) => status === 'fulfilled');
  for (const outcome of outcomes) assert.ok(outcome.status === 'fulfilled' || outcome.reason instanceof WireClosed);
  const answered = names.filter((_, i) => isAnswered[i]);
  assert.deepEqual(answered, names.slice(0, answered.length), 'no answer is left out');
  const error = await client.closed;
  assert.equal(error, undefined, 'its connection ends in order');
  return { beganMs, stopped, answered };
}

/** Writes as fast as answers come, many at a time and not in step, until its connection ends. */
async function writeOn(client: WireClient, folder: string): Promise<{ acknowledged: string[]; tried: number }> {
  const acknowledged: string[] = [];
  let tried = 0;
  const one = async (): Promise<void> => {
    for (;;) {
      const name = `n${String(tried++).padStart(6, '0')}`;
      try {
        await client.create(`${folder}/${name}`);
      } catch (error) {
        assert.ok(error instanceof WireClosed, 'no error but the end of the connection');
        return;
      }
      acknowledged.push(name);
    }
  };
  await Promise.all(Array.from({ length: DEPTH }, (_, i) => delay(i / 2).then(one)));
  return { acknowledged, tried };
}

describe('a graceful stop', { timeout: LIMIT_MS }, () => {
  for (const role of ['leader', 'follower'] as const) {
    it(`of a ${role} answers what it has taken, and its clients go on elsewhere at once`, async (t) => {
      const ensemble = await three(t);
      const [follower] = await ensemble.followers();
      const leader = await ensemble.leader();
      const member = role === 'leader' ? leader : follower;
      assert.ok(member);
      const others = ensemble.members.filter((one) => one !== member);
      const folder = `/${role}`;
      const client = await WireClient.connect(member.clientPort, { timeoutMs: SESSION_MS });
      const idle = await WireClient.connect(member.clientPort, { timeoutMs: SESSION_MS });
      await client.create(folder);
      await client.create('/mine', null, EPHEMERAL);

      const { beganMs, stopped, answered } = await stopUnderWrites(member, client, folder);
      assert.equal(await idle.closed, undefined, 'so does that of a client that asks nothing');
      const endedMs = performance.now() - beganMs;
      const moved = await moveTo(others, client);
      await moved.setData(folder, null);
      const pauseMs = performance.now() - beganMs;
      t.diagnostic(
        `${role}: ${answered.length} answered, connections end after ${endedMs.toFixed(0)} ms, the next write after ${pauseMs.toFixed(0)}`,
      );
      assert.ok(pauseMs < MOST_PAUSE_MS, `${pauseMs} ms`);

      assert.equal(moved.sessionId, client.sessionId);
      assert.equal((await moved.exists('/mine')).ephemeralOwner, client.sessionId);
      await moved.sync(folder);
      assert.deepEqual((await moved.getChildren(folder)).sort(), answered, 'what was done was answered');
      await moved.close();

      await stopped;
      assert.equal(member.process?.exitCode, 0);
      assert.equal(await isListening(member), false);
      const log = await member.log();
      assert.equal(/"ZAB_HANDOVER"/.test(log), role === 'leader');
      assert.match(log, /"STOPPED"/);
      // Who follows a leader that goes need not wait until it is missed.
      for (const other of others) {
        const ends = (await other.log()).split('\n').filter((line) => line.includes('"ZAB_LEARNING_ENDED"'));
        assert.equal(
          ends.some((line) => line.includes('"SILENT"')),
          false,
          ends.join('\n'),
        );
      }
    });
  }

  it('leaves no client in doubt while writes never end: what was done was answered', async (t) => {
    const ensemble = await three(t);
    for (const member of [...(await ensemble.followers()).slice(0, 1), await ensemble.leader()]) {
      const others = ensemble.members.filter((one) => one !== member);
      const folders = Array.from({ length: CLIENTS }, (_, i) => `/doubt-${member.sid}-${i}`);
      const watcher = await WireClient.connect(others[0]?.clientPort ?? 0, { timeoutMs: SESSION_MS });
      for (const folder of folders) await watcher.create(folder);
      const clients = await Promise.all(
        folders.map(() => WireClient.connect(member.clientPort, { timeoutMs: SESSION_MS })),
      );
      await Promise.all(clients.map((client) => client.sync('/')));
      const writing = clients.map((client, i) => writeOn(client, folders[i] ?? ''));
      await eventually('all write', LIMIT_MS, async () => {
        const stats = await Promise.all(folders.map((folder) => watcher.exists(folder)));
        return stats.every(({ numChildren }) => numChildren > 30);
      });
      await member.stop();
      const written = await Promise.all(writing);
      const reader = await moveTo(others, watcher);
      await reader.sync('/');
      for (const [i, { acknowledged, tried }] of written.entries()) {
        assert.ok(tried > acknowledged.length);
        assert.deepEqual((await reader.getChildren(folders[i] ?? '')).sort(), acknowledged.sort());
      }
      await reader.close();
      await member.start();
      await member.serving();
    }
  });
});
