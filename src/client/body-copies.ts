/** So much of a chunk is copied at a time. */
const COPIED_BYTES = 4096;
/** Copies stand one behind the other in pieces of memory of this size; each body keeps the whole piece that it is in. */
const SLAB_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);

/**
 * Bodies of requests that are not answered at once. A chunk is gone when its turn is over; what has to stay is copied, many
 * bodies with one copy. One for all connections: of chunks only one is read at a time.
 */
export class BodyCopies {
  private source: Buffer | null = null;
  /** What of the source is copied, and how much further back or ahead it stands in the slab. */
  private start = 0;
  private end = 0;
  private shift = 0;
  private slab: Buffer = NOTHING;
  private used = 0;

  /** The bytes[start, end) for as long as they are wanted. */
  copy(bytes: Buffer, start: number, end: number): Buffer {
    if (start === end) return NOTHING;
    if (bytes !== this.source || start < this.start || end > this.end) this.copyFrom(bytes, start, end);
    return this.slab.subarray(start + this.shift, end + this.shift);
  }

  /** The turn is over: the same buffer may hold other bytes in the next one. */
  finish(): void {
    this.source = null;
  }

  private copyFrom(bytes: Buffer, start: number, end: number): void {
    this.source = bytes;
    this.start = start;
    this.end = Math.max(end, Math.min(bytes.length, start + COPIED_BYTES));
    const size = this.end - start;
    if (this.slab.length - this.used < size) {
      this.slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, size));
      this.used = 0;
    }
    bytes.copy(this.slab, this.used, start, this.end);
    this.shift = this.used - start;
    this.used += size;
  }
}
