import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { type RunnableServer, runServer } from '../../src/cli/run-server.js';
import { FakeClock, MemoryLogger } from '../fakes/index.js';

interface End {
  readonly exitCode: number;
  readonly reason: string;
}

/** A server that starts, ends and stops when the test says so. */
class ScriptedServer implements RunnableServer {
  stops = 0;
  readonly finished: Promise<End>;
  end: (end: End) => void = () => undefined;

  constructor(
    private readonly starting: () => Promise<void> = () => Promise.resolve(),
    private readonly stopping: () => Promise<void> = () => Promise.resolve(),
  ) {
    this.finished = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  start(): Promise<void> {
    return this.starting();
  }

  async stop(): Promise<void> {
    this.stops++;
    await this.stopping();
    this.end({ exitCode: 0, reason: 'stopped' });
  }
}

function world(
  server: ScriptedServer,
  options: { readonly stopTimeoutMs?: number; readonly onHangup?: () => void } = {},
) {
  const log = new MemoryLogger('test', new FakeClock());
  const events = new EventEmitter();
  const exits: { exitCode: number; words: string }[] = [];
  let listening: () => void = () => undefined;
  const onceListening = new Promise<void>((resolve) => {
    listening = resolve;
  });
  const exited = new EventEmitter();
  const failures: string[] = [];
  const result = runServer(server, {
    log,
    events,
    stopTimeoutMs: options.stopTimeoutMs ?? 10_000,
    onListening: listening,
    onStopping: () => undefined,
    onFailed: (reason) => failures.push(reason),
    onHangup: options.onHangup ?? null,
    exitNow: (exitCode, words) => {
      exits.push({ exitCode, words });
      exited.emit('exit');
    },
  });
  return { events, exits, exited, failures, log, onceListening, result };
}

const never = (): Promise<void> => new Promise(() => undefined);

describe('a server in the foreground', () => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
    it(`stops on ${signal} and exits with 0`, async () => {
      const server = new ScriptedServer();
      const { events, result, onceListening } = world(server);
      await onceListening;
      events.emit(signal);
      assert.equal(await result, 0);
      assert.equal(server.stops, 1);
    });
  }

  it('reads its configuration again on SIGHUP, unless that comes from a terminal that is closed', async () => {
    const server = new ScriptedServer();
    let hangups = 0;
    const { events, result, onceListening } = world(server, { onHangup: () => hangups++ });
    await onceListening;
    events.emit('SIGHUP');
    events.emit('SIGHUP');
    assert.deepEqual([server.stops, hangups], [0, 2]);
    events.emit('SIGTERM');
    assert.equal(await result, 0);
  });

  it('stops on a signal while it starts', async () => {
    const server = new ScriptedServer(never);
    const { events, result } = world(server);
    events.emit('SIGTERM');
    assert.equal(await result, 0);
    assert.equal(server.stops, 1);
  });

  it('exits with the code of what keeps it from starting', async () => {
    const error = Object.assign(new Error('the election port is taken'), { exitCode: 14 });
    const { failures, result } = world(new ScriptedServer(() => Promise.reject(error)));
    assert.equal(await result, 14);
    assert.deepEqual(failures, ['the election port is taken']);
  });

  it('says to programs what damage keeps it from starting', async () => {
    const cause = Object.assign(new Error('a gap'), { code: 'LOG_GAP', file: '/data/version-2/log.5', offset: 16 });
    const error = Object.assign(new Error('a gap', { cause }), { exitCode: 1 });
    const { log, result } = world(new ScriptedServer(() => Promise.reject(error)));
    assert.equal(await result, 1);
    const { code, file, offset, reason } = log.withCode('START_FAILED')[0]?.fields ?? {};
    assert.deepEqual([code, reason, file, offset], ['START_FAILED', 'LOG_GAP', '/data/version-2/log.5', 16]);
  });

  it('exits with 1 when the reason has no code', async () => {
    const { result } = world(new ScriptedServer(() => Promise.reject(new Error('odd'))));
    assert.equal(await result, 1);
  });

  it('exits with the code that the server ends with', async () => {
    const server = new ScriptedServer();
    const { failures, result, onceListening } = world(server);
    await onceListening;
    server.end({ exitCode: 1, reason: 'the disk is full' });
    assert.equal(await result, 1);
    assert.deepEqual(failures, ['the disk is full']);
    assert.equal(server.stops, 0);
  });

  it('exits with 1 when stopping fails', async () => {
    const server = new ScriptedServer(undefined, () => Promise.reject(new Error('no')));
    const { events, result, onceListening } = world(server);
    await onceListening;
    events.emit('SIGTERM');
    assert.equal(await result, 1);
  });

  it('ends at once on a second signal', async () => {
    const { events, exits, onceListening } = world(new ScriptedServer(undefined, never), { stopTimeoutMs: 50 });
    await onceListening;
    events.emit('SIGINT');
    events.emit('SIGINT');
    assert.deepEqual(exits, [{ exitCode: 130, words: 'SIGINT again: ending at once.' }]);
  });

  it('ends when a stop takes too long', async () => {
    const { events, exits, exited, onceListening } = world(new ScriptedServer(undefined, never), { stopTimeoutMs: 1 });
    await onceListening;
    const exit = new Promise((resolve) => exited.once('exit', resolve));
    events.emit('SIGTERM');
    await exit;
    assert.equal(exits[0]?.exitCode, 1);
  });

  for (const event of ['uncaughtException', 'unhandledRejection']) {
    it(`ends at once on an ${event}, and says why`, async () => {
      const { events, exits, onceListening } = world(new ScriptedServer());
      await onceListening;
      events.emit(event, new Error('a bug'));
      assert.equal(exits[0]?.exitCode, 1);
      assert.match(exits[0].words, /^Unexpected error, the server ends: Error: a bug\n\s+at /);
    });
  }

  it('leaves no listener behind', async () => {
    const { events, result, onceListening } = world(new ScriptedServer());
    await onceListening;
    events.emit('SIGTERM');
    await result;
    assert.deepEqual(events.eventNames(), []);
  });
});
