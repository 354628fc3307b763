import type { Clock, Timer } from './clock.js';

interface Waiter<T> {
  resolve(item: T | undefined): void;
  timer: Timer | undefined;
}

/** A first-in first-out queue whose readers can wait. One event loop, no locks. */
export class AsyncQueue<T> {
  private items: T[] = [];
  private head = 0;
  private readonly waiters: Waiter<T>[] = [];
  private closed = false;

  constructor(private readonly clock: Clock) {}

  get length(): number {
    return this.items.length - this.head;
  }

  get isClosed(): boolean {
    return this.closed;
  }

  /** Adds an item; after `close` it is dropped. */
  push(item: T): void {
    if (this.closed) return;
    const waiter = this.waiters.shift();
    if (waiter === undefined) {
      this.items.push(item);
      return;
    }
    waiter.timer?.cancel();
    waiter.resolve(item);
  }

  /** Takes the oldest item without waiting. */
  take(): T | undefined {
    if (this.head >= this.items.length) return undefined;
    const item = this.items[this.head++];
    if (this.head > 64 && this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }

  /** Waits for an item; undefined after `timeoutMs` (for ever when absent) or when the queue closes. */
  poll(timeoutMs?: number): Promise<T | undefined> {
    const ready = this.take();
    if (ready !== undefined || this.closed) return Promise.resolve(ready);
    return new Promise((resolve) => {
      const waiter: Waiter<T> = { resolve, timer: undefined };
      if (timeoutMs !== undefined) {
        waiter.timer = this.clock.after(timeoutMs, () => {
          this.waiters.splice(this.waiters.indexOf(waiter), 1);
          resolve(undefined);
        });
      }
      this.waiters.push(waiter);
    });
  }

  clear(): void {
    this.items = [];
    this.head = 0;
  }

  /** Drops what is queued and releases every waiter with undefined. */
  close(): void {
    this.closed = true;
    this.clear();
    for (const waiter of this.waiters.splice(0)) {
      waiter.timer?.cancel();
      waiter.resolve(undefined);
    }
  }
}
