const SLASH = 0x2f;
const HASH_START = 0x811c9dc5 | 0;
const HASH_FACTOR = 0x01000193;
const INITIAL_BYTES = 512;

/** Spreads an FNV-1a state over all 32 bits: tables use both ends of a hash. */
function mix(state: number): number {
  let h = state;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * The path at hand as UTF-8 bytes with its hash and its parent's, found in one pass without splitting or slicing a string.
 * One object is set again for every look-up.
 */
export class PathKey {
  /** The path is `bytes[start, end)`. */
  bytes: Uint8Array;
  start = 0;
  end = 0;
  /** 32-bit (signed) hash of the whole path. */
  hash = 0;
  /** Hash of what is before the last slash. */
  parentHash = 0;
  /** Offset in `bytes` of the last slash; -1 when there is none. */
  lastSlash = -1;
  private isAscii = true;
  private scratch = Buffer.allocUnsafeSlow(INITIAL_BYTES);

  constructor() {
    this.bytes = this.scratch;
  }

  /** Is the last slash the path's first byte: a child of the root (or the root itself)? */
  get isTopLevel(): boolean {
    return this.lastSlash === this.start;
  }

  set(path: string): void {
    const length = path.length;
    if (length > this.scratch.length) this.scratch = Buffer.allocUnsafeSlow(length * 2);
    const bytes = this.scratch;
    let state = HASH_START;
    let parentState = HASH_START;
    let lastSlash = -1;
    for (let at = 0; at < length; at++) {
      const code = path.charCodeAt(at);
      if (code > 0x7f) {
        this.setEncoded(path);
        return;
      }
      if (code === SLASH) {
        lastSlash = at;
        parentState = state;
      }
      bytes[at] = code;
      state = Math.imul(state ^ code, HASH_FACTOR);
    }
    this.isAscii = true;
    this.keep(bytes, 0, length, lastSlash, state, parentState);
  }

  /**
   * The path in `bytes[start, end)`, which must stay as it is while this key is used. Bytes that are not well-formed
   * UTF-8 are taken as the string they decode to.
   */
  setUtf8(bytes: Uint8Array, start: number, end: number): void {
    let state = HASH_START;
    let parentState = HASH_START;
    let lastSlash = -1;
    let all = 0;
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte === SLASH) {
        lastSlash = at;
        parentState = state;
      }
      all |= byte;
      state = Math.imul(state ^ byte, HASH_FACTOR);
    }
    if (all > 0x7f && bytes !== this.scratch) {
      this.setEncoded(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8'));
      return;
    }
    this.isAscii = all <= 0x7f;
    this.keep(bytes, start, end, lastSlash, state, parentState);
  }

  /** The path's length in UTF-16 units, as Java counts it. */
  get textLength(): number {
    if (this.isAscii) return this.end - this.start;
    let units = 0;
    for (let at = this.start; at < this.end; at++) {
      const byte = this.bytes[at] as number;
      if ((byte & 0xc0) !== 0x80) units += byte >= 0xf0 ? 2 : 1;
    }
    return units;
  }

  private setEncoded(path: string): void {
    const size = Buffer.byteLength(path, 'utf8');
    if (size > this.scratch.length) this.scratch = Buffer.allocUnsafeSlow(size * 2);
    this.scratch.write(path, 0, size, 'utf8');
    this.setUtf8(this.scratch, 0, size);
  }

  private keep(b: Uint8Array, start: number, end: number, lastSlash: number, state: number, parentState: number): void {
    this.bytes = b;
    this.start = start;
    this.end = end;
    this.lastSlash = lastSlash;
    this.hash = mix(state);
    this.parentHash = mix(parentState);
  }
}
