/** AES in Kerberos, as far as a server needs it that reads a ticket: RFC 3961, RFC 3962 and RFC 8009. */
import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto';

/** A message that this key did not make, or that was changed on its way. */
export class KerberosCryptoError extends Error {
  override readonly name = 'KerberosCryptoError';
}

export interface KerberosKey {
  /** Its number in RFC 3962 and 8009. */
  readonly type: number;
  readonly bytes: Buffer;
}

const BLOCK_BYTES = 16;
const ZERO_BLOCK = Buffer.alloc(BLOCK_BYTES);

/** Which of the keys that are made of one key (RFC 3961, 5.3). */
const Purpose = { checksum: 0x99, encryption: 0xaa, integrity: 0x55 } as const;

interface EncryptionType {
  readonly name: string;
  readonly keyBytes: number;
  /** Bytes of a checksum, with or without encryption. */
  readonly checksumBytes: number;
  readonly hash: 'sha1' | 'sha256' | 'sha384';
  /** Is the checksum that of the encrypted bytes (RFC 8009), or of those before (RFC 3962)? */
  readonly signsCiphertext: boolean;
  derive(key: Buffer, constant: Buffer, purpose: number): Buffer;
}

const ofSha1 = (keyBytes: number): EncryptionType => ({
  name: `aes${keyBytes * 8}-cts-hmac-sha1-96`,
  keyBytes,
  checksumBytes: 12,
  hash: 'sha1',
  signsCiphertext: false,
  derive: (key, constant) => derivedByAes(key, constant),
});

const ofSha2 = (keyBytes: number, hash: 'sha256' | 'sha384', checksumBytes: number): EncryptionType => ({
  name: `aes${keyBytes * 8}-cts-hmac-${hash}-${checksumBytes * 8}`,
  keyBytes,
  checksumBytes,
  hash,
  signsCiphertext: true,
  derive: (key, constant, purpose) =>
    derivedByHmac(key, constant, hash, purpose === Purpose.encryption ? keyBytes : checksumBytes),
});

const TYPES: ReadonlyMap<number, EncryptionType> = new Map([
  [17, ofSha1(16)],
  [18, ofSha1(32)],
  [19, ofSha2(16, 'sha256', 16)],
  [20, ofSha2(32, 'sha384', 24)],
]);

function typeOf({ type, bytes }: KerberosKey): EncryptionType {
  const found = TYPES.get(type);
  if (found === undefined) {
    const names = [...TYPES.values()].map(({ name }) => name).join(', ');
    throw new KerberosCryptoError(`the encryption type ${type} is not known here, only ${names}`);
  }
  if (bytes.length !== found.keyBytes) throw new KerberosCryptoError(`a key of ${found.name} has another length`);
  return found;
}

/** Is it one of the encryption types that are known here? */
export function isKnownType(type: number): boolean {
  return TYPES.has(type);
}

/** Decrypts what was encrypted with this key for this use. Throws a `KerberosCryptoError`. */
export function decrypt(key: KerberosKey, usage: number, bytes: Buffer): Buffer {
  const type = typeOf(key);
  const end = bytes.length - type.checksumBytes;
  // Behind the checksum there is at least a block that nobody can guess.
  if (end < BLOCK_BYTES) throw new KerberosCryptoError('an encrypted part is too short');
  const body = bytes.subarray(0, end);
  const integrityKey = type.derive(key.bytes, constantOf(usage, Purpose.integrity), Purpose.integrity);
  const check = (signed: readonly Buffer[]): void => {
    verify(hmac(type, integrityKey, signed), bytes.subarray(end));
  };
  if (type.signsCiphertext) check([ZERO_BLOCK, body]);
  const encryptionKey = type.derive(key.bytes, constantOf(usage, Purpose.encryption), Purpose.encryption);
  const plain = decryptStolen(encryptionKey, body);
  if (!type.signsCiphertext) check([plain]);
  return plain.subarray(BLOCK_BYTES);
}

/** The checksum of `bytes` by this key for this use. */
export function checksum(key: KerberosKey, usage: number, bytes: readonly Buffer[]): Buffer {
  const type = typeOf(key);
  return hmac(type, type.derive(key.bytes, constantOf(usage, Purpose.checksum), Purpose.checksum), bytes);
}

/** Throws a `KerberosCryptoError` unless both are the same. */
export function verify(expected: Buffer, given: Buffer): void {
  if (given.length === expected.length && timingSafeEqual(given, expected)) return;
  throw new KerberosCryptoError('a checksum is wrong: another key made it, or it was changed on its way');
}

function hmac({ hash, checksumBytes }: EncryptionType, key: Buffer, bytes: readonly Buffer[]): Buffer {
  const mac = createHmac(hash, key);
  for (const part of bytes) mac.update(part);
  return mac.digest().subarray(0, checksumBytes);
}

function constantOf(usage: number, purpose: number): Buffer {
  const constant = Buffer.alloc(5);
  constant.writeUInt32BE(usage);
  constant[4] = purpose;
  return constant;
}

/** RFC 3961, 5.1: the constant is folded to a block and encrypted again and again. */
function derivedByAes(key: Buffer, constant: Buffer): Buffer {
  const blocks: Buffer[] = [];
  let block = fold(constant, BLOCK_BYTES);
  for (let length = 0; length < key.length; length += BLOCK_BYTES) {
    const cipher = createCipheriv(`aes-${key.length * 8}-ecb`, key, null).setAutoPadding(false);
    block = cipher.update(block);
    blocks.push(block);
  }
  return Buffer.concat(blocks);
}

/** RFC 8009, 3: KDF-HMAC-SHA2 with a counter of one and no context. */
function derivedByHmac(key: Buffer, constant: Buffer, hash: string, length: number): Buffer {
  const head = Buffer.from([0, 0, 0, 1]);
  const tail = Buffer.alloc(5);
  tail.writeUInt32BE(length * 8, 1);
  return createHmac(hash, key).update(head).update(constant).update(tail).digest().subarray(0, length);
}

/**
 * n-fold of RFC 3961, 5.1: copies of `bytes`, each turned right by 13 bits more than the one before, are laid one behind the
 * other and added up in pieces of `length` bytes with the carry going around.
 */
export function fold(bytes: Buffer, length: number): Buffer {
  const total = leastCommonMultiple(bytes.length, length);
  const sum = new Array<number>(length).fill(0);
  for (let at = 0; at < total; at++) {
    const place = at % length;
    sum[place] = (sum[place] ?? 0) + turnedByte(bytes, at);
  }
  carryAround(sum);
  return Buffer.from(sum);
}

/** Byte `at` of the copies, in which copy k is turned right by 13 * k bits. */
function turnedByte(bytes: Buffer, at: number): number {
  const bits = bytes.length * 8;
  const copy = Math.floor(at / bytes.length);
  const firstBit = (at % bytes.length) * 8 - 13 * copy;
  let value = 0;
  for (let i = 0; i < 8; i++) {
    const bit = (((firstBit + i) % bits) + bits) % bits;
    value = (value << 1) | (((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1);
  }
  return value;
}

/** Makes bytes of sums; what the first one carries over goes to the last one. */
function carryAround(sum: number[]): void {
  for (let carry = 0, isFirst = true; isFirst || carry > 0; isFirst = false) {
    for (let i = sum.length - 1; i >= 0; i--) {
      const value = (sum[i] ?? 0) + carry;
      sum[i] = value & 0xff;
      carry = value >> 8;
    }
  }
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return (a / x) * b;
}

/** AES-CBC with ciphertext stealing (CBC-CS3): the last two blocks are swapped, and the last one may be short. */
function decryptStolen(key: Buffer, bytes: Buffer): Buffer {
  const name = `aes-${key.length * 8}`;
  const raw = (block: Buffer): Buffer => createDecipheriv(`${name}-ecb`, key, null).setAutoPadding(false).update(block);
  if (bytes.length <= BLOCK_BYTES) return raw(bytes);
  const lastStart = Math.floor((bytes.length - 1) / BLOCK_BYTES) * BLOCK_BYTES;
  const last = bytes.subarray(lastStart);
  const mixed = raw(bytes.subarray(lastStart - BLOCK_BYTES, lastStart));
  const before = Buffer.concat([bytes.subarray(0, lastStart - BLOCK_BYTES), last, mixed.subarray(last.length)]);
  const whole = createDecipheriv(`${name}-cbc`, key, ZERO_BLOCK).setAutoPadding(false).update(before);
  const tail = Buffer.from(last.map((byte, i) => byte ^ (mixed[i] ?? 0)));
  return Buffer.concat([whole, tail]);
}
