import { BlockStore } from './block-store.js';
import { HashIndex } from './hash-index.js';
import { PathKey } from './path-key.js';
import { RecordTable } from './record-table.js';

/** A node's row: valid until the node is deleted, then the number may be another node's. */
export type NodeRef = number;
export const NO_NODE: NodeRef = -1;
export const ROOT: NodeRef = 0;

/** Words of a node's record. */
export const Field = {
  /** Handle of the node's block. */
  block: 0,
  /** Bytes of the path; 0: the root. */
  pathLength: 1,
  /** Bytes of data; -1: the data is null. */
  dataLength: 2,
  parent: 3,
  /** Children are a list linked both ways in the order of their creation; the first one's `previous` is the last one. */
  firstChild: 4,
  nextSibling: 5,
  previousSibling: 6,
  childCount: 7,
  /** Nodes below this one, children included. */
  descendants: 8,
  /** How many children were ever created: the persisted cversion (clients see 2 · cversion - numChildren). */
  cversion: 9,
  acl: 10,
  /** CRC-32 of the path; of path and data; of path, data and stat: the node's digest. */
  pathCrc: 11,
  contentCrc: 12,
  nodeCrc: 13,
  flags: 14,
  hash: 15,
} as const;
const WORDS_BITS = 4;

/** In `Field.flags`: set in every row in use; two bits for the kind of owner; the node does not count in the digest. */
export const Flag = { live: 1, kindShift: 1, kindMask: 6, undigested: 8 } as const;

/** Offsets in a Stat as it goes over the wire (see `protocol/data.ts`). */
export const StatAt = {
  czxid: 0,
  mzxid: 8,
  ctime: 16,
  mtime: 24,
  version: 32,
  cversion: 36,
  aversion: 40,
  ephemeralOwner: 44,
  dataLength: 52,
  numChildren: 56,
  pzxid: 60,
} as const;
export const STAT_SIZE = 68;

/**
 * Offsets in what a snapshot says of a node behind its data: `long acl, czxid, mzxid, ctime, mtime; int version, cversion,
 * aversion; long ephemeralOwner, pzxid`. From czxid to aversion it is as in `StatAt`, but for the meaning of cversion.
 */
export const PersistedAt = { acl: 0, czxid: 8, cversion: 44, ephemeralOwner: 52, pzxid: 60 } as const;
export const PERSISTED_SIZE = 68;

const LENGTH_BYTES = 4;
const TWO_32 = 0x1_0000_0000;

/**
 * The nodes, their names, data, stats and kinship, outside the JavaScript heap. It knows how a node is laid out and
 * found; what a change means is for others to say.
 *
 * A node is a record of 16 words and a block: `path; int dataLength (-1: null); data; stat (68 bytes)`. From the length on
 * the block is what getData answers, so a read is one copy. A look-up by path touches one place each of the index, the
 * records and the blocks: the whole path is in the block, since climbing from name to name would touch two more for each
 * ancestor.
 */
export class NodeTable {
  readonly rows = new RecordTable(WORDS_BITS);
  readonly key = new PathKey();
  private readonly blocks = new BlockStore();
  private readonly index = new HashIndex();

  constructor() {
    this.key.set('');
    const root = this.newRow(NO_NODE, -1);
    this.fillData(this.get(root, Field.block), this.dataOffset(root), null);
    this.blockBytes(root).fill(0, this.statOffset(root), this.statOffset(root) + STAT_SIZE);
  }

  get reservedBytes(): number {
    return this.rows.reservedBytes + this.blocks.reservedBytes;
  }

  // Finding

  find(path: string): NodeRef {
    this.key.set(path);
    return this.locate();
  }

  findUtf8(bytes: Uint8Array, start: number, end: number): NodeRef {
    this.key.setUtf8(bytes, start, end);
    return this.locate();
  }

  /** The node of `key`. The root is both "" and "/". */
  locate(): NodeRef {
    const { start, end, lastSlash } = this.key;
    if (end === start || (end === start + 1 && lastSlash === start)) return ROOT;
    return this.search(this.key.hash, end);
  }

  /** The parent of `key`'s node. */
  locateParent(): NodeRef {
    if (this.key.isTopLevel) return ROOT;
    return this.key.lastSlash < 0 ? NO_NODE : this.search(this.key.parentHash, this.key.lastSlash);
  }

  private search(hash: number, end: number): NodeRef {
    for (let row = this.index.first(hash); row !== -1; row = this.index.next()) {
      if (this.isPath(row, end)) return row;
    }
    return NO_NODE;
  }

  /** Is the path of `row` what `key` holds before `end`? */
  private isPath(row: NodeRef, end: number): boolean {
    const { bytes, start } = this.key;
    const page = this.rows.page(row);
    const base = this.rows.base(row);
    const length = end - start;
    if (page[base + Field.pathLength] !== length) return false;
    const handle = page[base + Field.block] as number;
    const paths = this.blocks.bytes(handle);
    const path = this.blocks.offset(handle);
    // From the end, where paths differ.
    for (let i = length - 1; i >= 0; i--) if (paths[path + i] !== bytes[start + i]) return false;
    return true;
  }

  // Adding and removing

  /** Adds the node that `key` names under `parent`, with a stat of zeros but for dataLength. */
  insert(parent: NodeRef, data: Uint8Array | null): NodeRef {
    const row = this.newRow(parent, data === null ? -1 : data.length);
    const handle = this.get(row, Field.block);
    this.fillData(handle, this.dataOffset(row), data);
    const view = this.blocks.view(handle);
    const stat = this.statOffset(row);
    for (let word = 0; word < STAT_SIZE; word += 4) view.setInt32(stat + word, 0);
    view.setInt32(stat + StatAt.dataLength, data === null ? 0 : data.length);
    return this.settle(parent, row);
  }

  /**
   * The same with its data at `dataAt` of `source` (`dataLength` -1: null), and its whole stat from the numbers of a snapshot
   * that stand at `tailAt`: see `PersistedAt`. A million nodes begin here when a server starts: nothing is written twice.
   */
  insertPersisted(parent: NodeRef, source: DataView, dataAt: number, dataLength: number, tailAt: number): NodeRef {
    const row = this.newRow(parent, dataLength);
    const handle = this.get(row, Field.block);
    const view = this.blocks.view(handle);
    const at = this.dataOffset(row);
    const length = dataLength < 0 ? 0 : dataLength;
    view.setInt32(at, dataLength);
    copyBytes(source, dataAt, view, at + LENGTH_BYTES, length);
    const stat = at + LENGTH_BYTES + length;
    view.setInt32(stat + StatAt.ephemeralOwner, 0);
    view.setInt32(stat + StatAt.ephemeralOwner + 4, 0);
    view.setInt32(stat + StatAt.dataLength, length);
    view.setInt32(stat + StatAt.numChildren, 0);
    this.putPersisted(row, source, tailAt);
    return this.settle(parent, row);
  }

  /** The numbers of a snapshot but ACL and owner, for a node that is there. */
  putPersisted(row: NodeRef, source: DataView, tailAt: number): void {
    const view = this.blockView(row);
    const stat = this.statOffset(row);
    for (let at = 0; at < StatAt.ephemeralOwner; at += 4) {
      view.setInt32(stat + at, source.getInt32(tailAt + PersistedAt.czxid + at));
    }
    view.setInt32(stat + StatAt.pzxid, source.getInt32(tailAt + PersistedAt.pzxid));
    view.setInt32(stat + StatAt.pzxid + 4, source.getInt32(tailAt + PersistedAt.pzxid + 4));
    this.setCversion(row, source.getInt32(tailAt + PersistedAt.cversion));
  }

  /** Makes a new row findable, and a child. */
  private settle(parent: NodeRef, row: NodeRef): NodeRef {
    this.index.add(this.key.hash, row);
    this.link(parent, row);
    for (let at = parent; at !== NO_NODE; at = this.get(at, Field.parent)) this.addTo(at, Field.descendants, 1);
    return row;
  }

  /** Removes a node without children. */
  remove(row: NodeRef): void {
    const parent = this.get(row, Field.parent);
    this.index.remove(this.get(row, Field.hash), row);
    this.unlink(parent, row);
    for (let at = parent; at !== NO_NODE; at = this.get(at, Field.parent)) this.addTo(at, Field.descendants, -1);
    this.blocks.free(this.get(row, Field.block));
    this.put(row, Field.flags, 0);
    this.rows.free(row);
  }

  /** A row with its path, and room for data and stat. */
  private newRow(parent: NodeRef, dataLength: number): NodeRef {
    const { key } = this;
    const pathLength = key.end - key.start;
    const row = this.rows.allocate();
    const page = this.rows.page(row);
    const base = this.rows.base(row);
    const handle = this.blocks.allocate(blockSize(pathLength, dataLength < 0 ? 0 : dataLength));
    const bytes = this.blocks.bytes(handle);
    const at = this.blocks.offset(handle);
    for (let i = 0; i < pathLength; i++) bytes[at + i] = key.bytes[key.start + i] as number;
    page[base + Field.block] = handle;
    page[base + Field.pathLength] = pathLength;
    page[base + Field.dataLength] = dataLength;
    page[base + Field.parent] = parent;
    page[base + Field.firstChild] = NO_NODE;
    page[base + Field.nextSibling] = NO_NODE;
    page[base + Field.previousSibling] = row;
    page[base + Field.childCount] = 0;
    page[base + Field.descendants] = 0;
    page[base + Field.cversion] = 0;
    page[base + Field.flags] = Flag.live;
    page[base + Field.hash] = key.hash;
    return row;
  }

  /** A block with `data` in its place, and neither path nor stat. */
  private newBlock(pathLength: number, data: Uint8Array | null): number {
    const handle = this.blocks.allocate(blockSize(pathLength, data === null ? 0 : data.length));
    this.fillData(handle, this.blocks.offset(handle) + pathLength, data);
    return handle;
  }

  private fillData(handle: number, at: number, data: Uint8Array | null): void {
    this.blocks.view(handle).setInt32(at, data === null ? -1 : data.length);
    if (data !== null && data.length > 0) this.blocks.bytes(handle).set(data, at + LENGTH_BYTES);
  }

  private link(parent: NodeRef, row: NodeRef): void {
    const first = this.get(parent, Field.firstChild);
    if (first === NO_NODE) {
      this.put(parent, Field.firstChild, row);
    } else {
      const last = this.get(first, Field.previousSibling);
      this.put(last, Field.nextSibling, row);
      this.put(row, Field.previousSibling, last);
      this.put(first, Field.previousSibling, row);
    }
    this.setChildCount(parent, this.get(parent, Field.childCount) + 1);
  }

  private unlink(parent: NodeRef, row: NodeRef): void {
    const next = this.get(row, Field.nextSibling);
    const previous = this.get(row, Field.previousSibling);
    const first = this.get(parent, Field.firstChild);
    if (first === row) {
      this.put(parent, Field.firstChild, next);
    } else {
      this.put(previous, Field.nextSibling, next);
    }
    // The one whose `previous` was this row: the next one, or the first when this was the last.
    const follower = next === NO_NODE ? first : next;
    if (follower !== row) this.put(follower, Field.previousSibling, previous);
    this.setChildCount(parent, this.get(parent, Field.childCount) - 1);
  }

  private setChildCount(row: NodeRef, count: number): void {
    this.put(row, Field.childCount, count);
    this.putInt(row, StatAt.numChildren, count);
    this.putInt(row, StatAt.cversion, this.get(row, Field.cversion) * 2 - count);
  }

  // Fields

  get(row: NodeRef, field: number): number {
    return this.rows.get(row, field);
  }

  put(row: NodeRef, field: number, value: number): void {
    this.rows.put(row, field, value);
  }

  private addTo(row: NodeRef, field: number, change: number): void {
    this.rows.put(row, field, this.rows.get(row, field) + change);
  }

  setCversion(row: NodeRef, cversion: number): void {
    this.put(row, Field.cversion, cversion);
    this.putInt(row, StatAt.cversion, cversion * 2 - this.get(row, Field.childCount));
  }

  int(row: NodeRef, statAt: number): number {
    return this.blocks.view(this.get(row, Field.block)).getInt32(this.statOffset(row) + statAt);
  }

  putInt(row: NodeRef, statAt: number, value: number): void {
    this.blocks.view(this.get(row, Field.block)).setInt32(this.statOffset(row) + statAt, value);
  }

  long(row: NodeRef, statAt: number): number {
    const view = this.blocks.view(this.get(row, Field.block));
    const at = this.statOffset(row) + statAt;
    return view.getInt32(at) * TWO_32 + view.getUint32(at + 4);
  }

  putLong(row: NodeRef, statAt: number, value: number): void {
    const view = this.blocks.view(this.get(row, Field.block));
    const at = this.statOffset(row) + statAt;
    const high = Math.floor(value / TWO_32);
    view.setInt32(at, high);
    view.setUint32(at + 4, value - high * TWO_32);
  }

  /** The stat of a node created by a transaction: everything not named here is 0. */
  startStat(row: NodeRef, zxid: number, time: number): void {
    const view = this.blockView(row);
    const at = this.statOffset(row);
    const zxidHigh = Math.floor(zxid / TWO_32);
    const zxidLow = zxid - zxidHigh * TWO_32;
    const timeHigh = Math.floor(time / TWO_32);
    const timeLow = time - timeHigh * TWO_32;
    putWords(view, at + StatAt.czxid, zxidHigh, zxidLow);
    putWords(view, at + StatAt.mzxid, zxidHigh, zxidLow);
    putWords(view, at + StatAt.pzxid, zxidHigh, zxidLow);
    putWords(view, at + StatAt.ctime, timeHigh, timeLow);
    putWords(view, at + StatAt.mtime, timeHigh, timeLow);
  }

  /** A changed node's version, mzxid and mtime. */
  touchStat(row: NodeRef, version: number, zxid: number, time: number): void {
    const view = this.blockView(row);
    const at = this.statOffset(row);
    const zxidHigh = Math.floor(zxid / TWO_32);
    const timeHigh = Math.floor(time / TWO_32);
    view.setInt32(at + StatAt.version, version);
    putWords(view, at + StatAt.mzxid, zxidHigh, zxid - zxidHigh * TWO_32);
    putWords(view, at + StatAt.mtime, timeHigh, time - timeHigh * TWO_32);
  }

  long64(row: NodeRef, statAt: number): bigint {
    return this.blocks.view(this.get(row, Field.block)).getBigInt64(this.statOffset(row) + statAt);
  }

  putLong64(row: NodeRef, statAt: number, value: bigint): void {
    this.blocks.view(this.get(row, Field.block)).setBigInt64(this.statOffset(row) + statAt, value);
  }

  // Bytes: `blockBytes` from `dataOffset` is `int length, data`, from `statOffset` the 68 bytes of the stat.

  blockBytes(row: NodeRef): Buffer {
    return this.blocks.bytes(this.get(row, Field.block));
  }

  blockView(row: NodeRef): DataView {
    return this.blocks.view(this.get(row, Field.block));
  }

  pathOffset(row: NodeRef): number {
    return this.blocks.offset(this.get(row, Field.block));
  }

  /** Where the path's last name begins; the root has none. */
  nameOffset(row: NodeRef): number {
    return this.pathOffset(row) + this.get(this.get(row, Field.parent), Field.pathLength) + 1;
  }

  dataOffset(row: NodeRef): number {
    const page = this.rows.page(row);
    const base = this.rows.base(row);
    return this.blocks.offset(page[base + Field.block] as number) + (page[base + Field.pathLength] as number);
  }

  statOffset(row: NodeRef): number {
    const page = this.rows.page(row);
    const base = this.rows.base(row);
    const dataLength = page[base + Field.dataLength] as number;
    return (
      this.blocks.offset(page[base + Field.block] as number) +
      (page[base + Field.pathLength] as number) +
      LENGTH_BYTES +
      (dataLength < 0 ? 0 : dataLength)
    );
  }

  /** Replaces the data; the stat keeps all but dataLength. */
  setData(row: NodeRef, data: Uint8Array | null): void {
    const handle = this.get(row, Field.block);
    const pathLength = this.get(row, Field.pathLength);
    const oldLength = Math.max(0, this.get(row, Field.dataLength));
    const newLength = data === null ? 0 : data.length;
    const oldStat = this.statOffset(row);
    const bytes = this.blocks.bytes(handle);
    const at = this.blocks.offset(handle);
    const oldSize = blockSize(pathLength, oldLength);
    const newSize = blockSize(pathLength, newLength);
    if (oldSize === newSize || BlockStore.roomFor(oldSize) === BlockStore.roomFor(newSize)) {
      const newStat = oldStat + newLength - oldLength;
      if (newStat !== oldStat) bytes.copyWithin(newStat, oldStat, oldStat + STAT_SIZE);
      this.fillData(handle, at + pathLength, data);
    } else {
      const moved = this.newBlock(pathLength, data);
      const target = this.blocks.bytes(moved);
      const targetAt = this.blocks.offset(moved);
      bytes.copy(target, targetAt, at, at + pathLength);
      bytes.copy(target, targetAt + pathLength + LENGTH_BYTES + newLength, oldStat, oldStat + STAT_SIZE);
      this.put(row, Field.block, moved);
      this.blocks.free(handle);
    }
    this.put(row, Field.dataLength, data === null ? -1 : newLength);
    this.putInt(row, StatAt.dataLength, newLength);
  }

  // Kinship, names and paths

  /** Calls `visit` for a node and everything below it, parents first. */
  walk(top: NodeRef, visit: (row: NodeRef) => void): void {
    let row = top;
    for (;;) {
      visit(row);
      const child = this.get(row, Field.firstChild);
      if (child !== NO_NODE) {
        row = child;
        continue;
      }
      while (row !== top && this.get(row, Field.nextSibling) === NO_NODE) row = this.get(row, Field.parent);
      if (row === top) return;
      row = this.get(row, Field.nextSibling);
    }
  }

  name(row: NodeRef): string {
    return this.blockBytes(row).toString('utf8', this.nameOffset(row), this.dataOffset(row));
  }

  /** "/" for the root. */
  path(row: NodeRef): string {
    if (row === ROOT) return '/';
    return this.blockBytes(row).toString('utf8', this.pathOffset(row), this.dataOffset(row));
  }
}

function putWords(view: DataView, at: number, high: number, low: number): void {
  view.setInt32(at, high);
  view.setUint32(at + 4, low);
}

/** From this size on a call into the runtime costs less than a loop. */
const LARGE_BYTES = 512;

function copyBytes(from: DataView, start: number, to: DataView, at: number, size: number): void {
  if (size >= LARGE_BYTES) {
    const source = new Uint8Array(from.buffer, from.byteOffset + start, size);
    new Uint8Array(to.buffer, to.byteOffset + at, size).set(source);
    return;
  }
  let done = 0;
  for (; done + 4 <= size; done += 4) to.setInt32(at + done, from.getInt32(start + done));
  for (; done < size; done++) to.setUint8(at + done, from.getUint8(start + done));
}

function blockSize(pathLength: number, dataLength: number): number {
  return pathLength + LENGTH_BYTES + dataLength + STAT_SIZE;
}
