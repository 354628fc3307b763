import type { ForwardedRequest, ReconfigRequest, TxnEntry } from '../protocol/index.js';
import type { DataTree, TxnResult } from '../tree/index.js';

/** What the pipelines need of the rest of a server. The peer fits these with the database and with zab's roles. */

/** The one log and the one tree (`Database`). */
export interface TransactionStore {
  readonly tree: DataTree;
  /** Committed sessions and their timeouts in milliseconds; kept by applying. */
  readonly sessions: ReadonlyMap<bigint, number>;
  readonly lastLoggedZxid: number;
  readonly lastAppliedZxid: number;
  /** -1 when everything logged is applied. */
  readonly nextUnappliedZxid: number;
  /** Applies the oldest logged transaction; throws when it is not durable. */
  applyNext(): AppliedTxn;
}

export interface AppliedTxn {
  readonly entry: TxnEntry;
  readonly result: TxnResult;
}

/** The store of a server that stands alone: its own log decides. */
export interface TransactionLog extends TransactionStore {
  /** Once a group commit, with the newest durable zxid; never from inside `append`. */
  onDurable: ((zxid: number) => void) | null;
  /** Queues a transaction for the log. Throws when nothing can be logged any more. */
  append(entry: TxnEntry): void;
}

/** What makes transactions happen while a term of leading lasts; afterwards every call is ignored. */
export interface Broadcast {
  readonly epoch: number;
  /** The last zxid given away; the next proposal has the one behind it. */
  readonly lastProposed: number;
  propose(entry: TxnEntry): void;
  /** `done` runs, not inside this call, when everything proposed so far is applied here. */
  sync(done: () => void): void;
}

/** What a learner may ask of its leader while the role lasts; afterwards every call is ignored. */
export interface LeaderLink {
  readonly leaderSid: number;
  /** Encodes and queues the request before it returns. */
  forward(request: ForwardedRequest): void;
  revalidate(sessionId: bigint, timeoutMs: number): void;
}

/**
 * Decides what a reconfiguration asks for. Absent where `reconfigEnabled` is off. It changes nothing: the transaction does,
 * once it is proposed.
 */
export interface ReconfigGate {
  /** The text of the new configuration, whose version is `zxid`; or the `ErrorCode` that refuses it. */
  plan(request: ReconfigRequest, zxid: number): Buffer | number;
}
