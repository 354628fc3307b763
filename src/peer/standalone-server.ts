import type { AdminControl, AdminTarget } from '../admin/index.js';
import { ClientListener } from '../client/index.js';
import type { ServerConfig } from '../config/index.js';
import type { Host } from '../host/index.js';
import type { Metrics } from '../metrics/index.js';
import { type ReconfigGate, SessionIds, StandalonePipeline } from '../pipeline/index.js';
import { ErrorCode } from '../protocol/index.js';
import type { SessionsStatus } from '../status/index.js';
import type { Database } from '../storage/index.js';
import { adminTarget } from './admin-target.js';
import { closeDatabase, endsInTime, listenForClients, openDatabase } from './foundation.js';
import { clientOptions } from './options.js';
import { type AuthPlugins, makeAccess, NO_PLUGINS } from './access.js';
import { pipelineDeps, type PipelineParts } from './pipelines.js';
import { type Environment, ServerFacts } from './server-facts.js';
import { PeerExit, type Server, type ServerEnd } from './start-error.js';
import type { TlsFileWatch } from './tls-files.js';
import { prepareReload } from './reload.js';
import { Upkeep } from './upkeep.js';

/** Sessions of a server without an ensemble are made as if it were server 1, whatever myid says: ZooKeeper's are. */
const SESSION_SERVER_ID = 1;

/** There is no ensemble to change. */
const NO_ENSEMBLE: ReconfigGate = { plan: () => ErrorCode.unimplemented };

/** A server without an ensemble: what its own log has is committed. */
export class StandaloneServer implements Server {
  readonly status: ServerFacts;
  readonly finished: Promise<ServerEnd>;
  private readonly clients: ClientListener;
  private readonly parts: PipelineParts;
  private finish: (end: ServerEnd) => void = () => undefined;
  private database: Database | null = null;
  private readonly upkeep: Upkeep;
  /** While it does not serve, because something is done without a role. */
  private pause: Promise<void> | null = null;
  private tlsWatch: TlsFileWatch | null = null;
  private pipeline: StandalonePipeline | null = null;
  private starting: Promise<void> = Promise.resolve();
  private stopping: Promise<void> | null = null;

  constructor(
    private readonly host: Host,
    private readonly config: ServerConfig,
    private readonly metrics: Metrics,
    environment: Environment = [],
    plugins: AuthPlugins = NO_PLUGINS,
  ) {
    this.finished = new Promise((resolve) => {
      this.finish = resolve;
    });
    this.status = new ServerFacts(host.clock, host.disk, config, environment, {
      database: () => this.database,
      pipeline: () => this.pipeline,
      quorum: () => null,
      elections: () => null,
      proposalSizes: () => null,
      sessions: () => this.sessionsStatus(),
      own: () => config.membership.members.get(config.myId),
    });
    const access = makeAccess(config, host, plugins, metrics);
    this.parts = { host, metrics, config, access, sessionIds: new SessionIds(host.clock, SESSION_SERVER_ID) };
    this.clients = new ClientListener({ host, metrics, status: this.status, access, options: clientOptions(config) });
    const endRole = (): void => {
      this.takePause();
    };
    this.upkeep = new Upkeep(host, config, metrics, { end: endRole, yield: endRole });
  }

  start(): Promise<void> {
    this.starting = this.begin();
    return this.starting;
  }

  private async begin(): Promise<void> {
    const { config, host, metrics } = this;
    let database: Database;
    try {
      // The port first, as ZooKeeper does: who started this server twice is told so before the data is touched.
      this.tlsWatch = await listenForClients(this.clients, config, host);
      database = await openDatabase(host, metrics, config);
      this.database = database;
      await this.upkeep.start(database);
    } catch (error) {
      await this.release();
      throw error;
    }
    database.onFatal = (error) => {
      this.stopping ??= this.end({ exitCode: PeerExit.unexpected, reason: error.message });
    };
    if (this.isStopping() || this.pause !== null) return;
    this.serve(database);
  }

  private serve(database: Database): void {
    const { config } = this;
    const pipeline = new StandalonePipeline({
      ...pipelineDeps(this.parts, database, config.values.reconfigEnabled ? NO_ENSEMBLE : null),
      onBatchApplied: () => {
        this.clients.flush();
      },
    });
    this.pipeline = pipeline;
    pipeline.start();
    this.clients.serve(pipeline);
  }

  /** Serves nobody while something is done that must not be noticed half done, or while the disk is full. */
  private takePause(): void {
    const { database } = this;
    if (database === null || this.pause !== null || this.isStopping()) return;
    this.pause = this.whilePaused(database)
      .catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        this.stopping ??= this.end({ exitCode: PeerExit.unexpected, reason });
      })
      .finally(() => {
        this.pause = null;
        // What was asked in this very moment.
        if (this.upkeep.needsPause) this.takePause();
      });
  }

  private async whilePaused(database: Database): Promise<void> {
    this.clients.serve(null);
    this.pipeline?.stop();
    this.pipeline = null;
    await database.settle();
    await this.upkeep.betweenRoles(database);
    if (!this.isStopping()) this.serve(database);
  }

  handOver(): boolean {
    return false;
  }

  stop(): Promise<void> {
    this.stopping ??= this.end({ exitCode: PeerExit.ok, reason: 'stopped' });
    return this.stopping;
  }

  prepareReload(next: ServerConfig): Promise<() => void> {
    return prepareReload(next, {
      clients: this.clients,
      status: this.status,
      access: this.parts.access,
      certificates: [this.tlsWatch],
      authenticator: null,
    });
  }

  adminTarget(initialConfiguration: string, control: AdminControl): AdminTarget {
    return adminTarget(this.parts, this.clients.commands, {
      initialConfiguration,
      control,
      pipeline: () => this.pipeline,
      database: () => this.database,
      verifier: () => null,
      learners: () => [],
      resetObserverStatistics: () => undefined,
      restore: (bytes) => this.upkeep.restore(this.database, bytes, () => undefined),
    });
  }

  private isStopping(): boolean {
    return this.stopping !== null;
  }

  private async end(end: ServerEnd): Promise<void> {
    const { clock, log } = this.host;
    if (await endsInTime(clock, log, this.tearDown(end.exitCode === PeerExit.ok))) {
      this.finish(end);
      return;
    }
    await this.clients.close();
    this.finish({ exitCode: end.exitCode || PeerExit.unexpected, reason: `${end.reason}; the disk does not answer` });
  }

  private async tearDown(isGraceful: boolean): Promise<void> {
    // What is half started could not be ended; how starting went is told to whoever called it.
    await this.starting.catch(() => undefined);
    await this.clients.drain();
    await this.release(isGraceful);
  }

  private async release(isGraceful = false): Promise<void> {
    this.upkeep.release();
    await this.pause;
    this.clients.serve(null);
    this.pipeline?.stop();
    await this.upkeep.stop();
    this.tlsWatch?.stop();
    await this.clients.close();
    const saveWithinMs = isGraceful ? this.upkeep.lastSnapshotLimitMs : 0;
    if (this.database !== null) await closeDatabase(this.database, this.host, saveWithinMs);
  }

  private sessionsStatus(): SessionsStatus {
    return this.pipeline?.sessionsStatus() ?? { kind: 'known', timeoutsMs: [], count: 0 };
  }
}
