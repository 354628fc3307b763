// TLS on the client ports: who is let in, how many handshakes at once, how long one may take, and what is answered over it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Access, type AuthOutcome } from '../../src/auth/index.js';
import type { ClientOptions, ClientTls } from '../../src/client/index.js';
import type { Socket, TlsContext, TlsStore } from '../../src/host/index.js';
import { WireClient, WireClosed } from '../support/wire-client.js';
import { hostTransport } from '../support/wire-transport.js';
import { ClientWorld } from './client-world.js';

const [PLAIN, TLS, EITHER] = [2181, 2281, 2282];
const HANDSHAKE_MS = 5000;

/** A client port, one with TLS, and one for both. */
class SecureWorld {
  private constructor(readonly clients: ClientWorld) {}

  static async make(
    tls: Partial<ClientTls> = {},
    options: Partial<ClientOptions> & { serving?: boolean; access?: Access } = {},
  ): Promise<SecureWorld> {
    const clients = await ClientWorld.make(options);
    const secure = new SecureWorld(clients);
    const context = await secure.context('server', 'server', 'client');
    const { listener } = clients;
    listener.useTls({ context, handshakeTimeoutMs: HANDSHAKE_MS, maxHandshakes: 0, dropsEarly: false, ...tls });
    await clients.get(listener.listen([{ host: '', port: TLS }], undefined, 'tls'));
    await clients.get(listener.listen([{ host: '', port: EITHER }], undefined, 'either'));
    return secure;
  }

  dial(port: number, from = 'client'): Promise<Socket> {
    return this.clients.get(this.clients.world.host(from).network.dial({ host: 'server', port }, 1000));
  }

  /** A connection on which nothing was said. */
  async silent(port: number): Promise<WireClient> {
    return WireClient.over(hostTransport(await this.dial(port)));
  }

  /** A connection behind its handshake. */
  async secured(port: number, name = 'client', shown?: string): Promise<WireClient> {
    return WireClient.over(hostTransport(await this.securedSocket(port, name, shown)));
  }

  async securedSocket(
    port: number,
    name = 'client',
    shown: string | null = name === 'client' ? null : name,
  ): Promise<Socket> {
    // Whoever is no stranger shows no certificate: the fake ones are nobody's.
    const context = await this.context(name, shown, 'server');
    const socket = await this.dial(port, name);
    const { network } = this.clients.world.host(name);
    return this.clients.get(
      network.secure(socket, { context, side: 'dial', timeoutMs: HANDSHAKE_MS, peerHost: 'server' }),
    );
  }

  async run(durationMs: number): Promise<void> {
    await this.clients.world.run(durationMs);
  }

  count(name: string): number {
    return this.clients.metrics.counters.get(name)?.value ?? 0;
  }

  get handshakes(): number {
    return this.clients.metrics.gauges.get('outstanding_tls_handshake')?.() ?? -1;
  }

  private context(host: string, own: string | null, trusted: string): Promise<TlsContext> {
    const { world } = this.clients;
    const disk = world.disk(host);
    const store = (path: string, name: string): TlsStore => {
      disk.install(path, Buffer.from(`certificate ${name}\n`));
      return { path, type: 'PEM', password: '', passwordPath: null };
    };
    return this.clients.get(
      world.host(host).network.loadTls({
        keyStore: own === null ? null : store('/tls/key', own),
        trustStore: store('/tls/trust', trusted),
        clientAuth: 'want',
        protocols: ['TLSv1.3'],
        cipherSuites: [],
        verifiesServerHost: false,
        verifiesClientHost: false,
        asksReverseDns: false,
        checksRevocation: false,
        asksOcsp: false,
        crlPath: null,
      }),
    );
  }
}

describe('client ports with TLS', () => {
  for (const port of [TLS, EITHER]) {
    it(`serve who has done a handshake (port ${port})`, async () => {
      const world = await SecureWorld.make();
      const client = await world.secured(port);
      await world.clients.get(client.open());
      assert.equal(await world.clients.get(client.create('/a')), '/a');
      assert.equal(world.handshakes, 0);
    });
  }

  it('serve plain clients where the port is for both', async () => {
    const world = await SecureWorld.make();
    const client = await world.silent(EITHER);
    await world.clients.get(client.open());
    assert.equal(await world.clients.get(client.create('/a')), '/a');
  });

  it('do not serve plain clients elsewhere', async () => {
    const world = await SecureWorld.make();
    const client = await world.silent(TLS);
    await assert.rejects(world.clients.get(client.open()), WireClosed);
    assert.equal(world.count('unsuccessful_handshake'), 1);
  });

  it('say who was not let in, and why', async () => {
    const world = await SecureWorld.make();
    const stranger = await world.secured(TLS, 'stranger').catch((error: unknown) => error);
    await world.run(100);
    assert.ok(stranger instanceof Error || (stranger as WireClient).isClosed);
    assert.equal(world.clients.logged(/is not let in: its certificate is not trusted \(stranger\)/).length, 1);
  });

  it('do not serve whose certificate gives more ids than a client may have', async () => {
    class CrowdAccess extends Access {
      override authenticateCertificate(): AuthOutcome {
        return { kind: 'accepted', ids: Array.from({ length: 257 }, (_, n) => ({ scheme: 'x509', id: `CN=${n}` })) };
      }
    }
    const world = await SecureWorld.make({}, { access: new CrowdAccess() });
    await assert.rejects(world.secured(TLS, 'client', 'client'));
    assert.equal(world.clients.logged(/is not let in: its certificate gives it too many ids/).length, 1);
  });

  it('count connections of an address on each kind of port by themselves', async () => {
    const world = await SecureWorld.make({}, { maxClientCnxns: 1 });
    const plain = await world.silent(PLAIN);
    const secured = await world.secured(TLS);
    await world.clients.get(Promise.all([plain.open(), secured.open()]));
    await world.clients.get((await world.silent(TLS)).closed);
    assert.equal(world.count('connection_rejected'), 1);
    await world.clients.get(secured.close());
    await world.run(10);
    await world.clients.get((await world.secured(TLS)).open());
  });
});

describe('handshakes', () => {
  it('are under way only so many at a time; others are closed at once', async () => {
    const world = await SecureWorld.make({ maxHandshakes: 2 });
    const silent = [await world.silent(TLS), await world.silent(EITHER)];
    await world.run(10);
    assert.equal(world.handshakes, 2);
    const refused: WireClient[] = [];
    for (const port of [TLS, EITHER, TLS]) refused.push(await world.silent(port));
    await world.clients.get(Promise.all(refused.map(({ closed }) => closed)));
    assert.equal(world.count('tls_handshake_exceeded'), 3);
    assert.equal(
      silent.some(({ isClosed }) => isClosed),
      false,
    );
    silent[0]?.destroy();
    await world.run(10);
    const client = await world.secured(TLS);
    await world.clients.get(client.open());
    assert.equal(world.count('tls_handshake_exceeded'), 3);
  });

  it('may take only so long, and free their place', async () => {
    const world = await SecureWorld.make({ maxHandshakes: 1 });
    const silent = await world.silent(TLS);
    await world.run(HANDSHAKE_MS - 100);
    assert.equal(silent.isClosed, false);
    await world.run(200);
    assert.equal(silent.isClosed, true);
    assert.equal(world.handshakes, 0);
    assert.equal(world.clients.logged(/is not let in: no handshake within 5000 ms/).length, 1);
    await world.clients.get((await world.secured(TLS)).open());
  });

  it('wait for a first byte no longer than connections without a session may', async () => {
    const world = await SecureWorld.make({}, { sessionlessTimeoutMs: 2000 });
    const silent = await world.silent(EITHER);
    await world.run(1900);
    assert.equal(silent.isClosed, false);
    await world.run(200);
    assert.equal(silent.isClosed, true);
    assert.equal(world.handshakes, 0);
  });

  it('do not begin while the server does not serve, where that is asked', async () => {
    const world = await SecureWorld.make({ dropsEarly: true }, { serving: false });
    await world.clients.get((await world.silent(TLS)).closed);
    assert.equal(world.count('cnxn_closed_without_zk_server_running'), 1);
    world.clients.listener.serve(world.clients.pipeline);
    await world.clients.get((await world.secured(TLS)).open());
  });
});

describe('four-letter words over TLS', () => {
  for (const [commandsOverTls, answer] of [
    [false, ''],
    [true, 'imok'],
  ] as const) {
    it(`are answered ${answer === '' ? 'by nobody' : 'when that is asked'}`, async () => {
      const world = await SecureWorld.make({}, { commandsOverTls });
      for (const port of [TLS, EITHER]) {
        const socket = await world.securedSocket(port);
        const heard: Buffer[] = [];
        socket.start({
          onData: (chunk) => heard.push(Buffer.from(chunk)),
          onEnd: () => socket.end(),
          onDrain: () => undefined,
          onClose: () => undefined,
        });
        socket.write(Buffer.from('ruok'));
        await world.run(100);
        assert.equal(Buffer.concat(heard).toString(), answer, `port ${port}`);
      }
    });
  }
});
