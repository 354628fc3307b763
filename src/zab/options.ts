import { MAX_COUNTER } from '../protocol/index.js';

/** Settings of leader and learners. Times in ticks are counted in `tickTimeMs`. */
export interface ZabOptions {
  readonly tickTimeMs: number;
  /** Ticks that discovery and each step of synchronization may take. */
  readonly initLimit: number;
  /** Ticks that a leader and a synchronized learner may be silent towards each other. */
  readonly syncLimit: number;
  /** Ticks that connecting to the leader may take; 0: initLimit. */
  readonly connectToLearnerMasterLimit: number;
  readonly connectTries: number;
  /** Waiting time before the second try; it doubles up to `connectMaxDelayMs`. */
  readonly connectFirstDelayMs: number;
  readonly connectMaxDelayMs: number;
  readonly noDelay: boolean;
  /** Largest data of a packet that is taken. */
  readonly maxPacketBytes: number;
  /** Largest that is sent, for servers of Apache ZooKeeper take no more: jute.maxbuffer and its extra size. */
  readonly maxSentBytes: number;
  /** A learner is synchronized from the log on disk when that takes at most so much of a snapshot's size; negative: never. */
  readonly snapshotSizeFactor: number;
  /** Always send snapshots (`zookeeper.forceSnapshotSync`). */
  readonly forceSnapshotSync: boolean;
  /** Observers beyond these numbers of synchronizations are sent away; followers never are. */
  readonly maxConcurrentSnapSyncs: number;
  readonly maxConcurrentDiffSyncs: number;
  /** A learner with more unsent bytes is dropped after syncLimit; at four times as many at once. */
  readonly learnerQueueBytes: number;
  /** So many zxids before the counter ends the leader looks for a quiet moment to hand over. */
  readonly zxidMargin: number;
  /** The last counter an epoch may use is the one before: 0xffffffff, as in ZooKeeper; less in tests only. */
  readonly counterEnd: number;
  /** A would-be leader gives up when its voters look for another leader after so many milliseconds. */
  readonly maxTimeToWaitForEpochMs: number;
  /** May the configuration change (`reconfigEnabled`)? Then the first leader gives it a version. */
  readonly reconfigEnabled: boolean;
  /** Ask a quorum whether it still follows before a sync is answered. */
  readonly confirmSyncs: boolean;
}

const JUTE_MAX_BUFFER = 0xfffff;

export const DEFAULT_ZAB_OPTIONS: ZabOptions = {
  tickTimeMs: 2000,
  initLimit: 10,
  syncLimit: 5,
  connectToLearnerMasterLimit: 0,
  connectTries: 10,
  connectFirstDelayMs: 5,
  connectMaxDelayMs: 100,
  noDelay: true,
  maxPacketBytes: 2 * JUTE_MAX_BUFFER,
  maxSentBytes: 2 * JUTE_MAX_BUFFER,
  snapshotSizeFactor: 0.33,
  forceSnapshotSync: false,
  maxConcurrentSnapSyncs: 10,
  maxConcurrentDiffSyncs: 100,
  learnerQueueBytes: 64 * 1024 * 1024,
  zxidMargin: 1_000_000,
  counterEnd: MAX_COUNTER,
  maxTimeToWaitForEpochMs: 2000,
  reconfigEnabled: false,
  confirmSyncs: true,
};

export function initLimitMs(options: ZabOptions): number {
  return options.tickTimeMs * options.initLimit;
}

export function syncLimitMs(options: ZabOptions): number {
  return options.tickTimeMs * options.syncLimit;
}
