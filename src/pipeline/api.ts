import type { Id } from '../protocol/index.js';
import type { DataTree, TxnResult } from '../tree/index.js';

/**
 * Why the server ends a client's connection. Clients are told nothing: they connect again and learn what is true then.
 *
 * - sessionExpired: nothing was heard from the client for longer than the session's time-out.
 * - sessionClosed: the session was closed by somebody else (an administrator, or the leader for another server).
 * - sessionMoved: the client has the same session on another server now.
 * - sessionReopened: the client has the same session on a newer connection to this server.
 * - roleOver: this server does not lead, follow or serve alone any more.
 */
export type CloseReason = 'sessionExpired' | 'sessionClosed' | 'sessionMoved' | 'sessionReopened' | 'roleOver';

/** A client connection, as the pipeline sees it (implemented by `src/client`). */
export interface ClientPort {
  /** The oldest request this port submitted is decided. Never called from inside `submit`. */
  writeDone(result: WriteResult): void;
  /** A request that this port submitted is decided, but the port had gone before: nobody is to be answered. */
  writeMissed(request: WriteRequest, result: WriteResult): void;
  /** The session is made, or taken up again: requests may follow. `password` is 16 bytes. Never inside `openSession`. */
  sessionOpened(sessionId: bigint, timeoutMs: number, password: Buffer): void;
  /** There is no such session, or the password is wrong: answer with session id 0 and close. */
  sessionRefused(): void;
  /** Close the connection; nothing more but `writeMissed` comes to this port, and what it submitted is not answered. */
  closeFromServer(reason: CloseReason): void;
}

/** A request that changes something, or that must be answered in order with those: sync and closeSession. */
export interface WriteRequest {
  /** Who waits for the answer; null: nobody (the server's own requests). */
  readonly port: ClientPort | null;
  readonly sessionId: bigint;
  readonly cxid: number;
  readonly type: number;
  /** The request's record without its header. Kept until it is decided, and parts of it longer: do not change it. */
  readonly body: Buffer;
  readonly auth: readonly Id[];
}

/** What became of a request. When it is told, the transaction is applied here. */
export interface WriteResult {
  /** The transaction's; 0 for a request that made none (sync, and what a follower refuses by itself). */
  readonly zxid: number;
  /** The request's type. */
  readonly type: number;
  /** `ErrorCode` for the reply's header. A failed multi has 0 here and its parts' errors in `result.multi`. */
  readonly err: number;
  /** Path, stat and parts; null for sync and for a request refused without a transaction. */
  readonly result: TxnResult | null;
}

/** What status views ask of a pipeline. */
export interface PipelineStats {
  /** Requests that were submitted here and are not decided. */
  readonly outstandingRequests: number;
  /** Sessions of the whole ensemble that this server knows. */
  readonly globalSessions: number;
  /** Sessions known to this server only. */
  readonly localSessions: number;
}

export type PipelineMode = 'standalone' | 'leader' | 'follower' | 'observer' | 'read-only';

/**
 * The way of a write through a server in one role. Made when the role begins to serve and stopped with it; afterwards every
 * call is ignored.
 */
export interface RequestPipeline {
  readonly mode: PipelineMode;
  /** What reads are answered from. Ask anew in every turn: a synchronization replaces it. */
  readonly tree: DataTree;
  readonly lastAppliedZxid: number;
  readonly stats: PipelineStats;

  /** Makes a session; `timeoutMs` is what the client wants and is clamped. Answered by `sessionOpened`. */
  openSession(port: ClientPort, timeoutMs: number): void;
  /** Takes up a session. Answered by `sessionOpened` or `sessionRefused`; an older connection of it here is closed. */
  resumeSession(port: ClientPort, sessionId: bigint, password: Buffer, timeoutMs: number): void;
  /** Queues a request; requests of one port are decided in the order they were submitted. */
  submit(request: WriteRequest): void;
  /** The requests of one chunk of a connection have all been submitted: time to send what was gathered. */
  endBatch(): void;
  /** Something was heard from the client. False: the session is not known (any more). Costs the same for any number. */
  touch(sessionId: bigint, timeoutMs: number): boolean;
  /** The connection is gone. The session lives until it expires; what the port submitted takes effect unanswered. */
  detach(port: ClientPort, sessionId: bigint): void;
  /** The role is over: every port is told `closeFromServer('roleOver')`. */
  stop(): void;
}
