import type { Counter, Metrics, Summary } from '../metrics/index.js';
import type { TxnEntry } from '../protocol/index.js';

/** Zab's part of ZooKeeper's metrics. Latencies and times in milliseconds. */
export class ZabMetrics {
  readonly proposalCount: Counter;
  readonly commitCount: Counter;
  readonly quorumAckLatency: Summary;
  readonly proposalLatency: Summary;
  readonly commitPropagationLatency: Summary;
  readonly snapCount: Counter;
  readonly diffCount: Counter;
  readonly inflightSnapCount: Summary;
  readonly inflightDiffCount: Summary;
  readonly revalidateCount: Counter;
  readonly followerSyncTime: Summary;
  readonly observerSyncTime: Summary;
  readonly learnerProposalReceivedCount: Counter;
  readonly learnerCommitReceivedCount: Counter;
  readonly quitLeadingDueToDisloyalVoter: Counter;
  readonly omProposalProcessTime: Summary;
  readonly omCommitProcessTime: Summary;

  constructor(private readonly metrics: Metrics) {
    this.proposalCount = metrics.counter('proposal_count');
    this.commitCount = metrics.counter('commit_count');
    this.quorumAckLatency = metrics.summary('quorum_ack_latency');
    this.proposalLatency = metrics.summary('proposal_latency');
    this.commitPropagationLatency = metrics.summary('commit_propagation_latency');
    this.snapCount = metrics.counter('snap_count');
    this.diffCount = metrics.counter('diff_count');
    this.inflightSnapCount = metrics.summary('inflight_snap_count');
    this.inflightDiffCount = metrics.summary('inflight_diff_count');
    this.revalidateCount = metrics.counter('revalidate_count');
    this.followerSyncTime = metrics.summary('follower_sync_time');
    this.observerSyncTime = metrics.summary('observer_sync_time');
    this.learnerProposalReceivedCount = metrics.counter('learner_proposal_received_count');
    this.learnerCommitReceivedCount = metrics.counter('learner_commit_received_count');
    this.quitLeadingDueToDisloyalVoter = metrics.counter('quit_leading_due_to_disloyal_voter');
    this.omProposalProcessTime = metrics.summary('om_proposal_process_time_ms');
    this.omCommitProcessTime = metrics.summary('om_commit_process_time_ms');
  }

  /** Until one server's acknowledgement of a proposal (or of a batch's last one); a set keyed by server. */
  ackLatency(sid: number): Summary {
    return this.metrics.summary(`${sid}_ack_latency`);
  }

  /** Packets waiting for a learner, sampled at each ping; a set keyed by server. Null: there are too many keys. */
  learnerQueueSize(sid: number): Summary | null {
    return this.metrics.summaryOf('learner_handler_qp_size', String(sid));
  }

  /** How long a packet waits for the network, sampled at each ping, which waits behind all others; a set keyed by server. */
  learnerQueueTime(sid: number): Summary {
    return this.metrics.summary(`${sid}_learner_handler_qp_time_ms`);
  }

  /** Records the age of a transaction by the leader's clock; one from the future (clocks differ) says nothing. */
  sinceWritten(summary: Summary, entry: TxnEntry, nowWallMs: number): void {
    const ageMs = nowWallMs - entry.header.time;
    if (ageMs >= 0) summary.record(ageMs);
  }

  gauge(name: string, read: () => number): void {
    this.metrics.gauge(name, read);
  }
}
