/**
 * Wrapped messages of Kerberos without encryption (RFC 4121, 4.2.6.2): 05 04, flags, FF, bytes of the checksum (uint16), how
 * far what follows is turned right (uint16), sequence number (uint64), message, checksum.
 */
import type { ContextKeys } from './context-keys.js';
import { checksum, KerberosCryptoError, verify } from './encryption-types.js';

const WRAP = 0x0504;
const HEADER_BYTES = 16;
const FILLER = 0xff;
const Flag = { sentByServer: 1, sealed: 2, serversKey: 4 } as const;
/** Numbers of RFC 4121, 2. */
const KeyUsage = { serverSeal: 22, clientSeal: 24 } as const;
const Offset = { flags: 2, filler: 3, checksumBytes: 4, turned: 6, sequence: 8 } as const;

/** Wraps the server's message. */
export function wrap({ key, isServersKey, firstSequence }: ContextKeys, message: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(WRAP);
  header[Offset.flags] = Flag.sentByServer | (isServersKey ? Flag.serversKey : 0);
  header[Offset.filler] = FILLER;
  header.writeBigUInt64BE(firstSequence, Offset.sequence);
  // The checksum is made while its own length and the turn are still 0.
  const sum = checksum(key, KeyUsage.serverSeal, [message, header]);
  header.writeUInt16BE(sum.length, Offset.checksumBytes);
  return Buffer.concat([header, message, sum]);
}

/** The message that the client wrapped. Throws a `KerberosCryptoError`. */
export function unwrap({ key, isServersKey }: ContextKeys, token: Buffer): Buffer {
  if (token.length < HEADER_BYTES || token.readUInt16BE() !== WRAP) throw bad('is no wrapped message');
  const flags = token[Offset.flags] ?? 0;
  if ((flags & Flag.sentByServer) !== 0) throw bad('says that it is of the server itself');
  if ((flags & Flag.sealed) !== 0) throw bad('is encrypted, which the mechanism does not allow');
  if (((flags & Flag.serversKey) !== 0) !== isServersKey) throw bad('is by another key');
  const checksumBytes = token.readUInt16BE(Offset.checksumBytes);
  const body = turnedBack(token.subarray(HEADER_BYTES), token.readUInt16BE(Offset.turned));
  if (checksumBytes > body.length) throw bad('is shorter than its checksum');
  const message = body.subarray(0, body.length - checksumBytes);
  const header = Buffer.from(token.subarray(0, HEADER_BYTES));
  header.writeUInt32BE(0, Offset.checksumBytes);
  verify(checksum(key, KeyUsage.clientSeal, [message, header]), body.subarray(message.length));
  return message;
}

function turnedBack(bytes: Buffer, count: number): Buffer {
  if (bytes.length === 0) return bytes;
  const by = count % bytes.length;
  return Buffer.concat([bytes.subarray(by), bytes.subarray(0, by)]);
}

function bad(what: string): KerberosCryptoError {
  return new KerberosCryptoError(`the client's token ${what}`);
}
