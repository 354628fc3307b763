import { createHash } from 'node:crypto';
import type { Disk, Host } from '../host/index.js';
import { Metrics } from '../metrics/index.js';
import { formatZxid } from '../protocol/index.js';
import { type BackupFile, type BackupManifest, listBackups, type StoredBackup, zxidOfText } from './backup-manifest.js';
import type { Progress } from './backup.js';
import { claimFolders, type DataFolders, openDataFolders, releaseFolders, removeStaged } from './data-folders.js';
import { asStorageError, isNotFound, StorageError } from './errors.js';
import { forgetLogPlace, noteLogPlace } from './log-place.js';
import { LogReader } from './log-reader.js';
import { joinPath, listLogs, listSnapshots } from './names.js';
import type { DatabaseOptions } from './options.js';
import { stateOf } from './recovery.js';
import { replay, type State } from './replay.js';
import { clearRestoreMark, markRestore } from './restore-mark.js';
import { setAsideAll, writeState } from './restore.js';
import { readSnapshot } from './snapshot-reader.js';

const CHUNK_BYTES = 512 * 1024;
const TIME_AT = 20;

/** Which moment is wanted: the last one there is, the state after a transaction, or after the last one up to a time. */
export type RestorePoint =
  | { readonly kind: 'newest' }
  | { readonly kind: 'zxid'; readonly zxid: number }
  | { readonly kind: 'time'; readonly wallMs: number };

/** A state that was read from a backup, every byte of it checked. */
export interface CheckedBackup {
  readonly backup: StoredBackup;
  readonly state: State;
  readonly zxid: number;
  /** Folders beside it that look like backups and are none. */
  readonly incomplete: readonly string[];
}

/**
 * Finds the backup in `dir` (a backup, or a folder of them) that holds the moment, checks every file against its manifest, and
 * rebuilds the state. Nothing is written. Throws BACKUP_CORRUPT, BACKUP_RANGE, SNAPSHOT_CORRUPT, LOG_*, IO.
 */
export async function checkBackup(
  host: Host,
  dir: string,
  point: RestorePoint,
  options: DatabaseOptions,
  onProgress?: Progress,
): Promise<CheckedBackup> {
  const { disk } = host;
  const { backups, incomplete } = await listBackups(disk, dir);
  const backup = choose(backups, point, dir, incomplete);
  const { manifest, path } = backup;
  await checkFiles(disk, path, manifest.files, onProgress);
  const [snapshot] = await listSnapshots(disk, path);
  if (snapshot === undefined) throw corrupt(path, 'there is no snapshot in it');
  const logs = await listLogs(disk, path);
  const upTo = await targetZxid(disk, backup, point);
  const state = stateOf(host, new Metrics(), await readSnapshot(disk, snapshot, options), options);
  const { lastZxid } = await replay(disk, state, { logDir: path, logs, snapshotZxids: [], upTo, fromAnywhere: false });
  // The first number of an epoch, say, is no transaction: there the state is that of the one before.
  if (point.kind !== 'zxid' && lastZxid !== upTo) {
    throw corrupt(path, `it should lead to ${formatZxid(upTo)}, but ends at ${formatZxid(lastZxid)}`);
  }
  return { backup, state, zxid: lastZxid, incomplete };
}

function choose(
  backups: readonly StoredBackup[],
  point: RestorePoint,
  dir: string,
  incomplete: readonly string[],
): StoredBackup {
  const newest = backups.at(-1);
  const beside = incomplete.length === 0 ? '' : `, only what is none without a manifest: ${incomplete.join(', ')}`;
  if (newest === undefined) throw outOfRange(`there is no backup in ${dir}${beside}`);
  if (point.kind === 'newest') return newest;
  const found = backups.find(({ manifest }) => holds(manifest, point));
  if (found !== undefined) return found;
  const shown = point.kind === 'zxid' ? formatZxid(point.zxid) : new Date(point.wallMs).toISOString();
  const [oldest] = backups;
  throw outOfRange(
    `no backup in ${dir} holds ${shown}; they begin with ${oldest?.manifest.snapshotZxid ?? ''} and end with ` +
      `${newest.manifest.lastZxid} (${new Date(newest.manifest.createdMs).toISOString()})`,
  );
}

function holds(manifest: BackupManifest, point: Exclude<RestorePoint, { kind: 'newest' }>): boolean {
  if (point.kind === 'zxid') {
    return zxidOfText(manifest.snapshotZxid) <= point.zxid && point.zxid <= zxidOfText(manifest.lastZxid);
  }
  // How old the snapshot is nobody tells: only from the first transaction behind it on the time is known.
  const begins = manifest.firstTimeMs ?? manifest.createdMs;
  // Times are the leader's, and its clock may be ahead.
  return begins <= point.wallMs && point.wallMs <= Math.max(manifest.createdMs, manifest.lastTimeMs ?? 0);
}

async function checkFiles(
  disk: Disk,
  dir: string,
  files: readonly BackupFile[],
  onProgress: Progress | undefined,
): Promise<void> {
  const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let doneBytes = 0;
  for (const { name, bytes, sha256 } of files) {
    const path = joinPath(dir, name);
    const hash = createHash('sha256');
    try {
      const file = await disk.openRead(path);
      try {
        if (file.sizeBytes !== bytes) throw corrupt(path, `it has ${file.sizeBytes} bytes instead of ${bytes}`);
        for (let at = 0; at < bytes;) {
          const chunk = await file.read(at, CHUNK_BYTES);
          if (chunk.length === 0) throw corrupt(path, 'it became shorter');
          hash.update(chunk);
          at += chunk.length;
          onProgress?.(doneBytes + at, totalBytes);
        }
      } finally {
        await file.close();
      }
    } catch (error) {
      if (isNotFound(error)) throw corrupt(path, 'it is not there');
      throw error;
    }
    if (hash.digest('hex') !== sha256) throw corrupt(path, 'its checksum is not that of the manifest');
    doneBytes += bytes;
  }
}

async function targetZxid(disk: Disk, { path, manifest }: StoredBackup, point: RestorePoint): Promise<number> {
  if (point.kind === 'newest') return zxidOfText(manifest.lastZxid);
  if (point.kind === 'zxid') return point.zxid;
  const reader = new LogReader(disk, await listLogs(disk, path));
  let last = zxidOfText(manifest.snapshotZxid);
  try {
    for (let batch = await reader.nextBatch(); batch !== null; batch = await reader.nextBatch()) {
      for (const record of batch.records) {
        if (record.zxid <= last) continue;
        if (Number(record.bytes.readBigInt64BE(TIME_AT)) > point.wallMs) return last;
        last = record.zxid;
      }
    }
  } finally {
    await reader.close();
  }
  return last;
}

/**
 * Makes a checked state what a server starts with. Its folders must be without data, or `setsAside` what is there. Throws
 * IN_USE while a server runs, NOT_EMPTY, IO. Answers where the old data is; null: there was none. After a power cut in
 * between no server starts there (RESTORE_UNFINISHED) until a restore has come to its end.
 */
export async function restoreBackup(
  host: Host,
  { state }: CheckedBackup,
  options: DatabaseOptions,
  setsAside: boolean,
): Promise<string | null> {
  const { disk } = host;
  const folders = await openDataFolders(disk, options);
  const claims = await claimFolders(disk, folders);
  try {
    const isEmpty = await hasNoData(disk, folders);
    if (!isEmpty && !setsAside) {
      throw new StorageError(
        'NOT_EMPTY',
        `There is data in ${folders.snapDir} already. Restore into an empty folder, or have it set aside with --force.`,
        folders.snapDir,
      );
    }
    await removeStaged(disk, folders);
    if (!isEmpty) await markRestore(disk, folders.snapDir);
    const aside = isEmpty ? null : await setAsideAll(host, folders);
    await forgetLogPlace(disk, folders.snapDir);
    await writeState(host, folders.snapDir, options, state);
    await noteLogPlace(disk, folders);
    await clearRestoreMark(disk, folders.snapDir);
    return aside;
  } catch (error) {
    throw asStorageError(error, 'restoring a backup', folders.snapDir);
  } finally {
    await releaseFolders(claims);
  }
}

async function hasNoData(disk: Disk, { snapDir, logDir }: DataFolders): Promise<boolean> {
  return (await listSnapshots(disk, snapDir)).length + (await listLogs(disk, logDir)).length === 0;
}

function corrupt(path: string, why: string): StorageError {
  return new StorageError('BACKUP_CORRUPT', `The backup is damaged: ${path}: ${why}. Nothing was changed.`, path);
}

function outOfRange(why: string): StorageError {
  return new StorageError('BACKUP_RANGE', `Nothing was changed: ${why}.`);
}
