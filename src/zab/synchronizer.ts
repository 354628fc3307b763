import type { Clock, Logger } from '../host/index.js';
import { JuteWriter } from '../jute/index.js';
import type { TxnEntry } from '../protocol/index.js';
import { encodeImageDigest, formatZxid, PacketType } from '../protocol/index.js';
import { StorageError } from '../storage/index.js';
import type { Life } from './life.js';
import { ZabError } from './life.js';
import type { History, SnapshotSend } from './needs.js';
import type { ZabOptions } from './options.js';
import { initLimitMs } from './options.js';
import type { PacketStream } from './packet-stream.js';
import type { Forwarding } from './proposals.js';
import type { DiffPlan, LogFinding, SyncPlan } from './sync-plan.js';
import { follows, LogProbe, planSync } from './sync-plan.js';
import type { SyncThrottle } from './sync-throttle.js';
import type { ZabMetrics } from './zab-metrics.js';

/** Stands behind the tree of a SNAP. */
const SNAPSHOT_SIGNATURE = 'BenWasHere';
const SLICE_BYTES = 128 * 1024;
/** A log that outgrows the committed log while it is read is tried so often. */
const LOG_TRIES = 3;

/** A learner to be synchronized. */
export interface SyncTarget extends Forwarding {
  readonly stream: PacketStream;
  readonly life: Life;
  /** Can it be told to come again later, when too many are synchronized? */
  readonly canComeAgain: boolean;
}

/** What goes on while learners are synchronized. */
export interface Feed {
  readonly epoch: number;
  readonly lastProposed: number;
  /** From now on the learner, which has the history up to `afterZxid`, is told of everything behind it. */
  startForwarding(learner: Forwarding, afterZxid: number): void;
}

export interface SynchronizerContext {
  readonly clock: Clock;
  readonly history: History;
  readonly log: Logger;
  readonly metrics: ZabMetrics;
  readonly options: ZabOptions;
  readonly feed: () => Feed;
  readonly snapThrottle: SyncThrottle;
  readonly diffThrottle: SyncThrottle;
}

export interface SyncResult {
  /** The learner has the history up to here when it acknowledges NEWLEADER. */
  readonly upTo: number;
  /** It may serve once this is committed; null: at once. */
  readonly serveAfter: number | null;
  readonly how: 'DIFF' | 'TRUNC' | 'SNAP';
  /** To be called when the learner acknowledged NEWLEADER, or is gone. */
  readonly ended: () => void;
}

/** What was fixed in the turn in which the learner was registered for live proposals. */
type Started =
  | { readonly kind: 'SNAP'; readonly snapshot: SnapshotSend; readonly result: SyncResult }
  | {
      readonly kind: 'DIFF';
      readonly plan: DiffPlan;
      readonly committed: readonly TxnEntry[];
      readonly result: SyncResult;
    };

/** Brings one learner after the other to the leader's history: DIFF, TRUNC, SNAP and their mixtures. */
export class Synchronizer {
  constructor(private readonly context: SynchronizerContext) {}

  /** Sends everything that stands before NEWLEADER. Live proposals wait in the learner's own queue meanwhile. */
  async synchronize(target: SyncTarget, peerZxid: number): Promise<SyncResult> {
    let log: LogFinding | null = null;
    for (let tries = 0; ; tries++) {
      const started = this.start(target, peerZxid, log, tries < LOG_TRIES);
      if (started !== null) {
        await this.send(target, started);
        return started.result;
      }
      log = await target.life.during(this.probeLog(peerZxid));
    }
  }

  /** Plans, and when the plan can be carried out registers the learner, in one turn. Null: the log must be read first. */
  private start(target: SyncTarget, peerZxid: number, log: LogFinding | null, logAllowed: boolean): Started | null {
    const { feed, history, options } = this.context;
    const committed = history.committedLog.entries;
    const plan = planSync(peerZxid, {
      epoch: feed().epoch,
      lastAppliedZxid: history.lastAppliedZxid,
      lastProposedZxid: feed().lastProposed,
      committed,
      forceSnapshot: options.forceSnapshotSync,
      maxEntryBytes: options.maxSentBytes,
      logAllowed: logAllowed && options.snapshotSizeFactor >= 0,
      log,
    });
    if (plan.kind === 'LOG') return null;
    this.logPlan(target, peerZxid, plan);
    if (plan.kind === 'REFUSE') throw new ZabError('PROTOCOL', `server ${target.sid}: ${plan.why}`);
    const started = plan.kind === 'SNAP' ? this.startSnapshot(target) : this.startDiff(target, plan, committed);
    feed().startForwarding(target, started.result.upTo);
    return started;
  }

  private startSnapshot(target: SyncTarget): Started {
    const ended = this.context.snapThrottle.begin(target.canComeAgain);
    const snapshot = this.context.history.beginSnapshotSend();
    return { kind: 'SNAP', snapshot, result: { how: 'SNAP', upTo: snapshot.zxid, serveAfter: null, ended } };
  }

  private startDiff(target: SyncTarget, plan: DiffPlan, committed: readonly TxnEntry[]): Started {
    const ended = this.context.diffThrottle.begin(target.canComeAgain);
    const { upTo, serveAfter } = plan;
    const result = { how: plan.kind, upTo, serveAfter, ended };
    return { kind: 'DIFF', plan, committed: committed.slice(plan.committedFrom), result };
  }

  private async send(target: SyncTarget, started: Started): Promise<void> {
    try {
      if (started.kind === 'SNAP') await this.sendSnapshot(target, started.snapshot);
      else await this.sendDiff(target, started.plan, started.committed);
    } catch (error) {
      started.result.ended();
      throw error;
    }
  }

  private async sendSnapshot(target: SyncTarget, snapshot: SnapshotSend): Promise<void> {
    const { metrics } = this.context;
    try {
      // A learner of ZooKeeper does not look at the data; one of ours finds out whether it has what was sent.
      const { digest, zxid } = snapshot;
      target.stream.send(PacketType.snap, zxid, digest === null ? null : encodeImageDigest(digest));
      const w = new JuteWriter(SLICE_BYTES);
      for (let isMore = true; isMore;) {
        isMore = snapshot.write(w, SLICE_BYTES);
        target.stream.sendRaw(w.take(SLICE_BYTES));
        await this.breathe(target);
      }
      w.string(SNAPSHOT_SIGNATURE);
      target.stream.sendRaw(w.take(0));
    } finally {
      snapshot.close();
      metrics.snapCount.add();
    }
  }

  private async sendDiff(target: SyncTarget, plan: DiffPlan, committed: readonly TxnEntry[]): Promise<void> {
    this.context.metrics.diffCount.add();
    target.stream.send(plan.kind === 'DIFF' ? PacketType.diff : PacketType.trunc, plan.zxid);
    if (plan.log !== null) await this.sendLog(target, plan.log.after, plan.log.upTo);
    for (const entry of committed) {
      sendCommitted(target.stream, entry);
      if (target.stream.unsentBytes > SLICE_BYTES) await this.breathe(target);
    }
  }

  private async sendLog(target: SyncTarget, after: number, upTo: number): Promise<void> {
    let last = after;
    for await (const entry of this.context.history.readLog(after)) {
      target.life.check();
      const { zxid } = entry.header;
      if (zxid <= after) continue;
      if (zxid > upTo) break;
      if (!follows(last, zxid)) break;
      sendCommitted(target.stream, entry);
      last = zxid;
      if (target.stream.unsentBytes > SLICE_BYTES) await this.breathe(target);
    }
    if (last !== upTo) {
      throw new ZabError('STORAGE', `the log ends at ${formatZxid(last)} where ${formatZxid(upTo)} stood a moment ago`);
    }
  }

  /** Lets the network drain and other things happen. */
  private async breathe(target: SyncTarget): Promise<void> {
    await new Promise<void>((resolve) => {
      this.context.clock.defer(resolve);
    });
    target.life.check();
    await target.stream.drained(initLimitMs(this.context.options));
    target.life.check();
  }

  /** Reads the log on disk as far as it is applied, and says whether a learner at `peerZxid` can be served from it. */
  private async probeLog(peerZxid: number): Promise<LogFinding> {
    const { history, options } = this.context;
    const appliedZxid = history.lastAppliedZxid;
    let probe: LogProbe;
    try {
      const { snapshotBytes } = await history.syncSizes(peerZxid);
      // As in ZooKeeper, no snapshot means no limit.
      const limitBytes = snapshotBytes === 0 ? Number.POSITIVE_INFINITY : snapshotBytes * options.snapshotSizeFactor;
      probe = new LogProbe(peerZxid, limitBytes, options.maxSentBytes);
      for await (const entry of history.readLog(peerZxid)) {
        if (entry.header.zxid > appliedZxid) break;
        if (!probe.feed(entry.header.zxid, entry.bytes.length)) break;
      }
    } catch (error) {
      this.tellUnusable(peerZxid, error);
      return { found: 'unreadable', common: peerZxid, upTo: peerZxid };
    }
    return probe.finding();
  }

  /** A log that begins behind the learner is nothing strange: every new server and every purge leads to that. */
  private tellUnusable(peerZxid: number, error: unknown): void {
    const isGap = error instanceof StorageError && error.code === 'LOG_GAP';
    const why = isGap ? `: ${error.message}` : '.';
    this.context.log.info(`The log on disk cannot serve a learner at ${formatZxid(peerZxid)}${why}`, {
      code: 'ZAB_LOG_UNUSABLE',
      ...(isGap ? {} : { error }),
    });
  }

  private logPlan(target: SyncTarget, peerZxid: number, plan: SyncPlan): void {
    const { feed, history, log } = this.context;
    log.info(`Server ${target.sid} at ${formatZxid(peerZxid)} is synchronized by ${plan.kind}: ${plan.why}.`, {
      code: 'ZAB_SYNC_PLAN',
      sid: target.sid,
      plan: plan.kind,
      lastApplied: formatZxid(history.lastAppliedZxid),
      lastProposed: formatZxid(feed().lastProposed),
    });
  }
}

/** What is committed already travels as proposal and commit, to observers too, as in ZooKeeper. */
function sendCommitted(stream: PacketStream, entry: TxnEntry): void {
  stream.send(PacketType.proposal, entry.header.zxid, entry.bytes);
  stream.send(PacketType.commit, entry.header.zxid);
}
