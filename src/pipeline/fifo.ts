const COMPACT_FROM = 256;

/** First in, first out. Taking costs the same however many wait. */
export class Fifo<T> {
  private items: (T | undefined)[] = [];
  private head = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  /** The oldest, which stays. */
  get first(): T | undefined {
    return this.items[this.head];
  }

  /** The one that came `at` places behind the oldest. */
  at(at: number): T | undefined {
    return this.items[this.head + at];
  }

  push(item: T): void {
    this.items.push(item);
  }

  /** Takes out the oldest. */
  shift(): T | undefined {
    const { items } = this;
    const item = items[this.head];
    if (this.head < items.length) items[this.head++] = undefined;
    if (this.head === items.length) {
      this.clear();
    } else if (this.head > COMPACT_FROM && this.head * 2 > items.length) {
      this.items = items.slice(this.head);
      this.head = 0;
    }
    return item;
  }

  clear(): void {
    this.items.length = 0;
    this.head = 0;
  }
}
