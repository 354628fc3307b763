/**
 * Who a session's requests come from: a learner's server id, or this server's own clients. Only the owner's requests count;
 * those of a server that the client has left are refused with SessionMoved.
 */
export type SessionOwner = number | 'local';

/** What judging requests needs of the sessions. Errors are `ErrorCode`s, 0 for none. */
export interface SessionRules {
  /** Does the session live, and belong to `owner`? A session that nobody owned is the owner's now. */
  check(sessionId: bigint, owner: SessionOwner): number;
  /** The same for what only a session of the whole ensemble may do: to own ephemeral nodes. */
  checkGlobal(sessionId: bigint, owner: SessionOwner): number;
  /** A session is being made. */
  track(sessionId: bigint, timeoutMs: number, owner: SessionOwner): void;
  /** A session is being closed: it can do nothing any more. */
  setClosing(sessionId: bigint): void;
}
