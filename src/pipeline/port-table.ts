import type { Clock } from '../host/index.js';
import { sessionPassword } from '../protocol/index.js';
import type { ClientPort, CloseReason, WriteRequest, WriteResult } from './api.js';
import { type Outstanding, SessionLine, Waiting } from './session-line.js';

interface Opening {
  /** Null once it is told: old tables of a `Map` may be kept long, and what was in them with them. */
  port: ClientPort | null;
  readonly timeoutMs: number;
}

/** The client connections of this server, by session, and what they wait for. */
export class PortTable {
  private readonly tally: Outstanding = { count: 0 };
  private readonly lines = new Map<bigint, SessionLine>();
  /** Sessions that are being made or taken up. */
  private readonly openings = new Map<bigint, Opening>();
  private late: SessionLine[] = [];
  /** The line asked for last: requests come in runs of one session. */
  private recent: SessionLine | null = null;

  constructor(private readonly clock: Clock) {}

  /** Requests that are not answered. */
  get outstanding(): number {
    return this.tally.count;
  }

  // Sessions

  /**
   * `port` waits for the session; who waited for it before, or has it, is sent away. Not only when it is opened: what is read of
   * the older connection from now on was sent before the client came here, perhaps from a server where it has done more.
   */
  open(sessionId: bigint, port: ClientPort, timeoutMs: number): void {
    const before = this.openings.get(sessionId);
    this.openings.set(sessionId, { port, timeoutMs });
    if (before !== undefined && before.port !== port) before.port?.closeFromServer('sessionReopened');
    if (this.lines.get(sessionId)?.port !== port) this.close(sessionId, 'sessionReopened');
  }

  /** The session is there: tells who waits for it. */
  opened(sessionId: bigint): void {
    const opening = this.openings.get(sessionId);
    const port = this.takeOpening(sessionId, opening);
    if (opening === undefined || port === null) return;
    const { timeoutMs } = opening;
    this.attach(sessionId, port);
    port.sessionOpened(sessionId, timeoutMs, sessionPassword(sessionId));
  }

  /** There is no such session. */
  refused(sessionId: bigint): void {
    this.takeOpening(sessionId, this.openings.get(sessionId))?.sessionRefused();
  }

  private takeOpening(sessionId: bigint, opening: Opening | undefined): ClientPort | null {
    if (opening === undefined) return null;
    this.openings.delete(sessionId);
    const { port } = opening;
    opening.port = null;
    return port;
  }

  private attach(sessionId: bigint, port: ClientPort): void {
    const line = this.lines.get(sessionId);
    if (line === undefined) {
      this.lines.set(sessionId, new SessionLine(sessionId, port, this.tally));
      return;
    }
    line.port = port;
  }

  /** The connection is gone; what it submitted goes on without an answer. */
  detach(port: ClientPort, sessionId: bigint): void {
    const opening = this.openings.get(sessionId);
    if (opening?.port === port) this.takeOpening(sessionId, opening);
    const line = this.lines.get(sessionId);
    if (line?.port !== port) return;
    line.port = null;
    this.dropWhenIdle(line);
  }

  /** Ends the connection that has the session, if there is one; the session lives on. */
  close(sessionId: bigint, reason: CloseReason): void {
    const port = this.lines.get(sessionId)?.port ?? null;
    if (port === null) return;
    this.detach(port, sessionId);
    port.closeFromServer(reason);
  }

  /** The client has come to another server with the session: nobody has it here, or waits for it. */
  moved(sessionId: bigint): void {
    this.takeOpening(sessionId, this.openings.get(sessionId))?.closeFromServer('sessionMoved');
    this.close(sessionId, 'sessionMoved');
  }

  /** No answer will come to what was asked before. */
  forgetRequests(sessionId: bigint): void {
    this.lines.get(sessionId)?.clear();
  }

  /** The session is over: nobody waits for anything of it. */
  end(sessionId: bigint, reason: CloseReason): void {
    const line = this.lines.get(sessionId);
    if (line === undefined) return;
    this.lines.delete(sessionId);
    line.clear();
    const { port } = line;
    line.port = null;
    port?.closeFromServer(reason);
  }

  /** Ends everything: the role is over. */
  endAll(reason: CloseReason): void {
    const ports = new Set<ClientPort>();
    for (const { port } of this.openings.values()) if (port !== null) ports.add(port);
    for (const line of this.lines.values()) {
      if (line.port !== null) ports.add(line.port);
      line.port = null;
      line.clear();
    }
    this.openings.clear();
    this.lines.clear();
    this.recent = null;
    for (const port of ports) port.closeFromServer(reason);
  }

  // Requests

  /** The session's line if `port` has it now; a request of anybody else is not heard. */
  lineOf(sessionId: bigint, port: ClientPort): SessionLine | null {
    const { recent } = this;
    if (recent !== null && recent.port === port && recent.sessionId === sessionId) return recent;
    const line = this.lines.get(sessionId);
    if (line?.port !== port) return null;
    this.recent = line;
    return line;
  }

  find(sessionId: bigint): SessionLine | undefined {
    return this.lines.get(sessionId);
  }

  push(line: SessionLine, request: WriteRequest, zxid: number): Waiting {
    const waiting = new Waiting(request, line, zxid);
    line.push(waiting);
    return waiting;
  }

  /** The request's transaction is applied. */
  applied(waiting: Waiting, result: WriteResult): void {
    const { line } = waiting;
    waiting.result = result;
    line.answerThrough(waiting);
    this.dropWhenIdle(line);
  }

  /** A request without a transaction is decided: answered when everything before it is. */
  decided(waiting: Waiting, result: WriteResult): void {
    waiting.result ??= result;
    this.flush(waiting.line);
  }

  /** The same, but not inside the caller's turn with the port. */
  decidedLater(waiting: Waiting, result: WriteResult): void {
    waiting.result = result;
    this.late.push(waiting.line);
    if (this.late.length > 1) return;
    this.clock.defer(() => {
      const late = this.late;
      this.late = [];
      for (const line of late) this.flush(line);
    });
  }

  private flush(line: SessionLine): void {
    line.answerDecided();
    this.dropWhenIdle(line);
  }

  private dropWhenIdle(line: SessionLine): void {
    if (line.port === null && line.isEmpty && this.lines.get(line.sessionId) === line) {
      this.lines.delete(line.sessionId);
    }
  }
}
