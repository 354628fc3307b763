import { Access } from '../../src/auth/index.js';
import { Metrics } from '../../src/metrics/index.js';
import {
  type Broadcast,
  defaultPipelineOptions,
  FollowerPipeline,
  type LeaderLink,
  LeaderPipeline,
  type PipelineDeps,
  type PipelineOptions,
  SessionIds,
  StandalonePipeline,
} from '../../src/pipeline/index.js';
import { type ForwardedRequest, makeZxid, OpCode, type TxnEntry } from '../../src/protocol/index.js';
import { Database, STORAGE_DEFAULTS } from '../../src/storage/index.js';
import { type FakeHost, World } from '../fakes/index.js';
import { statText, txnText } from './texts.js';

export const TICK_MS = 2000;

/** One server's machine with an open database, and what pipelines are made from. */
export class Machine {
  readonly metrics = new Metrics();
  readonly deps: PipelineDeps & { readonly store: Database };
  /** Transactions that were applied. */
  readonly applied: string[] = [];

  private constructor(
    readonly host: FakeHost,
    readonly database: Database,
    myId: number,
    options: Partial<PipelineOptions>,
  ) {
    this.deps = {
      clock: host.clock,
      log: host.log,
      metrics: this.metrics,
      store: this.watched(database),
      access: new Access(),
      sessionIds: new SessionIds(host.clock, myId),
      options: { ...defaultPipelineOptions(TICK_MS), ...options },
    };
    database.tree.onDigestMismatch = (zxid) => {
      throw new Error(`the digest behind 0x${zxid.toString(16)} is not the predicted one`);
    };
  }

  static async start(
    world: World,
    name: string,
    myId: number,
    options: Partial<PipelineOptions> = {},
  ): Promise<Machine> {
    const host = world.host(name);
    const extendedTypes = options.extendedTypes ?? false;
    const settings = {
      ...STORAGE_DEFAULTS,
      dataDir: '/data',
      dataLogDir: '/data',
      preAllocBytes: 65536,
      extendedTypes,
    };
    const database = await world.settle(Database.open(host, new Metrics(), settings));
    return new Machine(host, database, myId, options);
  }

  /** The database, noting what is applied. */
  private watched(database: Database): Database {
    const applyNext = database.applyNext.bind(database);
    database.applyNext = () => {
      const applied = applyNext();
      this.applied.push(txnText(applied.entry.txn));
      return applied;
    };
    return database;
  }

  stat(path: string): string {
    const { tree } = this.database;
    const ref = tree.find(path);
    return ref < 0 ? 'absent' : statText(tree.stat(ref));
  }
}

export async function startStandalone(
  options: Partial<PipelineOptions> = {},
): Promise<{ world: World; machine: Machine; pipeline: StandalonePipeline }> {
  const world = new World(1);
  const machine = await Machine.start(world, 'alone', 1, options);
  const pipeline = new StandalonePipeline(machine.deps);
  pipeline.start();
  return { world, machine, pipeline };
}

const EPOCH = 1;
const LINK_MS = 1;
export const FOLLOWER_SID = 2;

/**
 * A leader and one learner, joined by a line that takes a millisecond. A follower's log counts for commits; an observer hears
 * of transactions when the leader's log has them.
 */
export class Pair implements Broadcast, LeaderLink {
  readonly epoch = EPOCH;
  readonly leaderSid = 1;
  lastProposed = makeZxid(EPOCH, 0);
  /** Requests that came to the leader. */
  readonly forwarded: ForwardedRequest[] = [];
  readonly leaderPipeline: LeaderPipeline;
  readonly followerPipeline: FollowerPipeline;
  private committed = makeZxid(EPOCH, 0);
  private syncs: { zxid: number; done: () => void }[] = [];
  /** Proposed, and not told to an observer yet. */
  private readonly untold: TxnEntry[] = [];
  /** Answers to syncs of an observer that wait for its disk. */
  private readonly untilApplied: (() => void)[] = [];
  /** What an observer's tree has. */
  private applied = makeZxid(EPOCH, 0);

  private constructor(
    readonly world: World,
    readonly leader: Machine,
    readonly follower: Machine,
    private readonly mode: 'follower' | 'observer',
  ) {
    this.leaderPipeline = new LeaderPipeline(leader.deps);
    this.followerPipeline = new FollowerPipeline(follower.deps, mode);
    leader.database.onDurable = () => {
      this.advance();
    };
    follower.database.onDurable = (zxid) => {
      if (mode === 'observer') {
        while (this.applied < zxid) this.followerPipeline.committed(++this.applied);
        for (const done of this.untilApplied.splice(0)) this.whenApplied(done);
        return;
      }
      this.onLine(() => {
        this.advance();
      });
    };
  }

  static async start(
    options: Partial<PipelineOptions> = {},
    mode: 'follower' | 'observer' = 'follower',
  ): Promise<Pair> {
    const world = new World(1);
    const leader = await Machine.start(world, 'leader', 1, options);
    const follower = await Machine.start(world, 'follower', FOLLOWER_SID, options);
    const pair = new Pair(world, leader, follower, mode);
    pair.leaderPipeline.startLeading(pair);
    pair.followerPipeline.startServing(pair);
    return pair;
  }

  /** Until nothing is under way. */
  async settle(): Promise<void> {
    await this.world.run(50);
  }

  // Broadcast

  propose(entry: TxnEntry): void {
    this.lastProposed = entry.header.zxid;
    this.leader.database.append(entry);
    if (this.mode === 'observer') {
      this.untold.push(entry);
      return;
    }
    this.onLine(() => {
      this.follower.database.append(entry);
    });
  }

  sync(done: () => void): void {
    this.syncs.push({ zxid: this.lastProposed, done });
    this.leader.host.clock.defer(() => {
      this.answerSyncs();
    });
  }

  // LeaderLink

  forward(request: ForwardedRequest): void {
    const copy = { ...request, body: Buffer.from(request.body) };
    this.onLine(() => {
      this.forwarded.push(copy);
      if (copy.type !== OpCode.sync) this.leaderPipeline.forwarded(copy, FOLLOWER_SID);
      else this.sync(() => this.onLine(() => this.whenApplied(() => this.followerPipeline.syncDone())));
    });
  }

  revalidate(sessionId: bigint, timeoutMs: number): void {
    this.onLine(() => {
      const valid = this.leaderPipeline.revalidate(sessionId, timeoutMs, FOLLOWER_SID);
      this.onLine(() => {
        this.followerPipeline.revalidated(sessionId, valid);
      });
    });
  }

  /** What the follower answers to a ping. */
  ping(): void {
    for (const [sessionId, timeoutMs] of this.followerPipeline.drainTouched()) {
      this.leaderPipeline.touch(sessionId, timeoutMs);
    }
  }

  /** As zab's learner: a sync is answered when what was committed before is applied. */
  private whenApplied(done: () => void): void {
    const isBehind = this.mode === 'observer' && this.applied < this.follower.database.lastLoggedZxid;
    if (isBehind) this.untilApplied.push(done);
    else done();
  }

  private onLine(action: () => void): void {
    this.leader.host.clock.after(LINK_MS, action);
  }

  private advance(): void {
    const { follower, followerPipeline, leader, mode } = this;
    const isObserver = mode === 'observer';
    const durable = isObserver
      ? leader.database.durableZxid
      : Math.min(leader.database.durableZxid, follower.database.durableZxid);
    while (this.committed < durable) {
      const zxid = ++this.committed;
      this.leaderPipeline.committed(zxid);
      const told = isObserver ? this.untold.shift() : undefined;
      this.onLine(() => {
        if (told !== undefined) follower.database.append(told);
        else followerPipeline.committed(zxid);
      });
    }
    this.answerSyncs();
  }

  private answerSyncs(): void {
    while (this.syncs[0] !== undefined && this.syncs[0].zxid <= this.committed) this.syncs.shift()?.done();
  }
}
