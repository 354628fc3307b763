import type { Acl, OwnerKind } from '../protocol/index.js';
import { ownerKind } from '../protocol/index.js';
import type { DataTree, DigestStat, NodeRef } from '../tree/index.js';

const NO_ACL: readonly Acl[] = [];

/** A node as it will be once everything proposed is applied: what the next request is judged by. */
export class PendingNode implements DigestStat {
  /** False: a pending transaction deletes it. */
  exists = true;
  /** The newest pending transaction that changes it; 0 when there is none (it is as the tree has it). */
  changedBy = 0;
  /** A pending transaction made it: the tree does not know it under its present owner. */
  isNew = false;
  czxid = 0;
  mzxid = 0;
  pzxid = 0;
  ctime = 0;
  mtime = 0;
  version = 0;
  /** How many children were ever created. */
  cversion = 0;
  aversion = 0;
  childCount = 0;
  dataLength = 0;
  ephemeralOwner = 0n;
  kind: OwnerKind = 'persistent';
  acl = NO_ACL;
  /** CRC of path and data, and what the node counts for in the tree's digest; 0 where there are no digests. */
  content = 0;
  digest = 0;

  constructor(readonly path: string) {}

  /** The node as the tree has it. */
  static load(tree: DataTree, ref: NodeRef, path: string): PendingNode {
    const node = new PendingNode(path);
    node.czxid = tree.czxid(ref);
    node.mzxid = tree.mzxid(ref);
    node.pzxid = tree.pzxid(ref);
    node.ctime = tree.ctime(ref);
    node.mtime = tree.mtime(ref);
    node.version = tree.version(ref);
    node.cversion = tree.cversion(ref);
    node.aversion = tree.aversion(ref);
    node.childCount = tree.childCount(ref);
    node.dataLength = tree.dataLength(ref);
    node.ephemeralOwner = tree.ephemeralOwner(ref);
    node.kind = tree.ownerKind(ref);
    node.acl = tree.acl(ref);
    node.content = tree.contentDigest(ref);
    node.digest = tree.nodeDigest(ref);
    return node;
  }

  /** Makes it a node that has just been created; its content and digest are the caller's to set. */
  begin(zxid: number, time: number, owner: bigint, acl: readonly Acl[], dataLength: number, extended: boolean): void {
    this.exists = true;
    this.isNew = true;
    this.czxid = zxid;
    this.mzxid = zxid;
    this.pzxid = zxid;
    this.ctime = time;
    this.mtime = time;
    this.version = 0;
    this.cversion = 0;
    this.aversion = 0;
    this.childCount = 0;
    this.dataLength = dataLength;
    this.ephemeralOwner = owner;
    this.kind = ownerKind(owner, extended);
    this.acl = acl;
  }

  copy(): PendingNode {
    return Object.assign(new PendingNode(this.path), this);
  }

  restore(before: PendingNode): void {
    Object.assign(this, before);
  }
}
