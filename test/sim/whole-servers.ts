import type { ServerConfig } from '../../src/config/index.js';
import { Metrics } from '../../src/metrics/index.js';
import { createServer, QuorumPeer, type Server } from '../../src/peer/index.js';
import type { Database } from '../../src/storage/index.js';
import { memoryFiles } from '../config/memory-files.js';
import { World } from '../fakes/index.js';
import { WireClient } from '../support/wire-client.js';
import { hostTransport } from '../support/wire-transport.js';
import { configFiles, firstList, machineName, readConfig, type Settings } from './settings.js';

/** Short histories in which everything happens that needs the disk. */
export const SHORT: Settings = {
  ...{
    voters: [1, 2, 3],
    observers: [],
    observersLog: true,
    observerMasters: false,
    localSessions: false,
    oddRequests: false,
    groups: null,
    spares: null,
    tickTimeMs: 200,
    snapCount: 12,
    commitLogCount: 6,
  },
  ...{ purgeMs: 0, syncMs: 1, latencyMs: 0.2, clients: 1, readers: 0, sessionTimeoutMs: 4000, thinkMs: 1 },
  ...{ burst: 1, pipelined: 1 },
};

/** The files of one machine. */
export type Files = ReadonlyMap<string, Buffer>;

/** Production servers on simulated machines, from whatever is on their disks; no voters: each stands alone. */
export class WholeServers {
  readonly world: World;
  /** Why servers ended by themselves. */
  readonly ends: string[] = [];
  private readonly servers = new Map<number, Server>();
  private readonly configs = new Map<number, ServerConfig>();

  constructor(
    seed: string,
    private readonly settings: Settings = SHORT,
  ) {
    this.world = new World(seed, { logLevel: 'error' });
  }

  async boot(sid: number): Promise<void> {
    const config = this.configs.get(sid) ?? (await this.configOf(sid));
    this.configs.set(sid, config);
    const server = createServer(this.world.host(machineName(sid)), config, new Metrics());
    this.servers.set(sid, server);
    const ended = (reason: string): void => {
      if (this.servers.get(sid) === server) this.ends.push(`server ${sid}: ${reason}`);
    };
    server.start().catch((error: unknown) => ended(String(error)));
    server.finished.then(({ reason }) => ended(reason)).catch((error: unknown) => ended(String(error)));
  }

  private async configOf(sid: number): Promise<ServerConfig> {
    const files = memoryFiles(Object.fromEntries(configFiles(this.settings, sid, firstList(this.settings))));
    const { config, faults } = await readConfig(files, this.settings);
    if (config === null) throw new Error(`zoo.cfg of server ${sid}: ${faults}`);
    return config;
  }

  crash(sid: number, mode: 'kill' | 'lose' | 'tear'): void {
    this.servers.delete(sid);
    if (mode === 'kill') this.world.kill(machineName(sid));
    else this.world.powerOff(machineName(sid), mode);
  }

  /** Calls `then` instead of the disk's operation number `point` from now on; returns how to take that back. */
  atOperation(sid: number, point: number, then: () => void): () => void {
    const disk = this.world.disk(machineName(sid));
    const at = disk.operationCount + point;
    disk.onOperation = ({ index }) => {
      if (index === at) then();
    };
    return () => {
      disk.onOperation = null;
    };
  }

  files(sid: number): Files {
    return this.world.disk(machineName(sid)).files();
  }

  install(sid: number, files: Files): void {
    this.world.disk(machineName(sid)).replaceWith(files);
  }

  isServing(sid: number): boolean {
    const server = this.servers.get(sid);
    if (server === undefined) return false;
    if (server instanceof QuorumPeer) return server.status.elections()?.serving === true;
    return Reflect.get(server, 'pipeline') !== null;
  }

  isLeader(sid: number): boolean {
    const server = this.servers.get(sid);
    return server instanceof QuorumPeer && this.isServing(sid) && server.state() === 'LEADING';
  }

  server(sid: number): Server {
    const server = this.servers.get(sid);
    if (server === undefined) throw new Error(`server ${sid} does not run`);
    return server;
  }

  database(sid: number): Database {
    const database = Reflect.get(this.server(sid), 'database') as Database | null;
    if (database === null) throw new Error(`server ${sid} has no database; ends: ${this.ends.join()}`);
    return database;
  }

  async serving(...sids: readonly number[]): Promise<void> {
    await this.world.until(() => this.ends.length > 0 || sids.every((sid) => this.isServing(sid)), 120_000);
    if (this.ends.length > 0) throw new Error(this.ends.join('; '));
  }

  /** A client with a session. Drive the world until it resolves. */
  async connect(sid: number): Promise<WireClient> {
    const socket = await this.world.host('client').network.dial({ host: machineName(sid), port: 2181 }, 1000);
    const client = WireClient.over(hostTransport(socket));
    await client.open({ timeoutMs: 4000 });
    return client;
  }

  client(sid: number): Promise<WireClient> {
    return this.world.settle(this.connect(sid));
  }
}
