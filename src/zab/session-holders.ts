import { type ForwardedRequest, OpCode } from '../protocol/index.js';

/** What the leader takes from whoever brings it, without asking whose the session is. */
const ANYBODYS: ReadonlySet<number> = new Set([OpCode.createSession, OpCode.closeSession, OpCode.sync]);

/**
 * To which server each session came last, of those whose requests one follower passes on: its own and its observers'. The
 * leader refuses a late request of a server that the session has left, but all of these are the follower to it, so that the
 * follower has to refuse them itself.
 *
 * A session comes when its server asks whether it lives, for that is when the leader gives it away, too; what its server
 * before passes on after that would be behind whatever the leader's answer vouches for. Every session of the whole ensemble
 * comes before its first request, since servers let go of all clients when they lose their master; those that are not here
 * are local ones of an observer (which nobody else can take up), and ones that are over.
 */
export class SessionHolders {
  /** One for each session that lives. */
  private readonly sids = new Map<bigint, number>();

  /** Is made by a client of server `sid`, or has come there. */
  came(sessionId: bigint, sid: number): void {
    this.sids.set(sessionId, sid);
  }

  /** The leader does not know the session that server `sid` asked for. */
  refused(sessionId: bigint, sid: number): void {
    if (this.sids.get(sessionId) === sid) this.sids.delete(sessionId);
  }

  ended(sessionId: bigint): void {
    this.sids.delete(sessionId);
  }

  /** The server to which the session of this request has gone from server `sid`; null: it may be passed on. */
  otherHolder({ sessionId, type }: ForwardedRequest, sid: number): number | null {
    return ANYBODYS.has(type) ? null : this.otherThan(sid, sessionId);
  }

  /** Where the session is, if that is known and not server `sid`. */
  otherThan(sid: number, sessionId: bigint): number | null {
    const holder = this.sids.get(sessionId);
    return holder === undefined || holder === sid ? null : holder;
  }
}
