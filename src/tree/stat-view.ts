import type { Stat } from '../protocol/index.js';
import type { NodeRef, NodeTable } from './node-table.js';
import { StatAt } from './node-table.js';

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
