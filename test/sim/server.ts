import type { ServerConfig } from '../../src/config/index.js';
import { Metrics } from '../../src/metrics/index.js';
import { QuorumPeer } from '../../src/peer/index.js';
import type { RequestPipeline } from '../../src/pipeline/index.js';
import type { Database } from '../../src/storage/index.js';
import type { FakeHost, World } from '../fakes/index.js';
import type { Reading } from './settings.js';

/** How far a server's promises go: what it logged and the epochs it accepted. */
export interface Promises {
  readonly lastLogged: number;
  readonly durable: number;
  readonly accepted: number;
  readonly current: number;
}

/** One server of the ensemble, from life to life. */
export class SimServer {
  peer: QuorumPeer | null = null;
  database: Database | null = null;
  lives = 0;
  /** Faults of the disk under it that may end it now. */
  diskFaults = 0;
  /** Durable bytes were damaged, and the disk was not exchanged since. */
  isDamaged = false;
  /** They were, or the disk was exchanged, in some life. */
  wasDamaged = false;
  /** It is not to be started: it waits for its use, or it was removed from the list. */
  isIdle = false;
  wallOffsetMs = 0;
  rate = 1;
  private process: FakeHost | null = null;
  /** The newest promises that were seen while it ran. */
  private lastPromises: Promises = { lastLogged: 0, durable: 0, accepted: 0, current: 0 };

  /** `configure`: what it is told, or how it finds out at each start. */
  constructor(
    private readonly world: World,
    readonly sid: number,
    readonly name: string,
    private readonly configure: ServerConfig | ((host: FakeHost) => Promise<Reading>),
  ) {}

  get isRunning(): boolean {
    return this.process !== null;
  }

  /** What serves clients; null while there is no role, or no epoch. */
  get pipeline(): RequestPipeline | null {
    if (this.peer === null) return null;
    const role = Reflect.get(this.peer, 'role') as { pipeline: RequestPipeline | null } | null;
    return role?.pipeline ?? null;
  }

  get observes(): boolean {
    return this.peer?.state() === 'OBSERVING';
  }

  /** Whom it learns from as an observer: the leader, or a follower. */
  get observedSid(): number | null {
    if (this.peer === null) return null;
    const role = Reflect.get(this.peer, 'role') as { observedSid: number | null } | null;
    return role?.observedSid ?? null;
  }

  get isLeader(): boolean {
    return this.peer?.state() === 'LEADING';
  }

  /** `onEnd` is told when this life ends by itself. */
  boot(onEnd: (reason: string) => void): void {
    const host = this.world.host(this.name);
    host.clock.jumpWall(this.wallOffsetMs);
    if (this.rate !== 1) host.clock.drift(this.rate);
    this.process = host;
    this.lives++;
    const end = (reason: string): void => {
      if (this.process !== host) return;
      this.forget();
      onEnd(reason);
    };
    if (typeof this.configure !== 'function') {
      this.run(host, this.configure, end);
      return;
    }
    this.configure(host).then(
      ({ config, faults }) => {
        if (this.process !== host) return;
        if (config === null) end(faults);
        else this.run(host, config, end);
      },
      (error: unknown) => end(String(error)),
    );
  }

  private run(host: FakeHost, config: ServerConfig, end: (reason: string) => void): void {
    const peer = new QuorumPeer(host, config, new Metrics());
    this.peer = peer;
    peer.start().catch((error: unknown) => end(error instanceof Error ? error.message : String(error)));
    peer.finished.then(({ reason }) => end(reason)).catch((error: unknown) => end(String(error)));
  }

  /** This life is over, whatever ended it. */
  forget(): void {
    this.lastPromises = this.promises;
    this.process = null;
    this.peer = null;
    this.database = null;
  }

  get promises(): Promises {
    const { database } = this;
    if (database === null) return this.lastPromises;
    const { accepted, current } = database.epochs;
    return { lastLogged: database.lastLoggedZxid, durable: database.durableZxid, accepted, current };
  }
}
