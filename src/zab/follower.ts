import type { QuorumPacket } from '../protocol/index.js';
import { PacketType } from '../protocol/index.js';
import type { LearnerLog } from './learner-log.js';
import { Learner } from './learner.js';

/** A learner that votes: it logs and acknowledges every proposal, and applies what COMMIT names. */
export class Follower extends Learner {
  protected readonly role = 'following';
  protected readonly infoType = PacketType.followerInfo;

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
}
