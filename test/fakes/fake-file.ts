import type { SeededRandom } from './seeded-random.js';

/**
 * What a crash does to writes that no sync covered: all lost, lost or torn by chance, or
 * (only the process died) all kept by the kernel, which has not made them durable.
 */
export type CrashMode = 'lose' | 'tear' | 'keep';

/** Disks write sectors whole. */
const SECTOR_BYTES = 512;

/** Bytes that grow on demand; what was never written reads as zeros and takes no memory. */
class SparseBytes {
  size = 0;
  private store = Buffer.alloc(0);
  /** Everything from here to `size` is zero. */
  private used = 0;

  write(bytes: Buffer, position: number): void {
    const end = position + bytes.length;
    if (end > this.store.length) {
      const grown = Buffer.alloc(Math.max(end, this.store.length * 2, 4096));
      this.store.copy(grown, 0, 0, this.used);
      this.store = grown;
    }
    bytes.copy(this.store, position);
    this.used = Math.max(this.used, end);
    this.size = Math.max(this.size, end);
  }

  resize(size: number): void {
    if (size < this.used) {
      this.store.fill(0, size, this.used);
      this.used = size;
    }
    this.size = size;
  }

  read(position: number, length: number): Buffer {
    const from = Math.min(position, this.size);
    const to = Math.min(position + length, this.size);
    const bytes = Buffer.alloc(to - from);
    this.store.copy(bytes, 0, Math.min(from, this.used), Math.min(to, this.used));
    return bytes;
  }

  clone(): SparseBytes {
    const copy = new SparseBytes();
    copy.store = Buffer.from(this.store.subarray(0, this.used));
    copy.used = this.used;
    copy.size = this.size;
    return copy;
  }
}

/** A change that is not known to be durable: bytes at a position, or a new size. */
interface Written {
  readonly bytes: Buffer;
  readonly position: number;
}
type Change = Written | { readonly size: number };

/** An inode: what reads see, what is durable, and the changes between the two. */
export class FakeFile {
  readonly kind = 'file';
  modifiedMs = 0;
  private content = new SparseBytes();
  private durable = new SparseBytes();
  private pending: Change[] = [];
  /** Changes that a failed sync may have thrown away: no later sync saves them. */
  private doubtful: Change[] = [];

  get size(): number {
    return this.content.size;
  }

  read(position: number, length: number): Buffer {
    return this.content.read(position, length);
  }

  write(bytes: Buffer, position: number): void {
    this.content.write(bytes, position);
    this.pending.push({ bytes: Buffer.from(bytes), position });
    this.supersede(position, position + bytes.length);
  }

  resize(size: number): void {
    this.content.resize(size);
    this.pending.push({ size });
    this.supersede(size, Number.POSITIVE_INFINITY);
  }

  /** New content for these bytes: what a failed sync left in doubt there can never reach the disk any more. */
  private supersede(from: number, to: number): void {
    if (this.doubtful.length === 0) return;
    this.doubtful = this.doubtful.flatMap((change): Change[] =>
      'size' in change ? [change] : without(change, from, to),
    );
  }

  /** How many changes wait; a sync that begins now covers exactly these. */
  get pendingCount(): number {
    return this.pending.length;
  }

  /** The oldest `count` changes are durable. */
  synced(count: number): void {
    for (const change of this.pending.splice(0, count)) apply(this.durable, change);
  }

  /** The sync failed: the kernel marked the pages clean, nobody knows what reached the disk. */
  syncFailed(): void {
    this.doubtful.push(...this.pending.splice(0));
  }

  /** With `keep` the kernel lives on with the changes: they are as little durable as before. */
  crash(mode: CrashMode, random: SeededRandom): void {
    if (mode === 'keep') return;
    if (mode === 'tear') {
      for (const change of [...this.doubtful, ...this.pending]) tear(this.durable, change, random);
    }
    this.content = this.durable.clone();
    this.pending = [];
    this.doubtful = [];
  }

  /** Turns one bit, as a failing disk does: in what reads see and in what is durable. */
  flipBit(offset: number, bit: number): void {
    for (const bytes of [this.content, this.durable]) {
      if (offset >= bytes.size) continue;
      const one = bytes.read(offset, 1);
      one[0] = (one[0] as number) ^ (1 << bit);
      bytes.write(one, offset);
    }
  }
}

/** What is left of written bytes outside of [from, to). */
function without(change: Written, from: number, to: number): Written[] {
  const { bytes, position } = change;
  const end = position + bytes.length;
  if (from >= end || to <= position) return [change];
  const left: Written[] = [];
  if (position < from) left.push({ bytes: bytes.subarray(0, from - position), position });
  if (to < end) left.push({ bytes: bytes.subarray(to - position), position: to });
  return left;
}

function apply(to: SparseBytes, change: Change): void {
  if ('size' in change) to.resize(change.size);
  else to.write(change.bytes, change.position);
}

/** A change meets the power cut: lost, whole, a first part only, or some sectors and not others. */
function tear(to: SparseBytes, change: Change, random: SeededRandom): void {
  const fate = random.below(4);
  if (fate === 0) return;
  if (fate === 1 || 'size' in change) {
    apply(to, change);
    return;
  }
  const { bytes, position } = change;
  if (fate === 2) {
    to.write(bytes.subarray(0, random.below(bytes.length + 1)), position);
    return;
  }
  to.resize(Math.max(to.size, position + bytes.length));
  let at = 0;
  while (at < bytes.length) {
    const end = Math.min(bytes.length, at + SECTOR_BYTES - ((position + at) % SECTOR_BYTES));
    if (random.oneIn(2)) to.write(bytes.subarray(at, end), position + at);
    at = end;
  }
}

export type FakeNode = FakeFile | FakeDir;

/** A folder: names as processes see them, names that are durable, and the steps between the two. */
export class FakeDir {
  readonly kind = 'dir';
  modifiedMs = 0;
  entries = new Map<string, FakeNode>();
  private durable = new Map<string, FakeNode>();
  private pending: (readonly (readonly [name: string, node: FakeNode | null])[])[] = [];

  /** One step: names set or removed (null) together. */
  change(...names: (readonly [name: string, node: FakeNode | null])[]): void {
    setNames(this.entries, names);
    this.pending.push(names);
  }

  synced(): void {
    this.durable = new Map(this.entries);
    this.pending = [];
  }

  /** A journal keeps its order: of the steps that were not synced, a first part survives. */
  crash(mode: CrashMode, random: SeededRandom): void {
    if (mode === 'keep') return;
    const survive = mode === 'lose' ? 0 : random.below(this.pending.length + 1);
    for (const names of this.pending.slice(0, survive)) setNames(this.durable, names);
    this.entries = new Map(this.durable);
    this.pending = [];
    for (const node of this.entries.values()) node.crash(mode, random);
  }
}

function setNames(map: Map<string, FakeNode>, names: readonly (readonly [string, FakeNode | null])[]): void {
  for (const [name, node] of names) {
    if (node === null) map.delete(name);
    else map.set(name, node);
  }
}
