import { type Clock, Slice } from '../host/index.js';
import type { TxnEntry } from '../protocol/index.js';
import { formatZxid, makeZxid, OpCode, zxidCounter } from '../protocol/index.js';
import type { Life } from './life.js';
import { chooseLeader, staysLeader } from './designated-leader.js';
import type { ConfigView, History, LeaderServer, ReconfigHook } from './needs.js';
import { haveQuorum, requiredVerifiers } from './quorum.js';
import type { ZabMetrics } from './zab-metrics.js';

/** A learner that gets every proposal and commit from a certain zxid on. */
export interface Forwarding {
  readonly sid: number;
  readonly isObserver: boolean;
  /** Everything up to here is durable at the learner; -1 while its word does not count yet. */
  readonly ackedZxid: number;
  /** `nowMs`: of the monotonic clock. */
  proposed(entry: TxnEntry, nowMs: number): void;
  /** `nextLeader`: whom to follow from now on, for reconfigurations. */
  committed(entry: TxnEntry, nextLeader: number): void;
}

interface Outstanding {
  readonly entry: TxnEntry;
  readonly proposedMs: number;
  /** Of a committed reconfiguration: its leader. */
  nextLeader?: number;
}

export interface ProposalsContext {
  readonly clock: Clock;
  readonly config: ConfigView;
  readonly history: History;
  readonly life: Life;
  readonly metrics: ZabMetrics;
  readonly myId: number;
  readonly server: LeaderServer;
  /** Null or absent: the configuration may not change. */
  readonly reconfigHook?: ReconfigHook | null;
}

/**
 * A leader's proposals from being proposed to being applied here, and who gets to know of them.
 *
 * Acknowledgements are cumulative: a server logs in zxid order, so its newest one speaks for all before. A commit needs a
 * quorum, in which the leader's own log counts like any other; applying also needs the own log (ZOOKEEPER-4882).
 */
export class Proposals {
  lastProposed: number;
  lastCommitted: number;
  /** Of the proposals of this epoch: bytes of the last, the largest and the smallest one; -1 before the first. */
  readonly sizes = { last: -1, largest: -1, smallest: -1 };
  /** Called when something was committed or applied. */
  onProgress: (() => void) | null = null;
  /** Called before learners are told that `zxid` is committed. */
  onCommitting: ((zxid: number) => void) | null = null;
  /** Called before `zxid` is applied. */
  onApplying: ((zxid: number) => void) | null = null;
  /** Each with the zxid behind which it is told of proposals and commits. */
  private readonly learners = new Map<Forwarding, number>();
  /** Proposed and not applied, oldest first; the first `committedCount` are committed. */
  private outstanding: Outstanding[] = [];
  private committedCount = 0;
  private applying = false;
  /** The rest of what is committed is applied in a later turn: one such turn at a time, however many ask for it. */
  private isWaiting = false;
  /** The own log speaks for no reconfiguration from here on: the configuration itself is not on disk yet. */
  private heldFrom = Number.POSITIVE_INFINITY;
  /** Another server is to lead: nothing more is proposed or committed here (ZooKeeper's `allowedToCommit`). */
  private handsOver = false;
  /** Nothing more is proposed here. */
  private drains = false;

  constructor(
    private readonly context: ProposalsContext,
    readonly epoch: number,
    private readonly counterEnd: number,
  ) {
    this.lastProposed = makeZxid(epoch, 0);
    this.lastCommitted = this.lastProposed;
  }

  /** Everything given away up to here is applied. */
  get lastApplied(): number {
    return this.outstanding.length === 0 ? this.lastProposed : this.context.history.lastAppliedZxid;
  }

  get forwarding(): Iterable<Forwarding> {
    return this.learners.keys();
  }

  get outstandingCount(): number {
    return this.outstanding.length;
  }

  propose(entry: TxnEntry): void {
    const { history, life, clock, metrics } = this.context;
    if (life.isOver || !this.isOpen) return;
    const { zxid } = entry.header;
    if (zxidCounter(zxid) >= this.counterEnd) {
      life.finish('ZXID_EXHAUSTED', `the counter of epoch ${this.epoch} is used up: a new epoch must begin`);
      return;
    }
    if (zxid !== this.lastProposed + 1) {
      const expected = formatZxid(this.lastProposed + 1);
      life.finish('INTERNAL', `${formatZxid(zxid)} was proposed, but the next zxid is ${expected}`);
      return;
    }
    try {
      history.append(entry);
    } catch (error) {
      life.finish('STORAGE', `cannot log ${formatZxid(zxid)}: ${String(error)}`);
      return;
    }
    this.lastProposed = zxid;
    if (entry.txn.type === OpCode.reconfig) this.proposeConfig(entry);
    const proposedMs = clock.monotonicMs();
    this.outstanding.push({ entry, proposedMs });
    this.noteSize(entry.bytes.length);
    metrics.proposalCount.add();
    for (const learner of this.learners.keys()) {
      if (!learner.isObserver) learner.proposed(entry, proposedMs);
    }
  }

  /**
   * From now on the learner, which has the history up to `afterZxid`, gets everything behind it: first what is under way,
   * then what will come. Planning and this call belong into one turn.
   */
  startForwarding(learner: Forwarding, afterZxid: number): void {
    const nowMs = this.context.clock.monotonicMs();
    for (const [at, { entry, nextLeader }] of this.outstanding.entries()) {
      if (entry.header.zxid <= afterZxid) continue;
      if (!learner.isObserver) learner.proposed(entry, nowMs);
      if (at < this.committedCount) learner.committed(entry, nextLeader ?? this.context.myId);
    }
    this.learners.set(learner, afterZxid);
    this.tellOracle();
  }

  stopForwarding(learner: Forwarding): void {
    if (this.learners.delete(learner)) this.tellOracle();
  }

  /** Acknowledgements came, here or from learners: commits what has a quorum, applies what is durable. */
  advance(): void {
    const { life } = this.context;
    if (life.isOver) return;
    try {
      // A reconfiguration changes what a quorum is, so that more may be committed behind it.
      for (let before = -1; before !== this.lastCommitted && !this.handsOver;) {
        before = this.lastCommitted;
        const quorumZxid = this.newestWithQuorum();
        if (quorumZxid > this.lastCommitted) this.commitUpTo(quorumZxid);
      }
      this.apply();
    } catch (error) {
      life.finishWith(error, 'INTERNAL');
    }
  }

  /** The newest zxid that a quorum has logged; what is committed already when there is no newer one. */
  private newestWithQuorum(): number {
    const { config, history, myId } = this.context;
    const acked = new Map<number, number>();
    const note = (sid: number, zxid: number): void => {
      if (zxid > this.lastCommitted) acked.set(sid, Math.min(zxid, this.lastProposed));
    };
    note(myId, Math.min(history.durableZxid, this.heldFrom - 1));
    for (const learner of this.learners.keys()) {
      if (!learner.isObserver) note(learner.sid, learner.ackedZxid);
    }
    const candidates = [...new Set(acked.values())].sort((a, b) => b - a);
    for (const zxid of candidates) {
      const agreed = new Set<number>();
      for (const [sid, upTo] of acked) {
        if (upTo >= zxid) agreed.add(sid);
      }
      if (haveQuorum(config, agreed)) return zxid;
    }
    return this.lastCommitted;
  }

  /** Up to this zxid, or to the first reconfiguration: what is behind one is judged by the new configuration. */
  private commitUpTo(zxid: number): void {
    const { clock, metrics, myId } = this.context;
    const nowMs = clock.monotonicMs();
    const from = this.committedCount;
    while (this.committedCount < this.outstanding.length) {
      const next = this.outstanding[this.committedCount] as Outstanding;
      const { entry, proposedMs } = next;
      if (entry.header.zxid > zxid) break;
      this.committedCount++;
      this.lastCommitted = entry.header.zxid;
      metrics.quorumAckLatency.record(nowMs - proposedMs);
      this.onCommitting?.(entry.header.zxid);
      const isReconfig = entry.txn.type === OpCode.reconfig;
      if (isReconfig) next.nextLeader = this.activate(entry);
      for (const [learner, afterZxid] of this.learners) {
        if (entry.header.zxid > afterZxid) learner.committed(entry, next.nextLeader ?? myId);
      }
      if (isReconfig) break;
    }
    metrics.commitCount.add(this.committedCount - from);
  }

  /** Is what comes now proposed, and not dropped? */
  get isOpen(): boolean {
    return !this.drains && !this.handsOver;
  }

  /** Nothing more is proposed here; what was proposed goes its way. */
  drain(): void {
    this.drains = true;
  }

  /** Nothing more is proposed, and everything that was is applied. */
  get isDrained(): boolean {
    return this.drains && this.outstanding.length === 0;
  }

  // --- reconfiguration

  /** Is everything that may be committed here applied, and another server to lead? */
  get isHandedOver(): boolean {
    return this.handsOver && this.committedCount === 0;
  }

  /** Nothing more is committed here. */
  handOver(): void {
    this.handsOver = true;
  }

  /** From the proposal on a quorum of the new configuration is needed, too. */
  private proposeConfig({ header, txn }: TxnEntry): void {
    const { life, reconfigHook } = this.context;
    if (txn.type !== OpCode.reconfig || txn.data === null || reconfigHook === undefined || reconfigHook === null)
      return;
    const remembered = reconfigHook.proposed(txn.data.toString('utf8'));
    this.heldFrom = header.zxid;
    life.during(remembered).then(
      () => {
        this.heldFrom = Number.POSITIVE_INFINITY;
        this.advance();
      },
      () => undefined,
    );
  }

  /** The new configuration is in force; returns its leader. */
  private activate({ header, txn }: TxnEntry): number {
    const { config, history, myId, reconfigHook } = this.context;
    if (txn.type !== OpCode.reconfig || txn.data === null || reconfigHook === undefined || reconfigHook === null) {
      return myId;
    }
    const next = requiredVerifiers(config).at(-1) ?? config.verifier();
    const acked: [number, number][] = [[myId, history.durableZxid]];
    for (const { isObserver, sid, ackedZxid } of this.learners.keys()) if (!isObserver) acked.push([sid, ackedZxid]);
    const stays = staysLeader(config.verifier(), next, myId);
    const leader = stays ? myId : chooseLeader(next, myId, acked, header.zxid);
    const goesOn = reconfigHook.activated(txn.data.toString('utf8'), leader, header.zxid);
    if (!stays || !goesOn) this.handsOver = true;
    return leader;
  }

  private apply(): void {
    if (this.applying) return;
    this.applying = true;
    try {
      this.applyDurable();
    } finally {
      this.applying = false;
    }
    this.onProgress?.();
  }

  private applyDurable(): void {
    const { clock, history, life, server } = this.context;
    const slice = new Slice(clock);
    let applied = 0;
    while (applied < this.committedCount) {
      if (slice.isOver()) {
        this.applyLater();
        break;
      }
      const { zxid } = (this.outstanding[applied] as Outstanding).entry.header;
      if (zxid > history.durableZxid || life.isOver) break;
      this.onApplying?.(zxid);
      server.committed(zxid);
      if (history.lastAppliedZxid !== zxid) {
        life.finish(
          'INTERNAL',
          `${formatZxid(zxid)} was committed, but ${formatZxid(history.lastAppliedZxid)} applied`,
        );
      }
      applied++;
    }
    if (applied === 0) return;
    this.outstanding = this.outstanding.slice(applied);
    this.committedCount -= applied;
  }

  /** Looked at again even if no acknowledgement comes. */
  private applyLater(): void {
    if (this.isWaiting) return;
    this.isWaiting = true;
    this.context.clock.defer(() => {
      this.isWaiting = false;
      this.advance();
    });
  }

  /** Milliseconds since the proposal was made; undefined when it is applied already. */
  ageMs(zxid: number): number | undefined {
    const first = this.outstanding[0];
    if (first === undefined) return undefined;
    const found = this.outstanding[zxid - first.entry.header.zxid];
    return found === undefined ? undefined : this.context.clock.monotonicMs() - found.proposedMs;
  }

  private noteSize(bytes: number): void {
    const { sizes } = this;
    sizes.last = bytes;
    if (bytes > sizes.largest) sizes.largest = bytes;
    if (sizes.smallest < 0 || bytes < sizes.smallest) sizes.smallest = bytes;
  }

  /** A two-server ensemble may ask its oracle only while the leader has no follower. */
  private tellOracle(): void {
    const hasFollowers = [...this.learners.keys()].some((learner) => !learner.isObserver);
    this.context.config.verifier().oracle?.update(hasFollowers);
  }
}
