import type { Disk, Host } from '../host/index.js';
import { formatZxid } from '../protocol/index.js';
import type { DataFolders } from './data-folders.js';
import { forgetLogPlace } from './log-place.js';
import type { LogEnd } from './log-reader.js';
import type { Doubt } from './log-tail.js';
import { MAX_GROUP_BYTES } from './log-tail.js';
import { listLogs } from './names.js';

/** More than what can have been unsynced when the process ended. */
const REWRITTEN_BYTES = 2 * MAX_GROUP_BYTES;

/**
 * Gives the newest log a clean and durable end: logs without a record go, torn bytes behind the last record go, and the last
 * records are written once more and fsynced. They may come from the page cache only: the process may have been killed
 * before its fdatasync, or the fdatasync may have failed and have marked the pages clean all the same.
 */
export async function repairLogs(host: Host, folders: DataFolders, ends: readonly LogEnd[]): Promise<void> {
  const { disk, log } = host;
  for (const { doubt } of ends) if (doubt !== null) warnOfDamage(host, doubt);
  const newest = ends.findLastIndex(({ recordCount }) => recordCount > 0);
  await removeEmpty(host, folders, ends.slice(newest + 1));
  const end = ends[newest];
  if (end === undefined) return;
  if (isTorn(end)) log.warn(`${describe(end)} The end is cut off.`, { code: 'LOG_TORN_END', file: end.file.path });
  await settleEnd(disk, end);
}

/** Nothing is lost: later logs have it. But something damages files. */
function warnOfDamage({ log }: Host, { file, offset, lastZxid }: Doubt): void {
  log.warn(
    `${file} is damaged at offset ${offset}. The transactions behind that, up to ${formatZxid(lastZxid)}, are in later logs, ` +
      `too, and are read from there.`,
    { code: 'LOG_DAMAGED_TWIN', file, offset },
  );
}

/** The newest goes first. */
async function removeEmpty(host: Host, { snapDir, logDir }: DataFolders, empty: readonly LogEnd[]): Promise<void> {
  const { disk, log } = host;
  if (empty.length === 0) return;
  if (empty.length === (await listLogs(disk, logDir)).length) await forgetLogPlace(disk, snapDir);
  for (const { file } of empty.toReversed()) {
    log.warn(`${file.path} holds no transaction and is removed.`, { code: 'LOG_EMPTY' });
    await disk.remove(file.path);
    await disk.syncDir(logDir);
  }
}

function isTorn(end: LogEnd): boolean {
  return end.torn !== null || (end.tail.fault !== 'end' && end.tail.fault !== 'zeros');
}

function describe(end: LogEnd): string {
  const where = `${end.file.path} ends in a torn record at offset ${end.tail.offset}`;
  if (end.torn === null) return `${where}: it was being written when the power failed, and was never acknowledged.`;
  const { firstZxid, lastZxid } = end.torn;
  return (
    `${where}; sectors of the group that was being written when the power failed are missing. What is there of ` +
    `transactions ${formatZxid(firstZxid)} to ${formatZxid(lastZxid)} was never acknowledged and goes with it.`
  );
}

async function settleEnd(disk: Disk, end: LogEnd): Promise<void> {
  const { path } = end.file;
  const to = end.tail.offset;
  const from = Math.max(0, to - REWRITTEN_BYTES);
  const reader = await disk.openRead(path);
  let bytes: Buffer;
  try {
    bytes = await reader.read(from, to - from);
  } finally {
    await reader.close();
  }
  const file = await disk.openWrite(path);
  try {
    if (isTorn(end)) await file.truncate(to);
    await file.write(bytes, from);
    await file.sync();
  } finally {
    await file.close();
  }
}
