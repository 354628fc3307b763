/** An empty place; ids are not negative. */
const EMPTY = -1;
const FIRST_PLACES = 32;
/** A segment of this size is divided rather than doubled: no insertion moves more entries than this (less than 1 ms). */
const MOST_PLACES = 32_768;

/** One open-addressed table of (hash, id) pairs, probed linearly; at most three quarters full. */
class Segment {
  count = 0;
  slots: Int32Array;

  constructor(
    public places: number,
    /** How many of the hash's top bits all its entries share. */
    public depth: number,
  ) {
    this.slots = new Int32Array(places * 2).fill(EMPTY);
  }

  get isFull(): boolean {
    return this.count * 4 >= this.places * 3;
  }

  insert(hash: number, id: number): void {
    const mask = this.places - 1;
    let place = hash & mask;
    while (this.slots[place * 2 + 1] !== EMPTY) place = (place + 1) & mask;
    this.slots[place * 2] = hash;
    this.slots[place * 2 + 1] = id;
    this.count++;
  }

  /** Empties a place and moves later entries of the run back, so that no search stops too early. */
  clear(place: number): void {
    const mask = this.places - 1;
    const slots = this.slots;
    let hole = place;
    for (let at = (place + 1) & mask; slots[at * 2 + 1] !== EMPTY; at = (at + 1) & mask) {
      const home = (slots[at * 2] as number) & mask;
      // The entry may move only if its home is not behind the hole on the way to it.
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      slots[hole * 2] = slots[at * 2] as number;
      slots[hole * 2 + 1] = slots[at * 2 + 1] as number;
      hole = at;
    }
    slots[hole * 2 + 1] = EMPTY;
    this.count--;
  }

  double(): void {
    const old = this.slots;
    this.places *= 2;
    this.slots = new Int32Array(this.places * 2).fill(EMPTY);
    this.count = 0;
    for (let at = 0; at < old.length; at += 2) {
      if (old[at + 1] !== EMPTY) this.insert(old[at] as number, old[at + 1] as number);
    }
  }
}

/**
 * A multimap from 32-bit hashes to ids: 8 bytes a place, outside the JavaScript heap, grown piece by piece (extendible
 * hashing: a directory by the hash's top bits points at small segments) so that no insertion pauses to rehash everything.
 * Whether an id found by its hash is the one looked for is the caller's to say.
 */
export class HashIndex {
  size = 0;
  private depth = 0;
  private directory: Segment[] = [new Segment(FIRST_PLACES, 0)];
  private foundIn: Segment = this.directory[0] as Segment;
  private foundAt = 0;
  private foundHash = 0;

  private segmentOf(hash: number): Segment {
    // Two shifts, since a shift by 32 would be one by 0.
    return this.directory[(hash >>> 1) >>> (31 - this.depth)] as Segment;
  }

  /** The first id under `hash`, or -1. */
  first(hash: number): number {
    const segment = this.segmentOf(hash);
    this.foundIn = segment;
    this.foundHash = hash | 0;
    this.foundAt = (hash & (segment.places - 1)) - 1;
    return this.next();
  }

  /** The next id under the hash of the last `first`, or -1. The index must not have changed in between. */
  next(): number {
    const { slots, places } = this.foundIn;
    const mask = places - 1;
    let place = (this.foundAt + 1) & mask;
    for (;;) {
      const id = slots[place * 2 + 1] as number;
      if (id === EMPTY) return -1;
      if (slots[place * 2] === this.foundHash) {
        this.foundAt = place;
        return id;
      }
      place = (place + 1) & mask;
    }
  }

  add(hash: number, id: number): void {
    let segment = this.segmentOf(hash);
    while (segment.isFull) {
      if (segment.places < MOST_PLACES || !this.divide(segment)) segment.double();
      segment = this.segmentOf(hash);
    }
    segment.insert(hash | 0, id);
    this.size++;
  }

  /** Removes the pair, which must be there. */
  remove(hash: number, id: number): void {
    for (let found = this.first(hash); found !== -1; found = this.next()) {
      if (found !== id) continue;
      this.foundIn.clear(this.foundAt);
      this.size--;
      return;
    }
    throw new Error(`hash index holds no id ${id} under ${hash}`);
  }

  /** Divides a segment by its next hash bit. False when that would hardly help (many equal hashes): double it instead. */
  private divide(segment: Segment): boolean {
    if (segment.depth >= 31) return false;
    const bit = 31 - segment.depth;
    const { slots } = segment;
    let ones = 0;
    for (let at = 0; at < slots.length; at += 2) {
      if (slots[at + 1] !== EMPTY) ones += ((slots[at] as number) >>> bit) & 1;
    }
    if (Math.min(ones, segment.count - ones) * 8 < segment.count) return false;
    const halves = [
      new Segment(segment.places, segment.depth + 1),
      new Segment(segment.places, segment.depth + 1),
    ] as const;
    for (let at = 0; at < slots.length; at += 2) {
      if (slots[at + 1] === EMPTY) continue;
      const hash = slots[at] as number;
      halves[((hash >>> bit) & 1) as 0 | 1].insert(hash, slots[at + 1] as number);
    }
    if (segment.depth === this.depth) {
      this.directory = this.directory.flatMap((each) => [each, each]);
      this.depth++;
    }
    const shift = this.depth - segment.depth - 1;
    for (let at = 0; at < this.directory.length; at++) {
      if (this.directory[at] === segment) this.directory[at] = halves[((at >>> shift) & 1) as 0 | 1];
    }
    return true;
  }
}
