import type { Metrics } from '../metrics/index.js';
import { zxidCounter, zxidEpoch } from '../protocol/index.js';
import type { LearnerView } from '../zab/index.js';

interface Leading {
  /** Empty unless this server leads, or serves observers. */
  readonly learners: readonly LearnerView[];
  lastLoggedZxid(): number;
}

/** How far each learner of a leader, or observer of a follower, is behind, by its server id; of this server's own making. */
export function publishLearnerGauges(metrics: Metrics, leading: Leading): void {
  const ofEach = (
    name: string,
    read: (learner: LearnerView) => number,
    isMeant: (learner: LearnerView) => boolean = () => true,
  ): void => {
    metrics.gaugeSet(name, () =>
      leading.learners.filter((one) => one.isLive && isMeant(one)).map((one) => [String(one.sid), read(one)]),
    );
  };
  const lag = ({ ackedZxid }: LearnerView): number => {
    const last = leading.lastLoggedZxid();
    // Before its first acknowledgement in this epoch everything of the epoch is missing.
    const acked = ackedZxid >= 0 && zxidEpoch(ackedZxid) === zxidEpoch(last) ? zxidCounter(ackedZxid) : 0;
    return Math.max(0, zxidCounter(last) - acked);
  };
  // Observers acknowledge nothing.
  ofEach('learner_lag_transactions', lag, ({ isObserver }) => !isObserver);
  ofEach('learner_queued_packets', ({ queuedPackets }) => queuedPackets);
  ofEach('learner_queued_bytes', ({ queuedBytes }) => queuedBytes);
}
