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
  /** It stands in the table of `PendingChanges`, changed or not. */
  isKept = false;
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

  /** Makes it the node as the tree has it. */
  load(tree: DataTree, ref: NodeRef): this {
    this.exists = true;
    this.isNew = false;
    tree.readNumbers(ref, this);
    this.ephemeralOwner = tree.ephemeralOwner(ref);
    this.kind = tree.ownerKind(ref);
    this.acl = tree.acl(ref);
    this.content = tree.contentDigest(ref);
    this.digest = tree.nodeDigest(ref);
    return this;
  }

  /** Nothing is known of it. */
  forget(): void {
    this.exists = false;
    this.isNew = false;
    this.content = 0;
    this.digest = 0;
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
