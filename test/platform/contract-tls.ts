import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Host,
  type Listener,
  NetworkError,
  sniffTls,
  type Socket,
  type TlsContext,
  TlsError,
  type TlsOptions,
  type TlsStore,
} from '../../src/host/index.js';
import { type ContractEnv, inEnv, type MakeEnv } from './contract-env.js';
import { connected, Recorder } from './network-pair.js';
import { TLS_RULES } from './tls-rules.js';

const TIMEOUT_MS = 10_000;
const PEER_HOST = '127.0.0.1';

function load(
  host: Host,
  keyStore: TlsStore | null,
  trustStore: TlsStore,
  rules: Partial<TlsOptions> = {},
): Promise<TlsContext> {
  return host.network.loadTls({ ...TLS_RULES, keyStore, trustStore, ...rules });
}

type Outcome = Socket | NetworkError;

interface Secured {
  readonly listener: Listener;
  readonly client: Outcome;
  readonly server: Outcome;
}

function outcome(socket: Promise<Socket>): Promise<Outcome> {
  return socket.catch((error: unknown) => {
    if (error instanceof NetworkError) return error;
    throw error;
  });
}

/** A handshake over loopback, both sides' ends of it. */
async function secured(host: Host, atServer: TlsContext, atClient: TlsContext): Promise<Secured> {
  const { listener, client, server } = await connected(host);
  const [far, near] = await Promise.all([
    outcome(host.network.secure(server, { context: atServer, side: 'accept', timeoutMs: TIMEOUT_MS })),
    outcome(
      host.network.secure(client, { context: atClient, side: 'dial', timeoutMs: TIMEOUT_MS, peerHost: PEER_HOST }),
    ),
  ]);
  return { listener, client: near, server: far };
}

function good(end: Outcome): Socket {
  if (end instanceof NetworkError) throw end;
  return end;
}

function codeOf(end: Outcome): string {
  return end instanceof NetworkError ? end.code : 'connected';
}

function destroy(...ends: readonly Outcome[]): void {
  for (const end of ends) if (!(end instanceof NetworkError)) end.destroy();
}

async function both(env: ContractEnv, rules: Partial<TlsOptions> = {}): Promise<Secured> {
  const { server, client, trust } = await env.stores();
  return secured(env.host, await load(env.host, server, trust, rules), await load(env.host, client, trust, rules));
}

export function tlsContract(name: string, make: MakeEnv): void {
  describe(`${name}: TLS`, () => {
    for (const protocol of ['TLSv1.2', 'TLSv1.3'] as const) {
      it(
        `carries bytes both ways and ends one direction at a time (${protocol})`,
        inEnv(make, async (env) => {
          const { listener, ...ends } = await both(env, { protocols: [protocol] });
          const client = good(ends.client);
          const server = good(ends.server);
          assert.equal(server.remote.port, client.local.port);
          assert.deepEqual(client.remote, server.local);
          assert.equal(client.security?.peerCertificates.length !== 0, true);
          assert.equal(server.security?.peerCertificates.length !== 0, true);
          const atClient = new Recorder();
          const atServer = new Recorder();
          client.start(atClient);
          server.start(atServer);
          client.write(Buffer.from('question'));
          client.end();
          await atServer.whenTold('end');
          assert.equal(atServer.received.toString(), 'question');
          server.write(Buffer.from('answer'));
          server.end();
          await Promise.all([atClient.whenTold('close'), atServer.whenTold('close')]);
          assert.equal(atClient.received.toString(), 'answer');
          assert.deepEqual(atClient.told, ['data', 'end', 'close']);
          assert.deepEqual(atServer.told, ['data', 'end', 'close']);
          assert.equal(atClient.closeError, undefined);
          assert.equal(atServer.closeError, undefined);
          await listener.close();
        }),
      );
    }

    it(
      'pushes back on a writer whose reader stands still, and loses nothing',
      inEnv(make, async (env) => {
        const { listener, ...ends } = await both(env);
        const client = good(ends.client);
        const server = good(ends.server);
        const writer = new Recorder();
        client.start(writer);
        const total = 16 * 1024 * 1024;
        const chunk = env.host.random.bytes(64 * 1024);
        let sent = 0;
        const send = async () => {
          while (sent < total) {
            sent += chunk.length;
            if (client.write(chunk)) continue;
            writer.told.length = 0;
            await writer.whenTold('drain');
          }
          client.end();
        };
        const sending = send();
        let received = 0;
        const reader = new Recorder();
        reader.onData = (bytes) => {
          received += bytes.length;
        };
        server.start(reader);
        server.pause();
        await new Promise<void>((resolve) => env.host.clock.after(100, resolve));
        assert.ok(sent < total, 'the writer was not stopped');
        server.resume();
        await sending;
        await reader.whenTold('end');
        assert.equal(received, total);
        server.end();
        await Promise.all([writer.whenTold('close'), reader.whenTold('close')]);
        await listener.close();
      }),
    );

    it(
      'tells TLS from plain by the first byte, and loses none',
      inEnv(make, async (env) => {
        const { server: own, client: other, trust } = await env.stores();
        const context = await load(env.host, own, trust);
        const plain = await connected(env.host);
        plain.client.write(Buffer.from('ruok'));
        assert.equal(await sniffTls(plain.server, env.host.clock, TIMEOUT_MS), 'plain');
        const atServer = new Recorder();
        plain.server.start(atServer);
        plain.client.write(Buffer.from('?'));
        await atServer.when(() => atServer.received.length === 5);
        assert.equal(atServer.received.toString(), 'ruok?');
        destroy(plain.client, plain.server);
        await plain.listener.close();

        const { listener, client, server } = await connected(env.host);
        const dialling = env.host.network.secure(client, {
          context: await load(env.host, other, trust),
          side: 'dial',
          timeoutMs: TIMEOUT_MS,
          peerHost: PEER_HOST,
        });
        assert.equal(await sniffTls(server, env.host.clock, TIMEOUT_MS), 'tls');
        const far = await env.host.network.secure(server, { context, side: 'accept', timeoutMs: TIMEOUT_MS });
        const near = await dialling;
        const atFar = new Recorder();
        far.start(atFar);
        near.write(Buffer.from('hello'));
        await atFar.when(() => atFar.received.toString() === 'hello');
        destroy(near, far);
        await listener.close();
      }),
    );

    it(
      'gives up who says nothing',
      inEnv(make, async (env) => {
        const { listener, client, server } = await connected(env.host);
        assert.equal(await sniffTls(server, env.host.clock, 50), 'closed');
        client.destroy();
        const { server: own, trust } = await env.stores();
        const context = await load(env.host, own, trust);
        const again = await connected(env.host);
        const late = env.host.network.secure(again.server, { context, side: 'accept', timeoutMs: 50 });
        await assert.rejects(late, { name: 'NetworkError', code: 'TIMEOUT' });
        again.client.destroy();
        await Promise.all([listener.close(), again.listener.close()]);
      }),
    );

    it(
      'fails at once when the socket that it took is destroyed',
      inEnv(make, async (env) => {
        const { listener, client, server } = await connected(env.host);
        const { server: own, trust } = await env.stores();
        const context = await load(env.host, own, trust);
        const atClient = new Recorder();
        client.start(atClient);
        const never = env.host.network.secure(server, { context, side: 'accept', timeoutMs: 10 * TIMEOUT_MS });
        server.destroy();
        await assert.rejects(never, (error: NetworkError) => error.code !== 'TIMEOUT');
        await atClient.when(() => atClient.told.length > 0);
        assert.ok(server.closed);
        client.destroy();
        await listener.close();
      }),
    );

    it(
      'fails when the other side speaks no TLS, or is gone',
      inEnv(make, async (env) => {
        const { server: own, trust } = await env.stores();
        const context = await load(env.host, own, trust);
        const first = await connected(env.host);
        first.client.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
        const answer = env.host.network.secure(first.server, { context, side: 'accept', timeoutMs: TIMEOUT_MS });
        await assert.rejects(answer, { name: 'NetworkError', code: 'TLS' });
        destroy(first.client);
        const second = await connected(env.host);
        const broken = env.host.network.secure(second.server, { context, side: 'accept', timeoutMs: TIMEOUT_MS });
        second.client.destroy();
        await assert.rejects(broken, { name: 'NetworkError' });
        await Promise.all([first.listener.close(), second.listener.close()]);
      }),
    );

    it(
      'tells whoever dials that the other side speaks no TLS',
      inEnv(make, async (env) => {
        const { server: own, trust } = await env.stores();
        const context = await load(env.host, own, trust);
        for (const answer of [
          (socket: Socket) => {
            socket.write(Buffer.from('plain words'));
          },
          (socket: Socket) => {
            socket.destroy();
          },
        ]) {
          const { client, listener, server } = await connected(env.host);
          const handshake = env.host.network.secure(client, { context, side: 'dial', timeoutMs: TIMEOUT_MS });
          answer(server);
          await assert.rejects(handshake, { name: 'NetworkError', code: 'NOT_TLS' });
          destroy(server);
          await listener.close();
        }
      }),
    );

    const WHOM: readonly {
      readonly what: string;
      readonly key: 'client' | 'stranger' | null;
      readonly auth: TlsOptions['clientAuth'];
      readonly accepted: boolean;
      readonly shown: boolean;
    }[] = [
      { what: 'a trusted client where one is needed', key: 'client', auth: 'need', accepted: true, shown: true },
      { what: 'a trusted client where one is wanted', key: 'client', auth: 'want', accepted: true, shown: true },
      {
        what: 'a client without certificate where one is needed',
        key: null,
        auth: 'need',
        accepted: false,
        shown: false,
      },
      {
        what: 'a client without certificate where one is wanted',
        key: null,
        auth: 'want',
        accepted: true,
        shown: false,
      },
      { what: 'an untrusted client where one is needed', key: 'stranger', auth: 'need', accepted: false, shown: false },
      { what: 'an untrusted client where one is wanted', key: 'stranger', auth: 'want', accepted: false, shown: false },
      { what: 'any client where none is asked', key: 'stranger', auth: 'none', accepted: true, shown: false },
    ];
    for (const { what, key, auth, accepted, shown } of WHOM) {
      it(
        `${accepted ? 'accepts' : 'refuses'} ${what}`,
        inEnv(make, async (env) => {
          const stores = await env.stores();
          const atServer = await load(env.host, stores.server, stores.trust, { clientAuth: auth });
          const atClient = await load(env.host, key === null ? null : stores[key], stores.trust);
          const { listener, client, server } = await secured(env.host, atServer, atClient);
          if (accepted) assert.equal((good(server).security?.peerCertificates.length ?? 0) > 0, shown);
          else assert.equal(codeOf(server), 'TLS');
          destroy(client, server);
          await listener.close();
        }),
      );
    }

    it(
      'refuses a server of a stranger, whatever the environment says',
      inEnv(make, async (env) => {
        const stores = await env.stores();
        const atServer = await load(env.host, stores.stranger, stores.trust, { clientAuth: 'none' });
        const atClient = await load(env.host, stores.client, stores.trust);
        process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
        try {
          const { listener, client, server } = await secured(env.host, atServer, atClient);
          assert.equal(codeOf(client), 'TLS');
          destroy(client, server);
          await listener.close();
        } finally {
          delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
        }
      }),
    );

    it(
      'refuses a server that is another host, unless it is not asked',
      inEnv(make, async (env) => {
        const stores = await env.stores();
        const atServer = await load(env.host, stores.elsewhere, stores.trust);
        const strict = await load(env.host, stores.client, stores.trust);
        const lax = await load(env.host, stores.client, stores.trust, { verifiesServerHost: false });
        const first = await secured(env.host, atServer, strict);
        assert.equal(codeOf(first.client), 'TLS');
        const second = await secured(env.host, atServer, lax);
        destroy(first.server, good(second.client), good(second.server));
        await Promise.all([first.listener.close(), second.listener.close()]);
      }),
    );

    it(
      'takes new files at a reload, and leaves what is connected alone',
      inEnv(make, async (env) => {
        const stores = await env.stores();
        const atServer = await load(env.host, stores.server, stores.trust);
        const atClient = await load(env.host, stores.client, stores.trust);
        const before = await secured(env.host, atServer, atClient);
        assert.equal(await atServer.reload(), false);
        await stores.replaceServer();
        assert.equal(await atServer.reload(), true);
        const after = await secured(env.host, atServer, atClient);
        assert.equal(codeOf(after.client), 'TLS');
        const atOld = new Recorder();
        good(before.server).start(atOld);
        good(before.client).write(Buffer.from('still here'));
        await atOld.whenTold('data');
        destroy(before.client, before.server, after.server);
        await Promise.all([before.listener.close(), after.listener.close()]);
      }),
    );

    it(
      'names a store that cannot be used',
      inEnv(make, async (env) => {
        const { trust, server } = await env.stores();
        const absent = { ...server, path: `${env.dir}/absent.pem` };
        await assert.rejects(load(env.host, absent, trust), (error) => {
          assert.ok(error instanceof TlsError);
          assert.equal(error.code, 'STORE_FILE');
          assert.match(error.message, /absent\.pem/);
          return true;
        });
      }),
    );
  });
}
