import type { Run } from './run.js';
import { byPlace, type SizeRecord } from './size-record.js';

const BATCH = 512;

/** A place in a run. */
class Cursor {
  private batch: readonly SizeRecord[] = [];
  private at = 0;
  private readonly batches: AsyncGenerator<readonly SizeRecord[], void, undefined>;

  constructor(
    run: Run,
    /** Of records with one place, those of later runs come later. */
    readonly age: number,
  ) {
    this.batches = run.batches(0);
  }

  get current(): SizeRecord | undefined {
    return this.batch[this.at];
  }

  /** True: the next one is there already. */
  step(): boolean {
    return ++this.at < this.batch.length;
  }

  /** False: there are no more. */
  async refill(): Promise<boolean> {
    const next = await this.batches.next();
    this.batch = next.done === true ? [] : next.value;
    this.at = 0;
    return this.batch.length > 0;
  }

  async close(): Promise<void> {
    await this.batches.return();
  }
}

function isBefore(a: Cursor, b: Cursor): boolean {
  const [left, right] = [a.current, b.current];
  if (left === undefined || right === undefined) return right === undefined;
  const order = byPlace(left, right);
  return order === 0 ? a.age < b.age : order < 0;
}

/** Runs, the oldest first, as one. */
export async function* merged(runs: readonly Run[]): AsyncGenerator<readonly SizeRecord[], void, undefined> {
  const all = runs.map((run, age) => new Cursor(run, age));
  const heap = new CursorHeap();
  try {
    for (const cursor of all) if (await cursor.refill()) heap.add(cursor);
    let batch: SizeRecord[] = [];
    for (let first = heap.first; first !== undefined; first = heap.first) {
      if (first.current !== undefined) batch.push(first.current);
      if (first.step() || (await first.refill())) heap.sinkFirst();
      else heap.removeFirst();
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  } finally {
    for (const cursor of all) await cursor.close();
  }
}

/** The cursor with the first record on top. */
class CursorHeap {
  private readonly cursors: Cursor[] = [];

  get first(): Cursor | undefined {
    return this.cursors[0];
  }

  add(cursor: Cursor): void {
    let at = this.cursors.push(cursor) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (!this.isBefore(at, up)) return;
      this.swap(at, up);
      at = up;
    }
  }

  removeFirst(): void {
    const last = this.cursors.pop();
    if (last === undefined || this.cursors.length === 0) return;
    this.cursors[0] = last;
    this.sinkFirst();
  }

  sinkFirst(): void {
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      let least = at;
      if (this.isBefore(left, least)) least = left;
      if (this.isBefore(left + 1, least)) least = left + 1;
      if (least === at) return;
      this.swap(at, least);
      at = least;
    }
  }

  private isBefore(a: number, b: number): boolean {
    const [left, right] = [this.cursors[a], this.cursors[b]];
    return left !== undefined && right !== undefined && isBefore(left, right);
  }

  private swap(a: number, b: number): void {
    const [left, right] = [this.cursors[a], this.cursors[b]];
    if (left === undefined || right === undefined) return;
    this.cursors[a] = right;
    this.cursors[b] = left;
  }
}
