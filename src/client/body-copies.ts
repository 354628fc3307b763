/** So much of a chunk is copied at a time: bodies may be kept long, and each keeps the whole copy it is a part of. */
const COPIED_BYTES = 4096;

/**
 * Bodies of requests that are not answered at once. A chunk is gone when its turn is over; what has to stay is copied, many
 * bodies with one copy.
 */
export class BodyCopies {
  private source: Buffer | null = null;
  private copied: Buffer = Buffer.alloc(0);
  /** Where the copy begins and ends in the source. */
  private start = 0;
  private end = 0;

  /** The bytes[start, end) for as long as they are wanted. */
  copy(bytes: Buffer, start: number, end: number): Buffer {
    if (bytes !== this.source || start < this.start || end > this.end) this.copyFrom(bytes, start, end);
    return this.copied.subarray(start - this.start, end - this.start);
  }

  /** The turn is over: the same buffer may hold other bytes in the next one. */
  finish(): void {
    this.source = null;
  }

  private copyFrom(bytes: Buffer, start: number, end: number): void {
    this.source = bytes;
    this.start = start;
    this.end = Math.max(end, Math.min(bytes.length, start + COPIED_BYTES));
    this.copied = Buffer.allocUnsafe(this.end - start);
    bytes.copy(this.copied, 0, start, this.end);
  }
}
