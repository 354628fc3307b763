import { ErrorCode, OpCode } from '../protocol/index.js';
import type { DataTree } from '../tree/index.js';
import type { ClientPort, PipelineStats, RequestPipeline, WriteRequest } from './api.js';
import { LocalSessions } from './local-sessions.js';
import { isPasswordOf, refusalOf } from './outcome.js';
import type { PipelineDeps } from './pipeline-deps.js';
import { PortTable } from './port-table.js';

/**
 * The pipeline of a server that has no leader (`readonlymode.enabled`): clients that allow it may read what this server has,
 * and everything that would change something, or promise to be up to date, is refused with NotReadOnly. Nothing is logged.
 *
 * Its sessions are local ones, always: ZooKeeper's are only with `localSessionsEnabled`, without which it refuses every
 * client with an answer that none understands.
 */
export class ReadOnlyPipeline implements RequestPipeline {
  readonly mode = 'read-only';
  private readonly ports: PortTable;
  private readonly sessions: LocalSessions;
  private isServing = false;

  constructor(private readonly deps: PipelineDeps) {
    this.ports = new PortTable(deps.clock);
    this.sessions = new LocalSessions(deps, this.ports, () => undefined);
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
      localSessions: this.sessions.count,
    };
  }

  start(): void {
    this.isServing = true;
    this.sessions.start();
  }

  stop(): void {
    this.isServing = false;
    this.sessions.stop();
    this.ports.endAll('roleOver');
  }

  openSession(port: ClientPort, timeoutMs: number): void {
    if (this.isServing) this.sessions.open(port, timeoutMs);
  }

  /** A session of the ensemble cannot be taken up without a leader; it is not refused, for it may live. */
  resumeSession(port: ClientPort, sessionId: bigint, password: Buffer, timeoutMs: number): void {
    if (!this.isServing) return;
    const { clock, store } = this.deps;
    if (store.sessions.has(sessionId)) {
      clock.defer(() => {
        port.closeFromServer('sessionMoved');
      });
      return;
    }
    if (isPasswordOf(sessionId, password) && this.sessions.resume(port, sessionId, timeoutMs)) return;
    clock.defer(() => {
      port.sessionRefused();
    });
  }

  submit(request: WriteRequest): void {
    if (!this.isServing || request.port === null) return;
    const line = this.ports.lineOf(request.sessionId, request.port);
    if (line === null) return;
    if (request.type === OpCode.closeSession && this.sessions.settles(request, line)) return;
    this.ports.decidedLater(this.ports.push(line, request, 0), refusalOf(request, ErrorCode.notReadOnly));
  }

  endBatch(): void {
    // Nothing was gathered.
  }

  touch(sessionId: bigint): boolean {
    return this.sessions.touch(sessionId);
  }

  detach(port: ClientPort, sessionId: bigint): void {
    this.ports.detach(port, sessionId);
  }
}
