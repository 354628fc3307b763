/** Things that are open; teardown can wait until the last one is gone. */
export class OpenSet<T> {
  private readonly items = new Set<T>();
  private readonly waiters: (() => void)[] = [];

  get size(): number {
    return this.items.size;
  }

  add(item: T): void {
    this.items.add(item);
  }

  delete(item: T): void {
    this.items.delete(item);
    if (this.items.size > 0) return;
    for (const waiter of this.waiters.splice(0)) waiter();
  }

  /** What is open now; later changes do not matter to the caller's loop. */
  list(): T[] {
    return [...this.items];
  }

  emptied(): Promise<void> {
    if (this.items.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.waiters.push(resolve);
    });
  }
}
