import type { Stat } from '../protocol/index.js';
import type { NodeRef, NodeTable } from './node-table.js';
import { Field, StatAt } from './node-table.js';

const TWO_32 = 0x1_0000_0000;

function long(view: DataView, at: number): number {
  return view.getInt32(at) * TWO_32 + view.getUint32(at + 4);
}

/** A copy of a node's stat, as clients see it. */
export function statOf(nodes: NodeTable, row: NodeRef): Stat {
  const view = nodes.blockView(row);
  const at = nodes.statOffset(row);
  const owner = at + StatAt.ephemeralOwner;
  return {
    czxid: long(view, at + StatAt.czxid),
    mzxid: long(view, at + StatAt.mzxid),
    ctime: long(view, at + StatAt.ctime),
    mtime: long(view, at + StatAt.mtime),
    version: view.getInt32(at + StatAt.version),
    cversion: view.getInt32(at + StatAt.cversion),
    aversion: view.getInt32(at + StatAt.aversion),
    ephemeralOwner: view.getInt32(owner) === 0 && view.getInt32(owner + 4) === 0 ? 0n : view.getBigInt64(owner),
    dataLength: view.getInt32(at + StatAt.dataLength),
    numChildren: view.getInt32(at + StatAt.numChildren),
    pzxid: long(view, at + StatAt.pzxid),
  };
}

/** The numbers of a node that judging requests needs, as they are persisted. */
export interface NodeNumbers {
  czxid: number;
  mzxid: number;
  pzxid: number;
  ctime: number;
  mtime: number;
  version: number;
  /** How many children were ever created. */
  cversion: number;
  aversion: number;
  childCount: number;
  /** 0 for null. */
  dataLength: number;
}

/** All of them in one go: where a node's block is need be found out only once. */
export function readNumbers(nodes: NodeTable, row: NodeRef, into: NodeNumbers): void {
  const view = nodes.blockView(row);
  const at = nodes.statOffset(row);
  into.czxid = long(view, at + StatAt.czxid);
  into.mzxid = long(view, at + StatAt.mzxid);
  into.pzxid = long(view, at + StatAt.pzxid);
  into.ctime = long(view, at + StatAt.ctime);
  into.mtime = long(view, at + StatAt.mtime);
  into.version = view.getInt32(at + StatAt.version);
  into.cversion = nodes.get(row, Field.cversion);
  into.aversion = view.getInt32(at + StatAt.aversion);
  into.childCount = nodes.get(row, Field.childCount);
  into.dataLength = view.getInt32(at + StatAt.dataLength);
}
