import { ShortStrings } from './short-strings.js';

const TWO_32 = 0x1_0000_0000;
/** Joins the words of a long: the compiler does so in place, while arithmetic on bigints calls the runtime. */
const words = new DataView(new ArrayBuffer(8));
const strings = new ShortStrings();

export type JuteErrorCode = 'TRUNCATED' | 'LENGTH' | 'RANGE';

/** Bytes that are not what the grammar asks for. The message names the field's offset and what was found. */
export class JuteError extends Error {
  override readonly name = 'JuteError';
  constructor(
    readonly code: JuteErrorCode,
    readonly offset: number,
    message: string,
  ) {
    super(message);
  }
}

/** Reads big-endian jute fields from one buffer; every length is checked against what is left. */
export class JuteReader {
  private at: number;
  private limit: number;
  private bytes: Buffer;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = start;
    this.limit = end;
  }

  /** Points the same reader at other bytes: no allocation a frame. */
  reset(bytes: Buffer, start = 0, end = bytes.length): void {
    this.bytes = bytes;
    this.at = start;
    this.limit = end;
  }

  get offset(): number {
    return this.at;
  }

  get remaining(): number {
    return this.limit - this.at;
  }

  private take(size: number): number {
    const at = this.at;
    if (size > this.limit - at) {
      throw new JuteError('TRUNCATED', at, `needs ${size} bytes at offset ${at}, but only ${this.limit - at} are left`);
    }
    this.at = at + size;
    return at;
  }

  byte(): number {
    return this.bytes[this.take(1)] as number;
  }

  bool(): boolean {
    return this.byte() !== 0;
  }

  int(): number {
    const at = this.take(4);
    const b = this.bytes;
    return (
      ((b[at] as number) << 24) | ((b[at + 1] as number) << 16) | ((b[at + 2] as number) << 8) | (b[at + 3] as number)
    );
  }

  /** The next int, which stays unread. */
  peekInt(): number {
    const value = this.int();
    this.at -= 4;
    return value;
  }

  /** A long as a number; values beyond ±2^53 are rejected (no zxid of epoch below 2^21, and no time, reaches that). */
  long(): number {
    const at = this.at;
    const value = this.longLossy();
    if (value > Number.MAX_SAFE_INTEGER || value < -Number.MAX_SAFE_INTEGER) {
      throw new JuteError('RANGE', at, `long at offset ${at} is beyond 2^53`);
    }
    return value;
  }

  /** A long as the nearest number: for values from outside that are only compared. */
  longLossy(): number {
    const high = this.int();
    return high * TWO_32 + (this.int() >>> 0);
  }

  /** A long with all 64 bits. */
  long64(): bigint {
    words.setInt32(0, this.int());
    words.setInt32(4, this.int());
    return words.getBigInt64(0);
  }

  private size(what: string): number {
    const at = this.at;
    const size = this.int();
    if (size < -1 || size > this.limit - this.at) {
      throw new JuteError(
        'LENGTH',
        at,
        `${what} at offset ${at} claims a length of ${size}, but ${this.limit - this.at} bytes are left`,
      );
    }
    return size;
  }

  stringOrNull(): string | null {
    const size = this.size('string');
    if (size < 0) return null;
    const at = this.take(size);
    return strings.decode(this.bytes, at, at + size);
  }

  /** A string; null is read as empty. */
  string(): string {
    return this.stringOrNull() ?? '';
  }

  /** A view (no copy) of the underlying bytes, or null. */
  bufferOrNull(): Buffer | null {
    const size = this.size('buffer');
    if (size < 0) return null;
    const at = this.take(size);
    return this.bytes.subarray(at, at + size);
  }

  /** What it reads from; `offset` and what `skip` answers are places in it. */
  get source(): Buffer {
    return this.bytes;
  }

  /** Steps over `size` bytes and answers where they begin. */
  skip(size: number): number {
    return this.take(size);
  }

  /** The next `size` bytes, without a copy. */
  raw(size: number): Buffer {
    const at = this.take(size);
    return this.bytes.subarray(at, at + size);
  }

  /**
   * A vector of items that take at least `itemBytes` each, so that a lying count is refused before anything is
   * allocated; null (-1) when absent.
   */
  vectorOrNull<T>(itemBytes: number, readItem: (reader: JuteReader) => T): T[] | null {
    const at = this.at;
    const count = this.int();
    if (count === -1) return null;
    if (count < 0 || count * itemBytes > this.limit - this.at) {
      throw new JuteError(
        'LENGTH',
        at,
        `vector at offset ${at} claims ${count} items, but ${this.limit - this.at} bytes are left`,
      );
    }
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(readItem(this));
    return items;
  }

  vector<T>(itemBytes: number, readItem: (reader: JuteReader) => T): T[] {
    return this.vectorOrNull(itemBytes, readItem) ?? [];
  }
}
