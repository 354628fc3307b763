import type { Disk, Host } from '../host/index.js';
import type { Metrics } from '../metrics/index.js';
import { formatZxid, zxidCounter } from '../protocol/index.js';
import type { DataFolders } from './data-folders.js';
import { StorageError } from './errors.js';
import { FILE_HEADER_BYTES } from './file-header.js';
import { LogFile } from './log-file.js';
import { forgetLogPlace } from './log-place.js';
import type { SnapshotFile, StoredFile } from './names.js';
import { listLogs, listSnapshots, logsAfter } from './names.js';
import type { DatabaseOptions } from './options.js';
import { newestReadable, stateOf } from './recovery.js';
import type { State } from './replay.js';
import { replay } from './replay.js';

/** A place in a log: everything from there on is to go, the file too when that is all. */
export interface LogCut {
  readonly file: StoredFile;
  readonly offset: number;
}

/** The state after `zxid`, rebuilt from disk, and what has to go to make it the newest one. */
export interface Truncation {
  readonly state: State;
  readonly cuts: readonly LogCut[];
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
  const baseZxid = state.tree.lastProcessedZxid;
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
  return { state, cuts: await findCuts(host.disk, logs, zxid, baseZxid) };
}

/**
 * What has to go so that no log has a record beyond `zxid`, the newest log first. Logs may overlap (two servers wrote, or files
 * were copied), so all are looked at that a start from a snapshot of `fromZxid` reads, and further back as long as one reaches
 * into the next. Damaged ends do not matter here.
 */
export async function findCuts(
  disk: Disk,
  logs: readonly StoredFile[],
  zxid: number,
  fromZxid: number,
): Promise<LogCut[]> {
  const firstRead = logs.length - logsAfter(logs, fromZxid).length;
  const cuts: LogCut[] = [];
  let nextZxid = Number.POSITIVE_INFINITY;
  for (const [at, file] of [...logs.entries()].reverse()) {
    if (file.zxid > zxid) {
      cuts.push({ file, offset: 0 });
    } else {
      const { lastZxid, offset } = await lookBeyond(disk, file, zxid);
      if (offset !== null) cuts.push({ file, offset });
      if (at < firstRead && lastZxid < nextZxid) break;
    }
    nextZxid = file.zxid;
  }
  return cuts;
}

/** Where the first record beyond `zxid` is, or null; then `lastZxid` is that of the last record, if there is any. */
async function lookBeyond(
  disk: Disk,
  stored: StoredFile,
  zxid: number,
): Promise<{ readonly offset: number | null; readonly lastZxid: number }> {
  const log = await LogFile.open(disk, stored);
  let lastZxid = -1;
  try {
    for (let batch = await log.nextBatch(); batch.length > 0; batch = await log.nextBatch()) {
      const beyond = batch.find((record) => record.zxid > zxid);
      if (beyond !== undefined) return { offset: beyond.offset, lastZxid: beyond.zxid };
      lastZxid = batch.at(-1)?.zxid ?? lastZxid;
    }
    return { offset: null, lastZxid };
  } finally {
    await log.close();
  }
}

/**
 * Makes these cuts, the newest log first, so that after a crash at any step the log is a beginning of what it was: what an
 * older one has beyond the cut is read before what a newer one repeats of it.
 */
export async function cutLogs(disk: Disk, { snapDir, logDir }: DataFolders, cuts: readonly LogCut[]): Promise<void> {
  const goes = ({ offset }: LogCut): boolean => offset <= FILE_HEADER_BYTES;
  const gone = cuts.filter(goes).length;
  if (gone > 0 && gone === (await listLogs(disk, logDir)).length) await forgetLogPlace(disk, snapDir);
  for (const cut of cuts) {
    if (goes(cut)) {
      await disk.remove(cut.file.path);
      await disk.syncDir(logDir);
    } else {
      await cutFile(disk, cut);
    }
  }
}

/** Before a snapshot of `zxid` takes the place of everything. */
export async function cutLogsBeyond(disk: Disk, folders: DataFolders, zxid: number): Promise<void> {
  const older = (await listSnapshots(disk, folders.snapDir)).find((snapshot) => snapshot.zxid <= zxid);
  const logs = await listLogs(disk, folders.logDir);
  await cutLogs(disk, folders, await findCuts(disk, logs, zxid, older?.zxid ?? 0));
}

async function cutFile(disk: Disk, { file: { path }, offset }: LogCut): Promise<void> {
  const file = await disk.openWrite(path);
  try {
    await file.truncate(offset);
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
