import type { Disk, Host } from '../host/index.js';
import type { Metrics } from '../metrics/index.js';
import { formatZxid, zxidCounter } from '../protocol/index.js';
import type { DataFolders } from './data-folders.js';
import { StorageError } from './errors.js';
import { FILE_HEADER_BYTES } from './file-header.js';
import { LogFile } from './log-file.js';
import type { SnapshotFile, StoredFile } from './names.js';
import { listLogs, listSnapshots } from './names.js';
import type { DatabaseOptions } from './options.js';
import { newestReadable, stateOf } from './recovery.js';
import type { State } from './replay.js';
import { replay } from './replay.js';

/** A place in the logs: everything from there on, and every later log, is to go. */
export interface LogCut {
  readonly file: StoredFile;
  readonly offset: number;
}

/** The state after `zxid`, rebuilt from disk, and what has to go to make it the newest one. */
export interface Truncation {
  readonly state: State;
  readonly cut: LogCut | null;
}

/**
 * Rebuilds the state after exactly `zxid` without changing anything on disk. Throws CANNOT_TRUNCATE when the disk does not
 * have it: neither more nor less is ever cut off (ZOOKEEPER-1156).
 */
export async function planTruncation(
  host: Host,
  metrics: Metrics,
  folders: DataFolders,
  options: DatabaseOptions,
  zxid: number,
): Promise<Truncation> {
  const snapshots = (await listSnapshots(host.disk, folders.snapDir)).filter((snapshot) => snapshot.zxid <= zxid);
  const base = await newestReadable(host, snapshots, options);
  if (base === null) throw cannotTruncate(zxid, `no snapshot up to there can be read in ${folders.snapDir}`);
  const state = stateOf(host, metrics, base.loaded, options);
  const logs = await listLogs(host.disk, folders.logDir);
  const { lastZxid } = await replay(host.disk, state, {
    logDir: folders.logDir,
    logs,
    snapshotZxids: base.damaged.map((snapshot) => snapshot.zxid),
    upTo: zxid,
    fromAnywhere: false,
  });
  // The first number of an epoch is no transaction: there the state is that of the one before.
  if (lastZxid !== zxid && zxidCounter(zxid) !== 0) {
    throw cannotTruncate(zxid, `the nearest transaction before it is ${formatZxid(lastZxid)}`);
  }
  return { state, cut: await findCut(host.disk, logs, zxid) };
}

/** Where the first record beyond `zxid` is; null when there is none. Damaged ends do not matter here. */
export async function findCut(disk: Disk, logs: readonly StoredFile[], zxid: number): Promise<LogCut | null> {
  const first = logs.findLastIndex((log) => log.zxid <= zxid);
  for (const stored of logs.slice(Math.max(0, first))) {
    const log = await LogFile.open(disk, stored);
    try {
      for (let batch = await log.nextBatch(); batch.length > 0; batch = await log.nextBatch()) {
        const beyond = batch.find((record) => record.zxid > zxid);
        if (beyond !== undefined) return { file: stored, offset: beyond.offset };
      }
    } finally {
      await log.close();
    }
  }
  return null;
}

/**
 * Removes all records from `cut` on, the newest first, so that after a crash at any step the log is a beginning of what it
 * was.
 */
export async function cutLogs(disk: Disk, logDir: string, cut: LogCut): Promise<void> {
  const logs = await listLogs(disk, logDir);
  for (const log of logs.toReversed()) {
    const isWhole = log.name === cut.file.name && cut.offset > FILE_HEADER_BYTES;
    if (log.zxid < cut.file.zxid || isWhole) break;
    await disk.remove(log.path);
    await disk.syncDir(logDir);
  }
  if (cut.offset <= FILE_HEADER_BYTES) return;
  const file = await disk.openWrite(cut.file.path);
  try {
    await file.truncate(cut.offset);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Removes the snapshots beyond `zxid` (ZOOKEEPER-1549). The newest goes last and alone: while it is there, recovery starts
 * from it as before; once it is gone, from one up to `zxid`.
 */
export async function dropSnapshotsBeyond(disk: Disk, snapDir: string, zxid: number): Promise<void> {
  const beyond: SnapshotFile[] = (await listSnapshots(disk, snapDir)).filter((snapshot) => snapshot.zxid > zxid);
  for (const snapshot of beyond.toReversed()) {
    await disk.remove(snapshot.path);
    await disk.syncDir(snapDir);
  }
}

/** Removes the snapshots as of `zxid` but that of this name. */
export async function dropOtherSnapshots(disk: Disk, snapDir: string, zxid: number, name: string): Promise<void> {
  for (const snapshot of await listSnapshots(disk, snapDir)) {
    if (snapshot.zxid !== zxid || snapshot.name === name) continue;
    await disk.remove(snapshot.path);
    await disk.syncDir(snapDir);
  }
}

function cannotTruncate(zxid: number, why: string): StorageError {
  return new StorageError(
    'CANNOT_TRUNCATE',
    `The data cannot be cut back to ${formatZxid(zxid)}, as the leader asks: ${why}. Nothing was changed. Start this server ` +
      `with an empty data directory; it then copies everything from the leader.`,
  );
}
