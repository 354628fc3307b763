import type { JuteWriter } from '../jute/index.js';
import { writeStat, type Stat } from '../protocol/index.js';
import type { NodeRef, NodeTable } from './node-table.js';
import { STAT_SIZE } from './node-table.js';
import { statOf } from './stat-view.js';

/** What applying a transaction came to. */
export interface TxnResult {
  /** Of the transaction; `OpCode.error` for parts of a multi that failed. */
  readonly type: number;
  /** 0, or an `ErrorCode`: of an error transaction, of a multi's first failed part, or found in replay. */
  readonly err: number;
  readonly path: string | null;
  /**
   * The node's stat afterwards: of creates of all kinds, setData, reconfig, setACL. To be read before the next transaction is
   * applied.
   */
  readonly stat: Stat | null;
  readonly multi: readonly TxnResult[] | null;
}

/**
 * Of a node that is there now. Its stat is taken from the tree when it is asked for: most answers leave at once, where the
 * bytes can be copied as they are, and nobody asks on a server whose client it is not.
 */
export class ChangedNode implements TxnResult {
  readonly err = 0;
  readonly multi = null;

  constructor(
    readonly type: number,
    readonly path: string,
    private readonly nodes: NodeTable,
    private readonly row: NodeRef,
  ) {}

  get stat(): Stat {
    return statOf(this.nodes, this.row);
  }

  writeStat(w: JuteWriter): void {
    w.piece(this.nodes.blockView(this.row), this.nodes.statOffset(this.row), STAT_SIZE);
  }
}

/** Appends the stat of a result; false: it has none. */
export function writeResultStat(w: JuteWriter, result: TxnResult): boolean {
  if (result instanceof ChangedNode) {
    result.writeStat(w);
    return true;
  }
  const { stat } = result;
  if (stat === null) return false;
  writeStat(w, stat);
  return true;
}

export function done(type: number, err: number, path: string | null, stat: Stat | null): TxnResult {
  return { type, err, path, stat, multi: null };
}

/** The same result for as long as it is wanted: later parts of a multi may change the node again. */
export function fixed(result: TxnResult): TxnResult {
  return result instanceof ChangedNode ? done(result.type, 0, result.path, result.stat) : result;
}
