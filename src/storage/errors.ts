import type { DiskError } from '../host/index.js';

/**
 * - `DATA_DIR`: a folder is missing and may not be made, or cannot be used.
 * - `LOG_DIR_HAS_SNAPSHOTS`, `SNAP_DIR_HAS_LOGS`: dataDir and dataLogDir are probably swapped (ZOOKEEPER-2967).
 * - `LOGS_GONE`: the folder of the logs is empty, and was not.
 * - `IN_USE`: another process works on the folders.
 * - `NOT_A_FILE`: something else has the name of a log or snapshot.
 * - `ZXID_RANGE`: the name of a log or snapshot has an epoch beyond what is counted here.
 * - `NO_SNAPSHOT`: there are transactions but no snapshot that they could follow (ZOOKEEPER-3056).
 * - `SNAPSHOT_CORRUPT`: a snapshot file that cannot be used.
 * - `LOG_CORRUPT`: a damaged record in front of good ones; `LOG_UNREADABLE`: an intact record of an unknown kind.
 * - `LOG_GAP`: transactions are missing between a snapshot and a log, or between two logs (ZOOKEEPER-2099, 2846).
 * - `LOG_MISSING`: only the digests show that a whole log between two others is missing.
 * - `EPOCH_FILE`: an epoch file without a number; `EPOCH_BEHIND_LOG`, `EPOCH_ORDER`: epochs that contradict (2354).
 * - `CANNOT_TRUNCATE`: the asked state cannot be rebuilt from what is on disk; nothing was changed.
 * - `ZXID_ORDER`, `NOT_DURABLE`, `BUSY`, `CLOSED`: the caller broke the rules of `Database`.
 * - `BACKUP_CORRUPT`: a backup is damaged; `BACKUP_RANGE`: none holds the moment that was asked for.
 * - `NOT_EMPTY`: there is data where data is to be restored.
 * - `RESTORE_UNFINISHED`: a restore was interrupted; what is there may lack data.
 * - `IO`: the disk failed; `cause` is the `DiskError`.
 */
export type StorageErrorCode =
  | 'DATA_DIR'
  | 'LOG_DIR_HAS_SNAPSHOTS'
  | 'SNAP_DIR_HAS_LOGS'
  | 'LOGS_GONE'
  | 'IN_USE'
  | 'NOT_A_FILE'
  | 'ZXID_RANGE'
  | 'NO_SNAPSHOT'
  | 'SNAPSHOT_CORRUPT'
  | 'LOG_CORRUPT'
  | 'LOG_UNREADABLE'
  | 'LOG_GAP'
  | 'LOG_MISSING'
  | 'EPOCH_FILE'
  | 'EPOCH_BEHIND_LOG'
  | 'EPOCH_ORDER'
  | 'CANNOT_TRUNCATE'
  | 'ZXID_ORDER'
  | 'NOT_DURABLE'
  | 'BUSY'
  | 'CLOSED'
  | 'BACKUP_CORRUPT'
  | 'BACKUP_RANGE'
  | 'NOT_EMPTY'
  | 'RESTORE_UNFINISHED'
  | 'IO';

/** Something is wrong with what is on disk, or with the disk. The message says what, where, and how to mend it. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  constructor(
    readonly code: StorageErrorCode,
    message: string,
    /** The file or folder concerned. */
    readonly file: string | null = null,
    /** Bytes from the start of the file, where that is known. */
    readonly offset: number | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A disk's error as a `StorageError`; what is one already stays what it is. */
export function asStorageError(error: unknown, doing: string, file: string | null = null): StorageError {
  if (error instanceof StorageError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const path = isDiskError(error) ? error.path : file;
  return new StorageError('IO', `${doing} failed: ${reason}${mendOf(error)}`, path, null, { cause: error });
}

/** What an operator can do, as a sentence behind the reason. */
function mendOf(error: unknown): string {
  switch (isDiskError(error) ? error.code : null) {
    case 'NO_SPACE':
      return '. Make room on that disk: old snapshots and logs may go (zk-server purges them with autopurge.purgeInterval)';
    case 'PERMISSION':
      return '. Give the user of this server access to it, and see that its file system is not mounted read-only';
    case 'IO':
      return '. The disk or its file system has failed: look into the log of the kernel before this server starts again';
    default:
      return '';
  }
}

/** The code tells a missing file from a broken disk. */
export function isDiskError(error: unknown): error is DiskError {
  return error instanceof Error && error.name === 'DiskError';
}

export function isNotFound(error: unknown): boolean {
  return isDiskError(error) && error.code === 'NOT_FOUND';
}
