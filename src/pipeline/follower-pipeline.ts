import { Fifo } from '../host/index.js';
import { encodeToBuffer, JuteError } from '../jute/index.js';
import type { Counter, Summary } from '../metrics/index.js';
import { ErrorCode, OpCode, readChangeRequest, type TxnEntry, writeChangeRequest } from '../protocol/index.js';
import type { DataTree, TxnResult } from '../tree/index.js';
import type { ClientPort, PipelineStats, RequestPipeline, WriteRequest } from './api.js';
import { auditEphemerals } from './ephemeral-audit.js';
import { LocalSessions } from './local-sessions.js';
import type { LeaderLink } from './needs.js';
import { isPasswordOf, outcomeOf, reasonOfEnd, refusalOf } from './outcome.js';
import { negotiatedTimeoutMs, type PipelineDeps } from './pipeline-deps.js';
import { OpenQuestions } from './open-questions.js';
import { PortTable } from './port-table.js';
import type { Waiting } from './session-line.js';
import { WriteSizes } from './write-sizes.js';

/** A sync asks for no node in particular. */
const SYNC_BODY = encodeToBuffer((w) => {
  w.string('/');
});

/**
 * The pipeline of a follower or an observer: requests go to the leader, and what comes back committed is applied and, when
 * a client here waits for it, answered. Fits zab's `LearnerServer`.
 *
 * The leader treats a learner's requests in the order they were forwarded, so that of a session's waiting requests the
 * oldest is always the next to come back.
 */
export class FollowerPipeline implements RequestPipeline {
  private readonly ports: PortTable;
  /** Null: every session is of the whole ensemble. */
  private readonly local: LocalSessions | null;
  private link: LeaderLink | null = null;
  /** Syncs that the leader has not answered: a client's, or that of a session (by id) that has come here. */
  private readonly syncs = new Fifo<Waiting | bigint>();
  /** Does a session live? */
  private readonly questions = new OpenQuestions();
  /** Those of `syncs` that are asked for a session that has come here. */
  private readonly catchingUp = new OpenQuestions();
  /** Sessions heard of since the leader was told last. */
  private touched = new Map<bigint, number>();
  private readonly propagationLatency: Summary;
  private readonly writeSizes: WriteSizes;
  private readonly awaitingCommit: Counter;

  constructor(
    private readonly deps: PipelineDeps,
    readonly mode: 'follower' | 'observer' = 'follower',
  ) {
    this.ports = new PortTable(deps.clock);
    this.local = LocalSessions.of(deps, this.ports, (sessionId, timeoutMs) => {
      this.forwardCreateSession(sessionId, timeoutMs);
    });
    this.writeSizes = new WriteSizes(deps.metrics);
    this.propagationLatency = deps.metrics.summary('propagation_latency');
    this.awaitingCommit = deps.metrics.counter('request_commit_queued');
  }

  get tree(): DataTree {
    return this.deps.store.tree;
  }

  get lastAppliedZxid(): number {
    return this.deps.store.lastAppliedZxid;
  }

  get stats(): PipelineStats {
    return {
      outstandingRequests: this.ports.outstanding,
      globalSessions: this.deps.store.sessions.size,
      localSessions: this.local?.count ?? 0,
    };
  }

  stop(): void {
    this.link = null;
    this.local?.stop();
    this.syncs.clear();
    this.questions.clear();
    this.catchingUp.clear();
    this.touched.clear();
    this.ports.endAll('roleOver');
  }

  // Sessions

  openSession(port: ClientPort, timeoutMs: number): void {
    const { options, sessionIds, store } = this.deps;
    if (this.link === null) return;
    if (this.local !== null) {
      this.local.open(port, timeoutMs);
      return;
    }
    const sessionId = sessionIds.next(store.sessions);
    const negotiatedMs = negotiatedTimeoutMs(timeoutMs, options);
    this.ports.open(sessionId, port, negotiatedMs);
    this.forwardCreateSession(sessionId, negotiatedMs);
  }

  private forwardCreateSession(sessionId: bigint, timeoutMs: number): void {
    const body = encodeToBuffer((w) => {
      writeChangeRequest(w, { type: OpCode.createSession, timeoutMs });
    });
    this.link?.forward({ sessionId, cxid: 0, type: OpCode.createSession, body, auth: [] });
  }

  /** Only the leader knows whether the session lives; the password can be checked here. */
  resumeSession(port: ClientPort, sessionId: bigint, password: Buffer, timeoutMs: number): void {
    if (this.link === null) return;
    if (!isPasswordOf(sessionId, password)) {
      this.deps.clock.defer(() => {
        port.sessionRefused();
      });
      return;
    }
    if (this.local?.resume(port, sessionId, timeoutMs) === true) return;
    const negotiatedMs = negotiatedTimeoutMs(timeoutMs, this.deps.options);
    this.ports.open(sessionId, port, negotiatedMs);
    this.questions.ask(sessionId);
    this.link.revalidate(sessionId, negotiatedMs);
  }

  /** Always true: the leader watches over the sessions, and it is told with the next ping. */
  touch(sessionId: bigint, timeoutMs: number): boolean {
    if (this.local?.touch(sessionId) === true) return true;
    this.touched.set(sessionId, timeoutMs);
    return true;
  }

  detach(port: ClientPort, sessionId: bigint): void {
    this.ports.detach(port, sessionId);
  }

  // Requests

  submit(request: WriteRequest): void {
    const { link, ports } = this;
    if (link === null || request.port === null) return;
    const line = ports.lineOf(request.sessionId, request.port);
    if (line === null || this.local?.settles(request, line) === true) return;
    const waiting = ports.push(line, request, this.deps.store.lastLoggedZxid);
    if (request.type === OpCode.sync) {
      this.syncs.push(waiting);
    } else if (!isReadable(request)) {
      ports.decidedLater(waiting, refusalOf(request, ErrorCode.marshallingError));
      return;
    }
    this.awaitingCommit.add();
    link.forward(request);
  }

  endBatch(): void {
    // The link sends what a turn forwarded by itself.
  }

  // LearnerServer

  /** UPTODATE came: clients may be served. */
  startServing(link: LeaderLink): void {
    this.link = link;
    this.local?.start();
  }

  /** The next transaction is committed and durable here: applies it and tells who waits for it. */
  committed(zxid: number): void {
    const { entry, result } = this.deps.store.applyNext();
    const { header } = entry;
    this.writeSizes.applied(entry.txn);
    this.propagationLatency.record(Math.max(0, this.deps.clock.wallMs() - header.time));
    if (header.type === OpCode.closeSession && this.deps.audit !== undefined) auditEphemerals(this.deps.audit, entry);
    if (this.link === null) return;
    if (header.type === OpCode.createSession) this.made(header.clientId);
    this.answer(zxid, entry, result);
    if (header.type === OpCode.closeSession) {
      this.touched.delete(header.clientId);
      this.ports.end(header.clientId, reasonOfEnd(header));
    }
  }

  /** Who has come here with a session that was made elsewhere waits for what the leader says. */
  private made(sessionId: bigint): void {
    if (this.questions.has(sessionId) || this.catchingUp.has(sessionId)) return;
    this.ports.opened(sessionId);
  }

  /**
   * A client may count its requests anew on each connection (kazoo does), so that a transaction which its session began
   * through another server can have the number of a request that waits here. Those were all proposed before the session
   * moved, and so logged here before its first request came (observers: `revalidated`).
   */
  private answer(zxid: number, { header }: TxnEntry, result: TxnResult): void {
    const waiting = this.ports.find(header.clientId)?.nextTransaction;
    if (waiting === undefined || waiting.request.cxid !== header.cxid || zxid <= waiting.zxid) return;
    const { type } = waiting.request;
    if (header.type !== type && header.type !== OpCode.error) return;
    this.ports.applied(waiting, outcomeOf(waiting.request, zxid, result));
  }

  syncDone(): void {
    const waiting = this.syncs.shift();
    if (waiting === undefined) return;
    if (typeof waiting === 'bigint') this.openMoved(waiting);
    else this.ports.decided(waiting, refusalOf(waiting.request, ErrorCode.ok));
  }

  /**
   * It lived when it came; what has been applied since then may have ended it. What was asked here before and is not answered
   * by now never will be: it was passed on too late, and the follower in between has dropped it.
   */
  private openMoved(sessionId: bigint): void {
    if (!this.catchingUp.answered(sessionId) || this.questions.has(sessionId)) return;
    this.ports.forgetRequests(sessionId);
    if (this.deps.store.sessions.has(sessionId)) this.ports.opened(sessionId);
    else this.ports.refused(sessionId);
  }

  /** An observer hears of transactions when they are committed only: those that were under way are waited for by a sync. */
  revalidated(sessionId: bigint, valid: boolean): void {
    if (!this.questions.answered(sessionId)) return;
    if (!valid) {
      this.ports.refused(sessionId);
    } else if (this.mode === 'follower') {
      this.ports.opened(sessionId);
    } else {
      this.catchingUp.ask(sessionId);
      this.syncs.push(sessionId);
      this.link?.forward({ sessionId, cxid: 0, type: OpCode.sync, body: SYNC_BODY, auth: [] });
    }
  }

  /**
   * A client has come with the session to an observer that this follower serves, or from this observer to another or to the
   * follower that serves it. What was submitted here was forwarded before that, or does not count; a local session stays, for
   * the leader will not let another server have it.
   */
  sessionMoved(sessionId: bigint): void {
    if (this.local?.has(sessionId) !== true) this.ports.moved(sessionId);
  }

  drainTouched(): Iterable<readonly [sessionId: bigint, timeoutMs: number]> {
    const { touched } = this;
    this.touched = new Map();
    return touched;
  }
}

/**
 * Bytes that are no request are refused here: a leader of Apache ZooKeeper 3.9 would propose the error under a zxid that is
 * taken already, and commit nothing any more. (A multi is an exception there, and so it goes to the leader.)
 */
function isReadable({ body, type }: WriteRequest): boolean {
  if (type === OpCode.multi) return true;
  try {
    readChangeRequest(body, type);
    return true;
  } catch (error) {
    if (error instanceof JuteError) return false;
    throw error;
  }
}
