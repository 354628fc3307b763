import { ErrorCode, OpCode, type TxnEntry } from '../../../../src/protocol/index.js';
import { Database } from '../../../../src/storage/index.js';
import { AclCache } from '../../../../src/tree/acl-cache.js';
import { DataTree } from '../../../../src/tree/index.js';
import { StatAt } from '../../../../src/tree/node-table.js';
import { TreeSnapshot } from '../../../../src/tree/tree-snapshot.js';
import { TreeState } from '../../../../src/tree/tree-state.js';
import { TxnApplier } from '../../../../src/tree/txn-applier.js';
import { field, mutant, part, together } from '../mutant.js';

/*
 * Snapshots that are taken while transactions go on. Each makes our classes do what ZooKeeper's did; the histories
 * of test/known-bugs show what comes of it.
 */

export const FUZZY_SNAPSHOTS = together(
  'snapshots are fuzzy',
  'a snapshot is of one moment: what is about to change is preserved first (ZOOKEEPER-3104, 3125 and its family)',
  part(TreeSnapshot.prototype, 'beforeChange', () => () => undefined),
  part(TreeSnapshot.prototype, 'created', () => () => undefined),
);

export const PZXID_OF_THE_MISSING = mutant(
  'a repeated delete leaves the pzxid alone',
  'the replay of a delete sets the pzxid of the parent, also when the node is gone (ZOOKEEPER-3125)',
  TreeState.prototype,
  'delete',
  (original) => {
    return function (this: object, ...args: unknown[]) {
      const nodes = field(this, 'nodes') as { find(path: unknown): number };
      return nodes.find(args[0]) < 0 ? ErrorCode.noNode : Reflect.apply(original, this, args);
    };
  },
);

export const CVERSION_REVERTED = mutant(
  'a repeated create turns the parent back',
  'the replay of a create never lowers cversion and pzxid (ZOOKEEPER-3249)',
  TreeState.prototype,
  'raiseCversion',
  () => {
    return function (this: object, row: unknown, wanted: unknown, zxid: unknown) {
      const nodes = field(this, 'nodes') as { setCversion(...a: unknown[]): void; putLong(...a: unknown[]): void };
      nodes.setCversion(row, wanted);
      nodes.putLong(row, StatAt.pzxid, zxid);
    };
  },
);

export const UNLISTED_PATHS_ONLY = mutant(
  'closeSession goes by owners alone',
  'closeSession deletes what it lists, also what is gone in a fuzzy snapshot (ZOOKEEPER-3145)',
  TxnApplier.prototype,
  'closeSession',
  (original) => {
    return function (this: object, header: unknown, txn: unknown) {
      return Reflect.apply(original, this, [header, { ...(txn as object), paths: [] }]);
    };
  },
);

export const UNKNOWN_ACL_REFUSED = mutant(
  'an ACL id that nobody explains ends the loading',
  'an ACL that was made while a snapshot was written comes from the log (ZOOKEEPER-4846)',
  AclCache.prototype,
  'useId',
  (original) => {
    return function (this: object, id: unknown) {
      const known = field(this, 'slotOfId') as ReadonlyMap<unknown, number>;
      if (id !== -1 && !known.has(id)) throw new Error(`no ACL list has the number ${String(id)}`);
      return Reflect.apply(original, this, [id]);
    };
  },
);

export const SESSIONS_LATER = mutant(
  'sessions are noted a moment later than their transaction',
  'sessions and tree change in one turn, and are written as of one moment (ZOOKEEPER-3144)',
  Database.prototype,
  'applyNext',
  (original) => {
    return function (this: object) {
      const applied = Reflect.apply(original, this, []) as { entry: TxnEntry };
      const { header, txn } = applied.entry;
      if (txn.type !== OpCode.createSession) return applied;
      const { sessions } = this as Database;
      sessions.delete(header.clientId);
      const { clock } = field(this, 'host') as { clock: { after(delayMs: number, fn: () => void): unknown } };
      clock.after(1, () => sessions.set(header.clientId, txn.timeoutMs));
      return applied;
    };
  },
);

export const ZXID_BEFORE_ITS_PARTS = mutant(
  'a zxid counts as applied before its parts are',
  'the last zxid of a tree moves when all of a multi is in it (ZOOKEEPER-3127)',
  DataTree.prototype,
  'apply',
  (original) => {
    return function (this: object, ...args: unknown[]) {
      const [header] = args as [{ zxid: number }];
      (this as DataTree).lastProcessedZxid = Math.max((this as DataTree).lastProcessedZxid, header.zxid);
      return Reflect.apply(original, this, args);
    };
  },
);
