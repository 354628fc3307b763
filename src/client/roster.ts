/** Who stands in a roster carries its place there; -1: in none. It may stand in one at a time. */
export interface Listed {
  rosterPlace: number;
}

/**
 * A set of things that come and go fast, in no order.
 *
 * Not a `Set`: that makes its table anew every few hundred changes, and the old tables hang on one another. Once V8 has taken
 * one of them for long-lived, all that came later and went is kept with it until the next full collection: 5 KB for each
 * connection, copied again and again.
 */
export class Roster<T extends Listed> implements Iterable<T> {
  private readonly items: T[] = [];

  get size(): number {
    return this.items.length;
  }

  add(item: T): void {
    item.rosterPlace = this.items.push(item) - 1;
  }

  /** False when it does not stand here. */
  delete(item: T): boolean {
    const place = item.rosterPlace;
    if (this.items[place] !== item) return false;
    const last = this.items.pop() as T;
    item.rosterPlace = -1;
    if (last === item) return true;
    this.items[place] = last;
    last.rosterPlace = place;
    return true;
  }

  /** While it is gone through, nobody may come or go: take a copy where that may happen. */
  [Symbol.iterator](): Iterator<T> {
    return this.items[Symbol.iterator]();
  }
}
