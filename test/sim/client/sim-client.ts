import type { Timer } from '../../../src/host/index.js';
import type { JuteReader } from '../../../src/jute/index.js';
import type { ConnectResponse } from '../../../src/protocol/index.js';
import {
  ErrorCode,
  formatSessionId,
  OpCode,
  readReplyHeader,
  readWatcherEvent,
  writePathNumberRequest,
  writeSetWatches,
  Xid,
} from '../../../src/protocol/index.js';
import type { FakeHost } from '../../fakes/index.js';
import type { OddReply, ReplyChecks } from '../checks/reply-checks.js';
import type { HistoryLine, HistoryOp } from '../history.js';
import type { CommitOrder } from '../model/commit-order.js';
import type { Problems } from '../problems.js';
import { ClientConnection } from './client-connection.js';
import type { OddRequest } from './odd-requests.js';
import { decodeOdd, decodeReply, encodeOdd, encodeOp, encodeReconfig, frame, type ReconfigWish } from './requests.js';
import { WatchLedger } from './watch-ledger.js';

export interface ClientSurroundings {
  readonly host: FakeHost;
  readonly servers: readonly string[];
  readonly order: CommitOrder;
  readonly checks: ReplyChecks;
  readonly problems: Problems;
  readonly history: HistoryLine[];
  readonly sessionTimeoutMs: number;
  /** It numbers its requests from 1 on each connection, as kazoo does. */
  readonly countsAnew?: boolean;
  /** How long nothing has disturbed the ensemble. */
  readonly quietForMs: () => number;
}

/** A request under way. */
interface Asked {
  readonly xid: number;
  /** Null: one that no history shows, the session's own (addWatch, setWatches) or an odd one. */
  readonly op: HistoryOp | null;
  readonly odd: OddRequest | null;
  readonly invokedMs: number;
  readonly watch: boolean;
  readonly floorZxid: number;
  readonly answered: (err: number, zxid: number) => void;
}

const RETRY_MS = 50;
/** In calm no request waits so long, and a server that cannot answer has let its clients go by then. */
const UNANSWERED_MS = 3000;
/** After a connection that was given up before its answer, another server may get the session so much later. */
const DOUBT_MS = 10_000;

/**
 * A client as users' programs have them: one session at a time over one connection at a time, moved to another server when
 * the connection is lost, with its watches; a new session when the old one has expired. Every reply is checked.
 */
export class SimClient {
  sessionId = 0n;
  watches: WatchLedger;
  isConnected = false;
  sessionsOpened = 0;
  sessionsExpired = 0;
  /** When the newest request that was answered had been sent: the session was heard of no earlier. */
  lastAnsweredSentMs = 0;
  connectedSinceMs = 0;
  /** Called when requests can be sent. */
  onReady: (() => void) | null = null;
  private password: Buffer = Buffer.alloc(16);
  private timeoutMs: number;
  private lastZxidSeen = 0;
  private nextXid = 1;
  private connection: ClientConnection | null = null;
  private asked: Asked[] = [];
  private pingSentMs = 0;
  private lastSentMs = 0;
  private timer: Timer | null = null;
  private isStopped = false;
  /** It left its server by itself and goes to another at once. */
  private isHopping = false;
  /** Where its session was made. */
  private home = '';
  /** It has asked for an ephemeral node. */
  private mayBeGlobal = false;
  /** It asked for what ends a connection, and was told so. */
  private isTurnedOut = false;
  /** Null: it goes anywhere. */
  private nextServer: string | null = null;
  /** When a connection ended last whose server may still claim the session. */
  private lastDoubtMs = Number.NEGATIVE_INFINITY;
  private sessionName = formatSessionId(0n);

  constructor(
    readonly name: string,
    private readonly around: ClientSurroundings,
  ) {
    this.timeoutMs = around.sessionTimeoutMs;
    this.watches = this.newLedger();
  }

  get outstanding(): number {
    return this.asked.length;
  }

  /** How long the oldest request on a connection that lives has been waiting. */
  get oldestUnansweredMs(): number {
    const [oldest] = this.asked;
    return this.isConnected && oldest !== undefined ? this.nowMs() - oldest.invokedMs : 0;
  }

  /**
   * Something came over its connection since the calm began. Where nothing did, the other end may be gone, of which it learns by
   * silence only: a machine that lost its power says no good-bye, and may be removed before it is back.
   */
  get wasHeardInCalm(): boolean {
    return this.connection !== null && this.nowMs() - this.connection.lastHeardMs <= this.around.quietForMs();
  }

  /** Its session is its first server's alone: it has asked for nothing that would make it the ensemble's. */
  private get isAtHomeOnly(): boolean {
    return this.around.order.isLocal(this.sessionId) && !this.mayBeGlobal;
  }

  get negotiatedTimeoutMs(): number {
    return this.timeoutMs;
  }

  get server(): string {
    return this.connection?.server ?? 'nowhere';
  }

  start(): void {
    this.connect();
  }

  /** Breaks off and never comes back: the session is left to expire. */
  abandon(): void {
    this.isStopped = true;
    this.timer?.cancel();
    this.connection?.close();
  }

  // --- requests

  /** Sends an operation; `answered` is called with its error code, or not at all when the connection is lost. */
  ask(op: HistoryOp, options: { watch?: boolean; answered?: (err: number, zxid: number) => void } = {}): void {
    if (!this.isConnected) return;
    if (op.kind === 'create' && op.ephemeral) this.mayBeGlobal = true;
    const { checks } = this.around;
    const asked = this.push(op, options.watch ?? false, checks.ackedZxid, options.answered);
    this.connection?.send(encodeOp(asked.xid, op, asked.watch));
  }

  /** A sync and the read that it is for. */
  askFresh(op: Extract<HistoryOp, { kind: 'get' | 'exists' | 'children' }>): void {
    if (!this.isConnected) return;
    const floorZxid = this.around.checks.ackedZxid;
    const sync = this.push({ kind: 'sync', path: op.path }, false, floorZxid);
    this.connection?.send(encodeOp(sync.xid, { kind: 'sync', path: op.path }, false));
    const read = this.push({ ...op, isSynced: true }, false, floorZxid);
    this.connection?.send(encodeOp(read.xid, op, false));
  }

  /** Something that no history shows. What ends the connection is asked for when nothing else is under way. */
  askOdd(odd: OddRequest): void {
    const isFatal = odd.kind === 'fatal';
    if (!this.isConnected || (isFatal && this.outstanding > 0)) return;
    const asked = this.push(null, false, this.around.checks.ackedZxid, undefined, odd);
    this.connection?.send(encodeOdd(asked.xid, odd));
  }

  addWatch(path: string, isRecursive: boolean): void {
    if (!this.isConnected) return;
    const asked = this.push(null, false, 0, (err, zxid) => {
      if (err === 0) this.watches.setLasting(path, isRecursive, zxid);
    });
    this.connection?.send(
      frame(asked.xid, OpCode.addWatch, (w) => writePathNumberRequest(w, path, isRecursive ? 1 : 0)),
    );
  }

  closeSession(closed?: () => void): void {
    const answered = (): void => {
      this.forgetSession();
      closed?.();
    };
    this.ask({ kind: 'closeSession' }, { answered });
  }

  /** Asks for another list of servers. Not called back when the connection is lost. */
  reconfigure(wish: ReconfigWish, answered: (err: number) => void): void {
    const { xid } = this.push(null, false, 0, answered);
    this.connection?.send(encodeReconfig(xid, wish));
  }

  /** Leaves its server for another, or for a certain one, whatever is under way. */
  hop(server: string | null = null): void {
    const { connection } = this;
    // What was sent in this turn is to go first.
    this.around.host.clock.after(this.around.host.random.fraction(), () => {
      if (this.connection !== connection || !this.isConnected) return;
      this.isHopping = true;
      this.nextServer = server;
      connection?.close();
    });
  }

  private push(
    op: HistoryOp | null,
    watch: boolean,
    floorZxid: number,
    answered?: Asked['answered'],
    odd: OddRequest | null = null,
  ): Asked {
    this.lastSentMs = this.nowMs();
    const asked = {
      ...{ xid: this.nextXid++, op, odd, invokedMs: this.lastSentMs, watch, floorZxid },
      answered: answered ?? (() => undefined),
    };
    this.asked.push(asked);
    return asked;
  }

  private nowMs(): number {
    return this.around.host.clock.scheduler.nowMs;
  }

  // --- the connection

  private connect(): void {
    const { host, servers } = this.around;
    if (this.isStopped) return;
    const server = this.nextServer ?? servers[host.random.below(servers.length)] ?? '';
    this.isHopping = false;
    this.nextServer = null;
    const connection = new ClientConnection(host, server, {
      onConnected: (response) => this.onConnected(response),
      onFrame: (r) => this.onFrame(r),
      onClosed: () => this.onClosed(),
    });
    this.connection = connection;
    const { sessionId: id, password, lastZxidSeen } = this;
    const timeoutMs = this.around.sessionTimeoutMs;
    connection.dial(timeoutMs / 3, { id, password, timeoutMs, lastZxidSeen });
    this.watchOver(connection);
  }

  /** Pings in time, and gives a silent server up in time to find another. */
  private watchOver(connection: ClientConnection): void {
    const { clock } = this.around.host;
    const stepMs = this.timeoutMs / 6;
    this.timer = clock.after(stepMs, () => {
      if (this.connection !== connection) return;
      const nowMs = clock.monotonicMs();
      if (nowMs - connection.lastHeardMs > (this.timeoutMs * 2) / 3) {
        connection.close();
        return;
      }
      this.checkAnswers();
      if (this.isConnected && this.nowMs() - this.lastSentMs >= this.timeoutMs / 3 && this.pingSentMs === 0) {
        this.pingSentMs = this.nowMs();
        this.lastSentMs = this.pingSentMs;
        connection.send(frame(Xid.ping, OpCode.ping, () => undefined));
      }
      this.watchOver(connection);
    });
  }

  private checkAnswers(): void {
    const waitingMs = this.oldestUnansweredMs;
    if (waitingMs < UNANSWERED_MS || this.around.quietForMs() < waitingMs + UNANSWERED_MS) return;
    const text = `${this.name} has been waiting on ${this.server} for ${Math.round(waitingMs)} ms, in calm, on a connection that lives`;
    this.around.problems.report('requests are answered', text);
  }

  private onConnected(response: ConnectResponse): void {
    if (response.timeoutMs <= 0) {
      this.sessionsExpired++;
      this.connection?.close();
      this.forgetSession();
      return;
    }
    if (this.sessionId === 0n) {
      this.sessionsOpened++;
      this.home = this.server;
      this.mayBeGlobal = false;
    } else if (response.sessionId !== this.sessionId) {
      this.around.problems.report('sessions', `${this.name} asked for its session and got another`);
    } else if (this.isAtHomeOnly && this.server !== this.home) {
      const text = `${this.name} came with a session of ${this.home} to ${this.server}, which took it`;
      this.around.problems.report('local sessions stay where they are', text);
    }
    this.sessionId = response.sessionId;
    this.sessionName = formatSessionId(this.sessionId);
    this.password = response.password;
    this.timeoutMs = response.timeoutMs;
    if (this.around.countsAnew === true) {
      this.nextXid = 1;
      this.around.order.countsAnew.add(this.sessionId);
    }
    this.isConnected = true;
    this.connectedSinceMs = this.nowMs();
    if (!this.watches.isEmpty) this.restoreWatches();
    this.onReady?.();
  }

  private restoreWatches(): void {
    const lists = { relativeZxid: this.lastZxidSeen, ...this.watches.restore(this.lastZxidSeen) };
    const type =
      lists.persistent.length + lists.persistentRecursive.length === 0 ? OpCode.setWatches : OpCode.setWatches2;
    this.asked.push({
      ...{ xid: Xid.setWatches, op: null, odd: null, invokedMs: this.nowMs(), watch: false, floorZxid: 0 },
      answered: (err, zxid) => {
        if (err === 0) this.watches.restored(zxid);
      },
    });
    this.connection?.send(frame(Xid.setWatches, type, (w) => writeSetWatches(w, lists, type)));
  }

  private onClosed(): void {
    if (!this.isConnected && this.connection?.hasAsked === true) this.lastDoubtMs = this.nowMs();
    this.isConnected = false;
    this.isTurnedOut = false;
    this.connection = null;
    this.pingSentMs = 0;
    const lost = this.asked;
    this.asked = [];
    for (const { op, invokedMs } of lost) {
      if (op !== null) this.note(op, invokedMs, null, 0, 0, {});
    }
    if (this.isStopped) return;
    const { clock, random } = this.around.host;
    this.timer?.cancel();
    this.timer = clock.after(this.isHopping ? 0 : RETRY_MS * (1 + random.fraction()), () => this.connect());
  }

  private forgetSession(): void {
    this.sessionId = 0n;
    this.sessionName = formatSessionId(0n);
    this.password = Buffer.alloc(16);
    this.lastZxidSeen = 0;
    this.watches = this.newLedger();
  }

  private newLedger(): WatchLedger {
    return new WatchLedger(this.name, this.around.order.tree, this.around.problems);
  }

  // --- replies

  private onFrame(r: JuteReader): void {
    const { xid, zxid, err } = readReplyHeader(r);
    if (this.isTurnedOut) {
      const text = `${this.name} got a reply to ${xid} behind the one that was to be the last of its connection`;
      this.around.problems.report('order of a client', text);
    }
    if (xid === Xid.notification) {
      const { type, path } = readWatcherEvent(r);
      this.watches.event(type, path, zxid);
      return;
    }
    if (xid === Xid.ping) {
      this.lastAnsweredSentMs = Math.max(this.lastAnsweredSentMs, this.pingSentMs);
      this.pingSentMs = 0;
      this.shown(zxid);
      return;
    }
    const asked = this.asked.shift();
    if (asked?.xid !== xid) {
      const text = `${this.name} waits for ${asked?.xid ?? 'nothing'} and got a reply to ${xid}`;
      this.around.problems.report('order of a client', text);
      return;
    }
    this.lastAnsweredSentMs = Math.max(this.lastAnsweredSentMs, asked.invokedMs);
    if (asked.odd?.kind === 'fatal') this.isTurnedOut = true;
    else if (xid !== Xid.setWatches) this.shown(zxid);
    else this.see(zxid);
    if (asked.op !== null) this.judge(asked, asked.op, zxid, err, r);
    if (asked.odd !== null) this.judgeOdd(asked, asked.odd, decodeOdd(asked.odd, zxid, err, r));
    asked.answered(err, zxid);
  }

  private shown(zxid: number): void {
    this.see(zxid);
    this.watches.shown(zxid);
  }

  private see(zxid: number): void {
    this.around.checks.header(this.sessionId, this.lastZxidSeen, zxid);
    this.lastZxidSeen = Math.max(this.lastZxidSeen, zxid);
  }

  private judge(asked: Asked, op: HistoryOp, zxid: number, err: number, r: JuteReader): void {
    const { checks } = this.around;
    const { reply, result } = decodeReply(op, zxid, err, r);
    switch (op.kind) {
      case 'get':
      case 'exists':
      case 'children':
        checks.read(op, reply, op.isSynced ? asked.floorZxid : 0);
        if (asked.watch) this.noteWatch(op, err, zxid);
        break;
      case 'sync':
        break;
      default:
        checks.write(this.sessionId, asked.xid, op, reply, asked.floorZxid);
    }
    if (reply.err === ErrorCode.sessionMoved) this.checkMoved(op);
    this.note(op, asked.invokedMs, this.nowMs(), zxid, reply.err, result);
  }

  private judgeOdd({ floorZxid, xid }: Asked, odd: OddRequest, reply: OddReply): void {
    this.around.checks.odd(this.sessionId, xid, odd, reply, floorZxid);
    if (reply.err === ErrorCode.sessionMoved) this.checkMoved({ kind: odd.what });
  }

  /** It came here last: no other server may speak for its session. */
  private checkMoved({ kind }: { readonly kind: string }): void {
    if (this.nowMs() - this.lastDoubtMs < DOUBT_MS) return;
    const text = `${this.name} is on ${this.server}, and its ${kind} is refused because its session had moved`;
    this.around.problems.report('a session speaks through one server', text);
  }

  private noteWatch(op: HistoryOp & { readonly path: string }, err: number, zxid: number): void {
    if (op.kind === 'children') {
      if (err === 0) this.watches.setChild(op.path, zxid);
    } else if (err === 0 || (op.kind === 'exists' && err === ErrorCode.noNode)) {
      this.watches.setData(op.path, zxid, err === 0);
    }
  }

  private note(
    op: HistoryOp,
    invokedMs: number,
    returnedMs: number | null,
    zxid: number,
    err: number,
    result: HistoryLine['result'],
  ): void {
    this.around.history.push({
      client: this.name,
      session: this.sessionName,
      op,
      invokedMs,
      returnedMs,
      zxid,
      err,
      result,
    });
  }
}
