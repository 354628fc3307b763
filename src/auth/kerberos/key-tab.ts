import type { KerberosKey } from './encryption-types.js';

/** A key of a service, as a key table holds it. */
export interface ServiceKey extends KerberosKey {
  /** `service/host@REALM` */
  readonly principal: string;
  /** Which key of that principal it is; the KDC counts them. */
  readonly version: number;
}

/** A key table that cannot be read; the message names the place. */
export class KeyTabError extends Error {
  override readonly name = 'KeyTabError';
}

const MAGIC = 0x0502;
const HEAD_BYTES = 2;
const LENGTH_BYTES = 4;

/**
 * Reads a key table of MIT's format 0x0502: entries of a length (int32, big-endian; negative: a hole of that many bytes) with
 * the count of components (uint16), realm and components (uint16 length each), name type and time (uint32 each), version
 * (uint8), key type (uint16), key (uint16 length) and, where it is not 0, the version again (uint32). Throws a `KeyTabError`.
 */
export function readKeyTab(bytes: Buffer): ServiceKey[] {
  if (bytes.length < HEAD_BYTES || bytes.readUInt16BE() !== MAGIC) throw new KeyTabError('it is no key table (0x0502)');
  const keys: ServiceKey[] = [];
  let offset = HEAD_BYTES;
  while (offset + LENGTH_BYTES <= bytes.length) {
    const length = bytes.readInt32BE(offset);
    const start = offset + LENGTH_BYTES;
    if (length === 0) break;
    offset = start + Math.abs(length);
    if (offset > bytes.length) throw new KeyTabError(`the entry at offset ${start} is longer than the file`);
    if (length > 0) keys.push(readEntry(bytes.subarray(start, offset), start));
  }
  return keys;
}

function readEntry(entry: Buffer, start: number): ServiceKey {
  let at = 0;
  const take = (length: number): Buffer => {
    if (at + length > entry.length) throw new KeyTabError(`the entry at offset ${start} is cut short`);
    at += length;
    return entry.subarray(at - length, at);
  };
  const counted = (): Buffer => take(take(2).readUInt16BE());
  const count = take(2).readUInt16BE();
  const realm = counted().toString('utf8');
  const components = Array.from({ length: count }, () => counted().toString('utf8'));
  take(8);
  const shortVersion = take(1).readUInt8();
  const type = take(2).readUInt16BE();
  const key = Buffer.from(counted());
  const longVersion = entry.length - at >= 4 ? take(4).readUInt32BE() : 0;
  const version = longVersion === 0 ? shortVersion : longVersion;
  return { principal: `${components.join('/')}@${realm}`, version, type, bytes: key };
}
