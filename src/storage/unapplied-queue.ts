import type { TxnEntry } from '../protocol/index.js';

/** Logged transactions that are not applied yet, oldest first. */
export class UnappliedQueue {
  private entries: TxnEntry[] = [];
  private head = 0;

  push(entry: TxnEntry): void {
    this.entries.push(entry);
  }

  peek(): TxnEntry | undefined {
    return this.entries[this.head];
  }

  shift(): void {
    if (++this.head < this.entries.length) {
      if (this.head < 1024 || this.head * 2 < this.entries.length) return;
      this.entries = this.entries.slice(this.head);
    } else {
      this.entries = [];
    }
    this.head = 0;
  }

  clear(): void {
    this.entries = [];
    this.head = 0;
  }
}
