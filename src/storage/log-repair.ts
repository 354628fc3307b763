import type { Disk, Host } from '../host/index.js';
import { formatZxid } from '../protocol/index.js';
import type { LogEnd } from './log-reader.js';
import { MAX_GROUP_BYTES } from './log-tail.js';

/** More than what can have been unsynced when the process ended. */
const REWRITTEN_BYTES = 2 * MAX_GROUP_BYTES;

/**
 * Gives the newest log a clean and durable end: logs without a record go, torn bytes behind the last record go, and the last
 * records are written once more and fsynced. They may come from the page cache only: the process may have been killed
 * before its fdatasync, or the fdatasync may have failed and have marked the pages clean all the same.
 */
export async function repairLogs(host: Host, logDir: string, ends: readonly LogEnd[]): Promise<void> {
  const { disk, log } = host;
  for (const end of ends.toReversed()) {
    if (end.recordCount > 0) {
      if (isTorn(end)) log.warn(`${describe(end)} The end is cut off.`, { code: 'LOG_TORN_END', file: end.file.path });
      await settleEnd(disk, end);
      return;
    }
    log.warn(`${end.file.path} holds no transaction and is removed.`, { code: 'LOG_EMPTY' });
    await disk.remove(end.file.path);
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
