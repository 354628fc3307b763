import { readTxnEntry, type TxnEntry } from '../protocol/index.js';

/**
 * The newest applied transactions, kept for learners that are a little behind. Only their bytes: most are never asked for,
 * and what the garbage collector finds alive it has to move.
 */
export class CommittedLog {
  private readonly zxids: Float64Array;
  private readonly bytes: (Buffer | null)[];
  private first = 0;
  private count = 0;

  constructor(capacity: number) {
    const places = Math.max(1, capacity);
    this.zxids = new Float64Array(places);
    this.bytes = new Array<Buffer | null>(places).fill(null);
  }

  get size(): number {
    return this.count;
  }

  /** Zxid of the oldest; 0 when there are none. */
  get minZxid(): number {
    return this.count === 0 ? 0 : (this.zxids[this.first] as number);
  }

  /** Zxid of the newest; 0 when there are none. */
  get maxZxid(): number {
    return this.count === 0 ? 0 : (this.zxids[this.place(this.count - 1)] as number);
  }

  /** All, oldest first: a copy that later transactions do not change. Decoded anew each time. */
  get entries(): readonly TxnEntry[] {
    return Array.from({ length: this.count }, (_, n) => readTxnEntry(this.bytes[this.place(n)] as Buffer));
  }

  push({ header, bytes }: TxnEntry): void {
    const isFull = this.count === this.zxids.length;
    const at = isFull ? this.first : this.place(this.count);
    this.zxids[at] = header.zxid;
    this.bytes[at] = bytes;
    if (isFull) this.first = this.place(1);
    else this.count++;
  }

  clear(): void {
    this.bytes.fill(null);
    this.first = 0;
    this.count = 0;
  }

  /** Where the `n`th oldest stands. */
  private place(n: number): number {
    const at = this.first + n;
    return at < this.zxids.length ? at : at - this.zxids.length;
  }
}
