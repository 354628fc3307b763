import { decodeUtf8, type JuteReader } from '../jute/index.js';
import type { Acl } from '../protocol/index.js';
import type { DataTree } from './data-tree.js';
import type { NodeRef } from './node-table.js';
import { Field, NO_NODE, PERSISTED_SIZE, PersistedAt, ROOT } from './node-table.js';
import type { TreeOptions } from './tree-state.js';
import { TreeState } from './tree-state.js';

const NO_BYTES = Buffer.alloc(0);

export type TreeErrorCode = 'NO_PARENT' | 'NO_ROOT' | 'BAD_COUNT' | 'BAD_LENGTH' | 'UNFINISHED';

/** A serialized tree that cannot be one. */
export class TreeError extends Error {
  override readonly name = 'TreeError';
  constructor(
    readonly code: TreeErrorCode,
    message: string,
  ) {
    super(message);
  }
}

const SLASH = 0x2f;
const TWO_32 = 0x1_0000_0000;

/**
 * Builds a tree from its serialized form (`TreeSnapshot` has the grammar), item by item, so that loading can be done in
 * slices while bytes arrive. It takes what Java's fuzzy snapshots hold: nodes in any order in which parents come first,
 * ACL ids that no list explains, a node that comes twice (the last one counts).
 */
export class TreeLoader {
  private readonly state: TreeState;
  private aclsLeft = -1;
  private rootRead = false;
  private complete = false;
  private source: Buffer = Buffer.alloc(0);
  private view: DataView = new DataView(new ArrayBuffer(0));

  constructor(
    options: TreeOptions,
    private readonly makeTree: (state: TreeState) => DataTree,
  ) {
    this.state = new TreeState(options);
  }

  /** Nodes read so far. */
  get nodeCount(): number {
    return this.rootRead ? this.state.nodes.rows.count : 0;
  }

  /**
   * Reads one item (the ACL count, an ACL list, a node, or the closing "/") and stores it. True when the tree is complete.
   *
   * When the bytes end inside the item it throws `JuteError` TRUNCATED and has stored nothing, but `r` has moved on: note
   * `r.offset` before each call, and call again from there with more bytes. Throws `TreeError` when what it reads cannot
   * be a tree.
   */
  readItem(r: JuteReader): boolean {
    if (this.complete) return true;
    if (this.aclsLeft < 0) {
      this.aclsLeft = checkCount(r.int(), 'ACL lists');
    } else if (this.aclsLeft > 0) {
      const id = r.longLossy();
      this.state.acls.load(id, readAclList(r));
      this.aclsLeft--;
    } else {
      this.readNode(r);
    }
    return this.complete;
  }

  private readNode(r: JuteReader): void {
    const pathLength = Math.max(0, readLength(r, 'path'));
    const pathAt = r.skip(pathLength);
    if (pathLength === 1 && r.source[pathAt] === SLASH) {
      this.complete = true;
      return;
    }
    const dataLength = readLength(r, 'data');
    const dataAt = r.skip(Math.max(0, dataLength));
    const tailAt = r.skip(PERSISTED_SIZE);
    if (r.source !== this.source) this.readFrom(r.source);
    this.state.nodes.key.setUtf8(r.source, pathAt, pathAt + pathLength);
    this.add(dataAt, dataLength, tailAt);
  }

  private readFrom(source: Buffer): void {
    this.source = source;
    this.view = new DataView(source.buffer, source.byteOffset, source.length);
  }

  /** The tree, with its quotas counted and unused ACL lists forgotten. Set `lastProcessedZxid`, then expect its digest. */
  finish(): DataTree {
    if (!this.complete) throw new TreeError('UNFINISHED', 'the serialized tree is not complete');
    if (!this.rootRead) throw new TreeError('NO_ROOT', 'the serialized tree has no root');
    this.state.acls.purgeUnused();
    this.state.loadQuotas();
    return this.makeTree(this.state);
  }

  /** The node that the key names; data and the numbers behind it stand in the source. */
  private add(dataAt: number, dataLength: number, tailAt: number): void {
    const { state, view } = this;
    const row = this.rowFor(dataAt, dataLength, tailAt);
    const aclId = view.getInt32(tailAt + PersistedAt.acl) * TWO_32 + view.getUint32(tailAt + PersistedAt.acl + 4);
    state.nodes.put(row, Field.acl, state.acls.useId(aclId));
    const ownerAt = tailAt + PersistedAt.ephemeralOwner;
    if (view.getInt32(ownerAt) !== 0 || view.getInt32(ownerAt + 4) !== 0) {
      state.owners.add(row, view.getBigInt64(ownerAt));
    }
    state.digestNew(row);
  }

  private rowFor(dataAt: number, dataLength: number, tailAt: number): NodeRef {
    const { nodes } = this.state;
    if (nodes.key.lastSlash < 0) {
      if (this.rootRead) this.state.forget(ROOT);
      this.rootRead = true;
      return this.fill(ROOT, dataAt, dataLength, tailAt);
    }
    const parent = this.rootRead ? nodes.locateParent() : NO_NODE;
    if (parent === NO_NODE) throw this.orphan();
    const existing = nodes.locate();
    if (existing === NO_NODE) return this.state.addPersistedRow(parent, this.view, dataAt, dataLength, tailAt);
    this.state.forget(existing);
    return this.fill(existing, dataAt, dataLength, tailAt);
  }

  private fill(row: NodeRef, dataAt: number, dataLength: number, tailAt: number): NodeRef {
    this.state.refill(row, dataLength < 0 ? null : this.source.subarray(dataAt, dataAt + dataLength));
    this.state.nodes.putPersisted(row, this.view, tailAt);
    return row;
  }

  private orphan(): TreeError {
    const { bytes, start, end } = this.state.nodes.key;
    const path = Buffer.from(bytes.subarray(start, end)).toString('utf8');
    return new TreeError('NO_PARENT', `the node ${path} comes before its parent`);
  }
}

function checkCount(count: number, what: string): number {
  if (count < 0) throw new TreeError('BAD_COUNT', `the serialized tree claims ${count} ${what}`);
  return count;
}

/** Unlike the reader's own, this tells missing bytes (more may come) from a length that can never be. -1: null. */
function readLength(r: JuteReader, what: string): number {
  const length = r.int();
  if (length < -1) throw new TreeError('BAD_LENGTH', `the serialized tree has a ${what} of ${length} bytes`);
  return length;
}

function readBytes(r: JuteReader, what: string): Buffer | null {
  const length = readLength(r, what);
  return length === -1 ? null : r.raw(length);
}

function readAclList(r: JuteReader): Acl[] {
  const count = checkCount(r.int(), 'entries of an ACL list');
  const list: Acl[] = [];
  for (let i = 0; i < count; i++) {
    const perms = r.int();
    const scheme = decodeUtf8(readBytes(r, 'scheme') ?? NO_BYTES);
    const id = decodeUtf8(readBytes(r, 'id') ?? NO_BYTES);
    list.push({ perms, id: { scheme, id } });
  }
  return list;
}
