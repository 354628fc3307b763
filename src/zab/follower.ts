import type { ForwardedRequest, QuorumPacket, TxnEntry } from '../protocol/index.js';
import { OpCode, PacketType } from '../protocol/index.js';
import { JuteReader } from '../jute/index.js';
import type { LearnerView } from './learner-handler.js';
import type { LearnerLog } from './learner-log.js';
import { Learner } from './learner.js';
import { ObserverMaster, type ObserverRelay } from './observer-master.js';
import type { LearnerDeps } from './role.js';

/**
 * A learner that votes: it logs and acknowledges every proposal, and applies what COMMIT names. Where it is told to, it
 * serves observers, too.
 */
export class Follower extends Learner {
  protected readonly role = 'following';
  protected readonly infoType = PacketType.followerInfo;
  private readonly observers: ObserverMaster | null;

  constructor(deps: LearnerDeps) {
    super(deps);
    const { observersOn = [] } = deps;
    this.observers =
      observersOn.length === 0
        ? null
        : new ObserverMaster({
            ...deps,
            life: this.life,
            metrics: this.metrics,
            relay: this.relay(),
            listenOn: observersOn,
          });
  }

  /** The observers that this follower serves. */
  get learners(): readonly LearnerView[] {
    return this.observers?.views ?? [];
  }

  /** Forgets what was counted of their connections. */
  resetObserverStatistics(): void {
    this.observers?.resetStatistics();
  }

  // --- LeaderLink, for clients of its own

  override forward(request: ForwardedRequest): void {
    if (request.type === OpCode.createSession) this.observers?.ownSession(request.sessionId);
    super.forward(request);
  }

  override revalidate(sessionId: bigint, timeoutMs: number): void {
    this.observers?.ownSession(sessionId);
    this.askWhetherLives(sessionId, timeoutMs, (isValid) => {
      if (!isValid) this.observers?.ownSessionRefused(sessionId);
      this.deps.server.revalidated(sessionId, isValid);
    });
  }

  protected override handleBroadcast(packet: QuorumPacket, log: LearnerLog): boolean {
    switch (packet.type) {
      case PacketType.proposal:
        this.metrics.learnerProposalReceivedCount.add();
        this.metrics.sinceWritten(this.metrics.proposalLatency, this.proposal(packet, log), this.clock.wallMs());
        return true;
      case PacketType.commit:
        this.metrics.learnerCommitReceivedCount.add();
        log.commit(packet.zxid);
        return true;
      case PacketType.commitAndActivate:
        this.activate(packet, log);
        return true;
      default:
        return false;
    }
  }

  protected override noteSyncTime(durationMs: number): void {
    this.metrics.followerSyncTime.record(durationMs);
  }

  // --- observers

  protected override servingBegan(): void {
    this.observers?.open();
  }

  protected override async servingEnded(): Promise<void> {
    await this.observers?.close();
  }

  protected override proposal(packet: QuorumPacket, log: LearnerLog): TxnEntry {
    const entry = super.proposal(packet, log);
    this.observers?.proposed(entry);
    return entry;
  }

  protected override activate(packet: QuorumPacket, log: LearnerLog): void {
    if (this.observers !== null && packet.type === PacketType.commitAndActivate) {
      this.observers.activating(packet.zxid, new JuteReader(packet.data ?? Buffer.alloc(0)).longLossy());
    }
    super.activate(packet, log);
  }

  protected override apply(zxid: number): void {
    super.apply(zxid);
    this.observers?.applied(zxid);
  }

  private relay(): ObserverRelay {
    return {
      forward: (request) => {
        if (!this.life.isOver) this.send(request);
      },
      forwardSync: (request, done) => {
        if (this.life.isOver) return;
        this.questions.askSync(done);
        this.send(request);
      },
      revalidate: ({ sessionId, timeoutMs }, answer) => {
        this.askWhetherLives(sessionId, timeoutMs, answer);
      },
      touch: ({ sessionId, timeoutMs }) => {
        this.questions.touch(sessionId, timeoutMs);
      },
      sessionMoved: (sessionId) => {
        this.deps.server.sessionMoved(sessionId);
      },
    };
  }
}
