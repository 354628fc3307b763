/** The little of DER (X.690) that Kerberos messages need: they are sequences of numbered fields (RFC 4120, 5.1). */

/** Bytes are not what they should be. */
export class DerError extends Error {
  override readonly name = 'DerError';
}

/** Tags of one byte. */
export const DerTag = {
  integer: 0x02,
  octets: 0x04,
  sequence: 0x30,
  /** The constructed tag `[APPLICATION n]`. */
  application: (n: number): number => 0x60 + n,
  /** The constructed tag `[n]`. */
  field: (n: number): number => 0xa0 + n,
} as const;

const LONG_LENGTH = 0x80;
/** No message here is longer than four bytes of length can say. */
const MAX_LENGTH_BYTES = 4;

/** One value: its tag and its content. */
export class Der {
  private constructor(
    readonly tag: number,
    readonly content: Buffer,
  ) {}

  /** Reads the value that `bytes` begins with; what comes behind it does not count. Throws a `DerError`. */
  static read(bytes: Buffer): Der {
    return Der.readAt(bytes, 0).value;
  }

  private static readAt(bytes: Buffer, offset: number): { readonly value: Der; readonly end: number } {
    const tag = bytes[offset];
    const first = bytes[offset + 1];
    if (tag === undefined || first === undefined) throw new DerError('a value is cut short');
    let start = offset + 2;
    let length = first;
    if (first >= LONG_LENGTH) {
      const count = first - LONG_LENGTH;
      if (count === 0 || count > MAX_LENGTH_BYTES) throw new DerError('a length cannot be');
      if (start + count > bytes.length) throw new DerError('a length is cut short');
      length = bytes.readUIntBE(start, count);
      start += count;
    }
    const end = start + length;
    if (end > bytes.length) throw new DerError('a value is longer than what holds it');
    return { value: new Der(tag, bytes.subarray(start, end)), end };
  }

  /** The value inside, which must have that tag. */
  inner(tag: number): Der {
    const inside = Der.read(this.content);
    return inside.expect(tag);
  }

  expect(tag: number): this {
    if (this.tag !== tag) throw new DerError(`tag ${hex(this.tag)} stands where ${hex(tag)} should`);
    return this;
  }

  /** What field `n` of this sequence holds; null: it is left out. */
  optional(n: number): Der | null {
    this.expect(DerTag.sequence);
    const wanted = DerTag.field(n);
    for (let offset = 0; offset < this.content.length;) {
      const { value, end } = Der.readAt(this.content, offset);
      if (value.tag === wanted) return Der.read(value.content);
      offset = end;
    }
    return null;
  }

  field(n: number): Der {
    const found = this.optional(n);
    if (found === null) throw new DerError(`field ${n} is missing`);
    return found;
  }

  /** An integer of up to four bytes and a sign. */
  integer(): number {
    this.expect(DerTag.integer);
    const { length } = this.content;
    if (length === 0 || length > MAX_LENGTH_BYTES + 1) throw new DerError('an integer has a length that cannot be');
    return this.content.readIntBE(0, length);
  }

  octets(): Buffer {
    return this.expect(DerTag.octets).content;
  }
}

function hex(tag: number): string {
  return `0x${tag.toString(16)}`;
}
