import { type Clock, Complaints, type Listener, type Logger, type Socket, WaitingRoom } from '../host/index.js';
import type { QuorumTally, QuorumVerifier } from '../membership/index.js';
import type { ForwardedRequest, TxnEntry } from '../protocol/index.js';
import { makeZxid, OpCode, zxidCounter } from '../protocol/index.js';
import { Discovery } from './discovery.js';
import { publishLeaderGauges } from './leader-gauges.js';
import { LeadershipProof } from './leadership-proof.js';
import type { LearnerMaster, LearnerView } from './learner-handler.js';
import { LearnerHandler } from './learner-handler.js';
import { listenForLearners } from './learner-listener.js';
import { Life, Milestone, type RoleEnd, ZabError } from './life.js';
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

/** So many connections may wait at a time for the learner to say who it is. */
const WAITING_LIMIT = 256;
/** So many learners that are in no configuration are served at a time. */
const MAX_STRANGERS = 128;

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
  private readonly handlers = new Map<LearnerHandler, Promise<void>>();
  private readonly waiting = new WaitingRoom<LearnerHandler>(WAITING_LIMIT);
  private readonly listeners: Listener[] = [];
  private commitWaits: { readonly zxid: number; readonly milestone: Milestone }[] = [];
  private proposals: Proposals | null = null;
  private newLeaderTally: QuorumTally | null = null;
  private startedMs = 0;
  private establishedMs = 0;
  private leaving = false;
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
    this.metrics = new ZabMetrics(metrics);
    const own = { currentEpoch: history.epochs.current, lastZxid: history.lastLoggedZxid };
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
      proposals: () => this.requireProposals(),
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
    for (const handler of this.handlers.keys()) handler.life.finish('SHUTDOWN', 'the leader stopped leading');
    await Promise.all(this.listeners.map((listener) => listener.close()));
    await Promise.all(this.handlers.values());
    await this.life.drained();
  }

  private async lead(): Promise<void> {
    const { life } = this;
    life.check();
    await life.during(this.deps.history.settle());
    await listenForLearners(this.deps, life, this.listeners, (socket) => {
      this.accept(socket);
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
      tookMs: this.establishedMs - this.startedMs,
    });
    const { proposals } = this;
    deps.history.onDurable = () => {
      proposals?.advance();
    };
    publishLeaderGauges(this.metrics, this.config, {
      learners: () => this.handlers.size,
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

  /**
   * An election on another server reports that it is looking for a leader. When the voters that should be coming here turn
   * away, waiting for initLimit would only prolong the outage (ZOOKEEPER-3109).
   */
  voterLooks(sid: number): void {
    const { discovery, life, options } = this;
    if (this.startedMs === 0 || life.isOver || discovery.epochChosen.reached) return;
    const waitedMs = this.clock.monotonicMs() - this.startedMs;
    if (options.maxTimeToWaitForEpochMs < 0 || waitedMs <= options.maxTimeToWaitForEpochMs) return;
    if (discovery.voterLooks(sid)) return;
    this.metrics.quitLeadingDueToDisloyalVoter.add();
    life.finish('DISLOYAL_VOTERS', `the voters look for another leader: ${discovery.describe()}`);
  }

  get learners(): readonly LearnerView[] {
    const nowMs = this.clock.monotonicMs();
    return [...this.handlers.keys()].map((handler) => handler.view(nowMs));
  }

  /** Forgets what was counted of the connections of observers. */
  resetObserverStatistics(): void {
    for (const handler of this.handlers.keys()) if (handler.isObserver) handler.resetStatistics();
  }

  // --- LearnerMaster

  get newLeaderZxid(): number {
    return makeZxid(this.epoch, 0);
  }

  introduced(handler: LearnerHandler): void {
    this.waiting.leave(handler);
    const { isStranger, sid, stream } = handler;
    if (isStranger) this.checkStrangers();
    this.makeRoomFor(handler);
    const message = `Server ${sid} came from ${stream.peer} to ${handler.isObserver ? 'observe' : 'follow'}`;
    const fields = { code: 'ZAB_LEARNER_CAME', sid };
    if (!isStranger) this.log.info(`${message}.`, fields);
    else this.complaints.info(`came ${stream.peerHost}`, `${message}; it is in no configuration.`, fields);
  }

  /**
   * An older connection of the same server is given up for the new one, unless its server is there and well: then whoever
   * came has another's id. (A server that comes anew has ended its connection before, or is silent on it.)
   */
  private makeRoomFor(handler: LearnerHandler): void {
    const { sid, stream } = handler;
    for (const other of this.handlers.keys()) {
      if (other === handler || other.sid !== sid || other.life.isOver) continue;
      const silentMs = Math.round(this.clock.monotonicMs() - other.stream.lastHeardMs);
      if (other.isLive && silentMs <= this.options.tickTimeMs) {
        const why = `says it is server ${sid}, which is at ${other.stream.peer} and was heard ${silentMs} ms ago`;
        throw new ZabError('DOUBLE', `${why}: two servers have ${sid} in their myid file`);
      }
      other.life.finish('REPLACED', `server ${sid} connected anew from ${stream.peer}`);
    }
  }

  private checkStrangers(): void {
    let count = 0;
    for (const { isIntroduced, isStranger } of this.handlers.keys()) if (isIntroduced && isStranger) count++;
    if (count >= MAX_STRANGERS) {
      throw new ZabError('CROWDED', `is in no configuration, as ${count} learners are that are here already`);
    }
  }

  synchronize(handler: LearnerHandler, peerZxid: number): Promise<SyncResult> {
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
    if (!handler.isObserver) this.countNewLeaderAck(handler.sid);
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

  revalidate(sessionId: bigint, timeoutMs: number, sid: number): boolean {
    this.metrics.revalidateCount.add();
    return !this.life.isOver && this.deps.server.revalidate(sessionId, timeoutMs, sid);
  }

  forwarded(request: ForwardedRequest, handler: LearnerHandler): void {
    if (this.life.isOver) return;
    if (request.type !== OpCode.sync) {
      this.deps.server.forwarded(request, handler.sid);
      return;
    }
    this.addSync('learner', () => {
      handler.answerSync();
    });
  }

  // --- inside

  private accept(socket: Socket): void {
    if (this.life.isOver) {
      socket.destroy();
      return;
    }
    const handler = new LearnerHandler(socket, this);
    const leaving = this.waiting.enter(handler, socket.remote.host);
    leaving?.life.finish('CROWDED', `more than ${WAITING_LIMIT} connections have not said who they are`);
    const run = handler.run().finally(() => {
      this.handlers.delete(handler);
      this.waiting.leave(handler);
      this.proposals?.stopForwarding(handler);
      this.logGone(handler);
      if (this.leaving && this.handlers.size === 0) this.leave();
    });
    this.handlers.set(handler, run);
  }

  private logGone(handler: LearnerHandler): void {
    const { isIntroduced, sid, stream } = handler;
    const { end } = handler.life;
    const who = isIntroduced ? `Server ${sid}` : 'A connection';
    const fields = { code: 'ZAB_LEARNER_GONE', sid, peer: stream.peer, end: end?.code };
    const message = `${who} from ${stream.peer} is gone: ${end?.reason ?? 'unknown'}`;
    const level = this.life.isOver || end?.code === 'CONNECTION_LOST' ? 'info' : 'warn';
    if (isIntroduced && !handler.isStranger) this.log[level](message, fields);
    else this.complaints[level](`gone ${stream.peerHost} ${end?.code}`, message, fields);
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
    if (proposals.isHandedOver) this.leaveSoon();
    else this.handOverInTime(proposals);
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
    if (this.handlers.size === 0) {
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
    for (const handler of this.handlers.keys()) {
      if (handler.isLive && !handler.isObserver && handler.isSynced(nowMs)) sids.add(handler.sid);
    }
    return verifier.containsQuorum(sids);
  }

  /** Near the end of the counter the first quiet moment ends the epoch (ZOOKEEPER-1277). */
  private handOverInTime(proposals: Proposals): void {
    const left = this.options.counterEnd - zxidCounter(proposals.lastProposed);
    if (left > this.options.zxidMargin || proposals.outstandingCount > 0) return;
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
    for (const handler of this.handlers.keys()) {
      if (handler.isSynced(nowMs)) synced.add(handler.sid);
    }
    if (!synced.hasAllQuorums()) {
      life.finish('QUORUM_LOST', `not enough followers: only ${String(synced)} are in touch`);
      return;
    }
    if (config.verifier().oracle !== null) proposals.advance();
    this.handOverInTime(proposals);
    for (const handler of this.handlers.keys()) {
      handler.checkPace(nowMs);
      if (handler.isIntroduced) this.metrics.learnerQueueSize(handler.sid).record(handler.queuedPackets);
      handler.ping();
    }
    this.proof.pinged();
  }

  private *liveFollowers(): Iterable<LearnerHandler> {
    for (const handler of this.handlers.keys()) {
      if (handler.isLive && !handler.isObserver && isVoter(this.config, handler.sid)) yield handler;
    }
  }
}
