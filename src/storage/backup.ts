import { createHash } from 'node:crypto';
import type { Disk, Host } from '../host/index.js';
import {
  backupName,
  type BackupFile,
  type BackupFolder,
  incompletePath,
  listBackups,
  newManifest,
  type StoredBackup,
  textOfZxid,
  writeManifest,
  zxidOfText,
} from './backup-manifest.js';
import { dropIncomplete, dropOld, dropRemnants } from './backup-removal.js';
import { type DataFolders, makeFolders, missingFolders } from './data-folders.js';
import { asStorageError, StorageError } from './errors.js';
import { LogReader } from './log-reader.js';
import { joinPath, listLogs, listSnapshots, logsAfter, type SnapshotFile, type StoredFile } from './names.js';
import { looksWhole } from './snapshot-source.js';
import { Continuity } from './zxid-order.js';

const CHUNK_BYTES = 512 * 1024;
/** Where a transaction's time stands in a record: behind `long clientId; int cxid; long zxid`. */
const TIME_AT = 20;

/** Called as bytes are done, of those that are to be done. */
export type Progress = (doneBytes: number, totalBytes: number) => void;

export interface BackupRequest {
  /** 0: a server alone. */
  readonly serverId: number;
  /** Nothing behind this is taken; infinity: all that is logged. */
  readonly upTo: number;
  /** False: there are moments that the logs do not have, so the newest snapshot is taken as it is (true). */
  readonly isLogged?: boolean;
  /** Newest backups of this server that are kept in the folder; infinity: all. */
  readonly retainCount: number;
  readonly onProgress?: Progress;
  /** When it fires, the backup is given up with its reason. */
  readonly cancel?: AbortSignal;
}

/** A part of a log file: up to `end`, whole records. */
interface LogPart {
  readonly file: StoredFile;
  end: number;
}

interface LogTail {
  readonly parts: readonly LogPart[];
  readonly lastZxid: number;
  readonly firstTimeMs: number | null;
  readonly lastTimeMs: number | null;
}

/**
 * Copies the newest state, as one snapshot and the log behind it, into a folder of its own inside `target`. It begins where
 * the last backup there ended, or earlier, so that together they hold every moment. Files are never changed once they are
 * written, and a log only grows: a server may run meanwhile, as long as it purges nothing. The folder gets its name when all
 * of it is durable. One that fails leaves nothing behind, and one that is interrupted (a crash, a power cut) leaves what the
 * next one of this server removes.
 *
 * Throws NO_SNAPSHOT, LOG_GAP, LOG_CORRUPT, IO.
 */
export async function takeBackup(
  host: Host,
  folders: DataFolders,
  target: string,
  request: BackupRequest,
): Promise<StoredBackup> {
  const { disk } = host;
  const { serverId, upTo, retainCount, cancel } = request;
  try {
    cancel?.throwIfAborted();
    const { backups, incomplete } = await openTarget(disk, target);
    await dropRemnants(host, incomplete, serverId);
    const earlier = backups.filter(({ manifest }) => manifest.serverId === serverId);
    const last = earlier.at(-1);
    const coveredTo = last === undefined || request.isLogged === false ? upTo : zxidOfText(last.manifest.lastZxid);
    const base = await chooseBase(disk, folders.snapDir, upTo, coveredTo);
    const tail = await measureLogs(disk, folders.logDir, base.zxid, request);
    const stored = await writeBackup(host, target, { base, tail }, request);
    await dropOld(disk, [...earlier, stored], retainCount);
    return stored;
  } catch (error) {
    throw asStorageError(error, 'taking a backup', target);
  }
}

/** Makes the folder for backups when it is not there. Throws IO. */
async function openTarget(disk: Disk, target: string): Promise<BackupFolder> {
  try {
    await makeFolders(disk, target, await missingFolders(disk, target));
    return await listBackups(disk, target);
  } catch (error) {
    const isInTheWay = error instanceof StorageError && error.code === 'DATA_DIR';
    if (error instanceof StorageError && !isInTheWay) throw error;
    const what = isInTheWay
      ? `${target} cannot be used for backups: ${error.file ?? target} is not a folder`
      : asStorageError(error, `using ${target} for backups`).message;
    const hint = 'Name a folder that is there, or that this user can make (--to, or backup.dir)';
    throw new StorageError('IO', `${what}. ${hint}.`, target, null, { cause: error });
  }
}

interface Source {
  readonly base: SnapshotFile;
  readonly tail: LogTail;
}

async function writeBackup(
  { disk, clock }: Host,
  target: string,
  { base, tail }: Source,
  request: BackupRequest,
): Promise<StoredBackup> {
  const createdMs = clock.wallMs();
  const names = new Set((await disk.list(target)).map(({ name }) => name));
  const name = backupName(createdMs, request.serverId, tail.lastZxid, (one) => names.has(one));
  const path = joinPath(target, name);
  const unfinished = incompletePath(path);
  await disk.makeDir(unfinished);
  const claim = await disk.claim(unfinished);
  try {
    const files = await copyAll(disk, unfinished, base, tail.parts, request);
    const manifest = newManifest({
      serverId: request.serverId,
      createdMs,
      snapshotZxid: textOfZxid(base.zxid),
      lastZxid: textOfZxid(tail.lastZxid),
      firstTimeMs: tail.firstTimeMs,
      lastTimeMs: tail.lastTimeMs,
      files,
    });
    await disk.syncDir(unfinished);
    await writeManifest(disk, unfinished, manifest);
    await disk.rename(unfinished, path);
    await disk.syncDir(target);
    return { path, manifest };
  } catch (error) {
    await dropIncomplete(disk, unfinished);
    throw error;
  } finally {
    await claim?.release();
  }
}

/** The newest whole snapshot that leaves no gap to the last backup; when there is none, the newest. */
async function chooseBase(disk: Disk, snapDir: string, upTo: number, coveredTo: number): Promise<SnapshotFile> {
  const whole: SnapshotFile[] = [];
  for (const snapshot of await listSnapshots(disk, snapDir)) {
    if (snapshot.zxid > upTo || !(await looksWhole(disk, snapshot))) continue;
    if (snapshot.zxid <= coveredTo) return snapshot;
    whole.push(snapshot);
  }
  const [newest] = whole;
  if (newest !== undefined) return newest;
  throw new StorageError('NO_SNAPSHOT', `There is no snapshot in ${snapDir} that a backup could begin with.`, snapDir);
}

/** Walks the log behind `from` and checks every record, up to the last one that is wanted. */
async function measureLogs(
  disk: Disk,
  logDir: string,
  from: number,
  { upTo, cancel }: BackupRequest,
): Promise<LogTail> {
  const reader = new LogReader(disk, logsAfter(await listLogs(disk, logDir), from));
  const walk = new Continuity(from, []);
  const parts = new Map<string, LogPart>();
  let firstTimeMs: number | null = null;
  let lastTimeMs: number | null = null;
  try {
    for (let isDone = from >= upTo; !isDone;) {
      cancel?.throwIfAborted();
      const batch = await reader.nextBatch();
      if (batch === null) break;
      for (const record of batch.records) {
        if (record.zxid > upTo) {
          isDone = true;
          break;
        }
        if (!walk.take(record.zxid, batch.file.path, record.offset)) continue;
        lastTimeMs = Number(record.bytes.readBigInt64BE(TIME_AT));
        firstTimeMs ??= lastTimeMs;
        const part = parts.get(batch.file.name);
        if (part === undefined) parts.set(batch.file.name, { file: batch.file, end: record.end });
        else part.end = record.end;
        // What lies behind is on its way to the disk just now.
        if (record.zxid === upTo) isDone = true;
      }
    }
  } finally {
    await reader.close();
  }
  return { parts: [...parts.values()], lastZxid: walk.position, firstTimeMs, lastTimeMs };
}

async function copyAll(
  disk: Disk,
  dir: string,
  base: SnapshotFile,
  parts: readonly LogPart[],
  { cancel, onProgress }: BackupRequest,
): Promise<BackupFile[]> {
  const sources = [{ file: base, end: base.sizeBytes }, ...parts];
  const totalBytes = sources.reduce((sum, { end }) => sum + end, 0);
  let doneBytes = 0;
  const files: BackupFile[] = [];
  for (const { file, end } of sources) {
    const before = doneBytes;
    files.push(
      await copyFile(disk, file, end, dir, (bytes) => {
        cancel?.throwIfAborted();
        doneBytes = before + bytes;
        onProgress?.(doneBytes, totalBytes);
      }),
    );
  }
  return files;
}

async function copyFile(
  disk: Disk,
  source: StoredFile,
  length: number,
  dir: string,
  onBytes: (bytes: number) => void,
): Promise<BackupFile> {
  const hash = createHash('sha256');
  const from = await disk.openRead(source.path);
  try {
    const to = await disk.create(joinPath(dir, source.name));
    try {
      for (let at = 0; at < length;) {
        const chunk = await from.read(at, Math.min(CHUNK_BYTES, length - at));
        if (chunk.length === 0) throw new StorageError('IO', `${source.path} became shorter`, source.path, at);
        await to.write(chunk, at);
        hash.update(chunk);
        at += chunk.length;
        onBytes(at);
      }
      await to.sync();
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
  return { name: source.name, bytes: length, sha256: hash.digest('hex') };
}
