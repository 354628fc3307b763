const INITIAL_BYTES = 256;
const TWO_32 = 0x1_0000_0000;

/**
 * Appends big-endian jute fields to one growing buffer.
 *
 * boolean: 1 byte; int: 4; long: 8; string and buffer: int length, bytes (-1 for null); vector: int count, items.
 */
export class JuteWriter {
  private bytes: Buffer;
  private end = 0;

  constructor(initialBytes = INITIAL_BYTES) {
    this.bytes = Buffer.allocUnsafe(initialBytes);
  }

  get length(): number {
    return this.end;
  }

  private room(size: number): number {
    const at = this.end;
    const needed = at + size;
    if (needed > this.bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2));
      this.bytes.copy(grown, 0, 0, at);
      this.bytes = grown;
    }
    this.end = needed;
    return at;
  }

  byte(value: number): void {
    const at = this.room(1);
    this.bytes[at] = value;
  }

  bool(value: boolean): void {
    this.byte(value ? 1 : 0);
  }

  int(value: number): void {
    const at = this.room(4);
    const b = this.bytes;
    b[at] = value >>> 24;
    b[at + 1] = value >>> 16;
    b[at + 2] = value >>> 8;
    b[at + 3] = value;
  }

  /** A long from a whole number within ±2^53 (zxids, times, counts). */
  long(value: number): void {
    const high = Math.floor(value / TWO_32);
    this.int(high);
    this.int(value - high * TWO_32);
  }

  /** A long from all 64 bits (session ids, digests). */
  long64(value: bigint): void {
    const at = this.room(8);
    this.bytes.writeBigInt64BE(BigInt.asIntN(64, value), at);
  }

  string(value: string | null): void {
    if (value === null) {
      this.int(-1);
      return;
    }
    const size = Buffer.byteLength(value, 'utf8');
    this.int(size);
    const at = this.room(size);
    this.bytes.write(value, at, size, 'utf8');
  }

  buffer(value: Uint8Array | null): void {
    if (value === null) {
      this.int(-1);
      return;
    }
    this.int(value.length);
    this.raw(value);
  }

  /** Bytes as they are, without a length. */
  raw(value: Uint8Array): void {
    const at = this.room(value.length);
    this.bytes.set(value, at);
  }

  /** Reserves 4 bytes for a length that `patchInt` fills in later; returns their offset. */
  reserveInt(): number {
    return this.room(4);
  }

  patchInt(offset: number, value: number): void {
    this.bytes.writeInt32BE(value, offset);
  }

  /** What was written since the last reset, without a copy: valid until the next write. */
  view(): Buffer {
    return this.bytes.subarray(0, this.end);
  }

  /** A copy of what was written since the last reset. */
  copy(): Buffer {
    const out = Buffer.allocUnsafeSlow(this.end);
    this.bytes.copy(out, 0, 0, this.end);
    return out;
  }

  /** Hands over what was written and starts with a fresh buffer: no copy, for bytes that will be kept or sent. */
  take(nextBytes = INITIAL_BYTES): Buffer {
    const out = this.bytes.subarray(0, this.end);
    this.bytes = Buffer.allocUnsafe(nextBytes);
    this.end = 0;
    return out;
  }

  reset(): void {
    this.end = 0;
  }

  /** Forgets everything written after `length`. */
  rewind(length: number): void {
    this.end = length;
  }
}

/** Runs `encode` on a fresh writer and returns its bytes. */
export function encodeToBuffer(encode: (writer: JuteWriter) => void): Buffer {
  const writer = new JuteWriter();
  encode(writer);
  return writer.take(0);
}
