import type { TreeOptions } from '../tree/index.js';
import type { Compression } from './names.js';

/** What `Database` needs to know; names and defaults are those of ZooKeeper 3.9.5. */
export interface DatabaseOptions extends TreeOptions {
  /** Parent of the `version-2` with snapshots and epochs. */
  readonly dataDir: string;
  /** Parent of the `version-2` with logs; the same as `dataDir` unless configured. */
  readonly dataLogDir: string;
  /** A snapshot is taken after so many transactions, less a random part of up to a half (100000). */
  readonly snapCount: number;
  /** Or after so many bytes of log, less a random part of up to a half; 0 or less: never for that (4 GB). */
  readonly snapSizeLimitBytes: number;
  /** Zeros ahead of the log's end (64 MB). */
  readonly preAllocBytes: number;
  /** A log that is larger is continued in a new file, without a snapshot; 0 or less: no limit (`txnLogSizeLimitInKb`). */
  readonly txnLogSizeLimitBytes: number;
  /** Transactions kept in memory for learners that are behind (500). */
  readonly commitLogCount: number;
  /** False: acknowledge what the operating system has, durable or not (true). */
  readonly forceSync: boolean;
  /** A group commit that takes longer is reported (1000). */
  readonly fsyncWarningThresholdMs: number;
  /** Accept logs without any snapshot, as 3.4 and early 3.5 leave them (false). */
  readonly trustEmptySnapshot: boolean;
  /** An empty data directory may become an empty database (true); otherwise only when `initialize` is there. */
  readonly dbAutoCreate: boolean;
  /** Missing folders are made (true). */
  readonly dataDirAutoCreate: boolean;
  /** Write the section that 3.9 added to snapshots (true). */
  readonly serializeLastProcessedZxid: boolean;
  /** How snapshots are written (`snapshot.compression.method`, none); every kind is read. */
  readonly snapshotCompression: Compression;
  /** Members of an ensemble keep epoch files; a single server does not. */
  readonly keepEpochs: boolean;
  /** Others count on what this server has logged (true). An observer, on which nobody does, starts without logs it had. */
  readonly isLogPromised: boolean;
}

export const STORAGE_DEFAULTS = {
  snapCount: 100_000,
  snapSizeLimitBytes: 4 * 1024 * 1024 * 1024,
  preAllocBytes: 64 * 1024 * 1024,
  txnLogSizeLimitBytes: 0,
  commitLogCount: 500,
  forceSync: true,
  fsyncWarningThresholdMs: 1000,
  trustEmptySnapshot: false,
  dbAutoCreate: true,
  dataDirAutoCreate: true,
  serializeLastProcessedZxid: true,
  snapshotCompression: 'none',
  keepEpochs: true,
  isLogPromised: true,
  digestEnabled: true,
  extendedTypes: false,
} as const satisfies Omit<DatabaseOptions, 'dataDir' | 'dataLogDir'>;
