import type { JuteReader } from '../jute/index.js';
import type { Acl } from '../protocol/index.js';
import type { DataTree } from './data-tree.js';
import type { NodeRef } from './node-table.js';
import { Field, NO_NODE, ROOT, StatAt } from './node-table.js';
import type { TreeOptions } from './tree-state.js';
import { TreeState } from './tree-state.js';

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

/** `long acl` and the persisted stat: `long czxid, mzxid, ctime, mtime; int version, cversion, aversion; long owner, pzxid`. */
const NODE_TAIL_BYTES = 68;
const TAIL = { acl: 0, czxid: 8, cversion: 44, owner: 52, pzxid: 60 } as const;
const CZXID_TO_AVERSION_WORDS = 11;
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
    const data = readBytes(r, 'data');
    const tailAt = r.skip(NODE_TAIL_BYTES);
    this.state.nodes.key.setUtf8(r.source, pathAt, pathAt + pathLength);
    this.add(data, r.source, tailAt);
  }

  /** The tree, with its quotas counted and unused ACL lists forgotten. Set `lastProcessedZxid`, then expect its digest. */
  finish(): DataTree {
    if (!this.complete) throw new TreeError('UNFINISHED', 'the serialized tree is not complete');
    if (!this.rootRead) throw new TreeError('NO_ROOT', 'the serialized tree has no root');
    this.state.acls.purgeUnused();
    this.state.loadQuotas();
    return this.makeTree(this.state);
  }

  /** The node that the key names; the rest of it stands at `tail` of `bytes`. */
  private add(data: Buffer | null, bytes: Buffer, tail: number): void {
    const { nodes } = this.state;
    const row = nodes.key.lastSlash < 0 ? this.root(data) : this.rowFor(data);
    const aclId = intAt(bytes, tail + TAIL.acl) * TWO_32 + (intAt(bytes, tail + TAIL.acl + 4) >>> 0);
    nodes.put(row, Field.acl, this.state.acls.useId(aclId));
    const stat = nodes.blockView(row);
    const at = nodes.statOffset(row);
    for (let word = 0; word < CZXID_TO_AVERSION_WORDS; word++) {
      stat.setInt32(at + word * 4, intAt(bytes, tail + TAIL.czxid + word * 4));
    }
    stat.setInt32(at + StatAt.pzxid, intAt(bytes, tail + TAIL.pzxid));
    stat.setInt32(at + StatAt.pzxid + 4, intAt(bytes, tail + TAIL.pzxid + 4));
    nodes.setCversion(row, intAt(bytes, tail + TAIL.cversion));
    if (intAt(bytes, tail + TAIL.owner) !== 0 || intAt(bytes, tail + TAIL.owner + 4) !== 0) {
      this.state.owners.add(row, bytes.readBigInt64BE(tail + TAIL.owner));
    }
    this.state.digestNew(row);
  }

  private root(data: Buffer | null): NodeRef {
    if (this.rootRead) this.state.forget(ROOT);
    this.rootRead = true;
    this.state.refill(ROOT, data);
    return ROOT;
  }

  private rowFor(data: Buffer | null): NodeRef {
    const { nodes } = this.state;
    const parent = this.rootRead ? nodes.locateParent() : NO_NODE;
    if (parent === NO_NODE) {
      const { bytes, start, end } = nodes.key;
      const path = Buffer.from(bytes.subarray(start, end)).toString('utf8');
      throw new TreeError('NO_PARENT', `the node ${path} comes before its parent`);
    }
    const existing = nodes.locate();
    if (existing === NO_NODE) return this.state.addRow(parent, data, nodes.key.textLength);
    this.state.forget(existing);
    this.state.refill(existing, data);
    return existing;
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

function intAt(b: Buffer, at: number): number {
  return (
    ((b[at] as number) << 24) | ((b[at + 1] as number) << 16) | ((b[at + 2] as number) << 8) | (b[at + 3] as number)
  );
}

function readAclList(r: JuteReader): Acl[] {
  const count = checkCount(r.int(), 'entries of an ACL list');
  const list: Acl[] = [];
  for (let i = 0; i < count; i++) {
    const perms = r.int();
    const scheme = readBytes(r, 'scheme')?.toString('utf8') ?? '';
    const id = readBytes(r, 'id')?.toString('utf8') ?? '';
    list.push({ perms, id: { scheme, id } });
  }
  return list;
}
