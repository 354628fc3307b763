import type { JuteWriter } from '../jute/index.js';
import { adler32 } from './adler32.js';

/**
 * A record: `long adler32 of the entry; int length; entry; byte 'B'`. Behind the last one the file is filled with zeros.
 * The entry begins with the transaction's header: `long clientId; int cxid; long zxid; long time; int type`.
 */
export const RECORD_FRAME_BYTES = 13;
export const RECORD_PREFIX_BYTES = 12;
const END_MARK = 0x42;
const TXN_HEADER_BYTES = 32;
const ZXID_AT = 12;
const TWO_32 = 0x1_0000_0000;

export interface LogRecord {
  readonly zxid: number;
  /** Where the record begins and ends in its file. */
  readonly offset: number;
  readonly end: number;
  /** The entry, a view of what was read. */
  readonly bytes: Buffer;
}

/**
 * Why no record can be read:
 * - `end`: the file ends here. `zeros`: the zero padding begins here. Both are a log's normal end.
 * - `short`: the file or the written bytes end inside the record. `mark`: the end mark is missing. ZooKeeper stops quietly
 *   at these, too.
 * - `length`, `checksum`, `header`: the bytes are wrong; ZooKeeper refuses to start.
 */
export type RecordFault = 'end' | 'zeros' | 'short' | 'mark' | 'length' | 'checksum' | 'header';

export function writeRecord(w: JuteWriter, entry: Buffer): void {
  w.int(0);
  w.int(adler32(entry));
  w.int(entry.length);
  w.raw(entry);
  w.byte(END_MARK);
}

/**
 * Reads the record at `at` of `bytes`, which begin at `base` in a file of `fileSize` bytes. Answers the record, why there
 * is none, or (a number) how many bytes from `at` it needs to see.
 */
export function scanRecord(
  bytes: Buffer,
  at: number,
  base: number,
  fileSize: number,
): LogRecord | RecordFault | number {
  const offset = base + at;
  const left = fileSize - offset;
  if (left < RECORD_PREFIX_BYTES) {
    if (bytes.length - at < left) return left;
    return left === 0 ? 'end' : isZero(bytes, at, at + left) ? 'zeros' : 'short';
  }
  if (bytes.length - at < RECORD_PREFIX_BYTES) return RECORD_PREFIX_BYTES;
  const high = bytes.readInt32BE(at);
  const checksum = bytes.readUInt32BE(at + 4);
  const length = bytes.readInt32BE(at + 8);
  if (length === 0) return high === 0 && checksum === 0 ? 'zeros' : 'short';
  if (length < 0) return 'length';
  const size = length + RECORD_FRAME_BYTES;
  if (size > left) return 'short';
  if (bytes.length - at < size) return size;
  const from = at + RECORD_PREFIX_BYTES;
  const to = from + length;
  if (bytes[to] !== END_MARK) return 'mark';
  if (length < TXN_HEADER_BYTES) return 'length';
  if (high !== 0 || adler32(bytes, from, to) !== checksum) return 'checksum';
  return { zxid: zxidOf(bytes, from), offset, end: offset + size, bytes: bytes.subarray(from, to) };
}

function zxidOf(bytes: Buffer, entryAt: number): number {
  return bytes.readInt32BE(entryAt + ZXID_AT) * TWO_32 + bytes.readUInt32BE(entryAt + ZXID_AT + 4);
}

export function isZero(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] !== 0) return false;
  return true;
}
