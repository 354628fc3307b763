const INITIAL_BYTES = 256;
const TWO_32 = 0x1_0000_0000;
/** Up to here a loop costs less than a call into the runtime (measured: see docs/performance.md). */
const LOOPED_BYTES = 64;
/** The same for words (`piece`). */
const PIECED_BYTES = 512;
const NO_BYTES = Buffer.alloc(0);
const NO_WORDS = viewOf(NO_BYTES);

/**
 * Appends big-endian jute fields to one growing buffer.
 *
 * boolean: 1 byte; int: 4; long: 8; string and buffer: int length, bytes (-1 for null); vector: int count, items.
 */
export class JuteWriter {
  private bytes: Buffer;
  /** Of the same memory: numbers are stored through it, for the compiler knows it. */
  private words: DataView;
  private end = 0;

  constructor(initialBytes = INITIAL_BYTES) {
    this.bytes = Buffer.allocUnsafe(initialBytes);
    this.words = viewOf(this.bytes);
  }

  get length(): number {
    return this.end;
  }

  /** Bytes of memory that it holds. */
  get capacity(): number {
    return this.bytes.length;
  }

  /** Bytes that can be written before the buffer has to grow. */
  get room(): number {
    return this.bytes.length - this.end;
  }

  private reserve(size: number): number {
    const at = this.end;
    const needed = at + size;
    if (needed > this.bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2));
      this.bytes.copy(grown, 0, 0, at);
      this.bytes = grown;
      this.words = viewOf(grown);
    }
    this.end = needed;
    return at;
  }

  byte(value: number): void {
    const at = this.reserve(1);
    this.bytes[at] = value;
  }

  bool(value: boolean): void {
    this.byte(value ? 1 : 0);
  }

  int(value: number): void {
    const at = this.reserve(4);
    this.words.setInt32(at, value);
  }

  /** A long from a whole number within ±2^53 (zxids, times, counts). */
  long(value: number): void {
    const at = this.reserve(8);
    const high = Math.floor(value / TWO_32);
    this.words.setInt32(at, high);
    this.words.setUint32(at + 4, value - high * TWO_32);
  }

  /** A long from all 64 bits (session ids, digests). */
  long64(value: bigint): void {
    const at = this.reserve(8);
    this.words.setBigInt64(at, value);
  }

  string(value: string | null): void {
    if (value === null) {
      this.int(-1);
      return;
    }
    if (value.length <= LOOPED_BYTES && this.shortAscii(value)) return;
    const size = Buffer.byteLength(value, 'utf8');
    this.int(size);
    const at = this.reserve(size);
    this.bytes.write(value, at, size, 'utf8');
  }

  /** Most strings are short and of one byte a character. False, and nothing written: this one is not. */
  private shortAscii(value: string): boolean {
    const size = value.length;
    const start = this.reserve(4 + size);
    const { bytes } = this;
    for (let i = 0, at = start + 4; i < size; i++, at++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) {
        this.end = start;
        return false;
      }
      bytes[at] = code;
    }
    this.words.setInt32(start, size);
    return true;
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
    const size = value.length;
    const at = this.reserve(size);
    const { bytes } = this;
    if (size > LOOPED_BYTES) bytes.set(value, at);
    else for (let i = 0; i < size; i++) bytes[at + i] = value[i] as number;
  }

  /** A piece of other memory, without a buffer made for it: short ones go word by word. */
  piece(from: DataView, start: number, size: number): void {
    const at = this.reserve(size);
    if (size > PIECED_BYTES) {
      this.bytes.set(new Uint8Array(from.buffer, from.byteOffset + start, size), at);
      return;
    }
    const { words } = this;
    let i = 0;
    // Little-endian on both sides: the bytes stay in their order, and nothing is turned round.
    for (const stop = size - 3; i < stop; i += 4) words.setInt32(at + i, from.getInt32(start + i, true), true);
    for (; i < size; i++) words.setUint8(at + i, from.getUint8(start + i));
  }

  /** Reserves 4 bytes for a length that `patchInt` fills in later; returns their offset. */
  reserveInt(): number {
    return this.reserve(4);
  }

  patchInt(offset: number, value: number): void {
    this.words.setInt32(offset, value);
  }

  /** What was written since the last reset, without a copy: valid until the next write. */
  view(): Buffer {
    return this.bytes.subarray(0, this.end);
  }

  /** What was written from `start` on, without a copy: stays as it is as long as nothing in front of its end is written anew. */
  viewFrom(start: number): Buffer {
    return this.bytes.subarray(start, this.end);
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
    this.bytes = nextBytes === 0 ? NO_BYTES : Buffer.allocUnsafe(nextBytes);
    this.words = nextBytes === 0 ? NO_WORDS : viewOf(this.bytes);
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

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Runs `encode` on a fresh writer and returns its bytes. */
export function encodeToBuffer(encode: (writer: JuteWriter) => void): Buffer {
  const writer = new JuteWriter();
  encode(writer);
  return writer.take(0);
}
