import type { Metrics } from '../metrics/index.js';
import { zxidCounter, zxidEpoch } from '../protocol/index.js';
import type { LearnerView } from '../zab/index.js';

interface Leading {
  /** Empty unless this server leads. */
  readonly learners: readonly LearnerView[];
  lastLoggedZxid(): number;
}

/** How far each learner of a leader is behind, by its server id; of this server's own making. */
export function publishLearnerGauges(metrics: Metrics, leading: Leading): void {
  const ofEach = (name: string, read: (learner: LearnerView) => number): void => {
    metrics.gaugeSet(name, () =>
      leading.learners.filter(({ isLive }) => isLive).map((one) => [String(one.sid), read(one)]),
    );
  };
  ofEach('learner_lag_transactions', ({ ackedZxid }) => {
    const last = leading.lastLoggedZxid();
    // Before its first acknowledgement in this epoch everything of the epoch is missing.
    const acked = ackedZxid >= 0 && zxidEpoch(ackedZxid) === zxidEpoch(last) ? zxidCounter(ackedZxid) : 0;
    return Math.max(0, zxidCounter(last) - acked);
  });
  ofEach('learner_queued_packets', ({ queuedPackets }) => queuedPackets);
  ofEach('learner_queued_bytes', ({ queuedBytes }) => queuedBytes);
}
