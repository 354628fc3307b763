import { Fifo } from '../host/index.js';
import type { Counter, Summary } from '../metrics/index.js';
import { ErrorCode, OpCode, ownerKind } from '../protocol/index.js';
import type { ChangeRequest, ForwardedRequest, Id } from '../protocol/index.js';
import type { DataTree } from '../tree/index.js';
import type { ClientPort, PipelineMode, PipelineStats, RequestPipeline, WriteRequest } from './api.js';
import { ContainerReaper } from './container-reaper.js';
import { auditEphemerals } from './ephemeral-audit.js';
import type { Broadcast } from './needs.js';
import { LocalSessions, RulesWithLocalSessions } from './local-sessions.js';
import { isPasswordOf, outcomeOf, reasonOfEnd, refusalOf } from './outcome.js';
import { negotiatedTimeoutMs, type PipelineDeps } from './pipeline-deps.js';
import { OwnBodies } from './own-bodies.js';
import { PortTable } from './port-table.js';
import type { SessionLine, Waiting } from './session-line.js';
import type { SessionRules } from './session-rules.js';
import { type SessionExpirySet, SessionTracker } from './session-tracker.js';
import { Validator } from './validator.js';
import { WriteSizes } from './write-sizes.js';

const NOBODY: readonly Id[] = [];

/** Sessions and when they expire. */
export interface TrackedSessions {
  readonly kind: 'tracked';
  readonly sets: readonly SessionExpirySet[];
  readonly count: number;
}

/**
 * The pipeline of a server that decides: a leader, or one that stands alone. Requests become transactions here, are given
 * their zxids, and are answered when they are applied.
 *
 *     submit → Validator → Broadcast.propose … committed → applyNext → answer
 */
export abstract class ProposerPipeline implements RequestPipeline {
  protected readonly ports: PortTable;
  protected readonly sessions: SessionTracker;
  /** Null: every session is of the whole ensemble. */
  protected readonly local: LocalSessions | null;
  private readonly rules: SessionRules;
  /** Null: there are no local sessions. */
  private readonly mixedRules: RulesWithLocalSessions | null;
  protected readonly validator: Validator;
  protected broadcast: Broadcast | null = null;
  private readonly reaper: ContainerReaper;
  /** Requests of clients here whose transactions are proposed, in zxid order. */
  private readonly inFlight = new Fifo<Waiting>();
  private readonly propagationLatency: Summary;
  private readonly writeSizes: WriteSizes;
  private readonly prepTime: Summary;
  private readonly prepared: Counter;
  private readonly awaitingCommit: Counter;
  private readonly ownBodies = new OwnBodies();
  private batchStartMs = 0;
  private batchWallMs = 0;
  private batchCount = 0;

  constructor(
    protected readonly deps: PipelineDeps,
    readonly mode: PipelineMode,
    unknownSession: number,
  ) {
    const { access, clock, log, metrics, options, store } = deps;
    this.ports = new PortTable(clock);
    this.sessions = new SessionTracker({
      clock,
      log,
      metrics,
      tickTimeMs: options.tickTimeMs,
      unknownSession,
      expire: (sessionId) => {
        this.proposeOwn(sessionId, { type: OpCode.closeSession });
      },
    });
    // A server that stands alone has nobody to hide sessions from.
    this.local =
      mode !== 'leader'
        ? null
        : LocalSessions.of(deps, this.ports, (sessionId, timeoutMs) => {
            this.proposeOwn(sessionId, { type: OpCode.createSession, timeoutMs });
          });
    this.mixedRules = this.local === null ? null : new RulesWithLocalSessions(this.sessions, this.local, clock);
    this.rules = this.mixedRules ?? this.sessions;
    const reconfig = deps.reconfig ?? null;
    this.validator = new Validator({
      clock,
      log,
      metrics,
      store,
      sessions: this.rules,
      access,
      reconfig,
      options,
    });
    this.reaper = new ContainerReaper({
      clock,
      log,
      store,
      options,
      remove: (path) => {
        this.proposeOwn(0n, { type: OpCode.deleteContainer, path });
      },
    });
    this.writeSizes = new WriteSizes(deps.metrics);
    this.propagationLatency = metrics.summary('propagation_latency');
    this.prepTime = metrics.summary('prep_process_time');
    this.prepared = metrics.counter('prep_processor_request_queued');
    this.awaitingCommit = metrics.counter('request_commit_queued');
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
      globalSessions: this.sessions.count,
      localSessions: this.local?.count ?? 0,
    };
  }

  /** For `dump`. */
  sessionsStatus(): TrackedSessions {
    return { kind: 'tracked', sets: this.sessions.expirySets, count: this.sessions.count };
  }

  /** From now on transactions can be proposed. Every committed session gets its whole time-out anew. */
  protected begin(broadcast: Broadcast): void {
    this.broadcast = broadcast;
    this.sessions.start(this.deps.store.sessions);
    this.local?.start();
    this.endDeadSessions();
    this.reaper.start();
  }

  stop(): void {
    this.broadcast = null;
    this.sessions.stop();
    this.local?.stop();
    this.reaper.stop();
    this.inFlight.clear();
    this.ports.endAll('roleOver');
  }

  /**
   * Ephemeral nodes of sessions that nobody knows are deleted, as ZooKeeper does when it begins to lead; but by
   * transactions, so that they go on every server. (With extended types switched off, TTL nodes look like such nodes; these
   * are left alone.)
   */
  private endDeadSessions(): void {
    const { sessions, tree } = this.deps.store;
    for (const owner of [...tree.sessionsWithEphemerals()]) {
      if (!sessions.has(owner) && ownerKind(owner, true) !== 'ttl') {
        this.proposeOwn(owner, { type: OpCode.closeSession });
      }
    }
  }

  // Sessions

  openSession(port: ClientPort, timeoutMs: number): void {
    const { options, sessionIds, store } = this.deps;
    if (this.broadcast === null) return;
    if (this.local !== null) {
      this.local.open(port, timeoutMs);
      return;
    }
    const sessionId = sessionIds.next(store.sessions);
    const negotiatedMs = negotiatedTimeoutMs(timeoutMs, options);
    this.ports.open(sessionId, port, negotiatedMs);
    this.proposeOwn(sessionId, { type: OpCode.createSession, timeoutMs: negotiatedMs });
  }

  resumeSession(port: ClientPort, sessionId: bigint, password: Buffer, timeoutMs: number): void {
    if (this.broadcast === null) return;
    const negotiatedMs = negotiatedTimeoutMs(timeoutMs, this.deps.options);
    const isOwn = isPasswordOf(sessionId, password);
    if (isOwn && this.local?.resume(port, sessionId, timeoutMs) === true) return;
    const isValid = isOwn && this.sessions.touch(sessionId, negotiatedMs);
    if (isValid) {
      this.sessions.setOwner(sessionId, 'local');
      this.ports.open(sessionId, port, negotiatedMs);
    }
    this.deps.clock.defer(() => {
      if (!isValid) port.sessionRefused();
      else this.ports.opened(sessionId);
    });
  }

  touch(sessionId: bigint, timeoutMs: number): boolean {
    return this.local?.touch(sessionId) === true || this.sessions.touch(sessionId, timeoutMs);
  }

  detach(port: ClientPort, sessionId: bigint): void {
    this.ports.detach(port, sessionId);
  }

  // Requests

  submit(request: WriteRequest): void {
    const { broadcast, ports } = this;
    if (broadcast === null || request.port === null) return;
    const line = ports.lineOf(request.sessionId, request.port);
    if (line === null || this.local?.settles(request, line) === true) return;
    if (this.batchCount++ === 0) {
      this.batchStartMs = this.deps.clock.monotonicMs();
      this.batchWallMs = this.deps.clock.wallMs();
    }
    if (request.type === OpCode.sync) {
      this.sync(broadcast, line, request);
      return;
    }
    const zxid = broadcast.lastProposed + 1;
    const entry = this.validator.validate(request, 'local', zxid, this.batchWallMs);
    this.inFlight.push(ports.push(line, request, zxid));
    broadcast.propose(entry);
  }

  private sync(broadcast: Broadcast, line: SessionLine, request: WriteRequest): void {
    const { ports } = this;
    const waiting = ports.push(line, request, 0);
    const err = this.rules.check(request.sessionId, 'local');
    if (err !== 0) {
      ports.decidedLater(waiting, refusalOf(request, err));
      return;
    }
    broadcast.sync(() => {
      ports.decided(waiting, refusalOf(request, ErrorCode.ok));
    });
  }

  endBatch(): void {
    const { batchCount } = this;
    if (batchCount === 0) return;
    this.batchCount = 0;
    this.prepared.add(batchCount);
    this.awaitingCommit.add(batchCount);
    this.prepTime.record((this.deps.clock.monotonicMs() - this.batchStartMs) / batchCount, batchCount);
  }

  /** Validates and proposes a request that nobody here waits for. */
  protected proposeFor(request: ForwardedRequest, owner: number | 'local'): void {
    const { broadcast, validator } = this;
    if (broadcast === null) return;
    this.prepared.add();
    broadcast.propose(validator.validate(request, owner, broadcast.lastProposed + 1));
  }

  /** A request of this server's own. */
  private proposeOwn(sessionId: bigint, request: ChangeRequest): void {
    const body = this.ownBodies.of(request);
    this.proposeFor({ sessionId, cxid: 0, type: request.type, body, auth: NOBODY }, 'local');
  }

  // Commits

  /** The next transaction is committed and durable: applies it and tells who waits for it. `wallMs`: now. */
  committed(zxid: number, wallMs = this.deps.clock.wallMs()): void {
    const { entry, result } = this.deps.store.applyNext();
    const { header } = entry;
    this.writeSizes.applied(entry.txn);
    this.validator.pending.release(zxid);
    this.propagationLatency.record(Math.max(0, wallMs - header.time));
    if (header.type === OpCode.createSession) this.ports.opened(header.clientId);
    const waiting = this.inFlight.first;
    if (waiting?.zxid === zxid) {
      this.inFlight.shift();
      this.ports.applied(waiting, outcomeOf(waiting.request, zxid, result));
    }
    if (header.type === OpCode.closeSession) {
      if (this.deps.audit !== undefined) auditEphemerals(this.deps.audit, entry);
      this.sessions.remove(header.clientId);
      this.mixedRules?.noteEnd(header.clientId);
      this.ports.end(header.clientId, reasonOfEnd(header));
    }
  }
}
