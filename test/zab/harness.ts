import type { QuorumVerifier } from '../../src/membership/index.js';
import { AddressTurns, parseMembershipText } from '../../src/membership/index.js';
import { Metrics } from '../../src/metrics/index.js';
import type { ForwardedRequest, TxnEntry } from '../../src/protocol/index.js';
import { OpCode } from '../../src/protocol/index.js';
import type { Applied, DatabaseOptions } from '../../src/storage/index.js';
import { Database, STORAGE_DEFAULTS } from '../../src/storage/index.js';
import type {
  Broadcast,
  History,
  LeaderLink,
  LeaderServer,
  LearnerDeps,
  LearnerServer,
  ReconfigHook,
  RoleEnd,
  ZabOptions,
} from '../../src/zab/index.js';
import { DEFAULT_ZAB_OPTIONS, Follower, Leader, Observer, PhaseTrace } from '../../src/zab/index.js';
import type { Endpoint, Host } from '../../src/host/index.js';
import type { World } from '../fakes/index.js';
import { createEntry } from './zxids.js';

export const QUORUM_PORT = 2888;

export const TEST_ZAB_OPTIONS: ZabOptions = {
  ...DEFAULT_ZAB_OPTIONS,
  tickTimeMs: 100,
  initLimit: 10,
  syncLimit: 5,
  maxTimeToWaitForEpochMs: 300,
};

const DATABASE_OPTIONS: DatabaseOptions = {
  ...STORAGE_DEFAULTS,
  dataDir: '/data',
  dataLogDir: '/data',
  preAllocBytes: 4096,
};

export function hostName(sid: number): string {
  return `s${sid}`;
}

/** Servers `s1`, `s2`, ... with the ids given. */
export function membership(voters: readonly number[], observers: readonly number[] = []): QuorumVerifier {
  const line = (sid: number, role: string): string => `server.${sid}=${hostName(sid)}:${QUORUM_PORT}:3888:${role}`;
  const lines = [...voters.map((sid) => line(sid, 'participant')), ...observers.map((sid) => line(sid, 'observer'))];
  return parseMembershipText(lines.join('\n'));
}

interface PendingWrite {
  readonly cxid: number;
  readonly done: () => void;
}

/**
 * The least pipeline that can lead and learn: a write creates a node whose name is the request's body. Both of Zab's servers
 * in one, since a test's server keeps its clients from role to role.
 */
export class TrivialPipeline implements LeaderServer, LearnerServer {
  readonly valid = new Map<bigint, number>();
  readonly touched: (readonly [bigint, number])[] = [];
  readonly events: string[] = [];
  /** Called for each transaction that Zab says is committed. */
  onApplied: ((entry: TxnEntry) => void) | null = null;
  broadcast: Broadcast | null = null;
  link: LeaderLink | null = null;
  private nextZxid = 0;
  private nextCxid = 1;
  private pending: PendingWrite[] = [];
  private syncs: (() => void)[] = [];

  constructor(
    private readonly sid: number,
    private readonly database: Database,
    private readonly nowWallMs: () => number,
  ) {}

  get isServing(): boolean {
    return this.broadcast !== null || this.link !== null;
  }

  /** The role is over: nobody will answer what is pending. */
  reset(): void {
    this.broadcast = null;
    this.link = null;
    this.pending = [];
    this.syncs = [];
  }

  /** Asks for a node; `done` runs when it is committed and applied here. */
  write(name: string, done: () => void = () => undefined): void {
    const cxid = this.nextCxid++;
    this.pending.push({ cxid, done });
    const request = { sessionId: BigInt(this.sid), cxid, type: OpCode.create, body: Buffer.from(name), auth: [] };
    if (this.broadcast !== null) this.propose(request);
    else this.link?.forward(request);
  }

  sync(done: () => void): void {
    if (this.broadcast !== null) {
      this.broadcast.sync(done);
      return;
    }
    this.syncs.push(done);
    this.link?.forward({
      sessionId: BigInt(this.sid),
      cxid: 0,
      type: OpCode.sync,
      body: Buffer.from([0, 0, 0, 1, 0x2f]),
      auth: [],
    });
  }

  // --- LeaderServer

  startLeading(broadcast: Broadcast): void {
    this.broadcast = broadcast;
    this.nextZxid = broadcast.lastProposed + 1;
  }

  forwarded(request: ForwardedRequest, sid: number): void {
    this.events.push(`forwarded ${request.body.toString()} from ${sid}`);
    this.propose(request);
  }

  revalidate(sessionId: bigint, timeoutMs: number, sid: number): boolean {
    this.events.push(`revalidate ${sessionId} ${timeoutMs} from ${sid}`);
    return this.valid.has(sessionId);
  }

  touch(sessionId: bigint, timeoutMs: number): void {
    this.events.push(`touch ${sessionId} ${timeoutMs}`);
  }

  private propose(request: ForwardedRequest): void {
    const { sessionId, cxid, body } = request;
    const entry = createEntry(this.nextZxid, `/${body.toString()}`, sessionId, cxid, this.nowWallMs());
    this.nextZxid++;
    this.broadcast?.propose(entry);
  }

  // --- LearnerServer

  startServing(link: LeaderLink): void {
    this.link = link;
    this.events.push('serving');
  }

  syncDone(): void {
    this.syncs.shift()?.();
  }

  revalidated(sessionId: bigint, valid: boolean): void {
    this.events.push(`revalidated ${sessionId} ${valid}`);
  }

  sessionMoved(sessionId: bigint): void {
    this.events.push(`session ${sessionId} moved`);
  }

  drainTouched(): Iterable<readonly [bigint, number]> {
    return this.touched.splice(0);
  }

  // --- both

  committed(zxid: number): void {
    const { entry }: Applied = this.database.applyNext();
    if (entry.header.zxid !== zxid) throw new Error(`applied ${entry.header.zxid} instead of ${zxid}`);
    this.onApplied?.(entry);
    if (entry.header.clientId !== BigInt(this.sid)) return;
    const at = this.pending.findIndex(({ cxid }) => cxid === entry.header.cxid);
    if (at < 0) return;
    const [found] = this.pending.splice(at, 1);
    found?.done();
  }
}

type Role = Leader | Follower | Observer;

/** One server of a simulated ensemble: real database, real Zab, trivial pipeline. The test says who leads. */
export class ZabServer {
  role: Role | null = null;
  end: Promise<RoleEnd> | null = null;
  lastEnd: RoleEnd | null = null;
  readonly config: string[] = [];
  private readonly turns = new AddressTurns();

  private constructor(
    readonly sid: number,
    readonly host: Host,
    readonly database: Database,
    readonly metrics: Metrics,
    readonly pipeline: TrivialPipeline,
    readonly trace: PhaseTrace,
    readonly verifier: QuorumVerifier,
    readonly options: ZabOptions,
  ) {}

  /** Starts the process on machine `s<sid>` and recovers its database. */
  static async boot(
    world: World,
    sid: number,
    verifier: QuorumVerifier,
    options: Partial<ZabOptions> = {},
    storage: Partial<DatabaseOptions> = {},
  ): Promise<ZabServer> {
    return ZabServer.open(world.host(hostName(sid)), sid, verifier, options, storage);
  }

  /** The same on any host. */
  static async open(
    host: Host,
    sid: number,
    verifier: QuorumVerifier,
    options: Partial<ZabOptions> = {},
    storage: Partial<DatabaseOptions> = {},
  ): Promise<ZabServer> {
    const metrics = new Metrics();
    const database = await Database.open(host, metrics, { ...DATABASE_OPTIONS, ...storage });
    const pipeline = new TrivialPipeline(sid, database, () => host.clock.wallMs());
    const trace = new PhaseTrace(host.clock);
    const all = { ...TEST_ZAB_OPTIONS, ...options };
    return new ZabServer(sid, host, database, metrics, pipeline, trace, verifier, all);
  }

  get isServing(): boolean {
    return this.pipeline.isServing;
  }

  get leader(): Leader | null {
    return this.role instanceof Leader ? this.role : null;
  }

  lead(): Promise<RoleEnd> {
    const own = this.verifier.members.get(this.sid)?.addresses ?? [];
    const listenOn = own.map(({ host, quorumPort }) => ({ host, port: quorumPort }));
    return this.start(new Leader({ ...this.deps(), server: this.pipeline, listenOn }));
  }

  follow(leaderSid: number, observersOn: readonly Endpoint[] = []): Promise<RoleEnd> {
    return this.start(new Follower({ ...this.learnerDeps(leaderSid), observersOn }));
  }

  observe(leaderSid: number): Promise<RoleEnd> {
    return this.start(new Observer(this.learnerDeps(leaderSid)));
  }

  private learnerDeps(leaderSid: number): LearnerDeps {
    const { pipeline: server, turns } = this;
    return { ...this.deps(), server, leaderSid, turns, reconfigHook: this.hook() };
  }

  /** Ends the role and waits until nothing of it is left. */
  async stop(reason = 'test'): Promise<void> {
    await this.role?.shutdown(reason);
    await this.end;
  }

  private start(role: Role): Promise<RoleEnd> {
    this.role = role;
    this.end = this.live(role);
    return this.end;
  }

  private async live(role: Role): Promise<RoleEnd> {
    const end = await role.run();
    this.pipeline.reset();
    this.role = null;
    this.lastEnd = end;
    return end;
  }

  private deps() {
    const history: History = this.database;
    return {
      host: this.host,
      metrics: this.metrics,
      history,
      config: { verifier: () => this.verifier, lastSeenVerifier: () => null },
      myId: this.sid,
      options: this.options,
      trace: this.trace,
    };
  }

  private hook(): ReconfigHook {
    return {
      proposed: (text) => {
        this.config.push(`proposed ${lastLine(text)}`);
        return Promise.resolve();
      },
      established: (text) => this.config.push(`established ${lastLine(text)}`) > 0,
      activated: (text, leader, zxid) =>
        this.config.push(`activated ${lastLine(text ?? 'unknown')} ${leader} ${zxid.toString(16)}`) > 0,
    };
  }

  /** Paths of the root's children and the zxids that made them, oldest first: what this server's tree says happened. */
  history(): string[] {
    const { tree } = this.database;
    const root = tree.find('/');
    const nodes = [...tree.children(root)]
      .filter((name) => name !== 'zookeeper')
      .map((name) => ({ name, czxid: tree.stat(tree.find(`/${name}`)).czxid }));
    return nodes.sort((a, b) => a.czxid - b.czxid).map(({ name, czxid }) => `${czxid.toString(16)} ${name}`);
  }
}

function lastLine(text: string): string {
  return text.split('\n').at(-1) ?? '';
}
