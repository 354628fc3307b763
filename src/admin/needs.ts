import type { Access } from '../auth/index.js';
import type { CommandContext } from '../client/index.js';
import type { Clock, Disk, Endpoint, Logger, LogLevel, Random } from '../host/index.js';
import type { QuorumVerifier } from '../membership/index.js';
import type { RequestPipeline } from '../pipeline/index.js';
import type { Database } from '../storage/index.js';
import type { LearnerView } from '../zab/index.js';

/** What became of a configuration that was read again. */
export interface ReloadReport {
  /** What is in force now and was not before, as words for people. */
  readonly changed: readonly string[];
  /** Keys that differ from what the server was started with, and count only after a restart. */
  readonly needsRestart: readonly string[];
}

/** What administrators may change of the process. */
export interface AdminControl {
  /** Reads the configuration again. Rejects, with everything as it was, when it cannot be used. */
  reload(): Promise<ReloadReport>;
  setLogLevel(level: LogLevel): void;
}

/** What the admin server tells of a server and does to it. Whoever puts a server together fits it. */
export interface AdminTarget {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly random: Random;
  readonly log: Logger;
  readonly access: Access;
  /** What four-letter words see: connections, figures and facts. */
  readonly commands: CommandContext;
  /** Where clients are served; null: nowhere. */
  readonly clientEndpoint: Endpoint | null;
  /** The text of zoo.cfg as it was at the start. */
  readonly initialConfiguration: string;
  /** System properties that ZooKeeper would have of `-D` words and lines of zoo.cfg; secrets among them are not shown. */
  readonly properties: ReadonlyMap<string, string>;
  readonly options: AdminOptions;
  readonly control: AdminControl;
  /** Of this server's role, even if clients are not served from it; null while it has none. */
  pipeline(): RequestPipeline | null;
  /** Null until it is open. */
  database(): Database | null;
  /** Null when standalone. */
  verifier(): QuorumVerifier | null;
  /** Of a leader, or the observers that a follower serves; empty for all others. */
  learners(): readonly LearnerView[];
  resetObserverStatistics(): void;
  /**
   * Makes the snapshot file whose bytes these are the state of this server. Answers the last zxid that it says it holds.
   * Rejects, with everything as it was, when it is damaged.
   */
  restore(bytes: AsyncIterable<Buffer>): Promise<number>;
}

export interface AdminOptions {
  /** Begins with a slash and does not end with one. */
  readonly commandUrl: string;
  readonly rateLimiterIntervalMs: number;
  readonly allowsSnapshot: boolean;
  readonly allowsRestore: boolean;
  /** Do snapshots hold the last zxid (`serializeLastProcessedZxid.enabled`)? Else none is given away nor taken. */
  readonly sealsZxid: boolean;
  /** An append that waits longer is slow (`fsync.warningthresholdms`). */
  readonly slowSyncMs: number;
  /** With less than this free this server is about to stop serving (`diskSpaceStopInMb`). */
  readonly leastFreeBytes: number;
}
