import { Access, AuthProviders, DEFAULT_PROVIDER_OPTIONS, digestId } from '../../src/auth/index.js';
import { ClientListener, type ClientOptions } from '../../src/client/index.js';
import type { AuditLog, Host, Socket } from '../../src/host/index.js';
import { Metrics } from '../../src/metrics/index.js';
import { FULL_VERSION, type ServerStatus } from '../../src/status/index.js';
import { World } from '../fakes/index.js';
import { type SessionOptions, WireClient } from '../support/wire-client.js';
import { hostTransport } from '../support/wire-transport.js';
import { MemoryPipeline } from './memory-pipeline.js';

const PORT = 2181;

/** Whoever authenticates as this may do everything. */
export const SUPER = 'super:secret';

export function testAccess(): Access {
  const superDigest = digestId(SUPER);
  return new Access(AuthProviders.standard({ ...DEFAULT_PROVIDER_OPTIONS, superDigest }));
}

/** A status of fixed values, to be overridden where a test asks. */
export function testStatus(host: Host, overrides: Partial<ServerStatus> = {}): ServerStatus {
  return {
    version: FULL_VERSION,
    settings: {
      clientPort: PORT,
      secureClientPort: -1,
      dataDir: '/data/version-2',
      dataLogDir: '/data/version-2',
      tickTimeMs: 2000,
      maxClientCnxns: 60,
      minSessionTimeoutMs: 4000,
      maxSessionTimeoutMs: 40_000,
      clientPortListenBacklog: -1,
      serverId: 0,
      quorum: null,
    },
    uptimeMs: () => host.clock.monotonicMs(),
    environment: () => [
      ['zookeeper.version', FULL_VERSION],
      ['host.name', 'localhost'],
    ],
    storageSizes: () => Promise.resolve({ dataDirBytes: 457, logDirBytes: 67_108_880 }),
    quorum: () => null,
    elections: () => null,
    proposalSizes: () => null,
    sessions: () => ({ kind: 'tracked', sets: [], count: 0 }),
    resetStatistics: () => undefined,
    ...overrides,
  };
}

/** A client port on a simulated host, over a pipeline without log, and clients on other hosts. */
export class ClientWorld {
  private constructor(
    readonly world: World,
    readonly listener: ClientListener,
    readonly pipeline: MemoryPipeline,
    readonly metrics: Metrics,
  ) {}

  static async make(
    options: Partial<ClientOptions> & {
      seed?: number;
      serving?: boolean;
      status?: Partial<ServerStatus>;
      access?: Access;
      audit?: AuditLog;
    } = {},
  ): Promise<ClientWorld> {
    const { seed, serving, status, access, audit, ...clientOptions } = options;
    const world = new World(seed ?? 1, { logLevel: 'debug' });
    const host = world.host('server');
    const metrics = new Metrics();
    const { clock, disk, log, network, random } = host;
    const listener = new ClientListener({
      host: { clock, disk, log, network, random, ...(audit === undefined ? {} : { audit }) },
      metrics,
      status: testStatus(host, status),
      access: access ?? testAccess(),
      options: { commandWhitelist: '*', ...clientOptions },
    });
    const pipeline = new MemoryPipeline(host.clock);
    if (serving !== false) listener.serve(pipeline);
    await world.settle(listener.listen([{ host: '', port: PORT }]));
    return new ClientWorld(world, listener, pipeline, metrics);
  }

  /** A connection on which nothing was said. */
  dial(from = 'client'): Promise<WireClient> {
    return this.over(this.world.host(from).network.dial({ host: 'server', port: PORT }, 1000));
  }

  async over(dialling: Promise<Socket>): Promise<WireClient> {
    return WireClient.over(hostTransport(await this.world.settle(dialling)));
  }

  async connect(options: SessionOptions = {}, from = 'client'): Promise<WireClient> {
    const client = await this.dial(from);
    await this.world.settle(client.open(options));
    return client;
  }

  /** Runs the world until the promise has its result. */
  get<T>(promise: Promise<T>): Promise<T> {
    return this.world.settle(promise);
  }

  /** Sends a four-letter word and gives all that comes back. */
  async ask(word: string | Buffer, from = 'prober'): Promise<string> {
    const socket = await this.world.settle(this.world.host(from).network.dial({ host: 'server', port: PORT }, 1000));
    const chunks: Buffer[] = [];
    let isOver = false;
    socket.start({
      onData: (chunk) => chunks.push(Buffer.from(chunk)),
      onEnd: () => socket.end(),
      onDrain: () => undefined,
      onClose: () => (isOver = true),
    });
    socket.write(Buffer.from(word));
    await this.world.until(() => isOver);
    return Buffer.concat(chunks).toString('utf8');
  }

  /** What `mntr` says, without asking over the network. */
  mntr(): string {
    const lines: string[] = [];
    for (const [name, read] of this.metrics.gauges) lines.push(`zk_${name}\t${read()}\n`);
    return lines.join('');
  }

  /** Connections that count as alive. */
  connectionCount(): number {
    return this.metrics.gauges.get('num_alive_connections')?.() ?? -1;
  }

  /** The server's log lines at or above debug whose message matches. */
  logged(pattern: RegExp): string[] {
    return this.world
      .host('server')
      .log.entries.map((entry) => entry.message)
      .filter((message) => pattern.test(message));
  }
}
