import type { Access } from '../auth/index.js';
import {
  type Acl,
  CONTAINER_OWNER,
  type CreateMode,
  createModeOf,
  type CreateRequest,
  type DeleteContainerRequest,
  type DeleteRequest,
  ErrorCode,
  type Id,
  MAX_TTL_MS,
  type MultiOp,
  OpCode,
  ownerTtlMs,
  pathFault,
  Perms,
  type SetAclRequest,
  type SetDataRequest,
  ttlOwner,
  type Txn,
} from '../protocol/index.js';
import { CONFIG_PATH, QUOTA_ROOT, ZOOKEEPER_PATH } from '../tree/index.js';
import type { ChangeStamp, PendingChanges } from './pending-changes.js';
import type { PendingNode } from './pending-node.js';
import type { QuotaRules } from './quota-rules.js';
import type { SessionOwner, SessionRules } from './session-rules.js';
import type { TransactionRoom } from './transaction-room.js';

/** On whose behalf, and as which transaction, something is asked for. */
export interface Petition extends ChangeStamp {
  /** 0 for the server's own requests. */
  readonly sessionId: bigint;
  readonly owner: SessionOwner;
  readonly auth: readonly Id[];
  /** What is left of the transaction that it becomes. */
  readonly room: TransactionRoom;
}

/** The transaction that does what was asked for (its changes are pending then), or the `ErrorCode` that refuses it. */
export type Verdict = Txn | number;

/** Nodes that no request deletes. */
const SPECIAL_PATHS: ReadonlySet<string> = new Set(['/', ZOOKEEPER_PATH, QUOTA_ROOT, CONFIG_PATH]);

/**
 * Judges requests about single nodes, in ZooKeeper's order of checks (its `PrepRequestProcessor`): which error a request
 * with several faults gets is part of the protocol.
 */
export class NodeRules {
  constructor(
    private readonly pending: PendingChanges,
    private readonly sessions: SessionRules,
    private readonly access: Access,
    private readonly quotas: QuotaRules,
    private readonly extendedTypes: boolean,
  ) {}

  judge(op: MultiOp, petition: Petition): Verdict {
    switch (op.type) {
      case OpCode.setData:
        return this.setData(op, petition);
      case OpCode.delete:
        return this.delete(op, petition);
      case OpCode.check:
        return this.check(op, petition);
      default:
        return this.create(op, petition);
    }
  }

  private create(op: CreateRequest, petition: Petition): Verdict {
    const mode = createModeOf(op.flags);
    if (mode === undefined) return ErrorCode.badArguments;
    if (mode.ttl && !this.extendedTypes) return ErrorCode.unimplemented;
    if (!fitsTtl(op, mode)) return ErrorCode.badArguments;
    const { sessionId, owner, auth } = petition;
    const err = mode.ephemeral ? this.sessions.checkGlobal(sessionId, owner) : this.sessions.check(sessionId, owner);
    if (err !== 0) return err;
    if (op.path === null) return ErrorCode.marshallingError;
    const parentPath = parentOf(op.path);
    if (parentPath === null) return ErrorCode.badArguments;
    const acl = this.fixup(op.acl, petition);
    if (typeof acl === 'number') return acl;
    const parent = this.pending.find(parentPath);
    if (parent === null) return ErrorCode.noNode;
    if (!this.access.allows(parent.acl, Perms.create, auth, op.path, acl)) return ErrorCode.noAuth;
    const path = mode.sequential ? op.path + sequenceText(parent.cversion) : op.path;
    if (pathFault(path) !== null) return ErrorCode.badArguments;
    if (this.pending.exists(path)) return ErrorCode.nodeExists;
    if (parent.kind === 'ephemeral') return ErrorCode.noChildrenForEphemerals;
    const exceeded = this.quotas.check(path, op.data === null ? 0 : op.data.length, 1);
    if (exceeded !== 0) return exceeded;
    const txn = createTxn(op, mode, path, acl, (parent.cversion + 1) | 0);
    if (!petition.room.admits(txn)) return ErrorCode.marshallingError;
    this.pending.create(parent, path, ownerOf(txn, sessionId), acl, op.data, petition);
    return txn;
  }

  private delete(op: DeleteRequest, petition: Petition): Verdict {
    const { sessionId, owner, auth } = petition;
    const err = this.sessions.check(sessionId, owner);
    if (err !== 0) return err;
    const { path } = op;
    if (path === null) return ErrorCode.marshallingError;
    const parentPath = SPECIAL_PATHS.has(path) ? null : parentOf(path);
    if (parentPath === null) return ErrorCode.badArguments;
    const parent = this.pending.find(parentPath);
    if (parent === null) return ErrorCode.noNode;
    if (!this.access.allows(parent.acl, Perms.delete, auth, path)) return ErrorCode.noAuth;
    const node = this.pending.find(path);
    if (node === null) return ErrorCode.noNode;
    if (!fitsVersion(node.version, op.version)) return ErrorCode.badVersion;
    if (node.childCount > 0) return ErrorCode.notEmpty;
    const txn = { type: OpCode.delete, path };
    if (!petition.room.admits(txn)) return ErrorCode.marshallingError;
    this.pending.remove(parent, node, petition);
    return txn;
  }

  /**
   * Deletes a node that is no ephemeral's if it is empty, whatever its version. Meant for the server's own search for unused
   * containers. ZooKeeper asks clients that send it for no permission, with which anybody can delete any empty node; here
   * they need what a delete needs.
   */
  deleteContainer(op: DeleteContainerRequest, petition: Petition): Verdict {
    const { path } = op;
    if (path === null) return ErrorCode.marshallingError;
    const parentPath = SPECIAL_PATHS.has(path) ? null : parentOf(path);
    if (parentPath === null) return ErrorCode.badArguments;
    const node = this.pending.find(path);
    if (node === null) return ErrorCode.noNode;
    if (node.childCount > 0) return ErrorCode.notEmpty;
    if (node.kind === 'ephemeral') return ErrorCode.badVersion;
    const parent = this.pending.find(parentPath);
    if (parent === null) return ErrorCode.noNode;
    const { auth, owner, sessionId, time } = petition;
    if (sessionId === 0n) {
      // It may have been refreshed since the search looked at what was applied.
      if (node.kind === 'ttl' && time - node.mtime <= ownerTtlMs(node.ephemeralOwner)) return ErrorCode.badVersion;
    } else {
      const err = this.sessions.check(sessionId, owner);
      if (err !== 0) return err;
      if (!this.access.allows(parent.acl, Perms.delete, auth, path)) return ErrorCode.noAuth;
    }
    this.pending.remove(parent, node, petition);
    return { type: OpCode.deleteContainer, path };
  }

  private setData(op: SetDataRequest, petition: Petition): Verdict {
    const found = this.findFor(op.path, petition, Perms.write);
    if (typeof found === 'number') return found;
    const { data } = op;
    const exceeded = this.quotas.check(found.path, (data === null ? 0 : data.length) - found.dataLength, 0);
    if (exceeded !== 0) return exceeded;
    if (!fitsVersion(found.version, op.version)) return ErrorCode.badVersion;
    const version = nextVersion(found.version);
    const txn = { type: OpCode.setData, path: found.path, data, version };
    if (!petition.room.admits(txn)) return ErrorCode.marshallingError;
    this.pending.setData(found, data, version, petition);
    return txn;
  }

  setAcl(op: SetAclRequest, petition: Petition): Verdict {
    const { sessionId, owner, auth } = petition;
    const err = this.sessions.check(sessionId, owner);
    if (err !== 0) return err;
    const { path } = op;
    if (path === null || pathFault(path) !== null) return ErrorCode.badArguments;
    const acl = this.fixup(op.acl, petition);
    if (typeof acl === 'number') return acl;
    const node = this.pending.find(path);
    if (node === null) return ErrorCode.noNode;
    if (!this.access.allows(node.acl, Perms.admin, auth, path, acl)) return ErrorCode.noAuth;
    if (!fitsVersion(node.aversion, op.version)) return ErrorCode.badVersion;
    const version = nextVersion(node.aversion);
    const txn = { type: OpCode.setACL, path, acl, version };
    if (!petition.room.admits(txn)) return ErrorCode.marshallingError;
    this.pending.setAcl(node, acl, version, petition);
    return txn;
  }

  /** The list that a node gets for the one asked for, or the error. */
  private fixup(asked: readonly Acl[] | null, { auth, room }: Petition): readonly Acl[] | number {
    const acl = this.access.fixup(asked, auth, room.bytesLeft);
    if (acl === ErrorCode.marshallingError) room.exceed();
    return acl;
  }

  private check(op: DeleteRequest, petition: Petition): Verdict {
    const found = this.findFor(op.path, petition, Perms.read);
    if (typeof found === 'number') return found;
    if (!fitsVersion(found.version, op.version)) return ErrorCode.badVersion;
    const txn = { type: OpCode.check, path: found.path, version: nextVersion(found.version) };
    return petition.room.admits(txn) ? txn : ErrorCode.marshallingError;
  }

  private findFor(path: string | null, petition: Petition, perm: number): PendingNode | number {
    const err = this.sessions.check(petition.sessionId, petition.owner);
    if (err !== 0) return err;
    if (path === null || pathFault(path) !== null) return ErrorCode.badArguments;
    const node = this.pending.find(path);
    if (node === null) return ErrorCode.noNode;
    return this.access.allows(node.acl, perm, petition.auth, path) ? node : ErrorCode.noAuth;
  }
}

/** "" for children of the root; null when it has no parent or cannot be looked up. */
export function parentOf(path: string): string | null {
  const slash = path.lastIndexOf('/');
  return slash < 0 || path.includes('\0') ? null : path.slice(0, slash);
}

/**
 * TTL nodes live from 1 ms to 34 years, other nodes have no TTL. createTTL without a TTL mode is refused, too: ZooKeeper logs
 * a TTL of -1 then, on which every server dies.
 */
function fitsTtl({ type, ttlMs }: CreateRequest, mode: CreateMode): boolean {
  if (mode.ttl) return ttlMs > 0 && ttlMs <= MAX_TTL_MS;
  return ttlMs < 0 && type !== OpCode.createTTL;
}

function fitsVersion(actual: number, wanted: number): boolean {
  return wanted === -1 || wanted === actual;
}

/** Versions wrap at 32 bits. -1 is skipped: as a wanted version it would fit every node (ZOOKEEPER-4743). */
function nextVersion(version: number): number {
  const next = (version + 1) | 0;
  return next === -1 ? 0 : next;
}

/** What a sequential node's name ends with: ten characters, more only for the lowest number. */
function sequenceText(cversion: number): string {
  return cversion < 0 ? `-${String(-cversion).padStart(9, '0')}` : String(cversion).padStart(10, '0');
}

type CreatingTxn = Extract<Txn, { readonly parentCVersion: number }>;

function createTxn(
  { type, data, ttlMs }: CreateRequest,
  mode: CreateMode,
  path: string,
  acl: CreatingTxn['acl'],
  parentCVersion: number,
): CreatingTxn {
  switch (type) {
    case OpCode.createContainer:
      return { type, path, data, acl, parentCVersion };
    case OpCode.createTTL:
      return { type, path, data, acl, parentCVersion, ttlMs };
    default:
      return { type, path, data, acl, ephemeral: mode.ephemeral, parentCVersion };
  }
}

/** The owner that the node will have: decided by the transaction, for that is what servers apply. */
function ownerOf(txn: CreatingTxn, sessionId: bigint): bigint {
  switch (txn.type) {
    case OpCode.createContainer:
      return CONTAINER_OWNER;
    case OpCode.createTTL:
      return ttlOwner(txn.ttlMs);
    default:
      return txn.ephemeral ? sessionId : 0n;
  }
}
