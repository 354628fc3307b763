import type { Disk } from '../host/index.js';
import type { TxnEntry } from '../protocol/index.js';
import { formatZxid } from '../protocol/index.js';
import type { DataFolders } from './data-folders.js';
import { StorageError } from './errors.js';
import { LogFile } from './log-file.js';
import { LogReader } from './log-reader.js';
import type { LogBatch } from './log-reader.js';
import { listLogs, listSnapshots, logsAfter } from './names.js';
import { decodeEntry } from './replay.js';
import { Continuity } from './zxid-order.js';

/**
 * The transactions on disk from the newest at or before `afterZxid` to `upTo`, for a learner that is behind. They are walked
 * once before the first is given out, so a gap or damage (LOG_GAP, LOG_CORRUPT) shows before anything was sent. When
 * `afterZxid` is no transaction but the number right before one, they begin with that one.
 */
export async function* readHistory(
  disk: Disk,
  folders: DataFolders,
  afterZxid: number,
  upTo: number,
): AsyncGenerator<TxnEntry, void, undefined> {
  const first = await verify(disk, folders, afterZxid, upTo);
  const walk = new Continuity(first - 1, []);
  for await (const batch of batches(disk, folders, first)) {
    for (const record of batch.records) {
      if (record.zxid >= first && walk.take(record.zxid, batch.file.path, record.offset)) {
        yield decodeEntry(record, batch.file.path);
      }
      if (record.zxid === upTo) return;
    }
  }
}

/** Walks everything from `afterZxid` to `upTo`; answers the first transaction to give out. */
async function verify(disk: Disk, folders: DataFolders, afterZxid: number, upTo: number): Promise<number> {
  const jumps = (await listSnapshots(disk, folders.snapDir)).map((snapshot) => snapshot.zxid);
  let first: number | null = null;
  let walk: Continuity | null = null;
  for await (const batch of batches(disk, folders, afterZxid)) {
    for (const record of batch.records) {
      const { zxid } = record;
      if (zxid > upTo) throw leadsNowhere(afterZxid, zxid, batch.file.path);
      if (zxid > afterZxid) {
        if (zxid === afterZxid + 1 && first !== afterZxid) first = zxid;
        if (first === null) throw leadsNowhere(afterZxid, zxid, batch.file.path);
        walk ??= new Continuity(Math.min(first, zxid - 1), jumps);
        walk.take(zxid, batch.file.path, record.offset);
      } else if (walk === null) {
        first = zxid;
      }
      // What lies behind may be on its way to the disk just now.
      if (zxid === upTo && first !== null) return first;
    }
  }
  throw leadsNowhere(afterZxid, walk?.position ?? first, folders.logDir);
}

/** From the newest log that begins at or before `zxid`. */
async function* batches(disk: Disk, folders: DataFolders, zxid: number): AsyncGenerator<LogBatch, void, undefined> {
  const reader = new LogReader(disk, logsAfter(await listLogs(disk, folders.logDir), zxid - 1));
  try {
    for (let batch = await reader.nextBatch(); batch !== null; batch = await reader.nextBatch()) yield batch;
  } finally {
    await reader.close();
  }
}

/** The oldest transaction on disk; -1 when there is none. A later gap is not looked for. */
export async function firstTransaction(disk: Disk, folders: DataFolders): Promise<number> {
  for (const stored of await listLogs(disk, folders.logDir)) {
    const log = await LogFile.open(disk, stored);
    try {
      const zxid = await log.peekZxid();
      if (zxid !== null) return zxid;
    } finally {
      await log.close();
    }
  }
  return -1;
}

function leadsNowhere(afterZxid: number, found: number | null, file: string): StorageError {
  return new StorageError(
    'LOG_GAP',
    `The log does not lead from ${formatZxid(afterZxid)} to the present; in ${file} it has ` +
      `${found === null ? 'nothing' : formatZxid(found)}.`,
    file,
  );
}
