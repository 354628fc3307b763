import type { Clock } from '../host/index.js';
import { JuteError } from '../jute/index.js';
import {
  type CreateRequest,
  createModeOf,
  ErrorCode,
  type MultiOp,
  OpCode,
  readChangeRequest,
} from '../protocol/index.js';
import type { ClientPort, WriteRequest } from './api.js';
import { refusalOf } from './outcome.js';
import { negotiatedTimeoutMs, type PipelineDeps } from './pipeline-deps.js';
import type { PortTable } from './port-table.js';
import type { SessionLine } from './session-line.js';
import type { SessionOwner, SessionRules } from './session-rules.js';
import { SessionTracker } from './session-tracker.js';

/**
 * Sessions that only this server knows: made and ended without a transaction, lost with the role (`localSessionsEnabled`).
 * They own nothing, so the first ephemeral node makes a session global, where that is allowed
 * (`localSessionsUpgradingEnabled`); else it is refused.
 */
export class LocalSessions {
  private readonly timeouts = new Map<bigint, number>();
  private readonly tracker: SessionTracker;

  constructor(
    private readonly deps: PipelineDeps,
    private readonly ports: PortTable,
    /** Asks for a session's becoming global; called before the request that needs it goes the same way. */
    private readonly makeGlobal: (sessionId: bigint, timeoutMs: number) => void,
  ) {
    const { clock, log, metrics, options } = deps;
    this.tracker = new SessionTracker({
      clock,
      log,
      metrics,
      tickTimeMs: options.tickTimeMs,
      unknownSession: ErrorCode.sessionExpired,
      expire: (sessionId) => {
        this.forget(sessionId);
        this.ports.end(sessionId, 'sessionExpired');
      },
    });
  }

  /** Null where there are none. */
  static of(deps: PipelineDeps, ports: PortTable, makeGlobal: LocalSessions['makeGlobal']): LocalSessions | null {
    return deps.options.localSessions ? new LocalSessions(deps, ports, makeGlobal) : null;
  }

  get count(): number {
    return this.timeouts.size;
  }

  start(): void {
    this.tracker.start(new Map());
  }

  stop(): void {
    this.tracker.stop();
    this.timeouts.clear();
  }

  has(sessionId: bigint): boolean {
    return this.timeouts.has(sessionId);
  }

  touch(sessionId: bigint): boolean {
    const timeoutMs = this.timeouts.get(sessionId);
    return timeoutMs !== undefined && this.tracker.touch(sessionId, timeoutMs);
  }

  open(port: ClientPort, wantedMs: number): void {
    const { clock, options, sessionIds, store } = this.deps;
    const sessionId = sessionIds.next(store.sessions);
    const timeoutMs = negotiatedTimeoutMs(wantedMs, options);
    this.timeouts.set(sessionId, timeoutMs);
    this.tracker.track(sessionId, timeoutMs, 'local');
    this.ports.open(sessionId, port, timeoutMs);
    clock.defer(() => {
      this.ports.opened(sessionId);
    });
  }

  /** Takes up the session if it is one of these; its password is right. */
  resume(port: ClientPort, sessionId: bigint, wantedMs: number): boolean {
    if (!this.touch(sessionId)) return false;
    const timeoutMs = negotiatedTimeoutMs(wantedMs, this.deps.options);
    this.timeouts.set(sessionId, timeoutMs);
    this.ports.open(sessionId, port, timeoutMs);
    this.deps.clock.defer(() => {
      this.ports.opened(sessionId);
    });
    return true;
  }

  /**
   * Looks at a request before it goes its way. True: it goes no further, and is answered here in its turn. A session that
   * needs to be global becomes it.
   */
  settles(request: WriteRequest, line: SessionLine): boolean {
    const { sessionId } = request;
    const timeoutMs = this.timeouts.get(sessionId);
    if (timeoutMs === undefined) return false;
    if (request.type === OpCode.closeSession) {
      this.forget(sessionId);
      this.answer(request, line, ErrorCode.ok);
      return true;
    }
    if (!makesEphemeral(request)) return false;
    if (!this.deps.options.localSessionsUpgrading) {
      this.answer(request, line, ErrorCode.ephemeralOnLocalSession);
      return true;
    }
    this.forget(sessionId);
    this.makeGlobal(sessionId, timeoutMs);
    return false;
  }

  private forget(sessionId: bigint): void {
    this.timeouts.delete(sessionId);
    this.tracker.remove(sessionId);
  }

  private answer(request: WriteRequest, line: SessionLine, err: number): void {
    this.ports.decidedLater(this.ports.push(line, request, 0), refusalOf(request, err));
  }
}

/** The end of a session is remembered for so long at least: a learner that stands still is given up much sooner. */
const ENDED_MS = 5 * 60_000;

/**
 * The rules of a leader that has local sessions. Those of learners are not known to it: that one of theirs is unknown is no
 * reason to refuse it.
 */
export class RulesWithLocalSessions implements SessionRules {
  /** Sessions of the whole ensemble that ended: a learner that stood still may pass on what they asked before. */
  private ended = new Set<bigint>();
  private endedBefore = new Set<bigint>();
  private rotatedMs: number;

  constructor(
    private readonly global: SessionTracker,
    private readonly local: LocalSessions,
    private readonly clock: Clock,
  ) {
    this.rotatedMs = clock.monotonicMs();
  }

  check(sessionId: bigint, owner: SessionOwner): number {
    return this.local.has(sessionId) || this.isOfLearner(sessionId, owner) ? 0 : this.global.check(sessionId, owner);
  }

  private isOfLearner(sessionId: bigint, owner: SessionOwner): boolean {
    if (owner === 'local' || this.global.has(sessionId)) return false;
    return !this.ended.has(sessionId) && !this.endedBefore.has(sessionId);
  }

  /** The end of a session of the whole ensemble is committed. */
  noteEnd(sessionId: bigint): void {
    const nowMs = this.clock.monotonicMs();
    if (nowMs - this.rotatedMs >= ENDED_MS) {
      this.endedBefore = this.ended;
      this.ended = new Set();
      this.rotatedMs = nowMs;
    }
    this.ended.add(sessionId);
  }

  checkGlobal(sessionId: bigint, owner: SessionOwner): number {
    return this.global.checkGlobal(sessionId, owner);
  }

  track(sessionId: bigint, timeoutMs: number, owner: SessionOwner): void {
    this.global.track(sessionId, timeoutMs, owner);
  }

  setClosing(sessionId: bigint): void {
    this.global.setClosing(sessionId);
  }
}

/** Does it ask for an ephemeral node? Bytes that cannot be read do not. */
function makesEphemeral({ type, body }: WriteRequest): boolean {
  if (type !== OpCode.create && type !== OpCode.create2 && type !== OpCode.multi) return false;
  try {
    const request = readChangeRequest(body, type);
    const ops = request.type === OpCode.multi ? request.ops : [request];
    return ops.some((op) => isCreate(op as MultiOp) && createModeOf((op as CreateRequest).flags)?.ephemeral === true);
  } catch (error) {
    if (error instanceof JuteError) return false;
    throw error;
  }
}

function isCreate({ type }: MultiOp): boolean {
  return type === OpCode.create || type === OpCode.create2;
}
