import type { JuteWriter } from '../jute/index.js';
import { writeAclList } from '../protocol/index.js';
import type { AclEntry } from './acl-cache.js';
import type { NodeRef } from './node-table.js';
import { Field, Flag, ROOT, StatAt } from './node-table.js';
import type { ChangeObserver, TreeState } from './tree-state.js';

/** Fields of a node besides path and data: `long acl` and 60 bytes of persisted stat. */
const ACL_BYTES = 8;
const PERSISTED_STAT_BYTES = 60;
/** Where wire stat and persisted stat part: the latter has no dataLength and numChildren. */
const SHARED_STAT_BYTES = 52;
const PERSISTED_CVERSION_AT = 36;
const PERSISTED_OWNER_AT = 44;
/** Nodes are laid down in portions of at most about this size. */
const PORTION_BYTES = 64 * 1024;
/** What a small tree needs; it grows to two portions. */
const FIRST_BYTES = 8 * 1024;
const TWO_32 = 0x1_0000_0000;

/**
 * A tree at one point in time, being written:
 *
 *     int count, count × (long id, vector<ACL>)
 *     per node, parents first: ustring path ("" for the root), buffer data, long acl, long czxid, mzxid, ctime, mtime,
 *       int version, cversion, aversion, long ephemeralOwner, pzxid
 *     ustring "/"
 *
 * Rows are written in their order, each after its ancestors. A node about to change or go that is not written yet is
 * written first, with its ancestors (they have not changed, or they would be written); rows that come later are skipped.
 * So the tree never waits, and what is kept aside is at most what was not written yet.
 */
export class TreeSnapshot implements ChangeObserver {
  private readonly acls: readonly AclEntry[];
  private nextAcl = -1;
  private nextRow = 0;
  private readonly rowLimit: number;
  /** A bit for each row that is written or is none of this snapshot's. */
  private readonly done: Uint8Array;
  private pending = Buffer.allocUnsafeSlow(FIRST_BYTES);
  private pendingView = viewOf(this.pending);
  private pendingFrom = 0;
  private pendingTo = 0;
  private endWritten = false;
  private closed = false;

  constructor(
    private readonly state: TreeState,
    /** The last transaction in it. */
    readonly zxid: number,
    /** ZooKeeper's digest of it. */
    readonly digest: bigint,
    /**
     * The zxid to seal in a file with `digest`; 0 (ZooKeeper then writes a digest of 0 too) when no transaction was
     * applied since the tree was empty or loaded, or when the tree was between the states of a fuzzy snapshot.
     */
    readonly digestZxid: number,
  ) {
    this.acls = state.acls.snapshot();
    this.rowLimit = state.nodes.rows.limit;
    this.done = new Uint8Array((this.rowLimit + 7) >>> 3);
    state.observers.push(this);
  }

  /** Appends to `w` until about `maxBytes` were added; true when there is more. */
  write(w: JuteWriter, maxBytes: number): boolean {
    if (this.closed) throw new Error('the snapshot is closed');
    const limit = w.length + maxBytes;
    this.writeAcls(w, limit);
    if (this.nextAcl < this.acls.length) return true;
    while (w.length < limit) {
      if (this.pendingFrom === this.pendingTo) this.layDownRows(Math.min(PORTION_BYTES, limit - w.length));
      if (this.pendingFrom === this.pendingTo) {
        if (!this.endWritten) w.string('/');
        this.endWritten = true;
        return false;
      }
      this.drain(w, limit - w.length);
    }
    return true;
  }

  /** Lets the tree go: from now on changes cost nothing extra. Also when the snapshot is abandoned. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    const { observers } = this.state;
    observers.splice(observers.indexOf(this), 1);
  }

  beforeChange(row: NodeRef): void {
    if (row < this.rowLimit && !this.isDone(row)) this.layDown(row);
  }

  created(row: NodeRef): void {
    if (row < this.rowLimit) this.markDone(row);
  }

  private writeAcls(w: JuteWriter, limit: number): void {
    if (this.nextAcl < 0) {
      w.int(this.acls.length);
      this.nextAcl = 0;
    }
    for (; w.length < limit && this.nextAcl < this.acls.length; this.nextAcl++) {
      const { id, list } = this.acls[this.nextAcl] as AclEntry;
      w.long(id);
      writeAclList(w, list);
    }
  }

  private drain(w: JuteWriter, maxBytes: number): void {
    const to = Math.min(this.pendingTo, this.pendingFrom + maxBytes);
    w.raw(this.pending.subarray(this.pendingFrom, to));
    this.pendingFrom = to;
    if (to < this.pendingTo) return;
    this.pendingFrom = 0;
    this.pendingTo = 0;
  }

  private layDownRows(bytes: number): void {
    const { rows } = this.state.nodes;
    while (this.nextRow < this.rowLimit && this.pendingTo < bytes) {
      const row = this.nextRow++;
      if (!this.isDone(row) && (rows.get(row, Field.flags) & Flag.live) !== 0) this.layDown(row);
    }
  }

  /** Writes a node, after those above it that are not written yet. */
  private layDown(row: NodeRef): void {
    const { nodes } = this.state;
    if (row !== ROOT) {
      const parent = nodes.get(row, Field.parent);
      if (!this.isDone(parent)) this.layDownAbove(row);
    }
    this.encode(row);
    this.markDone(row);
  }

  private layDownAbove(row: NodeRef): void {
    const { nodes } = this.state;
    const above: NodeRef[] = [];
    for (let at = row; at !== ROOT;) {
      at = nodes.get(at, Field.parent);
      if (this.isDone(at)) break;
      above.push(at);
    }
    for (let at = above.pop(); at !== undefined; at = above.pop()) {
      this.encode(at);
      this.markDone(at);
    }
  }

  private encode(row: NodeRef): void {
    const { nodes, acls, owners } = this.state;
    const pathLength = nodes.get(row, Field.pathLength);
    const pathAndDataBytes = pathLength + 4 + Math.max(0, nodes.get(row, Field.dataLength));
    const out = this.roomFor(4 + pathAndDataBytes + ACL_BYTES + PERSISTED_STAT_BYTES);
    const view = this.pendingView;
    let at = this.pendingTo;
    view.setInt32(at, pathLength);
    const from = nodes.pathOffset(row);
    nodes.blockBytes(row).copy(out, at + 4, from, from + pathAndDataBytes);
    at += 4 + pathAndDataBytes;
    const aclId = acls.id(nodes.get(row, Field.acl));
    const aclIdHigh = Math.floor(aclId / TWO_32);
    view.setInt32(at, aclIdHigh);
    view.setUint32(at + 4, aclId - aclIdHigh * TWO_32);
    at += ACL_BYTES;
    const source = nodes.blockView(row);
    const stat = nodes.statOffset(row);
    copyWords(source, stat, view, at, SHARED_STAT_BYTES);
    view.setInt32(at + PERSISTED_CVERSION_AT, nodes.get(row, Field.cversion));
    if (!owners.isOwnerInStat(row)) view.setBigInt64(at + PERSISTED_OWNER_AT, owners.owner(row));
    copyWords(source, stat + StatAt.pzxid, view, at + SHARED_STAT_BYTES, PERSISTED_STAT_BYTES - SHARED_STAT_BYTES);
    this.pendingTo = at + PERSISTED_STAT_BYTES;
  }

  private roomFor(bytes: number): Buffer {
    const needed = this.pendingTo + bytes;
    if (needed > this.pending.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.pending.length * 2));
      this.pending.copy(grown, 0, this.pendingFrom, this.pendingTo);
      this.pending = grown;
      this.pendingView = viewOf(grown);
      this.pendingTo -= this.pendingFrom;
      this.pendingFrom = 0;
    }
    return this.pending;
  }

  private isDone(row: NodeRef): boolean {
    return ((this.done[row >>> 3] as number) & (1 << (row & 7))) !== 0;
  }

  private markDone(row: NodeRef): void {
    this.done[row >>> 3] = (this.done[row >>> 3] as number) | (1 << (row & 7));
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** For few bytes: less than a call of Buffer.copy costs. */
function copyWords(from: DataView, fromAt: number, to: DataView, toAt: number, bytes: number): void {
  for (let at = 0; at < bytes; at += 4) to.setInt32(toAt + at, from.getInt32(fromAt + at));
}
