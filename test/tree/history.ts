import * as fc from 'fast-check';
import type { Acl, Txn, TxnHeader } from '../../src/protocol/index.js';
import { ErrorCode, OpCode, ownerKind } from '../../src/protocol/index.js';
import { Model, parentOf } from './model.js';

export interface Step {
  readonly header: TxnHeader;
  readonly txn: Txn;
}

/** Raw numbers, so that fast-check can shrink a history; `toStep` makes of each what is valid at that moment. */
export interface Draw {
  readonly kind: number;
  readonly pick: number;
  readonly detail: number;
  readonly size: number;
}

export const draws = (maxLength: number): fc.Arbitrary<Draw[]> =>
  fc.array(fc.record({ kind: fc.nat(99), pick: fc.nat(99), detail: fc.nat(99), size: fc.nat(160) }), { maxLength });

const PATHS = ['/a', '/b', '/a/x', '/a/y', '/a/x/1', '/a/x/2', '/a/x/1/deep', '/b/x', '/zookeeper/z', '/ü/中', '/ü'];
const SESSIONS = [0x1234_5678_9abc_0001n, -0x7edc_ba98_7654_3211n, 3n];
const ACLS: readonly (readonly Acl[] | null)[] = [
  null,
  [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }],
  [{ perms: 1, id: { scheme: 'world', id: 'anyone' } }],
  [
    { perms: 3, id: { scheme: 'digest', id: 'bob:x' } },
    { perms: 1, id: { scheme: 'world', id: 'anyone' } },
  ],
];
const START_MS = 1_700_000_000_000;
const FIRST_ZXID = 0x5_0000_0001;

function pickFrom<T>(list: readonly T[], n: number): T {
  return list[n % list.length] as T;
}

/** A run of transactions such as a leader would log, each valid after those before it; `model` is the tree behind them. */
export class History {
  readonly model = Model.fresh();
  readonly steps: Step[] = [];

  constructor(picked: readonly Draw[]) {
    for (const draw of picked) this.add(draw);
  }

  get nextZxid(): number {
    return FIRST_ZXID + this.steps.length;
  }

  add(draw: Draw): Step {
    const zxid = this.nextZxid;
    const clientId = pickFrom(SESSIONS, draw.detail);
    const header = { clientId, cxid: zxid, zxid, time: START_MS + zxid, type: 0 };
    const txn = draw.kind >= 85 ? multiOf(draw, header, this.model) : single(draw, header, this.model);
    const step = { header: { ...header, type: txn.type }, txn };
    this.model.apply(step.header, step.txn);
    this.steps.push(step);
    return step;
  }
}

function multiOf(draw: Draw, header: TxnHeader, before: Model): Txn {
  const model = before.clone();
  const txns: Txn[] = [];
  for (let part = 0; part < 3; part++) {
    const txn = single({ ...draw, kind: (draw.pick + part * 31) % 70, pick: draw.pick + part }, header, model);
    model.apply(header, txn);
    txns.push(txn);
  }
  if (draw.detail % 5 === 0) txns.splice(1, 1, { type: OpCode.error, err: ErrorCode.badVersion });
  return { type: OpCode.multi, txns };
}

function single(draw: Draw, header: TxnHeader, model: Model): Txn {
  const existing = [...model.nodes.keys()].filter((path) => path !== '' && !path.startsWith('/zookeeper'));
  if (draw.kind < 40) return createTxn(draw, model) ?? setDataTxn(draw, model, existing);
  if (draw.kind < 55) return setDataTxn(draw, model, existing);
  if (draw.kind < 62) {
    const path = pickFrom([...existing, '/'], draw.pick);
    return { type: OpCode.setACL, path, acl: pickFrom(ACLS, draw.detail), version: model.node(path).aversion + 1 };
  }
  if (draw.kind < 75) {
    const leaves = existing.filter((path) => model.children(path).length === 0);
    if (leaves.length > 0) return { type: OpCode.delete, path: pickFrom(leaves, draw.pick) };
  }
  if (draw.kind < 80) return { type: OpCode.closeSession, paths: model.owned(header.clientId) };
  if (draw.kind < 82) return { type: OpCode.createSession, timeoutMs: 4000 };
  return { type: OpCode.error, err: ErrorCode.noNode };
}

function setDataTxn(draw: Draw, model: Model, existing: readonly string[]): Txn {
  const path = pickFrom([...existing, '/'], draw.pick);
  return { type: OpCode.setData, path, data: dataOf(draw), version: model.node(path).version + 1 };
}

function createTxn(draw: Draw, model: Model): Txn | null {
  const free = PATHS.filter((path) => {
    const parent = parentOf(path);
    return !model.has(path) && model.has(parent) && ownerKind(model.node(parent).owner, true) !== 'ephemeral';
  });
  if (free.length === 0) return null;
  const path = pickFrom(free, draw.pick);
  const common = {
    path,
    data: dataOf(draw),
    acl: pickFrom(ACLS, draw.detail),
    parentCVersion: model.node(parentOf(path)).cversion + 1,
  };
  switch (draw.kind % 6) {
    case 0:
      return { type: OpCode.createContainer, ...common };
    case 1:
      return { type: OpCode.createTTL, ...common, ttlMs: 1 + draw.size * 0x1_0000_0000 };
    case 2:
    case 3:
      return { type: OpCode.create, ...common, ephemeral: true };
    case 4:
      return { type: OpCode.create2, ...common, ephemeral: false };
    default:
      return { type: OpCode.create, ...common, ephemeral: false };
  }
}

/** Sizes around the steps of the allocator, null and empty, and now and then one with a buffer of its own. */
function dataOf(draw: Draw): Buffer | null {
  if (draw.size === 0) return null;
  const size = draw.size % 40 === 7 ? 16_000 + draw.size * 3 : draw.size - 1;
  return Buffer.alloc(size, draw.pick + 1);
}
