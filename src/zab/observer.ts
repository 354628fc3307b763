import type { QuorumPacket } from '../protocol/index.js';
import { PacketType } from '../protocol/index.js';
import type { LearnerLog } from './learner-log.js';
import { Learner } from './learner.js';

/** A learner without a vote: INFORM brings it what is committed already. */
export class Observer extends Learner {
  protected readonly role = 'observing';
  protected readonly infoType = PacketType.observerInfo;

  protected override handleBroadcast(packet: QuorumPacket, log: LearnerLog): boolean {
    switch (packet.type) {
      case PacketType.inform:
        this.metrics.learnerCommitReceivedCount.add();
        this.metrics.sinceWritten(this.metrics.commitPropagationLatency, this.inform(packet, log), this.clock.wallMs());
        return true;
      case PacketType.informAndActivate:
        this.activate(packet, log);
        return true;
      default:
        return false;
    }
  }

  protected override noteSyncTime(durationMs: number): void {
    this.metrics.observerSyncTime.record(durationMs);
  }
}
