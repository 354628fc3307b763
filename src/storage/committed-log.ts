import type { TxnEntry } from '../protocol/index.js';

/** The newest applied transactions, kept for learners that are a little behind. */
export class CommittedLog {
  private readonly ring: (TxnEntry | undefined)[];
  private first = 0;
  private count = 0;

  constructor(capacity: number) {
    this.ring = new Array<TxnEntry | undefined>(Math.max(1, capacity));
  }

  get size(): number {
    return this.count;
  }

  /** Zxid of the oldest; 0 when there are none. */
  get minZxid(): number {
    return this.ring[this.first]?.header.zxid ?? 0;
  }

  /** Zxid of the newest; 0 when there are none. */
  get maxZxid(): number {
    return this.count === 0 ? 0 : (this.ring[(this.first + this.count - 1) % this.ring.length]?.header.zxid ?? 0);
  }

  /** All, oldest first: a copy that later transactions do not change. */
  get entries(): readonly TxnEntry[] {
    const entries: TxnEntry[] = [];
    for (let n = 0; n < this.count; n++) entries.push(this.ring[(this.first + n) % this.ring.length] as TxnEntry);
    return entries;
  }

  push(entry: TxnEntry): void {
    const { ring } = this;
    if (this.count < ring.length) {
      ring[(this.first + this.count++) % ring.length] = entry;
      return;
    }
    ring[this.first] = entry;
    this.first = (this.first + 1) % ring.length;
  }

  clear(): void {
    this.ring.fill(undefined);
    this.first = 0;
    this.count = 0;
  }
}
