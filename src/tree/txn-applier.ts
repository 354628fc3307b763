import type {
  Acl,
  CloseSessionTxn,
  CreateContainerTxn,
  CreateTtlTxn,
  CreateTxn,
  DeleteTxn,
  MultiTxn,
  SetAclTxn,
  SetDataTxn,
  Txn,
  TxnHeader,
} from '../protocol/index.js';
import { CONTAINER_OWNER, ErrorCode, OpCode, ttlOwner } from '../protocol/index.js';
import type { NodeRef } from './node-table.js';
import { Field, NO_NODE } from './node-table.js';
import { statOf } from './stat-view.js';
import type { TreeState } from './tree-state.js';
import { ChangedNode, done, fixed, type TxnResult } from './txn-result.js';
import type { Watches } from './watches.js';

type AnyCreateTxn = CreateTxn | CreateContainerTxn | CreateTtlTxn;

/**
 * Applies transactions with the outcomes of ZooKeeper's DataTree.processTxn, also where a fuzzy snapshot holds what the
 * log repeats: a create finds its node (NodeExists; the node takes the ACL, and for plain creates the parent its cversion
 * and pzxid), a delete finds none (NoNode; the parent takes the pzxid).
 * Watches fire after each change, before the next part of a multi.
 */
export class TxnApplier {
  constructor(
    private readonly state: TreeState,
    private readonly watches: Watches,
  ) {}

  apply(header: TxnHeader, txn: Txn): TxnResult {
    switch (txn.type) {
      case OpCode.create:
      case OpCode.create2:
        return this.create(header, txn, txn.ephemeral ? header.clientId : 0n);
      case OpCode.createContainer:
        return this.create(header, txn, CONTAINER_OWNER);
      case OpCode.createTTL:
        return this.create(header, txn, ttlOwner(txn.ttlMs));
      case OpCode.delete:
      case OpCode.deleteContainer:
        return this.delete(header, txn);
      case OpCode.setData:
      case OpCode.reconfig:
        return this.setData(header, txn);
      case OpCode.setACL:
        return this.setAcl(txn);
      case OpCode.check:
        return done(txn.type, 0, txn.path, null);
      case OpCode.closeSession:
        this.closeSession(header, txn);
        return done(txn.type, 0, null, null);
      case OpCode.createSession:
        return done(txn.type, 0, null, null);
      case OpCode.error:
        return done(txn.type, txn.err, null, null);
      case OpCode.multi:
        return this.multi(header, txn);
    }
  }

  private create(header: TxnHeader, txn: AnyCreateTxn, owner: bigint): TxnResult {
    const { state } = this;
    const { path, acl } = txn;
    const made = state.create(path, txn.data, acl, owner, txn.parentCVersion, header.zxid, header.time);
    if (made < 0) return done(txn.type, this.refusedCreate(header, txn, made), path, null);
    if (this.watches.count > 0) {
      this.watches.fireCreated(path, header.zxid, acl, this.aclOf(state.nodes.get(made, Field.parent)));
    }
    return this.createdResult(txn, made);
  }

  /** The answer shows what was asked for: a node that counts for a quota has its count already. */
  private createdResult({ type, path, data }: AnyCreateTxn, row: NodeRef): TxnResult {
    const { nodes } = this.state;
    const dataLength = data === null ? 0 : data.length;
    if (nodes.get(row, Field.dataLength) === (data === null ? -1 : dataLength)) {
      return new ChangedNode(type, path, nodes, row);
    }
    return done(type, 0, path, { ...statOf(nodes, row), dataLength });
  }

  /**
   * The node is there already and its parent may be older than this create: the child of an earlier session was in the
   * snapshot under its later owner, so that the replayed closeSession did not remove it. ZooKeeper mends plain creates only.
   */
  private refusedCreate(header: TxnHeader, txn: AnyCreateTxn, err: number): number {
    if (err === ErrorCode.nodeExists && txn.type === OpCode.create) {
      this.state.nodes.key.set(txn.path);
      this.state.raiseCversion(this.state.nodes.locateParent(), txn.parentCVersion, header.zxid);
    }
    return err;
  }

  private delete(header: TxnHeader, txn: DeleteTxn): TxnResult {
    return done(txn.type, this.deletePath(txn.path, header.zxid), txn.path, null);
  }

  private deletePath(path: string, zxid: number): number {
    const { state } = this;
    if (this.watches.count === 0) return state.delete(path, zxid);
    const row = state.nodes.find(path);
    if (row === NO_NODE) return state.delete(path, zxid);
    const acl = this.aclOf(row);
    const parent = state.nodes.get(row, Field.parent);
    const err = state.delete(path, zxid);
    if (err === 0) this.watches.fireDeleted(path, zxid, acl, this.aclOf(parent));
    return err;
  }

  private setData(header: TxnHeader, txn: SetDataTxn): TxnResult {
    const { path, data, version } = txn;
    const row = this.state.nodes.find(path);
    if (row === NO_NODE) return done(txn.type, ErrorCode.noNode, path, null);
    this.state.setData(row, path, data, version, header.zxid, header.time);
    if (this.watches.count > 0) this.watches.fireDataChanged(path, header.zxid, this.aclOf(row));
    return new ChangedNode(txn.type, path, this.state.nodes, row);
  }

  private setAcl(txn: SetAclTxn): TxnResult {
    const row = this.state.nodes.find(txn.path);
    if (row === NO_NODE) return done(txn.type, ErrorCode.noNode, txn.path, null);
    this.state.setAcl(row, txn.acl, txn.version);
    return new ChangedNode(txn.type, txn.path, this.state.nodes, row);
  }

  /**
   * Deletes the paths that the transaction lists, whoever owns them, then what else the session owns here: more than
   * listed only over a fuzzy snapshot, everything when the log has no lists (ZOOKEEPER-2355, 3145).
   */
  private closeSession(header: TxnHeader, txn: CloseSessionTxn): void {
    for (const path of txn.paths ?? []) this.deletePath(path, header.zxid);
    const { nodes, owners } = this.state;
    const left = Array.from(owners.ephemerals(header.clientId), (row) => nodes.path(row));
    for (const path of left) this.deletePath(path, header.zxid);
  }

  private multi(header: TxnHeader, multi: MultiTxn): TxnResult {
    const failed = multi.txns.some((txn) => txn.type === OpCode.error);
    const results = failed ? failedParts(multi) : multi.txns.map((txn) => fixed(this.apply(header, txn)));
    const err = results.find((result) => result.err !== 0)?.err ?? 0;
    return { type: OpCode.multi, err, path: null, stat: null, multi: results };
  }

  private aclOf(row: NodeRef): readonly Acl[] {
    return this.state.acls.list(this.state.nodes.get(row, Field.acl));
  }
}

/** A multi with an error in it changes nothing: the parts before the error are fine, those behind it were not tried. */
function failedParts(multi: MultiTxn): TxnResult[] {
  const results: TxnResult[] = [];
  let behind = false;
  for (const txn of multi.txns) {
    if (txn.type === OpCode.error) {
      behind = true;
      results.push(done(OpCode.error, txn.err, null, null));
    } else {
      results.push(done(OpCode.error, behind ? ErrorCode.runtimeInconsistency : ErrorCode.ok, null, null));
    }
  }
  return results;
}
