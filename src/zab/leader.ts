import { type Clock, Complaints, type Listener, type Logger } from '../host/index.js';
import type { QuorumTally, QuorumVerifier } from '../membership/index.js';
import type { ForwardedRequest, TxnEntry } from '../protocol/index.js';
import { makeZxid, OpCode, zxidCounter } from '../protocol/index.js';
import { Discovery, FAR_EPOCH_MEND } from './discovery.js';
import { publishLeaderGauges } from './leader-gauges.js';
import { LeadershipProof } from './leadership-proof.js';
import { LearnerCrowd } from './learner-crowd.js';
import type { LearnerHandler, LearnerMaster, LearnerView, RevalidatedSession } from './learner-handler.js';
import { LearnerPromises } from './learner-promises.js';
import { listenForLearners } from './learner-listener.js';
import { Life, Milestone, type RoleEnd, ZabError } from './life.js';
import { Loyalty, type VoterWord } from './loyalty.js';
import type { Broadcast, ConfigView } from './needs.js';
import type { ZabOptions } from './options.js';
import { initLimitMs, syncLimitMs } from './options.js';
import { Proposals } from './proposals.js';
import { isVoter, tallyOf } from './quorum.js';
import type { LeaderDeps } from './role.js';
import { SyncRequests } from './sync-requests.js';
import { SyncThrottle } from './sync-throttle.js';
import { Synchronizer, type SyncResult } from './synchronizer.js';
import { ZabMetrics } from './zab-metrics.js';

/**
 * A server that leads, for one epoch at most: discovery, synchronization, broadcast.
 *
 * The order on its disk: acceptedEpoch before LEADERINFO, currentEpoch before its own word on NEWLEADER counts.
 */
export class Leader implements LearnerMaster, Broadcast {
  readonly clock: Clock;
  readonly complaints: Complaints;
  readonly config: ConfigView;
  readonly log: Logger;
  readonly myId: number;
  readonly options: ZabOptions;
  readonly discovery: Discovery;
  readonly established = new Milestone();
  private readonly life: Life;
  private readonly metrics: ZabMetrics;
  private readonly proof: LeadershipProof;
  private readonly syncs: SyncRequests;
  private readonly synchronizer: Synchronizer;
  private readonly newLeaderQuorum = new Milestone();
  private readonly crowd: LearnerCrowd;
  private readonly loyalty: Loyalty;
  private readonly promises: LearnerPromises;
  private readonly listeners: Listener[] = [];
  private commitWaits: { readonly zxid: number; readonly milestone: Milestone }[] = [];
  private proposals: Proposals | null = null;
  private newLeaderTally: QuorumTally | null = null;
  /** When discovery began. */
  private startedMs: number | null = null;
  private establishedMs = 0;
  private leaving = false;
  /** Why another server is to lead; null: none is. */
  private handOverReason: string | null = null;
  /** Who should lead when this leader has handed over: it has everything that was committed. Null: an election decides. */
  heir: number | null = null;
  private running: Promise<RoleEnd> | null = null;

  constructor(private readonly deps: LeaderDeps) {
    const { host, history, metrics, options } = deps;
    this.clock = host.clock;
    this.complaints = new Complaints(host.clock, host.log);
    this.config = deps.config;
    this.log = host.log;
    this.myId = deps.myId;
    this.options = options;
    this.life = new Life(host.clock);
    this.crowd = new LearnerCrowd({
      ...{ clock: host.clock, complaints: this.complaints, log: host.log, life: this.life },
      tickTimeMs: options.tickTimeMs,
      gone: (handler) => {
        this.gone(handler);
      },
    });
    this.loyalty = new Loyalty(deps.config, deps.myId, (sid) => this.crowd.has(sid));
    this.promises = new LearnerPromises(() => this.epoch, deps.config);
    this.metrics = new ZabMetrics(metrics);
    const { accepted: acceptedEpoch, current: currentEpoch } = history.epochs;
    const own = { acceptedEpoch, currentEpoch, lastZxid: history.lastLoggedZxid };
    this.discovery = new Discovery(deps.config, deps.myId, own);
    this.proof = new LeadershipProof(host.clock, deps.config, deps.myId, () => this.liveFollowers());
    this.proof.onProven = () => {
      this.answerSyncs();
    };
    this.syncs = new SyncRequests(options.confirmSyncs ? this.proof : null);
    this.synchronizer = new Synchronizer({
      clock: host.clock,
      history,
      log: host.log,
      metrics: this.metrics,
      options,
      feed: () => this.requireProposals(),
      snapThrottle: new SyncThrottle('SNAP', options.maxConcurrentSnapSyncs, this.metrics.inflightSnapCount),
      diffThrottle: new SyncThrottle('DIFF', options.maxConcurrentDiffSyncs, this.metrics.inflightDiffCount),
    });
  }

  // --- life

  /**
   * Leads until the role is over; then nothing of it is left, not even a disk operation: it waits for a disk that hangs.
   * Never rejects.
   */
  run(): Promise<RoleEnd> {
    this.running ??= this.live();
    return this.running;
  }

  /** Ends the role; resolves when nothing of it is left. */
  async shutdown(reason: string): Promise<void> {
    this.life.finish('SHUTDOWN', reason);
    await this.running;
  }

  private async live(): Promise<RoleEnd> {
    try {
      await this.lead();
    } catch (error) {
      this.life.finishWith(error, 'INTERNAL');
    }
    await this.tearDown();
    const end = this.life.end ?? { code: 'INTERNAL', reason: 'ended without a reason' };
    this.deps.trace.end(end.reason);
    this.log.info(`Leading is over: ${end.reason}`, { code: 'ZAB_LEADING_ENDED', end: end.code });
    return end;
  }

  private async tearDown(): Promise<void> {
    this.deps.history.onDurable = null;
    const dismissed = this.crowd.dismiss('the leader stopped leading');
    await Promise.all(this.listeners.map((listener) => listener.close()));
    await dismissed;
    await this.life.drained();
  }

  private async lead(): Promise<void> {
    const { life } = this;
    life.check();
    await life.during(this.deps.history.settle());
    await listenForLearners(this.deps, life, this.listeners, (socket) => {
      this.crowd.accept(socket, this);
    });
    await this.discover();
    await this.synchronizeQuorum();
    this.broadcast();
    await new Promise<void>((resolve) => {
      life.atEnd(resolve);
    });
  }

  private async discover(): Promise<void> {
    const { deps, discovery, life, options } = this;
    const { epochs } = deps.history;
    this.startedMs = this.clock.monotonicMs();
    if (options.maxTimeToWaitForEpochMs >= 0) {
      life.after(options.maxTimeToWaitForEpochMs + 1, () => {
        this.judgeVoters();
      });
    }
    deps.trace.begin('leading', 'discovery', null);
    discovery.arrived(this.myId, epochs.accepted);
    await this.require(discovery.epochChosen, 'NO_EPOCH_QUORUM', 'no quorum of servers came to follow');
    const { epoch } = discovery;
    await life.during(epochs.setAccepted(epoch));
    this.proposals = new Proposals(
      {
        clock: this.clock,
        config: this.config,
        history: deps.history,
        life,
        metrics: this.metrics,
        myId: this.myId,
        server: deps.server,
        reconfigHook: deps.reconfigHook ?? null,
      },
      epoch,
      options.counterEnd,
    );
    this.proposals.onProgress = () => {
      this.progressed();
    };
    this.proposals.onCommitting = (zxid) => {
      this.syncs.answerBefore(zxid);
    };
    this.proposals.onApplying = (zxid) => {
      this.syncs.answerLocalBefore(zxid);
    };
    this.newLeaderTally = tallyOf(this.config);
    discovery.epochPromised.reach();
    discovery.promise(this.myId, { currentEpoch: epochs.current, lastZxid: deps.history.lastLoggedZxid });
    await this.require(discovery.quorumPromised, 'NO_EPOCH_ACK_QUORUM', 'no quorum of servers promised the epoch');
    await life.during(epochs.setCurrent(epoch));
  }

  private async synchronizeQuorum(): Promise<void> {
    this.deps.trace.begin('leading', 'synchronization', this.epoch);
    this.countNewLeaderAck(this.myId);
    await this.require(this.newLeaderQuorum, 'NO_NEWLEADER_QUORUM', 'no quorum of servers acknowledged NEWLEADER');
  }

  private broadcast(): void {
    const { clock, deps, life } = this;
    deps.trace.begin('leading', 'broadcast', this.epoch);
    this.establishedMs = clock.monotonicMs();
    this.log.info(`Leading epoch ${this.epoch}; ${String(this.newLeaderTally)} acknowledged.`, {
      code: 'ZAB_ESTABLISHED',
      epoch: this.epoch,
      tookMs: this.establishedMs - (this.startedMs ?? this.establishedMs),
    });
    const { proposals } = this;
    deps.history.onDurable = () => {
      proposals?.advance();
    };
    publishLeaderGauges(this.metrics, this.config, {
      learners: () => this.crowd.size,
      forwarding: () => this.proposals?.forwarding ?? [],
      pendingSyncs: () => this.syncs.count,
      uptimeMs: () => Math.round(clock.monotonicMs() - this.establishedMs),
      proposalSizes: () => this.requireProposals().sizes,
      isOver: () => life.isOver,
    });
    const leads = deps.reconfigHook?.established(this.newLeaderConfig()) ?? true;
    if (leads) deps.server.startLeading(this);
    this.established.reach();
    if (!leads) {
      // It has finished what another leader began; in the configuration that this brought others lead.
      proposals?.handOver();
      this.leaveSoon();
    }
    life.every(this.options.tickTimeMs / 2, () => {
      this.beat();
    });
  }

  private async require(
    milestone: Milestone,
    code: 'NO_EPOCH_QUORUM' | 'NO_EPOCH_ACK_QUORUM' | 'NO_NEWLEADER_QUORUM',
    what: string,
  ): Promise<void> {
    const limitMs = initLimitMs(this.options);
    if (await this.life.within(milestone, limitMs)) return;
    const who =
      code === 'NO_NEWLEADER_QUORUM' ? `acknowledged ${String(this.newLeaderTally)}` : this.discovery.describe();
    throw new ZabError(code, `${what} within ${limitMs} ms (initLimit): ${who}`);
  }

  private requireProposals(): Proposals {
    if (this.proposals === null) throw new ZabError('INTERNAL', 'no epoch yet');
    return this.proposals;
  }

  // --- Broadcast

  get epoch(): number {
    return this.discovery.epoch;
  }

  get lastProposed(): number {
    return this.requireProposals().lastProposed;
  }

  propose(entry: TxnEntry): void {
    this.requireProposals().propose(entry);
  }

  sync(done: () => void): void {
    this.addSync('local', done);
  }

  // --- for the peer

  /** A voter says whom it wants or has: perhaps those that should be coming here have turned away. */
  voterLooks(word: VoterWord): void {
    this.loyalty.heard(word, this.isLateForLookers);
    this.judgeVoters();
  }

  private get isLateForLookers(): boolean {
    const { maxTimeToWaitForEpochMs } = this.options;
    if (this.startedMs === null || maxTimeToWaitForEpochMs < 0) return false;
    return this.clock.monotonicMs() - this.startedMs > maxTimeToWaitForEpochMs;
  }

  private judgeVoters(): void {
    const { life, loyalty } = this;
    if (this.startedMs === null || life.isOver || this.newLeaderQuorum.reached) return;
    if (!loyalty.isHopeless(this.isLateForLookers)) return;
    this.metrics.quitLeadingDueToDisloyalVoter.add();
    const who = `${loyalty.describe()} look for another leader or have one`;
    life.finish('DISLOYAL_VOTERS', `the voters turn away: ${who}; ${this.discovery.describe()}`);
  }

  /** Is its end decided, though it may still be letting go? */
  get isOver(): boolean {
    return this.life.isOver;
  }

  get learners(): readonly LearnerView[] {
    return this.crowd.views;
  }

  /** Forgets what was counted of the connections of observers. */
  resetObserverStatistics(): void {
    for (const handler of this.crowd) if (handler.isObserver) handler.resetStatistics();
  }

  /**
   * Lets another voter lead: proposes nothing more, waits until everything proposed is applied here and known to a follower,
   * and ends the role (HANDOVER). False when this leader is not established, or has no follower that could lead.
   */
  handOver(reason: string): boolean {
    const { life, options, proposals } = this;
    const isPossible = [...this.liveFollowers()].some(({ sid }) => this.mayLead(sid));
    if (life.isOver || proposals === null || !this.established.reached || !isPossible) return false;
    if (this.handOverReason !== null) return true;
    this.handOverReason = reason;
    this.log.info(`The leadership is handed over: ${reason}.`, { code: 'ZAB_HANDOVER' });
    proposals.drain();
    life.after(syncLimitMs(options), () => {
      life.finish('HANDOVER', `${reason}; not everything proposed was committed in time`);
    });
    this.clock.defer(() => {
      this.finishHandOver();
    });
    return true;
  }

  private mayLead(sid: number): boolean {
    return this.config.verifier().voters.has(sid) && this.config.verifier().weight(sid) > 0;
  }

  private finishHandOver(): void {
    const { handOverReason, life, proposals } = this;
    if (handOverReason === null || life.isOver || proposals?.isDrained !== true) return;
    const { lastLoggedZxid } = this.deps.history;
    for (const { ackedZxid, sid } of this.liveFollowers()) {
      if (ackedZxid >= lastLoggedZxid && this.mayLead(sid) && sid > (this.heir ?? -1)) this.heir = sid;
    }
    if (this.heir !== null) life.finish('HANDOVER', handOverReason);
  }

  // --- LearnerMaster

  get newLeaderZxid(): number {
    return makeZxid(this.epoch, 0);
  }

  introduced(handler: LearnerHandler): void {
    this.crowd.introduced(handler);
    this.loyalty.came(handler.sid);
    this.noteLaterEpoch(handler);
  }

  /** A voter that has promised a later epoch, to somebody who did not come to lead, leaves by itself each time it comes. */
  private noteLaterEpoch({ acceptedEpoch, sid, stream }: LearnerHandler): void {
    const { complaints, config, discovery, epoch, myId } = this;
    if (!discovery.epochChosen.reached || acceptedEpoch <= epoch || !isVoter(config, sid)) return;
    const mend = discovery.isFar(acceptedEpoch)
      ? FAR_EPOCH_MEND
      : `Stop this leader, server ${myId}, until the others with server ${sid} have elected another one, and start it again`;
    complaints.warn(
      `later epoch ${sid}`,
      `Server ${sid} at ${stream.peer} has accepted epoch ${acceptedEpoch} and cannot follow in epoch ${epoch}. ${mend}.`,
      { code: 'ZAB_LATER_EPOCH', sid, acceptedEpoch, epoch },
    );
  }

  synchronize(handler: LearnerHandler, peerZxid: number): Promise<SyncResult> {
    if (!handler.isObserver) this.checkPromises(handler, peerZxid);
    return this.synchronizer.synchronize(handler, peerZxid);
  }

  /** A configuration that may change but never did gets the epoch's beginning as its version (ZOOKEEPER-1783). */
  newLeaderConfig(): string {
    const current = this.config.verifier();
    // Later learners get the one in force: what is on its way comes to them as a proposal.
    if (this.established.reached && (this.deps.reconfigHook ?? null) !== null) return current.toText();
    const newest = this.config.lastSeenVerifier() ?? current;
    const isFirst = current.version === 0 && newest.version === 0;
    if (this.options.reconfigEnabled && isFirst) return current.withVersion(this.newLeaderZxid).toText();
    return newest.toText();
  }

  newLeaderAcked(handler: LearnerHandler): void {
    if (!handler.isObserver) {
      this.promises.acknowledged(handler.sid, handler.provenZxid);
      this.countNewLeaderAck(handler.sid);
    }
    if (this.established.reached) this.requireProposals().advance();
  }

  committed(zxid: number): Milestone {
    const milestone = new Milestone();
    if (this.requireProposals().lastCommitted >= zxid) milestone.reach();
    else this.commitWaits.push({ zxid, milestone });
    return milestone;
  }

  becameLive(handler: LearnerHandler): void {
    this.log.info(`Server ${handler.sid} is synchronized and serves.`, { code: 'ZAB_LEARNER_LIVE', sid: handler.sid });
  }

  acknowledged(handler: LearnerHandler): void {
    this.promises.acknowledged(handler.sid, handler.provenZxid);
    const ageMs = this.requireProposals().ageMs(handler.ackedZxid);
    if (ageMs !== undefined) this.metrics.ackLatency(handler.sid).record(ageMs);
    this.requireProposals().advance();
  }

  pingAnswered(): void {
    this.proof.answered();
  }

  touch(sessionId: bigint, timeoutMs: number): void {
    if (!this.life.isOver) this.deps.server.touch(sessionId, timeoutMs);
  }

  revalidate(session: RevalidatedSession, { sid }: LearnerHandler, answer: (isValid: boolean) => void): void {
    this.metrics.revalidateCount.add();
    answer(!this.life.isOver && this.deps.server.revalidate(session.sessionId, session.timeoutMs, sid));
  }

  forwarded(request: ForwardedRequest, handler: LearnerHandler): void {
    if (this.life.isOver) return;
    if (request.type !== OpCode.sync) {
      this.deps.server.forwarded(request, handler.sid);
      return;
    }
    // A write before it was dropped, and a Java follower would answer its client's sync before that write (its queue expects
    // both in their order). With the connection's end both are lost.
    if (this.proposals?.isOpen === false) return;
    this.addSync('learner', () => {
      handler.answerSync();
    });
  }

  // --- inside

  private checkPromises({ acceptedEpoch, sid, stream }: LearnerHandler, lastZxid: number): void {
    const broken = this.promises.broken(sid, { acceptedEpoch, lastZxid });
    if (broken === null) return;
    this.complaints.error(
      `disk of ${sid}`,
      `The disk of server ${sid} at ${stream.peer} went back: ${broken}. It is synchronized anew and nothing is lost while ` +
        `a quorum of the others is well. If its disk was not exchanged on purpose, find out why it lost what was synced (an ` +
        `older copy was restored, a disk or hypervisor that does not flush, forceSync=no) before it happens to another.`,
      { code: 'ZAB_DISK_WENT_BACK', sid },
    );
  }

  private gone(handler: LearnerHandler): void {
    this.proposals?.stopForwarding(handler);
    if (this.leaving && this.crowd.size === 0) this.leave();
    else this.judgeVoters();
  }

  private countNewLeaderAck(sid: number): void {
    const tally = this.newLeaderTally;
    if (tally === null || this.newLeaderQuorum.reached) return;
    tally.add(sid);
    if (tally.hasAllQuorums()) this.newLeaderQuorum.reach();
  }

  private addSync(origin: 'learner' | 'local', done: () => void): void {
    if (this.life.isOver) return;
    this.syncs.add(origin, this.lastProposed, done);
    if (this.options.confirmSyncs) return;
    this.clock.defer(() => {
      this.answerSyncs();
    });
  }

  private answerSyncs(): void {
    const { life, proposals } = this;
    if (life.isOver || proposals === null) return;
    this.syncs.answer(proposals.lastCommitted, proposals.lastApplied);
  }

  private progressed(): void {
    const { proposals } = this;
    if (proposals === null) return;
    this.answerSyncs();
    if (this.commitWaits.length > 0) {
      const ready = this.commitWaits.filter(({ zxid }) => zxid <= proposals.lastCommitted);
      this.commitWaits = this.commitWaits.filter(({ zxid }) => zxid > proposals.lastCommitted);
      for (const { milestone } of ready) milestone.reach();
    }
    if (proposals.isHandedOver) {
      this.leaveSoon();
      return;
    }
    this.handOverInTime(proposals);
    this.finishHandOver();
  }

  /**
   * Another server is to lead. The learners are told and close their connections; who does not within a tick is left.
   */
  private leaveSoon(): void {
    if (this.leaving) return;
    this.leaving = true;
    this.life.after(this.options.tickTimeMs, () => {
      this.leave();
    });
    if (this.crowd.size === 0) {
      this.clock.defer(() => {
        this.leave();
      });
    }
  }

  private leave(): void {
    this.life.finish('RECONFIGURED', 'in the new configuration another server leads');
  }

  /** Do live followers, with this server if it votes there, make a quorum of `verifier`? */
  isQuorumSynced(verifier: QuorumVerifier): boolean {
    const sids = new Set([this.myId]);
    const nowMs = this.clock.monotonicMs();
    for (const handler of this.crowd) {
      if (handler.isLive && !handler.isObserver && handler.isSynced(nowMs)) sids.add(handler.sid);
    }
    return verifier.containsQuorum(sids);
  }

  /**
   * Near the end of the counter the first quiet moment ends the epoch (ZOOKEEPER-1277). When none comes, it is made: nothing
   * more is proposed until what is under way is committed.
   */
  private handOverInTime(proposals: Proposals): void {
    const { counterEnd, zxidMargin } = this.options;
    const left = counterEnd - zxidCounter(proposals.lastProposed);
    if (left <= zxidMargin / 10) proposals.drain();
    if (left > zxidMargin || proposals.outstandingCount > 0) return;
    this.life.finish('HANDOVER', `only ${left} zxids are left in epoch ${this.epoch}: a new epoch must begin`);
  }

  /** Twice a tick: is there still a quorum, and does everybody keep up? */
  private beat(): void {
    const { config, life } = this;
    const proposals = this.requireProposals();
    const nowMs = this.clock.monotonicMs();
    const waitingMs = this.deps.history.oldestUnsyncedMs(nowMs);
    if (waitingMs > syncLimitMs(this.options) / 2) {
      life.finish('DISK_SLOW', `the own log has been waiting for the disk for ${Math.round(waitingMs)} ms`);
      return;
    }
    const synced = tallyOf(config);
    synced.add(this.myId);
    for (const handler of this.crowd) {
      if (handler.isSynced(nowMs)) synced.add(handler.sid);
    }
    if (!synced.hasAllQuorums()) {
      life.finish('QUORUM_LOST', `not enough followers: only ${String(synced)} are in touch`);
      return;
    }
    if (config.verifier().oracle !== null) proposals.advance();
    this.handOverInTime(proposals);
    for (const handler of this.crowd) {
      handler.checkPace(nowMs);
      if (!handler.isIntroduced) continue;
      this.metrics.learnerQueueSize(handler.sid)?.record(handler.queuedPackets);
      handler.ping(this.metrics.learnerQueueTime(handler.sid));
    }
    this.proof.pinged();
  }

  private *liveFollowers(): Iterable<LearnerHandler> {
    for (const handler of this.crowd) {
      if (handler.isLive && !handler.isObserver && isVoter(this.config, handler.sid)) yield handler;
    }
  }
}
