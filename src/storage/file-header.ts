/**
 * Both kinds of file begin with `int magic; int version; long dbid`: 16 bytes. The dbid is 0 in logs and -1 in snapshots;
 * nobody reads it.
 */
export const FILE_HEADER_BYTES = 16;
export const FORMAT_VERSION = 2;

function header(magic: string, dbid: bigint): Buffer {
  const bytes = Buffer.alloc(FILE_HEADER_BYTES);
  bytes.write(magic, 0, 'latin1');
  bytes.writeInt32BE(FORMAT_VERSION, 4);
  bytes.writeBigInt64BE(dbid, 8);
  return bytes;
}

export const LOG_HEADER: Buffer = header('ZKLG', 0n);
export const SNAPSHOT_HEADER: Buffer = header('ZKSN', -1n);

/**
 * - `whole`: the magic is right (as in ZooKeeper, version and dbid do not matter).
 * - `missing`: the file ended, or lost power, before its header was written: a first part of it, then nothing or zeros.
 * - `foreign`: something else.
 */
export type HeaderState = 'whole' | 'missing' | 'foreign';

export function readHeader(bytes: Buffer, expected: Buffer): HeaderState {
  if (bytes.length >= FILE_HEADER_BYTES && bytes.compare(expected, 0, 4, 0, 4) === 0) return 'whole';
  const found = Math.min(bytes.length, FILE_HEADER_BYTES);
  let same = 0;
  while (same < found && bytes[same] === expected[same]) same++;
  for (let at = same; at < found; at++) if (bytes[at] !== 0) return 'foreign';
  return 'missing';
}
