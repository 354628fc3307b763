import type { Endpoint, Socket, SocketHandler } from '../host/index.js';
import { JuteError, JuteReader } from '../jute/index.js';
import type { ConnectRequest, Id } from '../protocol/index.js';
import { formatSessionId, hintOnBytes, readConnectRequest } from '../protocol/index.js';
import { javaAddress } from '../status/index.js';
import type { ClientHub } from './client-hub.js';
import { ClientSession, type SessionCarrier } from './client-session.js';
import { ConnectionStats } from './connection-stats.js';
import type { ConnectionCounts, ConnectionView } from './four-letter/context.js';
import { argumentBytes, type AnyWord, wordOfLength } from './four-letter/index.js';
import { FrameSplitter, type FrameSink } from './frame-splitter.js';
import { refusalOf } from './handshake.js';
import { Outbox } from './outbox.js';
import { describeRequest } from './oversize.js';
import type { Listed } from './roster.js';

/** Why frames are not taken now; bits. */
const Block = { session: 1, reader: 2, outstanding: 4, stopping: 8 } as const;
/** Replies of one turn are sent in pieces of about this size. */
const FLUSH_BYTES = 64 * 1024;
/** While frames are not taken, so much may come before the socket is paused. */
const HELD_BYTES = 16 * 1024;
/** What belongs to a four-letter word comes at once, or the connection ends: ZooKeeper does not wait for it at all. */
const ARGUMENT_MS = 1000;
/** So much of what is no message tells who sent it. */
const SHOWN_BYTES = 16;

/**
 * - greeting: nothing was said yet; a connect request or a four-letter word may come.
 * - command: a four-letter word is being answered.
 * - talking: the session opens or is open.
 * - leaving: what is in the outbox goes out, then the connection ends; nothing more is heard.
 */
type State = 'greeting' | 'command' | 'talking' | 'leaving' | 'closed';

/** One connection of the client port: its bytes, what they begin with, and its end. */
export class ClientConnection implements SessionCarrier, SocketHandler, FrameSink, ConnectionView, Listed {
  readonly outbox: Outbox;
  readonly stats: ConnectionStats;
  readonly remoteHost: string;
  /** In the hub's list of those with something to do at the end of this turn. */
  isDue = false;
  rosterPlace = -1;
  /** When it began to leave; it is not waited for long. */
  leftMs = Number.POSITIVE_INFINITY;
  private state: State = 'greeting';
  private session: ClientSession | null = null;
  private readonly splitter: FrameSplitter;
  private blocked = 0;
  private isPaused = false;
  private inTurn = false;
  private wantsMore = false;
  /** The client ends its direction; what came before is still to be heard. */
  private hasEnded = false;
  /** The client has said its last word, and only the answer to that is still to go out. */
  private isParting = false;
  private lastHeardMs: number;
  private commandArgument: Buffer = Buffer.alloc(0);
  private command: AnyWord | null = null;

  constructor(
    private readonly hub: ClientHub,
    private readonly socket: Socket,
    /** What `ConnectionLimits` counts it under. */
    readonly limitKey: string,
    readonly certificateIds: readonly Id[] = [],
  ) {
    this.remoteHost = socket.remote.host;
    this.outbox = new Outbox(hub.writers, hub.traffic);
    this.stats = new ConnectionStats(hub.clock.wallMs());
    this.splitter = new FrameSplitter(this, hub.options.juteMaxBufferBytes);
    this.lastHeardMs = hub.clock.monotonicMs();
  }

  get sessionId(): bigint {
    return this.session?.sessionId ?? 0n;
  }

  get remoteText(): string {
    return javaAddress(this.socket.remote.host, this.socket.remote.port);
  }

  /** Does the client run on this machine? */
  get isLocal(): boolean {
    return isLoopback(this.remoteHost) || this.remoteHost === this.socket.local.host;
  }

  /** It has a session, or waits for one. */
  get isTalking(): boolean {
    return this.state === 'talking';
  }

  get idleDeadlineMs(): number {
    if (this.session?.isOpen === true) return this.lastHeardMs + this.session.timeoutMs;
    const sessionless = this.hub.options.sessionlessTimeoutMs;
    return this.lastHeardMs + (this.command === null ? sessionless : Math.min(ARGUMENT_MS, sessionless));
  }

  get certificates(): readonly Buffer[] {
    return this.socket.security?.peerCertificates ?? [];
  }

  /** A four-letter word may come. */
  private get hearsWords(): boolean {
    return this.state === 'greeting' && (this.socket.security === null || this.hub.options.commandsOverTls);
  }

  // ----- bytes

  onData(chunk: Buffer): void {
    if (this.state === 'leaving' || this.state === 'closed') return;
    const nowMs = this.hub.clock.monotonicMs();
    this.lastHeardMs = nowMs;
    this.hub.traffic.bytesReceived.value += chunk.length;
    if (this.state === 'command') {
      this.onCommandArgument(chunk);
      return;
    }
    this.inTurn = true;
    this.session?.beginTurn(nowMs);
    this.splitter.push(chunk);
    this.session?.onComing(this.splitter.comingBytes);
    this.endTurn();
    if (this.blocked !== 0 && this.splitter.heldBytes > HELD_BYTES) this.pause();
  }

  onFrame(bytes: Buffer, start: number, end: number): boolean {
    this.stats.received++;
    this.hub.traffic.packetsReceived++;
    if (this.session !== null) this.session.onRequest(bytes, start, end);
    else this.onConnectRequest(bytes, start, end);
    if (this.outbox.length > FLUSH_BYTES) this.flush();
    return this.blocked === 0;
  }

  onOddLength(length: number, bytes: Buffer, start: number, end: number): void {
    const word = this.hearsWords ? wordOfLength(length) : undefined;
    if (word !== undefined) {
      this.stats.received++;
      this.hub.traffic.packetsReceived++;
      this.state = 'command';
      this.command = word;
      this.onCommandArgument(bytes.subarray(start, end));
      return;
    }
    const limit = this.hub.options.juteMaxBufferBytes;
    const session = this.sessionId === 0n ? '' : ` of session ${formatSessionId(this.sessionId)}`;
    const asked = length > limit && this.isTalking ? describeRequest(bytes, start, end) : '';
    const what = `a message${asked} from ${this.remoteText}${session} with advertised length of ${length} is either a malformed message or too large to process (length is greater than jute.maxbuffer=${limit})${hintOnBytes(headOf(length, bytes, start, end), 'client')}`;
    this.hub.complaints.warn(`length ${this.remoteHost}`, `Len error: ${what}; its connection is closed.`, {
      code: 'CLIENT_LENGTH',
      remote: this.remoteText,
    });
    this.leave('a length was wrong');
  }

  onDrain(): void {
    this.unblock(Block.reader);
  }

  onEnd(): void {
    this.hasEnded = true;
    // What it sent before is heard first; a word is answered first, unless some of it will never come.
    const isAnswering = this.state === 'command' && this.command === null;
    if (isAnswering || this.state === 'leaving' || this.blocked !== 0) return;
    if (this.session?.isOpen === true) this.hub.traffic.connectionsDropped.add();
    const { heldBytes } = this.splitter;
    if (heldBytes > 0) {
      const what = `The client ${this.remoteText} ended its connection after ${heldBytes} bytes of an unfinished message.`;
      this.hub.complaints.info(`cut short ${this.remoteHost}`, what, {
        code: 'CLIENT_CUT_SHORT',
        remote: this.remoteText,
      });
    }
    this.leave('the client closed it');
  }

  onClose(error: Error | undefined): void {
    if (this.state !== 'leaving' && this.state !== 'closed') {
      if (this.session?.isOpen === true) this.hub.traffic.connectionsDropped.add();
      this.logEnd(error === undefined ? 'it was closed' : error.message);
    }
    this.end();
    this.state = 'closed';
    this.outbox.clear();
    this.hub.gone(this);
  }

  /** Sends what a turn has brought about, and goes on with what was held back. */
  endTurn(): void {
    this.inTurn = false;
    this.session?.endTurn();
    this.flush();
    if (this.wantsMore && this.blocked === 0 && this.state === 'talking') this.goOn();
  }

  /** Takes the frames that were held back, then listens again. */
  private goOn(): void {
    this.wantsMore = false;
    this.inTurn = true;
    // Only now is heard what came a while ago; what came behind it, pings too, may be unread because of it.
    this.lastHeardMs = this.hub.clock.monotonicMs();
    this.session?.beginTurn(this.lastHeardMs);
    this.splitter.resume();
    this.session?.onComing(this.splitter.comingBytes);
    this.inTurn = false;
    this.session?.endTurn();
    this.flush();
    this.listenAgain();
  }

  private listenAgain(): void {
    if (this.blocked !== 0 || this.state !== 'talking') return;
    this.unpause();
    if (this.hasEnded) this.onEnd();
  }

  private flush(): void {
    if (this.state === 'closed') {
      this.outbox.clear();
      return;
    }
    if (this.outbox.length > 0) {
      const hasRoom = this.socket.write(this.outbox.take());
      if (!hasRoom && this.socket.bufferedBytes > 0) this.block(Block.reader);
    }
    if (this.state === 'leaving' && this.leftMs === Number.POSITIVE_INFINITY) {
      this.leftMs = this.hub.clock.monotonicMs();
      this.sayGoodbye();
    }
  }

  /**
   * Where all is said on both sides and the system has every byte, closing at once tells the client as much as ending this
   * direction and waiting for its own end, at half the cost. Not with TLS, which has last words of its own.
   */
  private sayGoodbye(): void {
    const { socket } = this;
    if (this.isParting && socket.security === null && socket.bufferedBytes === 0) socket.destroy();
    else socket.end();
  }

  private pause(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    this.socket.pause();
  }

  private unpause(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.socket.resume();
  }

  private block(reason: number): void {
    this.blocked |= reason;
    this.splitter.halt();
  }

  private unblock(reason: number): void {
    if ((this.blocked & reason) === 0) return;
    this.blocked &= ~reason;
    if (this.blocked !== 0) return;
    this.wantsMore = true;
    this.hub.later(this);
  }

  // ----- for the session

  blockForSession(): void {
    this.block(Block.session);
  }

  releaseSession(): void {
    this.unblock(Block.session);
  }

  blockForOutstanding(): void {
    this.block(Block.outstanding);
  }

  releaseOutstanding(): void {
    this.unblock(Block.outstanding);
  }

  /** Takes no further requests; what it has taken is answered. It is not released. */
  holdBack(): void {
    if (this.state === 'talking') this.block(Block.stopping);
  }

  due(): void {
    if (this.inTurn) return;
    // Very much leaves in pieces: one buffer for it all would be copied each time it grows.
    if (this.outbox.length > FLUSH_BYTES) this.flush();
    this.hub.later(this);
  }

  isOverfull(): boolean {
    const waiting = this.outbox.length + this.socket.bufferedBytes;
    const limit = this.hub.options.maxPendingReplyBytes;
    if (waiting <= limit) return false;
    if (this.state === 'talking') {
      const session = formatSessionId(this.sessionId);
      const what = `The client ${this.remoteText} of session ${session} does not read: ${waiting} bytes wait for it, more than ${limit}; its connection is closed.`;
      this.hub.complaints.warn(`slow ${this.remoteHost}`, what, { code: 'CLIENT_SLOW', remote: this.remoteText });
      this.destroy('it reads too slowly');
    }
    return true;
  }

  // ----- beginning

  private onConnectRequest(bytes: Buffer, start: number, end: number): void {
    const { pipeline } = this.hub;
    if (pipeline === null || this.hub.isHeldBack) {
      this.hub.traffic.refusedWhileNotServing.add();
      this.leave('this server is not serving');
      return;
    }
    const request = parseConnectRequest(bytes, start, end);
    if (request === null) {
      const hint = hintOnBytes(headOf(end - start, bytes, start, end), 'client');
      const what = `The client ${this.remoteText} sent no connect request${hint}; its connection is closed.`;
      this.hub.complaints.warn(`malformed ${this.remoteHost}`, what, {
        code: 'CLIENT_MALFORMED',
        remote: this.remoteText,
      });
      this.leave('its connect request is malformed');
      return;
    }
    if (!this.isAdmitted(request)) return;
    this.hub.traffic.connectionRequests.add();
    const refusal = refusalOf(request, pipeline);
    if (refusal !== null) {
      this.hub.complaints.info(`session ${this.remoteHost}`, `${refusal} (client ${this.remoteText})`, {
        code: 'SESSION_REFUSED',
        remote: this.remoteText,
      });
      this.leave(refusal);
      return;
    }
    this.state = 'talking';
    this.session = new ClientSession(this.hub, this, pipeline);
    this.session.open(request, this.lastHeardMs);
  }

  /** Are there tokens left for one more client? */
  private isAdmitted({ sessionId }: ConnectRequest): boolean {
    const { connectionThrottle, options, traffic } = this.hub;
    const kind = sessionId !== 0n ? 'renewed' : options.localSessions ? 'local' : 'global';
    if (!connectionThrottle.admit(kind, this.lastHeardMs)) {
      traffic.connectionsRejected.add();
      this.leave('too many clients connect at a time');
      return false;
    }
    traffic.connectionTokenDeficit.record(connectionThrottle.deficit);
    return true;
  }

  private onCommandArgument(bytes: Buffer): void {
    const { command } = this;
    if (command === null) return;
    this.commandArgument = Buffer.concat([this.commandArgument, bytes]);
    if (this.commandArgument.length < argumentBytes(command)) return;
    this.command = null;
    this.hub.answerCommand(command, this.commandArgument, this, (text) => {
      this.finishCommand(text);
    });
  }

  private finishCommand(text: string): void {
    if (this.state !== 'command') return;
    if (text !== '') {
      this.hub.traffic.packetsSent++;
      this.outbox.open().raw(Buffer.from(text, 'utf8'));
    }
    this.leave('its four-letter word is answered');
  }

  // ----- end

  /** Sends what is in the outbox, then ends the connection. */
  leave(why: string): void {
    if (this.state === 'leaving' || this.state === 'closed') return;
    this.logEnd(why);
    this.state = 'leaving';
    this.end();
    // What still comes is thrown away, not left unread: a close over unread bytes is a reset, and takes the last words along.
    this.unpause();
    if (!this.inTurn) this.hub.later(this);
  }

  part(why: string): void {
    this.isParting = this.splitter.heldBytes === 0;
    this.leave(why);
  }

  /** Nothing was heard of it for too long. */
  leaveSilently(): void {
    if (this.command !== null) {
      this.leave(`what belongs to ${this.command} did not come`);
      return;
    }
    if (this.session?.isOpen !== true) {
      const { sessionlessTimeoutMs } = this.hub.options;
      const began = this.splitter.heldBytes > 0 ? 'no whole message' : 'nothing';
      const what = `The client ${this.remoteText} said ${began} for ${sessionlessTimeoutMs} ms (nio.sessionlessCnxnTimeout); its connection is closed.`;
      this.hub.complaints.info(`silent ${this.remoteHost}`, what, { code: 'CLIENT_SILENT', remote: this.remoteText });
    }
    this.leave('nothing was heard of it for too long');
  }

  refuse(why: string): void {
    const session = formatSessionId(this.sessionId);
    const what = `The client ${this.remoteText} of session ${session} is closed: ${why}.`;
    this.hub.complaints.warn(`malformed ${this.remoteHost}`, what, {
      code: 'CLIENT_MALFORMED',
      remote: this.remoteText,
    });
    this.leave(why);
  }

  /** Closes it at once. */
  destroy(why: string): void {
    if (this.state === 'closed') return;
    if (this.state !== 'leaving') this.logEnd(why);
    this.state = 'closed';
    this.end();
    this.outbox.clear();
    this.socket.destroy();
  }

  /** Has everything gone out, or been waited for long enough? */
  isAbandoned(nowMs: number, graceMs: number): boolean {
    const patienceMs = this.socket.bufferedBytes === 0 ? graceMs : this.hub.options.sessionlessTimeoutMs;
    return nowMs - this.leftMs > patienceMs;
  }

  private end(): void {
    this.splitter.kill();
    this.session?.end();
    this.hub.left(this);
  }

  private logEnd(why: string): void {
    const { log } = this.hub;
    if (!log.isEnabled('debug')) return;
    const session = this.sessionId === 0n ? 'without a session' : `of session ${formatSessionId(this.sessionId)}`;
    log.debug(`The connection with client ${this.remoteText} ${session} ends: ${why}.`, { code: 'CONNECTION_END' });
  }

  // ----- four-letter words

  describe(brief: boolean): string {
    const { stats } = this;
    const queued = this.outstandingRequests;
    const interest = this.interestOps.toString(16);
    const head = ` ${this.remoteText}[${interest}](queued=${queued},recved=${stats.received},sent=${stats.sent}`;
    if (brief || this.session === null || this.sessionId === 0n) return `${head})`;
    const details = stats.detailText(this.session.timeoutMs);
    return `${head},sid=${formatSessionId(this.sessionId)}${details})`;
  }

  get remote(): Endpoint {
    return this.socket.remote;
  }

  get isSecure(): boolean {
    return this.socket.security !== null;
  }

  get outstandingRequests(): number {
    return this.session?.queued ?? 0;
  }

  get sessionTimeoutMs(): number {
    return this.session?.timeoutMs ?? 0;
  }

  get counts(): ConnectionCounts {
    return this.stats.counts;
  }

  get interestOps(): number {
    if (this.state === 'command') return 0;
    return (this.blocked === 0 ? 1 : 0) | (this.socket.bufferedBytes > 0 ? 4 : 0);
  }

  resetStatistics(): void {
    this.stats.reset();
  }
}

function isLoopback(host: string): boolean {
  return host.startsWith('127.') || host === '::1';
}

function parseConnectRequest(bytes: Buffer, start: number, end: number): ConnectRequest | null {
  try {
    return readConnectRequest(new JuteReader(bytes, start, end));
  } catch (error) {
    if (error instanceof JuteError) return null;
    throw error;
  }
}

/** The length and what follows it, as they came: enough to tell what they are. */
function headOf(length: number, bytes: Buffer, start: number, end: number): Buffer {
  const head = Buffer.alloc(4 + Math.min(end - start, SHOWN_BYTES));
  head.writeInt32BE(length);
  bytes.copy(head, 4, start, end);
  return head;
}
