import type { ConfigView } from './needs.js';
import type { Forwarding } from './proposals.js';
import { isVoter } from './quorum.js';
import type { ZabMetrics } from './zab-metrics.js';

export interface LeaderFigures {
  learners(): number;
  forwarding(): Iterable<Forwarding>;
  pendingSyncs(): number;
  uptimeMs(): number;
  /** -1 before the first proposal. */
  proposalSizes(): { readonly last: number; readonly largest: number; readonly smallest: number };
  isOver(): boolean;
}

/** ZooKeeper's gauges of a leader; all of them read 0 when the role is over. */
export function publishLeaderGauges(metrics: ZabMetrics, config: ConfigView, figures: LeaderFigures): void {
  const count = (wanted: (learner: Forwarding) => boolean) => () => [...figures.forwarding()].filter(wanted).length;
  const gauges: Readonly<Record<string, () => number>> = {
    learners: () => figures.learners(),
    synced_followers: count((learner) => !learner.isObserver),
    synced_non_voting_followers: count((learner) => !learner.isObserver && !isVoter(config, learner.sid)),
    synced_observers: count((learner) => learner.isObserver),
    pending_syncs: () => figures.pendingSyncs(),
    leader_uptime: () => figures.uptimeMs(),
    last_proposal_size: () => figures.proposalSizes().last,
    max_proposal_size: () => figures.proposalSizes().largest,
    min_proposal_size: () => figures.proposalSizes().smallest,
  };
  for (const [name, read] of Object.entries(gauges)) metrics.gauge(name, () => (figures.isOver() ? 0 : read()));
}
