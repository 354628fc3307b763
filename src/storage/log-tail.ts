import type { ReadableFile } from '../host/index.js';
import { formatZxid } from '../protocol/index.js';
import { StorageError } from './errors.js';
import type { LogFile, LogTail } from './log-file.js';
import type { LogRecord, RecordFault } from './log-record.js';
import { isZero, scanRecord } from './log-record.js';
import { follows } from './zxid-order.js';

/*
 * Torn or corrupt? A log may end in bytes that are no record: the group that was being written when the power failed. It
 * was never acknowledged, so it is cut off. The same bytes in front of acknowledged records are damage, and cutting there
 * would lose writes. The format does not say where a group begins, so the judgement rests on what lies behind:
 *
 *  - Nothing readable: torn.
 *  - Readable records, in a log that a later one continues without a gap, behind bytes where ZooKeeper stops quietly: it
 *    had stopped there, and what it wrote afterwards took the place of what lies behind.
 *  - Readable records, in a log that a later one repeats, or behind bytes that ZooKeeper refuses: whoever began the later one
 *    had read them, and it was not written because of the hole. Two servers wrote, or files were copied. So the later ones
 *    must have them, too; whether they do shows when those are read.
 *  - Readable records, last log: power loss writes whole sectors of a group and leaves others as they were, zeros. So it
 *    is a torn group if such a sector explains the hole and everything behind it fits into one group. Anything else is
 *    corruption.
 */

/** A group is closed when it reaches this size, so less than this and one more record is ever unsynced. */
export const MAX_GROUP_BYTES = 1024 * 1024;
const TORN_WINDOW_BYTES = 2 * MAX_GROUP_BYTES;
const SECTOR_BYTES = 512;
const SCAN_BYTES = 256 * 1024;
const SMALLEST_RECORD_BYTES = 45;
/** A sector that was lost behind fewer bytes of a record holds nothing of it but zeros. */
const ZERO_PREFIX_BYTES = 4;

/** ZooKeeper reads on behind these with the next log, and refuses to start at the others. */
const QUIET_ENDS: ReadonlySet<RecordFault> = new Set(['zeros', 'short', 'mark', 'header']);

/** What a torn group cost: whole records behind the hole that nobody had been promised. */
export interface TornGroup {
  readonly firstZxid: number;
  readonly lastZxid: number;
}

/** Intact records behind the damage of a log that later ones have to hold once more. */
export interface Doubt {
  /** The newest of them. */
  readonly lastZxid: number;
  /** Where the damage is: LOG_CORRUPT, in case they do not. */
  readonly error: StorageError;
  readonly file: string;
  readonly offset: number;
}

/** What there is to say of a tail that may be: at most one of the two. */
export interface TailVerdict {
  readonly torn: TornGroup | null;
  readonly doubt: Doubt | null;
}

const FINE: TailVerdict = { torn: null, doubt: null };

export interface TailContext {
  /** Zxid of the last good record before the tail. */
  readonly lastZxid: number;
  /** First transaction of the next log that has one; null when this is the last. */
  readonly nextZxid: number | null;
}

/** Decides about the end of a log that was read to `tail`. Throws LOG_CORRUPT. */
export async function judgeTail(log: LogFile, tail: LogTail, context: TailContext): Promise<TailVerdict> {
  if (tail.fault === 'end') return FINE;
  if (tail.fault === 'header' && log.header === 'foreign') throw corrupt(log, tail, 'it does not begin as a log does');
  const { lastZxid, nextZxid } = context;
  if (nextZxid === lastZxid + 1 && QUIET_ENDS.has(tail.fault)) return FINE;
  const behind = await recordsBehind(log.file, log.sizeBytes, tail.offset);
  if (nextZxid === null) return { torn: await judgeLastTail(log, tail, behind), doubt: null };
  if (nextZxid <= lastZxid + 1) return { torn: null, doubt: behind === null ? null : doubt(log, tail, behind) };
  if (behind === null && (QUIET_ENDS.has(tail.fault) || !follows(lastZxid, nextZxid))) return FINE;
  throw corrupt(log, tail, behind === null ? 'its last record is damaged' : describe(behind));
}

/** What a torn group cost; null: nothing was torn. Throws LOG_CORRUPT. */
async function judgeLastTail(log: LogFile, tail: LogTail, behind: RecordsBehind | null): Promise<TornGroup | null> {
  if (behind === null) return null;
  // A record may be larger than any group is without it (a session with very many ephemeral nodes ends).
  const beginsInGroup = behind.last.offset - tail.offset < MAX_GROUP_BYTES;
  const inOneGroup = beginsInGroup || behind.dataEnd - tail.offset <= TORN_WINDOW_BYTES;
  if (inOneGroup && (await hasLostSector(log.file, tail.offset, behind.first.offset))) {
    return { firstZxid: behind.first.zxid, lastZxid: behind.last.zxid };
  }
  throw corrupt(log, tail, describe(behind));
}

function doubt(log: LogFile, tail: LogTail, behind: RecordsBehind): Doubt {
  const why = `${describe(behind)}, up to ${formatZxid(behind.last.zxid)}, and no later log has them all`;
  return { lastZxid: behind.last.zxid, error: corrupt(log, tail, why), file: log.path, offset: tail.offset };
}

function describe(behind: RecordsBehind): string {
  return `intact transactions (from ${formatZxid(behind.first.zxid)} on) lie behind it, at offset ${behind.first.offset}`;
}

function corrupt(log: LogFile, tail: LogTail, why: string): StorageError {
  return new StorageError(
    'LOG_CORRUPT',
    `${log.path} is damaged at offset ${tail.offset} (${tail.fault}); ${why}. Nothing was changed. Bring back an intact ` +
      `copy of the file. A member of an ensemble whose other members are well can also start with an empty data directory ` +
      `and copy everything from the leader. Cutting the file at that offset would lose acknowledged writes.`,
    log.path,
    tail.offset,
  );
}

interface RecordsBehind {
  readonly first: LogRecord;
  readonly last: LogRecord;
  /** End of the last byte that is not zero. */
  readonly dataEnd: number;
}

/** Looks for whole records at any offset after `from`. */
export async function recordsBehind(file: ReadableFile, size: number, from: number): Promise<RecordsBehind | null> {
  let first: LogRecord | null = null;
  let last: LogRecord | null = null;
  let dataEnd = from;
  let at = from + 1;
  while (at < size) {
    const chunk = await file.read(at, SCAN_BYTES);
    if (chunk.length === 0) break;
    const nonZeroEnd = endOfData(chunk);
    if (nonZeroEnd > 0) dataEnd = at + nonZeroEnd;
    const found = nonZeroEnd === 0 ? null : await findRecord(file, size, chunk, at);
    if (found === null) {
      // A record may begin in this chunk's last bytes, too few to look like one.
      at += chunk.length < SCAN_BYTES ? chunk.length : chunk.length - SMALLEST_RECORD_BYTES + 1;
      continue;
    }
    first ??= found;
    last = found;
    dataEnd = Math.max(dataEnd, found.end);
    at = found.end;
  }
  return first === null || last === null ? null : { first, last, dataEnd };
}

const ZEROS = Buffer.alloc(SCAN_BYTES);

function endOfData(chunk: Buffer): number {
  if (chunk.equals(ZEROS.subarray(0, chunk.length))) return 0;
  let end = chunk.length;
  while (end > 0 && chunk[end - 1] === 0) end--;
  return end;
}

async function findRecord(file: ReadableFile, size: number, chunk: Buffer, base: number): Promise<LogRecord | null> {
  for (let at = 0; at + SMALLEST_RECORD_BYTES <= chunk.length; at++) {
    // The checksum's high half is always zero, its low half never is.
    if (chunk[at] !== 0 || chunk[at + 1] !== 0 || chunk[at + 2] !== 0 || chunk[at + 3] !== 0) continue;
    if (chunk.readUInt32BE(at + 4) === 0) continue;
    let found = scanRecord(chunk, at, base, size);
    if (typeof found === 'number') found = scanRecord(await file.read(base + at, found), 0, base + at, size);
    if (typeof found === 'object') return found;
  }
  return null;
}

/**
 * Is a sector that begins before `to` all zeros, the first one from `from` on? It may reach over the zeros with which the
 * record at `to` begins.
 */
async function hasLostSector(file: ReadableFile, from: number, to: number): Promise<boolean> {
  const bytes = await file.read(from, Math.ceil(to / SECTOR_BYTES) * SECTOR_BYTES - from);
  let at = 0;
  while (at < to - from) {
    const end = at + SECTOR_BYTES - ((from + at) % SECTOR_BYTES);
    if (end - at > ZERO_PREFIX_BYTES && isZero(bytes, at, end)) return true;
    at = end;
  }
  return false;
}
