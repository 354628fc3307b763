import type { Stat } from '../../../src/protocol/index.js';
import { ownerKind } from '../../../src/protocol/index.js';

/** A node as it was from one transaction to the next. Never changed: a change makes a new one. */
export interface NodeState {
  readonly czxid: number;
  readonly mzxid: number;
  readonly pzxid: number;
  readonly version: number;
  readonly aversion: number;
  /** Children that were ever created here. */
  readonly created: number;
  readonly data: Buffer | null;
  /** As persisted: 0, a session, or the mark of a container or TTL node. */
  readonly owner: bigint;
  /** Names, sorted. */
  readonly children: readonly string[];
}

/** The parts of a Stat that do not depend on a leader's clock; undefined when they are as expected. */
export function statDifference(stat: Stat, node: NodeState): string | undefined {
  const expected: Partial<Stat> = {
    czxid: node.czxid,
    mzxid: node.mzxid,
    pzxid: node.pzxid,
    version: node.version,
    aversion: node.aversion,
    cversion: node.created * 2 - node.children.length,
    ephemeralOwner: ownerKind(node.owner, true) === 'ephemeral' ? node.owner : 0n,
    dataLength: node.data?.length ?? 0,
    numChildren: node.children.length,
  };
  for (const [name, value] of Object.entries(expected)) {
    const actual = stat[name as keyof Stat];
    if (actual !== value) return `${name} is ${actual}, not ${String(value)}`;
  }
  return undefined;
}

export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
