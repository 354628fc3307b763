import type { Disk, Host } from '../host/index.js';
import type { Metrics } from '../metrics/index.js';
import { formatZxid, zxidCounter } from '../protocol/index.js';
import type { DataFolders } from './data-folders.js';
import { StorageError } from './errors.js';
import { FILE_HEADER_BYTES } from './file-header.js';
import { LogFile } from './log-file.js';
import { forgetLogPlace } from './log-place.js';
import { recordsBehind } from './log-tail.js';
import type { SnapshotFile, StoredFile } from './names.js';
import { listLogs, listSnapshots } from './names.js';
import type { DatabaseOptions } from './options.js';
import { newestReadable, stateOf } from './recovery.js';
import type { State } from './replay.js';
import { replay } from './replay.js';
import { follows } from './zxid-order.js';

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
  return { state, cuts: await findCuts(host.disk, logs, lastZxid) };
}

/**
 * What has to go so that no log has a record beyond `zxid`, in the order in which it may go. Logs may overlap (two servers
 * wrote, or files were copied), and old ones are read for learners and from older snapshots, so all are looked at.
 *
 * Records behind damage count as well: they were passed over because later logs have them, too, which is over once those are
 * cut, and no start would go on. There the log ends at its damage, and that goes first: all is whole until the others are cut.
 */
export async function findCuts(disk: Disk, logs: readonly StoredFile[], zxid: number): Promise<LogCut[]> {
  const cuts: LogCut[] = logs.filter((file) => file.zxid > zxid).map((file) => ({ file, offset: 0 }));
  const ends: KeptEnd[] = [];
  for (const file of logs) if (file.zxid <= zxid) ends.push(await lookBeyond(disk, file, zxid));
  for (const { file, beyond } of ends) if (beyond !== null) cuts.push({ file, offset: beyond });
  cuts.sort((a, b) => b.file.zxid - a.file.zxid);
  return [...cutsAtDamage(ends, zxid), ...cuts];
}

/** What a log has up to some zxid, as far as it can be read, and what is to be known of the rest. */
interface KeptEnd {
  readonly file: StoredFile;
  /** -1: it has none. */
  readonly firstZxid: number;
  readonly lastZxid: number;
  /** Where the first record beyond is; null when there is none before the tail. */
  readonly beyond: number | null;
  /** Intact records up to `lastZxid` lie behind damage at `offset`. */
  readonly damage: { readonly offset: number; readonly lastZxid: number } | null;
}

async function lookBeyond(disk: Disk, file: StoredFile, zxid: number): Promise<KeptEnd> {
  const log = await LogFile.open(disk, file);
  let firstZxid = -1;
  let lastZxid = -1;
  try {
    for (let batch = await log.nextBatch(); batch.length > 0; batch = await log.nextBatch()) {
      for (const record of batch) {
        if (record.zxid > zxid) return { file, firstZxid, lastZxid, beyond: record.offset, damage: null };
        if (firstZxid < 0) firstZxid = record.zxid;
        lastZxid = record.zxid;
      }
    }
    return { file, firstZxid, lastZxid, beyond: null, damage: await damageOf(log) };
  } finally {
    await log.close();
  }
}

async function damageOf(log: LogFile): Promise<KeptEnd['damage']> {
  const { tail } = log;
  if (tail === null || tail.fault === 'end') return null;
  const behind = await recordsBehind(log.file, log.sizeBytes, tail.offset);
  return behind === null ? null : { offset: tail.offset, lastZxid: behind.last.zxid };
}

/**
 * Where nothing is lost by it: the other logs have what lies behind the damage, up to `zxid`. Else the log stays, and whoever
 * reads it is refused as before. The newest log that stays is what a start begins with: if it was not read to come to `zxid`,
 * a snapshot of just that is there instead.
 */
function cutsAtDamage(ends: readonly KeptEnd[], zxid: number): LogCut[] {
  const cuts: LogCut[] = [];
  let isNewest = true;
  for (const { file, lastZxid, beyond, damage } of ends.toReversed()) {
    const before = lastZxid < 0 ? file.zxid - 1 : lastZxid;
    const goes = damage !== null && (isNewest || (damage.lastZxid > zxid && reach(ends, before) >= zxid));
    if (goes) cuts.push({ file, offset: damage.offset });
    if ((goes ? damage.offset : (beyond ?? Number.POSITIVE_INFINITY)) > FILE_HEADER_BYTES) isNewest = false;
  }
  return cuts;
}

/** How far the logs lead on from a hole behind `zxid`, oldest first, in what can be read of them. */
function reach(ends: readonly KeptEnd[], zxid: number): number {
  let at = zxid;
  for (const { firstZxid, lastZxid } of ends) {
    // A new epoch does not tell how far the one before went, so it does not fill the hole.
    if (firstZxid <= at + 1 || (at > zxid && follows(at, firstZxid))) at = Math.max(at, lastZxid);
  }
  return at;
}

/**
 * Makes these cuts in their order, the newest log first (but see `findCuts`), so that after a crash at any step the log is a
 * beginning of what it was: what an older one has beyond the cut is read before what a newer one repeats of it.
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
  await cutLogs(disk, folders, await findCuts(disk, await listLogs(disk, folders.logDir), zxid));
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
