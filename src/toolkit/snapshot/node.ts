import type { Acl } from '../../protocol/index.js';

/** A node as it lies in a snapshot. */
export interface SnapshotNode {
  /** `/` for the root. */
  readonly path: string;
  /** A view of what was read: copy what is to be kept. */
  readonly data: Buffer | null;
  /** Number of its ACL list; -1 is the open one, which is in no list. */
  readonly acl: number;
  readonly czxid: number;
  readonly mzxid: number;
  readonly ctime: number;
  readonly mtime: number;
  readonly version: number;
  readonly cversion: number;
  readonly aversion: number;
  readonly ephemeralOwner: bigint;
  readonly pzxid: number;
}

/** Told what a snapshot holds, in the order of the file: sessions, ACL lists, nodes. */
export interface SnapshotVisitor {
  session?(id: bigint, timeoutMs: number): void;
  acl?(number: number, list: readonly Acl[]): void;
  node?(node: SnapshotNode): void;
  /** After some of them: a place to wait. */
  pause?(): Promise<void>;
}

/** What stands behind the tree. */
export interface SnapshotTrailer {
  /** Null in snapshots of 3.5 and older. */
  readonly digest: { readonly zxid: number; readonly version: number; readonly value: bigint } | null;
  /** Null in snapshots of 3.8 and older. */
  readonly lastZxid: number | null;
}
