import { type AuthOutcome, ipId } from '../auth/index.js';
import { JuteError, type JuteReader } from '../jute/index.js';
import type { ClientPort, CloseReason, RequestPipeline, WriteRequest, WriteResult } from '../pipeline/index.js';
import type { Acl, AuthPacket, ConnectRequest, Id } from '../protocol/index.js';
import {
  ErrorCode,
  formatSessionId,
  OpCode,
  opName,
  PASSWORD_BYTES,
  Perms,
  readAuthPacket,
  REQUEST_HEADER_BYTES,
  writeConnectResponse,
  Xid,
} from '../protocol/index.js';
import type { WatchEvent } from '../tree/index.js';
import { ID_LIMITS, withIds } from './auth-ids.js';
import type { AuditSubject } from './audit-trail.js';
import type { ClientHub } from './client-hub.js';
import type { ConnectionStats } from './connection-stats.js';
import { FAILED_OP } from './connection-stats.js';
import type { Outbox } from './outbox.js';
import type { Asker, Question } from './reads.js';
import { RequestKind, requestKind, THROTTLED } from './request-kinds.js';
import { RequestLine } from './request-line.js';
import type { Throttled } from './request-throttle.js';
import { SaslExchange, type SaslSubject } from './sasl-exchange.js';
import { requestPath, SLOW_FROM_MS } from './slow-requests.js';
import { writeReply } from './write-replies.js';

/** Unimplemented replies carry the zxid that ZooKeeper gives to requests it never looked at. */
const NO_ZXID = -1;
/** A request's type stands behind its xid. */
const XID_BYTES = 4;

/** What a session needs of the connection it lives on. */
export interface SessionCarrier {
  readonly outbox: Outbox;
  readonly stats: ConnectionStats;
  readonly remoteText: string;
  /** Address of the client, for authentication schemes. */
  readonly remoteHost: string;
  /** What a TLS client showed. */
  readonly certificates: readonly Buffer[];
  /** Who it is by its certificate. */
  readonly certificateIds: readonly Id[];
  /** No frame is taken until `release`. */
  blockForSession(): void;
  blockForOutstanding(): void;
  releaseSession(): void;
  releaseOutstanding(): void;
  /** Something was appended to the outbox outside of the connection's own turn; where it is much, it is sent at once. */
  due(): void;
  /** Too much waits for a slow reader: the connection is being closed, nothing more can be said. */
  isOverfull(): boolean;
  /** Sends what is in the outbox and ends the connection; `why` goes to the log. */
  leave(why: string): void;
  /** The same, when the client wanted it and waits for nothing else. */
  part(why: string): void;
  /** The same, for what no client may send: the log tells of it. */
  refuse(why: string): void;
}

/**
 * The session side of a connection: its requests in order, its replies and its events.
 *
 * Reads are answered at once unless a write of this session is under way; then they wait in the line behind it, so that a
 * client sees its own writes and its requests take effect in the order it sent them.
 */
export class ClientSession implements ClientPort, Asker, Throttled, SaslSubject {
  sessionId = 0n;
  timeoutMs = 0;
  isOpen = false;
  /** Whom this session speaks for: the client's address and what auth requests added. */
  private auth: readonly Id[];
  private readonly line = new RequestLine();
  private readonly question: Question;
  /** 0n: a new one. */
  private wantedSessionId = 0n;
  private hasReadOnly = false;
  /** The client closed the session: what it sends behind that is not heard. */
  private isClosing = false;
  /** The pipeline knows the session no more (it is about to end): this turn's requests are not heard. */
  private isUnknown = false;
  isOver = false;
  /** Nothing but authentication is heard of the client, since it must prove itself first. */
  private isBarred: boolean;
  /** Made when the client begins one: most never do. */
  private sasl: SaslExchange | null = null;
  private hasSubmitted = false;
  private readsAnswered = 0;
  private turnMs = 0;

  constructor(
    private readonly hub: ClientHub,
    private readonly carrier: SessionCarrier,
    private readonly pipeline: RequestPipeline,
  ) {
    this.auth = [ipId(carrier.remoteHost), ...carrier.certificateIds];
    this.isBarred = !hub.access.isAdmitted(this.auth);
    this.question = {
      asker: this,
      tree: pipeline.tree,
      reader: hub.reader,
      bytes: NO_BYTES,
      end: 0,
      auth: this.auth,
      xid: 0,
    };
  }

  get outbox(): Outbox {
    return this.carrier.outbox;
  }

  /** Requests that are not answered. */
  get queued(): number {
    return this.line.size;
  }

  // ----- the session's beginning

  open(request: ConnectRequest, nowMs: number): void {
    this.turnMs = nowMs;
    this.hasReadOnly = request.hasReadOnly;
    this.wantedSessionId = request.sessionId;
    this.carrier.blockForSession();
    if (request.sessionId === 0n) {
      this.pipeline.openSession(this, request.timeoutMs);
      return;
    }
    this.hub.traffic.connectionsRevalidated.add();
    this.pipeline.resumeSession(this, request.sessionId, request.password, request.timeoutMs);
  }

  sessionOpened(sessionId: bigint, timeoutMs: number, password: Buffer): void {
    if (this.isOver) {
      // The client did not wait; the session lives until it expires, or until the client comes for it.
      this.pipeline.detach(this, sessionId);
      return;
    }
    this.sessionId = sessionId;
    this.timeoutMs = timeoutMs;
    this.isOpen = true;
    if (this.hub.log.isEnabled('debug')) {
      this.hub.log.debug(
        `Established session ${formatSessionId(sessionId)} with negotiated timeout ${timeoutMs} for client ${this.carrier.remoteText}.`,
        { code: 'SESSION_OPEN' },
      );
    }
    this.answerConnect(sessionId, timeoutMs, password);
    if (this.wantedSessionId !== 0n) {
      this.carrier.stats.sent++;
    } else {
      this.noteReply(OpCode.createSession, 0);
      this.countUpdate(this.turnMs);
    }
    this.carrier.releaseSession();
  }

  sessionRefused(): void {
    if (this.isOver) return;
    this.hub.log.info(
      `Invalid session ${formatSessionId(this.wantedSessionId)} for client ${this.carrier.remoteText}, probably expired.`,
      { code: 'SESSION_INVALID' },
    );
    this.answerConnect(0n, 0, Buffer.alloc(PASSWORD_BYTES));
    this.carrier.stats.sent++;
    this.carrier.leave('its session is unknown or its password is wrong');
  }

  private answerConnect(sessionId: bigint, timeoutMs: number, password: Buffer): void {
    const w = this.outbox.open();
    const frame = w.reserveInt();
    const readOnly = this.pipeline.mode === 'read-only';
    writeConnectResponse(w, { protocolVersion: 0, timeoutMs, sessionId, password, readOnly }, this.hasReadOnly);
    w.patchInt(frame, w.length - frame - 4);
    this.hub.traffic.packetsSent++;
    this.carrier.due();
  }

  // ----- requests

  /** Before the frames of a chunk. */
  beginTurn(nowMs: number): void {
    this.turnMs = nowMs;
    this.question.tree = this.pipeline.tree;
    this.isUnknown = this.isOpen && !this.pipeline.touch(this.sessionId, this.timeoutMs);
  }

  /** Behind the frames of a chunk. */
  endTurn(): void {
    this.hub.bodies.finish();
    if (this.hasSubmitted) {
      this.hasSubmitted = false;
      this.pipeline.endBatch();
    }
    if (this.readsAnswered > 0) {
      const latencyMs = this.countLatency(this.readsAnswered, this.turnMs, this.hub.clock.monotonicMs());
      this.hub.traffic.recordReads(this.readsAnswered, latencyMs);
      this.readsAnswered = 0;
      this.noteIfSlow(this.carrier.stats.lastOp, null, latencyMs);
    }
  }

  /** One request in bytes[start, end). */
  onRequest(bytes: Buffer, start: number, end: number): void {
    if (this.isClosing || this.isUnknown) return;
    if (end - start < REQUEST_HEADER_BYTES) {
      this.carrier.refuse(`a request of ${end - start} bytes has no room for its header`);
      return;
    }
    if (!this.isAdmitted(end - start)) return;
    if (this.mustWait(bytes, start, end)) return;
    this.handle(bytes, start, end, false);
  }

  /** A request of so many bytes has begun to come (-1: none): one for which there is no room need not come whole. */
  onComing(requestBytes: number): void {
    if (!this.isOver && !this.isClosing && !this.isUnknown) this.isAdmitted(requestBytes);
  }

  private isAdmitted(requestBytes: number): boolean {
    if (this.hub.largeRequests.admit(requestBytes)) return true;
    this.carrier.leave(`a request of ${requestBytes} bytes is too much beside the large ones that are under way`);
    return false;
  }

  /** Is it a request that may wait, and must it? */
  private mustWait(bytes: Buffer, start: number, end: number): boolean {
    const { largeRequests, requestThrottle } = this.hub;
    if (requestThrottle === null) return false;
    const kind = requestKind(bytes.readInt32BE(start + XID_BYTES));
    if (kind !== RequestKind.read && kind !== RequestKind.write) return false;
    if (!requestThrottle.holds(this, bytes, start, end)) return false;
    largeRequests.came(end - start);
    return true;
  }

  take(frame: Buffer, tooLate: boolean): void {
    this.hub.largeRequests.done(frame.length);
    if (this.isOver || this.isClosing || this.carrier.isOverfull()) return;
    this.beginTurn(this.hub.clock.monotonicMs());
    if (!this.isUnknown) this.handle(frame, 0, frame.length, tooLate);
    this.endTurn();
    this.carrier.due();
  }

  drop(frame: Buffer): void {
    this.hub.largeRequests.done(frame.length);
    if (!this.isOver) this.carrier.leave('one of its requests waited too long and was dropped');
  }

  private handle(bytes: Buffer, start: number, end: number, tooLate: boolean): void {
    const { reader } = this.hub;
    reader.reset(bytes, start, end);
    const xid = reader.int();
    const type = reader.int();
    const kind = requestKind(type);
    if (this.isBarred && kind !== RequestKind.auth && kind !== RequestKind.sasl) {
      this.refuseUnproven(xid);
      return;
    }
    if (tooLate && type !== OpCode.closeSession) {
      if (this.line.isEmpty) this.answerNow(THROTTLED, xid, bytes, end);
      else this.keepRead(THROTTLED, xid, bytes, start, end);
      return;
    }
    switch (kind) {
      case RequestKind.read:
        if (this.line.isEmpty) this.answerNow(type, xid, bytes, end);
        else this.keepRead(type, xid, bytes, start, end);
        return;
      case RequestKind.write:
        this.submit(type, xid, bytes, start, end);
        return;
      case RequestKind.ping:
        this.answerEmpty(Xid.ping, this.pipeline.tree.lastProcessedZxid, ErrorCode.ok);
        this.carrier.stats.lastOp = type;
        this.readsAnswered++;
        return;
      case RequestKind.auth:
        this.onAuth(xid, reader);
        return;
      case RequestKind.sasl:
        this.sasl ??= new SaslExchange(this.hub, this.carrier, this);
        this.sasl.onRequest(xid, reader);
        return;
      default:
        this.answerEmpty(xid, NO_ZXID, ErrorCode.unimplemented);
        this.carrier.refuse(`it sent a request that clients may not send: ${opName(type)}`);
    }
  }

  private answerNow(type: number, xid: number, bytes: Buffer, end: number): void {
    const q = this.question;
    q.reader = this.hub.reader;
    q.bytes = bytes;
    q.end = end;
    q.auth = this.auth;
    q.xid = xid;
    this.hub.reads.answer(q, type);
    this.readsAnswered++;
    this.noteReply(type, xid);
    if (this.isOver) this.forgetWatches();
  }

  /** A read behind a write of its own session waits with a copy of its body. */
  private keepRead(type: number, xid: number, bytes: Buffer, start: number, end: number): void {
    const body = this.hub.bodies.copy(bytes, start + REQUEST_HEADER_BYTES, end);
    this.line.pushRead(xid, type, this.turnMs, body, this.auth);
    this.hub.requestCame(body.length);
    this.checkOutstanding();
  }

  private submit(type: number, xid: number, bytes: Buffer, start: number, end: number): void {
    const body = this.hub.bodies.copy(bytes, start + REQUEST_HEADER_BYTES, end);
    this.line.pushWrite(xid, type, this.turnMs, body);
    this.hub.requestCame(body.length);
    this.hasSubmitted = true;
    if (type === OpCode.closeSession) this.isClosing = true;
    this.pipeline.submit({ port: this, sessionId: this.sessionId, cxid: xid, type, body, auth: this.auth });
    this.checkOutstanding();
  }

  private checkOutstanding(): void {
    if (this.line.size > 0 && this.hub.isOverloaded) this.carrier.blockForOutstanding();
  }

  private onAuth(xid: number, reader: JuteReader): void {
    const packet = parseAuthPacket(reader);
    if (packet === null) {
      this.carrier.refuse('its auth request is malformed');
      return;
    }
    // Only an address needs no proof; ZooKeeper's other schemes fail where there is none.
    const outcome: AuthOutcome =
      packet.isNull === true && packet.scheme !== 'ip'
        ? { kind: 'refused' }
        : this.hub.access.authenticate(packet, this.carrier);
    if (outcome.kind !== 'accepted' || !this.addIds(outcome.ids)) {
      this.hub.traffic.authFailures++;
      if (outcome.kind !== 'disconnect') this.answerEmpty(xid, 0, ErrorCode.authFailed);
      this.carrier.leave(`its authentication by scheme ${packet.scheme} failed`);
      return;
    }
    this.answerEmpty(xid, 0, ErrorCode.ok);
  }

  /** The session speaks for these, too. False: then it would have more ids than a client may have, so it does not. */
  addIds(ids: readonly Id[]): boolean {
    const auth = withIds(this.auth, ids);
    if (auth === null) {
      const { remoteHost, remoteText } = this.carrier;
      this.hub.complaints.warn(
        `ids ${remoteHost}`,
        `The client ${remoteText} authenticates as more users than it may: ${ID_LIMITS}.`,
        {
          code: 'AUTH_TOO_MANY',
          remote: remoteText,
        },
      );
      return false;
    }
    this.auth = auth;
    this.isBarred = !this.hub.access.isAdmitted(auth);
    return true;
  }

  private refuseUnproven(xid: number): void {
    const schemes = this.hub.access.enforcedSchemes.join(', ');
    this.hub.log.warn(`The client ${this.carrier.remoteText} has not proven itself by ${schemes}; it is not served.`, {
      code: 'AUTH_ENFORCED',
    });
    this.answerEmpty(xid, 0, ErrorCode.sessionClosedRequireSasl);
    this.carrier.leave('it has not authenticated as it must');
  }

  private answerEmpty(xid: number, zxid: number, err: number): void {
    this.outbox.end(this.outbox.begin(xid, zxid, err));
    this.carrier.stats.sent++;
  }

  // ----- answers of the pipeline

  writeDone(result: WriteResult): void {
    if (this.isOver) return;
    const { line } = this;
    if (line.isEmpty || line.startsWithRead) throw new Error(`a result came for which no request waits`);
    const { xid, type, body, receivedMs } = line;
    this.shiftLine();
    if (this.hub.audit !== null && body !== null) this.hub.audit.decided(this.subject(this.auth), type, body, result);
    if (this.carrier.isOverfull()) return;
    if (result.err === ErrorCode.sessionMoved) {
      this.carrier.leave('its session moved to another server');
      return;
    }
    const err = writeReply(this.outbox, xid, type, result, body, this.pipeline.tree);
    this.noteReply(err === ErrorCode.ok ? type : FAILED_OP, xid);
    const latencyMs = type === OpCode.sync ? this.countRead(receivedMs) : this.countUpdate(receivedMs);
    this.noteIfSlow(type, body, latencyMs);
    if (type === OpCode.closeSession) {
      this.carrier.part('the client closed its session');
      return;
    }
    this.answerWaiting();
    this.carrier.due();
    if (line.size === 0 || !this.hub.isOverloaded) this.carrier.releaseOutstanding();
  }

  /** Who hangs up before the answer has done what he did all the same. */
  writeMissed({ type, body, auth }: WriteRequest, result: WriteResult): void {
    this.hub.traffic.staleReplies.add();
    this.hub.audit?.decided(this.subject(auth), type, body, result);
  }

  private subject(auth: readonly Id[]): AuditSubject {
    return { session: formatSessionId(this.sessionId), ip: this.carrier.remoteHost, auth };
  }

  /** Answers the reads at the head of the line, up to the next write. */
  private answerWaiting(): void {
    const { line } = this;
    if (!line.startsWithRead) return;
    const { traffic } = this.hub;
    const before = line.size;
    traffic.waitingRequests.record(before);
    this.answerReads();
    traffic.readsAfterWrite.record(before - line.size);
  }

  private answerReads(): void {
    const { line } = this;
    while (line.startsWithRead) {
      const { xid, type, body, auth, receivedMs } = line;
      this.shiftLine();
      const q = this.question;
      q.tree = this.pipeline.tree;
      q.reader = this.hub.waitingReader;
      q.bytes = body ?? NO_BYTES;
      q.end = q.bytes.length;
      q.auth = auth ?? this.auth;
      q.xid = xid;
      q.reader.reset(q.bytes);
      this.hub.reads.answer(q, type);
      this.noteReply(type, xid);
      this.noteIfSlow(type, body, this.countRead(receivedMs));
      this.carrier.due();
      if (this.isOver || this.carrier.isOverfull()) {
        this.forgetWatches();
        return;
      }
    }
  }

  /** The connection came to its end while watches were being set. */
  private forgetWatches(): void {
    const { tree } = this.pipeline;
    if (tree.removeWatcher(this)) this.hub.watchSweeper.begin(tree);
  }

  private shiftLine(): void {
    this.hub.requestDone(this.line.body?.length ?? 0);
    this.line.shift();
  }

  // ----- what comes by itself

  process(event: WatchEvent, acl: readonly Acl[] | null): void {
    if (!this.isOpen || this.isOver || this.carrier.isOverfull()) return;
    if (acl !== null && !this.hub.access.allows(acl, Perms.read, this.auth, event.path)) return;
    const frame = this.hub.events.frameOf(event);
    this.outbox.appendShared(frame);
    this.hub.traffic.recordEvent(frame.length - 4);
    this.carrier.stats.sent++;
    this.carrier.due();
  }

  closeFromServer(reason: CloseReason): void {
    if (!this.isOver) this.carrier.leave(`the server ended it: ${reason}`);
  }

  /** The connection is over. The session lives on until it expires or comes back. */
  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    while (!this.line.isEmpty) this.shiftLine();
    if (!this.isOpen) return;
    this.forgetWatches();
    this.pipeline.detach(this, this.sessionId);
  }

  // ----- counting

  private noteReply(op: number, xid: number): void {
    const { stats } = this.carrier;
    stats.sent++;
    stats.lastOp = op;
    stats.lastZxid = this.pipeline.tree.lastProcessedZxid;
    if (xid >= 0) stats.lastCxid = xid;
  }

  private countRead(receivedMs: number): number {
    const latencyMs = this.countLatency(1, receivedMs, this.hub.nowMs);
    this.hub.traffic.recordReads(1, latencyMs);
    return latencyMs;
  }

  private countUpdate(receivedMs: number): number {
    const latencyMs = this.countLatency(1, receivedMs, this.hub.nowMs);
    this.hub.traffic.recordUpdate(latencyMs);
    return latencyMs;
  }

  private noteIfSlow(type: number, body: Buffer | null, latencyMs: number): void {
    if (latencyMs < SLOW_FROM_MS) return;
    const { slow } = this.hub.traffic;
    const atMs = this.hub.clock.monotonicMs();
    if (!slow.wants(latencyMs, atMs)) return;
    const { sessionId, carrier } = this;
    const path = requestPath(type, body);
    slow.note({ atMs, latencyMs, type, path, sessionId, remoteText: carrier.remoteText });
  }

  /** ZooKeeper counts in whole milliseconds of its clock. */
  private countLatency(count: number, receivedMs: number, nowMs: number): number {
    const wholeMs = Math.floor(nowMs);
    const latencyMs = wholeMs - Math.floor(receivedMs);
    this.carrier.stats.recordLatency(count, wholeMs, latencyMs);
    return latencyMs;
  }
}

function parseAuthPacket(reader: JuteReader): AuthPacket | null {
  try {
    return readAuthPacket(reader);
  } catch (error) {
    if (error instanceof JuteError) return null;
    throw error;
  }
}

const NO_BYTES = Buffer.alloc(0);
