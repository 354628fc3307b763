import type { Clock, Logger, Timer } from '../host/index.js';
import type { Counter, Metrics } from '../metrics/index.js';
import { ErrorCode, formatSessionId } from '../protocol/index.js';
import { ExpiryQueue } from './expiry-queue.js';
import type { SessionOwner, SessionRules } from './session-rules.js';

/** So many expired sessions are closed in one turn: reads of the living go on between. */
const EXPIRED_PER_TURN = 256;

class Session {
  expiresAtMs = 0;
  /** A closeSession is proposed. */
  isClosing = false;
  owner: SessionOwner | null = null;

  constructor(
    readonly id: bigint,
    readonly timeoutMs: number,
  ) {}
}

/** Sessions that expire together. */
export interface SessionExpirySet {
  readonly expiresAtWallMs: number;
  readonly sessionIds: readonly bigint[];
}

export interface SessionTrackerDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly tickTimeMs: number;
  /** What a request of an unknown session is told: a single server says UnknownSession, a leader SessionExpired. */
  readonly unknownSession: number;
  /** Nothing was heard of the session in time: close it. */
  readonly expire: (sessionId: bigint) => void;
}

/**
 * The sessions that the server in charge (a leader, or one that stands alone) watches over: which there are, when they
 * expire, who owns them. The committed sessions in the database are fewer while one is being made or closed.
 */
export class SessionTracker implements SessionRules {
  private readonly byId = new Map<bigint, Session>();
  /** The session asked for last: requests come in runs of one session. */
  private recent: Session | null = null;
  private readonly queue: ExpiryQueue<Session>;
  private timer: Timer | null = null;
  private hasWaived = false;
  private expired: Session[] = [];
  private readonly expiredCount: Counter;

  constructor(private readonly deps: SessionTrackerDeps) {
    this.queue = new ExpiryQueue(deps.tickTimeMs);
    this.expiredCount = deps.metrics.counter('stale_sessions_expired');
  }

  get count(): number {
    return this.byId.size;
  }

  private find(id: bigint): Session | undefined {
    if (this.recent?.id === id) return this.recent;
    const session = this.byId.get(id);
    if (session !== undefined) this.recent = session;
    return session;
  }

  has(sessionId: bigint): boolean {
    return this.byId.has(sessionId);
  }

  /** Begins with the sessions that are committed: each has its whole time-out anew. */
  start(committed: ReadonlyMap<bigint, number>): void {
    for (const [id, timeoutMs] of committed) this.add(id, timeoutMs);
    this.arm();
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
    this.expired = [];
  }

  // Life

  /** A session is being made; when it is known already it is only touched. */
  track(sessionId: bigint, timeoutMs: number, owner: SessionOwner): void {
    this.add(sessionId, timeoutMs).owner = owner;
  }

  private add(id: bigint, timeoutMs: number): Session {
    let session = this.find(id);
    if (session === undefined) this.byId.set(id, (session = new Session(id, timeoutMs)));
    if (!session.isClosing) this.queue.update(session, timeoutMs, this.deps.clock.monotonicMs());
    return session;
  }

  /** The session was heard of. False: it is not known, or it is being closed. */
  touch(sessionId: bigint, timeoutMs: number): boolean {
    const session = this.find(sessionId);
    if (session === undefined || session.isClosing) return false;
    this.queue.update(session, timeoutMs, this.deps.clock.monotonicMs());
    return true;
  }

  setClosing(sessionId: bigint): void {
    const session = this.find(sessionId);
    if (session !== undefined) session.isClosing = true;
  }

  /** Its closeSession is committed. */
  remove(sessionId: bigint): void {
    const session = this.find(sessionId);
    if (session === undefined) return;
    this.queue.remove(session);
    this.byId.delete(sessionId);
    this.recent = null;
  }

  // Ownership

  check(sessionId: bigint, owner: SessionOwner): number {
    const session = this.find(sessionId);
    if (session === undefined) return this.deps.unknownSession;
    if (session.isClosing) return ErrorCode.sessionExpired;
    session.owner ??= owner;
    return session.owner === owner ? 0 : ErrorCode.sessionMoved;
  }

  checkGlobal(sessionId: bigint, owner: SessionOwner): number {
    const err = this.check(sessionId, owner);
    return err === ErrorCode.unknownSession ? ErrorCode.sessionExpired : err;
  }

  /** The client has come to another server: whoever had it before speaks for it no more. */
  setOwner(sessionId: bigint, owner: SessionOwner): void {
    const session = this.find(sessionId);
    if (session !== undefined) session.owner = owner;
  }

  // Expiry

  get expirySets(): SessionExpirySet[] {
    const { clock } = this.deps;
    const wallOffsetMs = clock.wallMs() - clock.monotonicMs();
    return this.queue.sets.map(([expiresAtMs, sessions]) => ({
      expiresAtWallMs: Math.round(expiresAtMs + wallOffsetMs),
      sessionIds: Array.from(sessions, ({ id }) => id),
    }));
  }

  private arm(): void {
    const { clock } = this.deps;
    const nowMs = clock.monotonicMs();
    const dueMs = this.queue.boundaryAfter(nowMs);
    this.timer = clock.after(dueMs - nowMs, () => {
      this.tick(dueMs);
    });
  }

  private tick(dueMs: number): void {
    const nowMs = this.deps.clock.monotonicMs();
    this.arm();
    // When this process stood still, what its clients sent meanwhile has not been read yet: they get one tick for it.
    this.hasWaived = !this.hasWaived && nowMs - dueMs > this.deps.tickTimeMs;
    if (this.hasWaived) return;
    const found = this.queue.takeExpired(nowMs);
    if (found.length === 0) return;
    for (const session of found) session.isClosing = true;
    this.expiredCount.add(found.length);
    const isUnderWay = this.expired.length > 0;
    this.expired.push(...found);
    if (!isUnderWay) this.closeSome();
  }

  private closeSome(): void {
    const { clock, expire, log } = this.deps;
    for (const { id, timeoutMs } of this.expired.splice(0, EXPIRED_PER_TURN)) {
      log.info(`Session ${formatSessionId(id)} expires: nothing was heard of it for its time-out of ${timeoutMs} ms.`, {
        code: 'SESSION_EXPIRED',
        sessionId: formatSessionId(id),
      });
      expire(id);
    }
    if (this.expired.length > 0) {
      clock.defer(() => {
        this.closeSome();
      });
    }
  }
}
