import { type Clock, Complaints, type Endpoint, formatEndpoint, type Host, type Listener } from '../host/index.js';
import { JuteWriter } from '../jute/index.js';
import type { ForwardedRequest, TxnEntry } from '../protocol/index.js';
import { formatSessionId, formatZxid, makeZxid, OpCode, zxidEpoch } from '../protocol/index.js';
import { LearnerCrowd } from './learner-crowd.js';
import type { LearnerHandler, LearnerMaster, LearnerView, Meeting, RevalidatedSession } from './learner-handler.js';
import { listenForLearners } from './learner-listener.js';
import { type Life, Milestone, ZabError } from './life.js';
import type { ConfigView, History } from './needs.js';
import type { ZabOptions } from './options.js';
import { initLimitMs } from './options.js';
import type { Forwarding } from './proposals.js';
import { SessionHolders } from './session-holders.js';
import { SyncThrottle } from './sync-throttle.js';
import { type Feed, Synchronizer, type SyncResult } from './synchronizer.js';
import type { ZabMetrics } from './zab-metrics.js';

const MAX_DEPARTED_BYTES = 64 * 1024;

/** What a follower asks its leader for the sake of observers. */
export interface ObserverRelay {
  forward(request: ForwardedRequest): void;
  /** The same for a sync; `done` runs when everything committed before it has been told to observers. */
  forwardSync(request: ForwardedRequest, done: () => void): void;
  /** `answer` runs when the leader knows; never when the role ends before. */
  revalidate(session: RevalidatedSession, answer: (isValid: boolean) => void): void;
  /** An observer heard from the session. */
  touch(session: RevalidatedSession): void;
  /** A client has come to an observer with the session: no client of the follower has it any more. */
  sessionMoved(sessionId: bigint): void;
}

export interface ObserverMasterDeps {
  readonly host: Host;
  readonly history: History;
  readonly config: ConfigView;
  readonly myId: number;
  readonly options: ZabOptions;
  /** Of the follower. */
  readonly life: Life;
  readonly metrics: ZabMetrics;
  readonly relay: ObserverRelay;
  /** Where observers are awaited. */
  readonly listenOn: readonly Endpoint[];
}

/**
 * The part of a follower that serves observers in place of the leader, which so has less to send (`observerMasterPort`,
 * ZOOKEEPER-3140). Observers get what the follower has applied, when it has applied it, and are never ahead of it; what they
 * want of the leader goes through the follower's own connection, where the leader cannot tell one from the other.
 */
export class ObserverMaster implements LearnerMaster, Feed {
  readonly clock: Clock;
  readonly complaints: Complaints;
  readonly config: ConfigView;
  readonly myId: number;
  readonly options: ZabOptions;
  readonly discovery: Meeting;
  readonly established = new Milestone();
  private readonly crowd: LearnerCrowd;
  private readonly synchronizer: Synchronizer;
  private readonly listeners: Listener[] = [];
  private opening: Promise<void> = Promise.resolve();
  /** Proposed and not applied, oldest first. */
  private waiting: TxnEntry[] = [];
  /** The leaders that reconfigurations name, by their zxid. */
  private readonly nextLeaders = new Map<number, number>();
  /** Each with the zxid behind which it is told what is committed. */
  private readonly learners = new Map<Forwarding, number>();
  private readonly holders = new SessionHolders();
  /** Sessions that have left an observer which still had something of them, until it is told. */
  private readonly departed = new Map<LearnerHandler, Set<bigint>>();
  private zxidWaits: { readonly zxid: number; readonly milestone: Milestone }[] = [];

  constructor(private readonly deps: ObserverMasterDeps) {
    const { host, history, life, metrics, options } = deps;
    this.clock = host.clock;
    this.complaints = new Complaints(host.clock, host.log);
    this.config = deps.config;
    this.myId = deps.myId;
    this.options = options;
    this.discovery = agreedMeeting(() => this.epoch);
    this.crowd = new LearnerCrowd({
      ...{ clock: host.clock, complaints: this.complaints, log: host.log, life, tickTimeMs: options.tickTimeMs },
      gone: (handler) => {
        this.learners.delete(handler);
        this.departed.delete(handler);
      },
    });
    this.synchronizer = new Synchronizer({
      ...{ clock: host.clock, history, log: host.log, metrics, options },
      feed: () => this,
      snapThrottle: new SyncThrottle('SNAP', options.maxConcurrentSnapSyncs, metrics.inflightSnapCount),
      diffThrottle: new SyncThrottle('DIFF', options.maxConcurrentDiffSyncs, metrics.inflightDiffCount),
    });
  }

  // --- for the follower

  /** It is synchronized: observers may come. */
  open(): void {
    const { life, metrics, options } = this.deps;
    this.established.reach();
    this.discovery.epochPromised.reach();
    this.discovery.quorumPromised.reach();
    metrics.gauge('synced_observers', () => (life.isOver ? 0 : this.learners.size));
    this.opening = this.listen();
    life.every(options.tickTimeMs / 2, () => {
      this.beat();
    });
  }

  /** The role is over; resolves when nothing of this is left. */
  async close(): Promise<void> {
    await this.opening;
    const dismissed = this.crowd.dismiss('the follower that served it follows no longer');
    await Promise.all(this.listeners.map((listener) => listener.close()));
    await dismissed;
  }

  /** The leader proposed it. */
  proposed(entry: TxnEntry): void {
    const startMs = this.clock.monotonicMs();
    this.waiting.push(entry);
    this.deps.metrics.omProposalProcessTime.record(this.clock.monotonicMs() - startMs);
  }

  /** The reconfiguration `zxid` is about to be applied. */
  activating(zxid: number, nextLeader: number): void {
    this.nextLeaders.set(zxid, nextLeader);
  }

  /** It is committed, and the follower's tree has it. */
  applied(zxid: number): void {
    const startMs = this.clock.monotonicMs();
    const count = this.waiting.findIndex((entry) => entry.header.zxid > zxid);
    for (const entry of this.waiting.splice(0, count < 0 ? this.waiting.length : count)) {
      if (entry.header.zxid !== zxid) continue;
      this.tell(entry);
      if (entry.header.type === OpCode.closeSession) this.holders.ended(entry.header.clientId);
    }
    this.nextLeaders.delete(zxid);
    const { zxidWaits } = this;
    if (zxidWaits.length > 0) {
      this.zxidWaits = zxidWaits.filter((wait) => wait.zxid > zxid);
      for (const wait of zxidWaits) if (wait.zxid <= zxid) wait.milestone.reach();
    }
    this.deps.metrics.omCommitProcessTime.record(this.clock.monotonicMs() - startMs);
  }

  /** A client of the follower makes the session, or has come with it: no observer's requests of it count any more. */
  ownSession(sessionId: bigint): void {
    this.holders.came(sessionId, this.myId);
  }

  /** The leader does not know a session that a client of the follower has come with. */
  ownSessionRefused(sessionId: bigint): void {
    this.holders.refused(sessionId, this.myId);
  }

  get views(): readonly LearnerView[] {
    return this.crowd.views;
  }

  resetStatistics(): void {
    for (const handler of this.crowd) handler.resetStatistics();
  }

  // --- Feed

  get epoch(): number {
    return this.deps.history.epochs.current;
  }

  /** Observers may have what the follower has only logged so far, from another server. */
  get lastProposed(): number {
    return this.deps.history.lastLoggedZxid;
  }

  startForwarding(learner: Forwarding, afterZxid: number): void {
    this.learners.set(learner, afterZxid);
  }

  // --- LearnerMaster

  get newLeaderZxid(): number {
    return makeZxid(this.epoch, 0);
  }

  introduced(handler: LearnerHandler): void {
    if (!handler.isObserver) throw new ZabError('PROTOCOL', 'wants to follow, but only observers are served here');
    this.crowd.introduced(handler);
  }

  /** An observer that was served by another follower may be ahead of this one for a moment. */
  async synchronize(handler: LearnerHandler, peerZxid: number): Promise<SyncResult> {
    const { history } = this.deps;
    if (zxidEpoch(peerZxid) === this.epoch && peerZxid > history.lastLoggedZxid) {
      if (!(await handler.life.within(this.committed(peerZxid), initLimitMs(this.options)))) {
        const own = formatZxid(history.lastAppliedZxid);
        throw new ZabError('LEARNER_AHEAD', `is at ${formatZxid(peerZxid)}, and this follower only at ${own}`);
      }
    }
    return this.synchronizer.synchronize(handler, peerZxid);
  }

  newLeaderConfig(): string {
    return this.config.verifier().toText();
  }

  newLeaderAcked(): void {
    // An observer's word counts for nothing.
  }

  committed(zxid: number): Milestone {
    const milestone = new Milestone();
    if (this.deps.history.lastAppliedZxid >= zxid) milestone.reach();
    else this.zxidWaits.push({ zxid, milestone });
    return milestone;
  }

  becameLive({ sid }: LearnerHandler): void {
    this.deps.host.log.info(`Observer ${sid} is synchronized and serves.`, { code: 'ZAB_LEARNER_LIVE', sid });
  }

  acknowledged(): void {
    // An observer's word counts for nothing.
  }

  pingAnswered(): void {
    // Nothing is proven by it here.
  }

  touch(sessionId: bigint, timeoutMs: number): void {
    this.deps.relay.touch({ sessionId, timeoutMs });
  }

  revalidate(session: RevalidatedSession, { sid }: LearnerHandler, answer: (isValid: boolean) => void): void {
    const { relay } = this.deps;
    this.holders.came(session.sessionId, sid);
    relay.sessionMoved(session.sessionId);
    relay.revalidate(session, (isValid) => {
      // As where the leader is asked: whose session lives has been heard from.
      if (isValid) relay.touch(session);
      else this.holders.refused(session.sessionId, sid);
      answer(isValid);
    });
  }

  forwarded(request: ForwardedRequest, handler: LearnerHandler): void {
    const { relay } = this.deps;
    if (this.isLate(request, handler)) return;
    if (request.type === OpCode.createSession) this.holders.came(request.sessionId, handler.sid);
    if (request.type !== OpCode.sync) {
      relay.forward(request);
      return;
    }
    relay.forwardSync(request, () => {
      handler.answerSync();
    });
  }

  // --- inside

  /**
   * A late request of an observer that the session has left must not reach the leader, which would take it. Only the leader
   * could refuse it by a transaction; so nobody answers it, and the observer is told to let that client go.
   */
  private isLate(request: ForwardedRequest, handler: LearnerHandler): boolean {
    const { sid } = handler;
    const { sessionId } = request;
    const holder = this.holders.otherHolder(request, sid);
    if (holder === null) return false;
    const departed = this.departed.get(handler) ?? new Set();
    this.departed.set(handler, departed.add(sessionId));
    const session = formatSessionId(sessionId);
    const where = holder === this.myId ? `this server, ${holder}` : `server ${holder}`;
    this.complaints.info(
      `late ${sid}`,
      `A late request of session ${session}, which has moved to ${where}, came from server ${sid}; it does not count.`,
      { code: 'LATE_REQUEST', sid, session },
    );
    return true;
  }

  /** For the observer's next ping: `long sessionId` each, as many as fit; null: none. Those that are back are left out. */
  private takeDeparted(handler: LearnerHandler): Buffer | null {
    const departed = this.departed.get(handler);
    if (departed === undefined) return null;
    const w = new JuteWriter();
    for (const sessionId of departed) {
      if (w.length >= MAX_DEPARTED_BYTES) return w.take(0);
      departed.delete(sessionId);
      if (this.holders.otherThan(handler.sid, sessionId) !== null) w.long64(sessionId);
    }
    this.departed.delete(handler);
    return w.length === 0 ? null : w.take(0);
  }

  private async listen(): Promise<void> {
    const { host, life, listenOn } = this.deps;
    try {
      await listenForLearners(this.deps, life, this.listeners, (socket) => {
        this.crowd.accept(socket, this);
      });
      const where = listenOn.map(formatEndpoint).join(', ');
      host.log.info(`Observers are served on ${where}.`, { code: 'OBSERVER_MASTER' });
    } catch (error) {
      if (life.isOver) return;
      // A follower is of use without observers, too.
      const retryMs = initLimitMs(this.options);
      host.log.error(`No observers are served: ${String(error)}. The next try is in ${retryMs} ms.`, {
        code: 'OBSERVER_MASTER_FAILED',
      });
      life.after(retryMs, () => {
        this.opening = this.listen();
      });
    }
  }

  private tell(entry: TxnEntry): void {
    const { zxid } = entry.header;
    const nextLeader = this.nextLeaders.get(zxid) ?? this.myId;
    for (const [learner, afterZxid] of this.learners) if (zxid > afterZxid) learner.committed(entry, nextLeader);
  }

  private beat(): void {
    const nowMs = this.clock.monotonicMs();
    for (const handler of this.crowd) {
      handler.checkPace(nowMs);
      if (!handler.isIntroduced) continue;
      this.deps.metrics.learnerQueueSize(handler.sid)?.record(handler.queuedPackets);
      handler.ping(this.deps.metrics.learnerQueueTime(handler.sid), this.takeDeparted(handler));
    }
  }
}

/** The epoch is agreed on already: who comes is told, and its word does not count. */
function agreedMeeting(epoch: () => number): Meeting {
  return {
    get epoch() {
      return epoch();
    },
    epochPromised: new Milestone(),
    quorumPromised: new Milestone(),
    arrived: () => undefined,
    promise: () => undefined,
  };
}
