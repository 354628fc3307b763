import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Endpoint, NetworkError } from '../../src/host/index.js';
import { inEnv, type MakeEnv } from './contract-env.js';
import { ANY_PORT, connected, Recorder } from './network-pair.js';

export function networkContract(name: string, make: MakeEnv): void {
  describe(`${name}: network`, () => {
    it(
      'names both ends of a connection',
      inEnv(make, async ({ host }) => {
        const { listener, client, server } = await connected(host);
        assert.equal(client.remote.port, listener.endpoint.port);
        assert.equal(client.remote.host, '127.0.0.1');
        assert.deepEqual(server.local, client.remote);
        assert.deepEqual(server.remote, client.local);
        client.destroy();
        server.destroy();
        await listener.close();
      }),
    );

    it(
      'carries bytes both ways in order and holds them back until start',
      inEnv(make, async ({ host }) => {
        const { listener, client, server } = await connected(host);
        const atClient = new Recorder();
        const atServer = new Recorder();
        client.start(atClient);
        for (let index = 0; index < 100; index++) client.write(Buffer.from(`${index} `));
        server.write(Buffer.from('hello'));
        await atClient.when(() => atClient.received.length === 5);
        assert.equal(atServer.received.length, 0);
        server.start(atServer);
        const expected = Array.from({ length: 100 }, (_, index) => `${index} `).join('');
        await atServer.when(() => atServer.received.length === expected.length);
        assert.equal(atServer.received.toString(), expected);
        client.destroy();
        server.destroy();
        await Promise.all([atClient.whenTold('close'), atServer.whenTold('close'), listener.close()]);
      }),
    );

    it(
      'keeps an end that came before start, behind the data',
      inEnv(make, async ({ host }) => {
        const { listener, client, server } = await connected(host);
        const atServer = new Recorder();
        server.start(atServer);
        server.end();
        await new Promise<void>((resolve) => host.clock.after(30, resolve));
        const atClient = new Recorder();
        client.start(atClient);
        await atClient.whenTold('end');
        client.write(Buffer.from('last words'));
        client.end();
        await Promise.all([atClient.whenTold('close'), atServer.whenTold('close')]);
        assert.deepEqual(atClient.told, ['end', 'close']);
        assert.deepEqual(atServer.told, ['data', 'end', 'close']);
        await listener.close();
      }),
    );

    it(
      'pushes back on a writer whose reader stands still, and loses nothing',
      inEnv(make, async ({ host }) => {
        const { listener, client, server } = await connected(host);
        const writer = new Recorder();
        client.start(writer);
        const total = 24 * 1024 * 1024;
        const chunk = Buffer.alloc(64 * 1024, host.random.bytes(251));
        let sent = 0;
        const send = async () => {
          while (sent < total) {
            sent += chunk.length;
            if (client.write(chunk)) continue;
            writer.told.length = 0;
            await writer.whenTold('drain');
            assert.equal(client.bufferedBytes, 0);
          }
          client.end();
        };
        const sending = send();
        let received = 0;
        let intact = true;
        const reader = new Recorder();
        reader.onData = (bytes) => {
          intact &&= bytes.equals(expectedAt(chunk, received, bytes.length));
          received += bytes.length;
        };
        server.start(reader);
        server.pause();
        await new Promise<void>((resolve) => host.clock.after(100, resolve));
        assert.ok(sent < total, 'the writer was not stopped');
        server.resume();
        await sending;
        await reader.whenTold('end');
        assert.equal(received, total);
        assert.ok(intact);
        server.end();
        await Promise.all([writer.whenTold('close'), reader.whenTold('close')]);
        await listener.close();
      }),
    );

    it(
      'closes one direction at a time',
      inEnv(make, async ({ host }) => {
        const { listener, client, server } = await connected(host);
        const atClient = new Recorder();
        const atServer = new Recorder();
        client.start(atClient);
        server.start(atServer);
        client.write(Buffer.from('question'));
        client.end();
        assert.equal(client.write(Buffer.from('late')), false);
        await atServer.whenTold('end');
        assert.equal(atServer.received.toString(), 'question');
        assert.equal(server.closed, false);
        server.write(Buffer.from('answer'));
        server.end();
        await Promise.all([atClient.whenTold('close'), atServer.whenTold('close')]);
        assert.equal(atClient.received.toString(), 'answer');
        assert.deepEqual(atClient.told, ['data', 'end', 'close']);
        assert.deepEqual(atServer.told, ['data', 'end', 'close']);
        assert.equal(atClient.closeError, undefined);
        assert.equal(atServer.closeError, undefined);
        assert.ok(client.closed && server.closed);
        await listener.close();
      }),
    );

    it(
      'tells its owner the reason of a destroy, once, and the other side of the end',
      inEnv(make, async ({ host }) => {
        const { listener, client, server } = await connected(host);
        const atClient = new Recorder();
        const atServer = new Recorder();
        client.start(atClient);
        server.start(atServer);
        const reason = new Error('enough');
        client.destroy(reason);
        client.destroy(new Error('again'));
        assert.ok(client.closed);
        assert.deepEqual(atClient.told, []);
        assert.equal(client.write(Buffer.from('late')), false);
        await atClient.whenTold('close');
        assert.equal(atClient.closeError, reason);
        await atServer.when(() => atServer.told.length > 0);
        server.destroy();
        await atServer.whenTold('close');
        await new Promise<void>((resolve) => host.clock.after(20, resolve));
        assert.deepEqual(atClient.told, ['close']);
        assert.equal(atServer.told.filter((what) => what === 'close').length, 1);
        await listener.close();
      }),
    );

    it(
      'breaks with RESET when the other side is gone for good',
      inEnv(make, async ({ host }) => {
        const { listener, client, server } = await connected(host);
        const atServer = new Recorder();
        server.start(atServer);
        client.destroy();
        await atServer.when(() => atServer.told.length > 0);
        while (!server.closed) {
          server.write(Buffer.from('anyone there?'));
          await new Promise<void>((resolve) => host.clock.after(5, resolve));
        }
        await atServer.whenTold('close');
        assert.ok(atServer.closeError instanceof NetworkError);
        assert.equal(atServer.closeError.code, 'RESET');
        await listener.close();
      }),
    );

    it(
      'hands a socket over to another owner, and tells a late one that it is closed',
      inEnv(make, async ({ host }) => {
        const { listener, client, server } = await connected(host);
        const first = new Recorder();
        const second = new Recorder();
        server.start(first);
        client.write(Buffer.from('one'));
        await first.when(() => first.received.length === 3);
        server.start(second);
        client.write(Buffer.from('two'));
        await second.when(() => second.received.length === 3);
        assert.equal(first.received.toString(), 'one');
        assert.equal(second.received.toString(), 'two');
        client.destroy();
        await new Promise<void>((resolve) => host.clock.after(5, resolve));
        const late = new Recorder();
        client.start(late);
        assert.deepEqual(late.told, []);
        await late.whenTold('close');
        server.destroy();
        await second.whenTold('close');
        assert.ok(!first.told.includes('close'));
        await listener.close();
      }),
    );

    it(
      'refuses where nobody listens',
      inEnv(make, async ({ host }) => {
        const { listener, client, server } = await connected(host);
        const { port } = listener.endpoint;
        await listener.close();
        await assert.rejects(host.network.dial({ host: '127.0.0.1', port }, 5000), {
          name: 'NetworkError',
          code: 'REFUSED',
        });
        const atServer = new Recorder();
        server.start(atServer);
        client.write(Buffer.from('still open'));
        await atServer.whenTold('data');
        client.destroy();
        server.destroy();
      }),
    );

    it(
      'gives up a dial in time',
      inEnv(make, async (env) => {
        const { host } = env;
        const target = await env.silentEndpoint();
        const startMs = host.clock.monotonicMs();
        await assert.rejects(host.network.dial(target, 150), { name: 'NetworkError', code: 'TIMEOUT' });
        const tookMs = host.clock.monotonicMs() - startMs;
        assert.ok(tookMs >= 149 && tookMs < 2000, `${tookMs} ms`);
      }),
    );

    it(
      'gives up a dial that is cancelled, before or while it is under way',
      inEnv(make, async (env) => {
        const { host } = env;
        const target = await env.silentEndpoint();
        for (const isEarly of [true, false]) {
          const cancel = new AbortController();
          if (isEarly) cancel.abort();
          const startMs = host.clock.monotonicMs();
          const dial = host.network.dial(target, 20_000, cancel.signal);
          const cancelled = assert.rejects(dial, { name: 'NetworkError', code: 'CLOSED' });
          host.clock.after(50, () => {
            cancel.abort();
          });
          await cancelled;
          assert.ok(host.clock.monotonicMs() - startMs < 5000);
        }
      }),
    );

    it(
      'says NAME_UNKNOWN for a name that has no address',
      inEnv(make, async ({ host }) => {
        const target = { host: 'no-such-host.invalid', port: 2181 };
        await assert.rejects(host.network.dial(target, 20_000), { name: 'NetworkError', code: 'NAME_UNKNOWN' });
        await assert.rejects(
          host.network.listen({ endpoint: target }, () => undefined),
          { name: 'NetworkError', code: 'NAME_UNKNOWN' },
        );
      }),
    );

    it(
      'says ADDRESS_IN_USE for a port that is taken, also by all addresses, and frees it at close',
      inEnv(make, async ({ host }) => {
        const listen = (endpoint: Endpoint) => host.network.listen({ endpoint, backlog: 5 }, (one) => one.destroy());
        const first = await listen(ANY_PORT);
        const { port } = first.endpoint;
        assert.ok(port > 0);
        const inUse = { name: 'NetworkError', code: 'ADDRESS_IN_USE' };
        await assert.rejects(listen({ host: '127.0.0.1', port }), inUse);
        await assert.rejects(listen({ host: '', port }), inUse);
        await first.close();
        const second = await listen({ host: '', port });
        await assert.rejects(listen({ host: '127.0.0.1', port }), inUse);
        await second.close();
        await (await listen({ host: '127.0.0.1', port })).close();
      }),
    );

    it(
      'says ADDRESS_NOT_AVAILABLE for an address of another machine',
      inEnv(make, async ({ host }) => {
        await assert.rejects(
          host.network.listen({ endpoint: { host: '192.0.2.1', port: 0 } }, () => undefined),
          { name: 'NetworkError', code: 'ADDRESS_NOT_AVAILABLE' },
        );
      }),
    );

    it(
      'listens on all addresses when no host is named',
      inEnv(make, async ({ host }) => {
        const listener = await host.network.listen({ endpoint: { host: '', port: 0 } }, (socket) => {
          socket.start(new Recorder());
          socket.end();
        });
        for (const target of ['127.0.0.1', 'localhost']) {
          const socket = await host.network.dial({ host: target, port: listener.endpoint.port }, 5000);
          const recorder = new Recorder();
          socket.start(recorder);
          await recorder.whenTold('end');
          socket.end();
          await recorder.whenTold('close');
          assert.equal(recorder.closeError, undefined);
        }
        await listener.close();
      }),
    );
  });
}

/** `length` bytes of the repeated chunk, from a position of the whole stream. */
function expectedAt(chunk: Buffer, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const from = (position + filled) % chunk.length;
    filled += chunk.copy(bytes, filled, from, Math.min(chunk.length, from + length - filled));
  }
  return bytes;
}
