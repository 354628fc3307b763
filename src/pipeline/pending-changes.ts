import type { Counter, Metrics } from '../metrics/index.js';
import type { Acl, TxnDigest } from '../protocol/index.js';
import {
  contentDigest,
  type DataTree,
  DIGEST_VERSION,
  isDigested,
  NO_NODE,
  nodeDigest,
  TreeDigest,
} from '../tree/index.js';
import { PendingNode } from './pending-node.js';

/** When so many dead places stand before the oldest change, the lists are moved up. */
const COMPACT_FROM = 1024;
/** Lists that have run empty keep so many places for what comes next. */
const KEPT_PLACES = 8192;

/**
 * Nodes without a pending change that are kept for the next one. A `Map` from which each is deleted at once makes its table
 * anew every few changes, and the old tables keep all they had until a full garbage collection (docs/performance.md).
 */
const MOST_IDLE = 1024;

/** The transaction on behalf of which something changes. */
export interface ChangeStamp {
  readonly zxid: number;
  /** Wall-clock milliseconds of the transaction. */
  readonly time: number;
}

interface Undo {
  readonly node: PendingNode;
  /** Null: nothing was pending on it. */
  readonly before: PendingNode | null;
}

interface Mark {
  readonly tail: number;
  readonly digest: TreeDigest;
  readonly undo: Undo[];
}

/**
 * The tree as it will be: what is applied, and on top the changes that are proposed and not applied.
 *
 * Changes are kept per path, so that a request costs the same however much is pending. Along with them runs the digest that
 * the tree will have.
 */
export class PendingChanges {
  /** Those with a pending change, and idle ones: `changedBy` 0, their other fields out of date. */
  private byPath = new Map<string, PendingNode>();
  private changedNodes = 0;
  /** Ephemeral nodes that pending transactions made, by owner. */
  private readonly newEphemerals = new Map<bigint, Set<PendingNode>>();
  /** Who was changed by which transaction, oldest first: those from `head` up to `tail`. */
  private nodes: PendingNode[] = [];
  private zxids: number[] = [];
  private head = 0;
  private tail = 0;
  private readonly ahead = new TreeDigest();
  private mark: Mark | null = null;
  private readonly queued: Counter;
  private readonly removed: Counter;

  constructor(
    private readonly source: { readonly tree: DataTree },
    private readonly options: { readonly digestEnabled: boolean; readonly extendedTypes: boolean },
    metrics: Metrics,
  ) {
    this.queued = metrics.counter('outstanding_changes_queued');
    this.removed = metrics.counter('outstanding_changes_removed');
  }

  /** Changes that are not applied. */
  get count(): number {
    return this.tail - this.head;
  }

  // Reading

  /** Before the first look of a transaction. */
  begin(): void {
    if (this.head === this.tail && this.options.digestEnabled) this.ahead.set(this.source.tree.digestSum);
  }

  /** The node, to look at or (before the next `find` of it) to change; null when there is none. "" is the root too. */
  find(path: string): PendingNode | null {
    const key = path === '' ? '/' : path;
    const kept = this.byPath.get(key);
    if (kept !== undefined && kept.changedBy !== 0) return kept.exists ? kept : null;
    const { tree } = this.source;
    const ref = tree.find(key);
    return ref === NO_NODE ? null : (kept ?? new PendingNode(key)).load(tree, ref);
  }

  exists(path: string): boolean {
    return this.pending(path)?.exists ?? this.source.tree.find(path) !== NO_NODE;
  }

  private pending(path: string): PendingNode | undefined {
    const kept = this.byPath.get(path);
    return kept === undefined || kept.changedBy === 0 ? undefined : kept;
  }

  /** Paths of the session's ephemeral nodes. */
  ephemeralsOf(sessionId: bigint): Set<string> {
    const paths = this.source.tree.ephemeralsOf(sessionId);
    if (this.changedNodes > 0) this.dropChanged(paths, sessionId);
    for (const node of this.newEphemerals.get(sessionId) ?? []) paths.add(node.path);
    return paths;
  }

  /** Takes out what is no longer the session's. */
  private dropChanged(paths: Set<string>, sessionId: bigint): void {
    for (const path of paths) {
      const pending = this.pending(path);
      if (pending !== undefined && !(pending.exists && pending.ephemeralOwner === sessionId)) paths.delete(path);
    }
  }

  /** What the tree's digest will be after everything proposed so far; null where there are no digests. */
  digest(): TxnDigest | null {
    return this.options.digestEnabled ? { version: DIGEST_VERSION, treeDigest: this.ahead.value } : null;
  }

  // Changing

  /** Adds a node below `parent`, which counts it. */
  create(
    parent: PendingNode,
    path: string,
    owner: bigint,
    acl: readonly Acl[],
    data: Buffer | null,
    stamp: ChangeStamp,
  ): void {
    this.touch(parent, stamp.zxid);
    parent.childCount++;
    parent.cversion = (parent.cversion + 1) | 0;
    parent.pzxid = stamp.zxid;
    this.rehash(parent);
    const node = this.byPath.get(path) ?? new PendingNode(path);
    if (node.changedBy === 0) node.forget();
    this.touch(node, stamp.zxid);
    const bytes = data === null ? 0 : data.length;
    node.begin(stamp.zxid, stamp.time, owner, acl, bytes, this.options.extendedTypes);
    this.list(node);
    this.rehashContent(node, data);
  }

  /** Removes a node below `parent`. */
  remove(parent: PendingNode, node: PendingNode, stamp: ChangeStamp): void {
    this.drop(parent, node, stamp);
    this.rehash(parent);
  }

  /** Removes those of the nodes that there are. A parent is looked up, and its digest taken, once for children in a row. */
  removeAll(paths: Iterable<string>, stamp: ChangeStamp): void {
    let parent: PendingNode | null = null;
    let parentPath: string | null = null;
    for (const path of paths) {
      if (parentPath === null || !isChildOf(path, parentPath)) {
        if (parent !== null) this.rehash(parent);
        parentPath = path.slice(0, path.lastIndexOf('/'));
        parent = this.find(parentPath);
      }
      const node = this.find(path);
      if (parent !== null && node !== null) this.drop(parent, node, stamp);
    }
    if (parent !== null) this.rehash(parent);
  }

  /** The digest does not count yet that `parent` has a child less. */
  private drop(parent: PendingNode, node: PendingNode, stamp: ChangeStamp): void {
    this.touch(parent, stamp.zxid);
    parent.childCount--;
    parent.pzxid = stamp.zxid;
    this.touch(node, stamp.zxid);
    this.unlist(node);
    node.exists = false;
    node.isNew = false;
    this.rehash(node);
  }

  setData(node: PendingNode, data: Buffer | null, version: number, stamp: ChangeStamp): void {
    this.touch(node, stamp.zxid);
    node.version = version;
    node.mtime = stamp.time;
    node.mzxid = stamp.zxid;
    node.dataLength = data === null ? 0 : data.length;
    this.rehashContent(node, data);
  }

  setAcl(node: PendingNode, acl: readonly Acl[], aversion: number, stamp: ChangeStamp): void {
    this.touch(node, stamp.zxid);
    node.acl = acl;
    node.aversion = aversion;
    this.rehash(node);
  }

  // Undoing

  /** From here on changes can be taken back. */
  beginMulti(): void {
    this.mark = { tail: this.tail, digest: this.ahead.copy(), undo: [] };
  }

  endMulti(): void {
    this.mark = null;
  }

  /** Takes back every change since `beginMulti`. */
  rollback(): void {
    const { mark } = this;
    if (mark === null) return;
    this.mark = null;
    for (const { node, before } of mark.undo.reverse()) {
      this.unlist(node);
      if (before === null) {
        this.makeIdle(node);
      } else {
        node.restore(before);
        this.list(node);
      }
    }
    this.tail = mark.tail;
    this.ahead.set(mark.digest);
  }

  /** Everything up to `zxid` is applied: the tree has it. */
  release(zxid: number): void {
    const { nodes, tail, zxids } = this;
    let at = this.head;
    while (at < tail && (zxids[at] as number) <= zxid) {
      const node = nodes[at] as PendingNode;
      if (node.changedBy === zxids[at]) {
        this.unlist(node);
        this.makeIdle(node);
      }
      at++;
    }
    this.removed.add(at - this.head);
    this.head = at;
    if (this.byPath.size - this.changedNodes > MOST_IDLE) this.dropIdle();
    if (at === tail) {
      this.rewind();
    } else if (at > COMPACT_FROM && at * 2 > tail) {
      this.nodes = nodes.slice(at, tail);
      this.zxids = zxids.slice(at, tail);
      this.head = 0;
      this.tail = this.nodes.length;
    }
  }

  // Inside

  /** Before a change: notes who changes the node, and what it was. */
  private touch(node: PendingNode, zxid: number): void {
    if (node.changedBy === zxid) return;
    const isKnown = node.changedBy !== 0;
    this.mark?.undo.push({ node, before: isKnown ? node.copy() : null });
    if (!isKnown) this.changedNodes++;
    if (!node.isKept) {
      node.isKept = true;
      this.byPath.set(node.path, node);
    }
    node.changedBy = zxid;
    this.nodes[this.tail] = node;
    this.zxids[this.tail++] = zxid;
    this.queued.add();
  }

  /** The lists have run empty. Their places are used again, not made anew, in the next turn. */
  private rewind(): void {
    this.head = 0;
    this.tail = 0;
    if (this.nodes.length <= KEPT_PLACES) return;
    this.nodes = [];
    this.zxids = [];
  }

  private makeIdle(node: PendingNode): void {
    node.changedBy = 0;
    this.changedNodes--;
  }

  private dropIdle(): void {
    const changed = new Map<string, PendingNode>();
    for (const [path, node] of this.byPath) if (node.changedBy !== 0) changed.set(path, node);
    this.byPath = changed;
  }

  private list(node: PendingNode): void {
    if (!node.isNew || node.kind !== 'ephemeral') return;
    const owned = this.newEphemerals.get(node.ephemeralOwner);
    if (owned === undefined) this.newEphemerals.set(node.ephemeralOwner, new Set([node]));
    else owned.add(node);
  }

  private unlist(node: PendingNode): void {
    if (!node.isNew || node.kind !== 'ephemeral') return;
    const owned = this.newEphemerals.get(node.ephemeralOwner);
    owned?.delete(node);
    if (owned?.size === 0) this.newEphemerals.delete(node.ephemeralOwner);
  }

  private rehashContent(node: PendingNode, data: Buffer | null): void {
    if (!this.options.digestEnabled) return;
    node.content = isDigested(node.path) ? contentDigest(node.path, data) : 0;
    this.rehash(node);
  }

  private rehash(node: PendingNode): void {
    if (!this.options.digestEnabled) return;
    const digest = node.exists ? nodeDigest(node.path, node.content, node) : 0;
    this.ahead.replace(node.digest, digest);
    node.digest = digest;
  }
}

/** `parent` of the root's children is "". */
function isChildOf(path: string, parent: string): boolean {
  return path.lastIndexOf('/') === parent.length && path.startsWith(parent);
}
