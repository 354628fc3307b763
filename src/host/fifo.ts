const FIRST_PLACES = 4;
/** A queue that has run empty keeps so many places: those that are given back would be made anew in the next turn. */
const KEPT_PLACES = 8192;

/** First in, first out: a ring that grows, so that coming and going makes no garbage and costs the same for any number. */
export class Fifo<T> {
  /** A power of two of them; empty ones are undefined. */
  private places: (T | undefined)[] = [];
  private head = 0;
  private count = 0;

  get length(): number {
    return this.count;
  }

  /** The oldest, which stays. */
  get first(): T | undefined {
    return this.places[this.head];
  }

  /** The one that came `at` places behind the oldest. */
  at(at: number): T | undefined {
    return at < this.count ? this.places[(this.head + at) & (this.places.length - 1)] : undefined;
  }

  push(item: T): void {
    if (this.count === this.places.length) this.grow();
    this.places[(this.head + this.count++) & (this.places.length - 1)] = item;
  }

  /** Takes out the oldest. */
  shift(): T | undefined {
    if (this.count === 0) return undefined;
    const { head, places } = this;
    const item = places[head];
    places[head] = undefined;
    this.head = (head + 1) & (places.length - 1);
    if (--this.count === 0 && places.length > KEPT_PLACES) this.clear();
    return item;
  }

  clear(): void {
    this.places = [];
    this.head = 0;
    this.count = 0;
  }

  /** Doubles the ring and lays it out from its start. */
  private grow(): void {
    const { head, places } = this;
    const grown = [...places.slice(head), ...places.slice(0, head)];
    const wanted = Math.max(FIRST_PLACES, places.length * 2);
    while (grown.length < wanted) grown.push(undefined);
    this.places = grown;
    this.head = 0;
  }
}
