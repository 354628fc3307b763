import { DiskError } from '../../host/index.js';

/** What is sorted: the sizes of a node, and what decides its place. */
export interface SizeRecord {
  /** Records are in the order of their levels, */
  readonly level: number;
  /** then of their keys, by UTF-16 units. */
  readonly key: string;
  readonly ownBytes: number;
  /** Of all below it, and its own. */
  readonly totalBytes: number;
  /** Nodes below it. */
  readonly count: number;
}

/** `u32 level; u32 key bytes; f64 ownBytes, totalBytes, count; key` in little-endian. */
const HEAD_BYTES = 32;

export function byPlace(a: SizeRecord, b: SizeRecord): number {
  if (a.level !== b.level) return a.level - b.level;
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

export function encodeRecord(record: SizeRecord): Buffer {
  const keyBytes = Buffer.byteLength(record.key);
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + keyBytes);
  bytes.writeUInt32LE(record.level, 0);
  bytes.writeUInt32LE(keyBytes, 4);
  bytes.writeDoubleLE(record.ownBytes, 8);
  bytes.writeDoubleLE(record.totalBytes, 16);
  bytes.writeDoubleLE(record.count, 24);
  bytes.write(record.key, HEAD_BYTES);
  return bytes;
}

/** The record at `at`, or how many bytes from there it needs. */
export function decodeRecord(bytes: Buffer, at: number): { record: SizeRecord; end: number } | number {
  if (bytes.length - at < HEAD_BYTES) return HEAD_BYTES;
  const end = at + HEAD_BYTES + bytes.readUInt32LE(at + 4);
  if (bytes.length < end) return end - at;
  const record = {
    level: bytes.readUInt32LE(at),
    key: bytes.toString('utf8', at + HEAD_BYTES, end),
    ownBytes: bytes.readDoubleLE(at + 8),
    totalBytes: bytes.readDoubleLE(at + 16),
    count: bytes.readDoubleLE(at + 24),
  };
  return { record, end };
}

/** A temporary file became shorter under our hands. */
export function cutShort(path: string): DiskError {
  return new DiskError('IO', path, 'a temporary file lost bytes');
}
