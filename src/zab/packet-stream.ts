import type { Clock, Socket, SocketHandler, Timer } from '../host/index.js';
import { formatEndpoint } from '../host/index.js';
import { JuteWriter } from '../jute/index.js';
import type { Summary } from '../metrics/index.js';
import type { ForwardedRequest, Id, QuorumPacket } from '../protocol/index.js';
import { PacketType, writeForwardedRequest } from '../protocol/index.js';
import { ZabError } from './life.js';
import { GarbageError, PacketReader } from './packet-reader.js';

/** Above this much unread input, unless a packet needs more, the socket is paused, and TCP holds the other side back. */
const PAUSE_BYTES = 1024 * 1024;
/** A turn's output leaves at its end, or as soon as it is this long. */
const FLUSH_BYTES = 64 * 1024;
const FIRST_BUFFER_BYTES = 1024;

/**
 * A connection between leader and learner: packets in by pulling, packets out in one write a turn.
 *
 * Every failure (closed, silent for too long, garbage) is told once through `onFailure`, and thrown at whoever waits.
 */
export class PacketStream implements SocketHandler {
  readonly peer: string;
  /** The machine of `peer`. */
  readonly peerHost: string;
  packetsReceived = 0;
  packetsSent = 0;
  lastHeardMs: number;
  /** What the packet taken last was; type and zxid are -1 before the first. */
  readonly lastTaken = { type: -1, zxid: -1 };
  onFailure: ((error: ZabError) => void) | null = null;
  private readonly reader: PacketReader;
  private readonly writer = new JuteWriter(FIRST_BUFFER_BYTES);
  private silenceLimitMs: number;
  private failure: ZabError | null = null;
  private waiter: { resolve(): void; reject(error: Error): void; sinceMs: number } | null = null;
  private fresh = false;
  private isPaused = false;
  private silenceTimer: Timer | null = null;
  private flushPending = false;
  private isFull = false;
  private timed: { readonly sinceMs: number; readonly waited: Summary } | null = null;
  private readonly drainWaiters = new Set<(error: ZabError | null) => void>();

  constructor(
    private readonly socket: Socket,
    private readonly clock: Clock,
    options: { readonly maxPacketBytes: number; readonly silenceLimitMs: number },
  ) {
    this.peer = formatEndpoint(socket.remote);
    this.peerHost = socket.remote.host;
    this.reader = new PacketReader(options.maxPacketBytes);
    this.silenceLimitMs = options.silenceLimitMs;
    this.lastHeardMs = clock.monotonicMs();
    socket.start(this);
  }

  /** Bytes that were sent here but have not reached the network. */
  get unsentBytes(): number {
    return this.writer.length + this.socket.bufferedBytes;
  }

  get failed(): boolean {
    return this.failure !== null;
  }

  // --- in

  /** How long a reader waits for bytes from now on. */
  limitSilence(limitMs: number): void {
    this.silenceLimitMs = limitMs;
    this.silenceTimer?.cancel();
    this.silenceTimer = null;
    if (this.waiter !== null) this.armSilence(limitMs);
  }

  /** The next packet if it is complete. Its buffers may be kept. */
  take(): QuorumPacket | null {
    try {
      const packet = this.reader.take();
      if (packet !== null) this.noteTaken(packet);
      return packet;
    } catch (error) {
      if (!(error instanceof GarbageError)) throw error;
      const failure = new ZabError('PROTOCOL', `${this.peer} sent ${error.message}`, { cause: error });
      this.close(failure);
      throw failure;
    } finally {
      this.maybeResume();
    }
  }

  private noteTaken({ type, zxid }: QuorumPacket): void {
    this.packetsReceived++;
    this.lastTaken.type = type;
    this.lastTaken.zxid = zxid;
  }

  takeRaw(): Buffer | null {
    const bytes = this.reader.takeRaw();
    this.maybeResume();
    return bytes;
  }

  unread(rest: Buffer): void {
    this.reader.unread(rest);
  }

  /** Resolves when bytes came since `take` or `takeRaw` returned null. One reader at a time. */
  more(): Promise<void> {
    if (this.fresh) {
      this.fresh = false;
      return Promise.resolve();
    }
    if (this.failure !== null) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      this.waiter = { resolve, reject, sinceMs: this.clock.monotonicMs() };
      if (this.silenceTimer === null) this.armSilence(this.silenceLimitMs);
    });
  }

  /** Waits for the next packet. */
  async next(): Promise<QuorumPacket> {
    for (;;) {
      const packet = this.take();
      if (packet !== null) return packet;
      await this.more();
    }
  }

  // --- out

  /** Packets of one turn leave together at its end. */
  send(type: number, zxid: number, data: Buffer | null = null, authinfo: readonly Id[] | null = null): void {
    if (this.failure !== null) return;
    const w = this.writer;
    w.int(type);
    w.long(zxid);
    w.buffer(data);
    this.finishPacket(authinfo);
  }

  /** A REQUEST packet, without a buffer of its own for the request. */
  sendRequest(request: ForwardedRequest): void {
    if (this.failure !== null) return;
    const w = this.writer;
    w.int(PacketType.request);
    w.long(-1);
    const lengthAt = w.reserveInt();
    writeForwardedRequest(w, request);
    w.patchInt(lengthAt, w.length - lengthAt - 4);
    this.finishPacket(request.auth);
  }

  private finishPacket(authinfo: readonly Id[] | null): void {
    const w = this.writer;
    if (authinfo === null) {
      w.int(-1);
    } else {
      w.int(authinfo.length);
      for (const id of authinfo) {
        w.string(id.scheme);
        w.string(id.id);
      }
    }
    this.packetsSent++;
    if (w.length >= FLUSH_BYTES) this.flush();
    else this.flushLater();
  }

  /**
   * Tells `waited` how many milliseconds the packet that is sent next stays here: until the socket takes it, and has room
   * again when it is full. One packet at a time is timed.
   */
  timeNext(waited: Summary): void {
    if (this.failure === null) this.timed ??= { sinceMs: this.clock.monotonicMs(), waited };
  }

  private tellTimed(): void {
    const { timed } = this;
    if (timed === null || this.isFull) return;
    this.timed = null;
    timed.waited.record(this.clock.monotonicMs() - timed.sinceMs);
  }

  /** Bytes between packets: a snapshot. They must not change afterwards. */
  sendRaw(bytes: Buffer): void {
    if (this.failure !== null) return;
    this.flush();
    if (!this.socket.write(bytes)) this.isFull = true;
  }

  flush(): void {
    const { length } = this.writer;
    if (length === 0 || this.failure !== null) return;
    const bytes = this.writer.take(Math.min(FLUSH_BYTES, Math.max(FIRST_BUFFER_BYTES, length)));
    if (!this.socket.write(bytes)) this.isFull = true;
    this.tellTimed();
  }

  /** Resolves when the network has room again, at once when it has. Throws when it has none for `timeoutMs`. */
  async drained(timeoutMs: number): Promise<void> {
    if (this.failure !== null) throw this.failure;
    if (!this.isFull) return;
    await new Promise<void>((resolve, reject) => {
      const settle = (error: ZabError | null): void => {
        this.drainWaiters.delete(settle);
        timer.cancel();
        if (error === null) resolve();
        else reject(error);
      };
      const timer = this.clock.after(timeoutMs, () => {
        settle(new ZabError('TOO_SLOW', `${this.peer} took nothing for ${timeoutMs} ms`));
      });
      this.drainWaiters.add(settle);
    });
  }

  /** Ends the connection at once; what was sent in this turn still leaves when the network takes it. */
  close(reason = new ZabError('SHUTDOWN', 'closed here')): void {
    this.flush();
    this.fail(reason);
    this.socket.destroy();
  }

  // --- SocketHandler

  onData(chunk: Buffer): void {
    if (this.failure !== null) return;
    this.lastHeardMs = this.clock.monotonicMs();
    this.reader.push(Buffer.from(chunk));
    if (this.reader.bufferedBytes > Math.max(PAUSE_BYTES, this.reader.neededBytes) && !this.isPaused) {
      this.isPaused = true;
      this.socket.pause();
    }
    this.wake();
  }

  onEnd(): void {
    this.fail(new ZabError('CONNECTION_LOST', `${this.peer} ended the connection`));
    this.socket.destroy();
  }

  onDrain(): void {
    this.isFull = false;
    this.tellTimed();
    for (const settle of [...this.drainWaiters]) settle(null);
  }

  onClose(error: Error | undefined): void {
    const why = error === undefined ? 'closed' : `broke: ${error.message}`;
    this.fail(new ZabError('CONNECTION_LOST', `the connection to ${this.peer} ${why}`));
  }

  private wake(): void {
    const { waiter } = this;
    if (waiter === null) {
      this.fresh = true;
      return;
    }
    this.waiter = null;
    waiter.resolve();
  }

  private maybeResume(): void {
    const { bufferedBytes, neededBytes } = this.reader;
    if (!this.isPaused || (bufferedBytes > PAUSE_BYTES / 2 && bufferedBytes >= neededBytes)) return;
    this.isPaused = false;
    this.socket.resume();
  }

  private flushLater(): void {
    if (this.flushPending) return;
    this.flushPending = true;
    this.clock.defer(this.flushNow);
  }

  private readonly flushNow = (): void => {
    this.flushPending = false;
    this.flush();
  };

  private armSilence(delayMs: number): void {
    this.silenceTimer = this.clock.after(delayMs, () => {
      this.silenceTimer = null;
      if (this.waiter === null) return;
      const silentMs = this.clock.monotonicMs() - Math.max(this.lastHeardMs, this.waiter.sinceMs);
      if (silentMs < this.silenceLimitMs) this.armSilence(Math.ceil(this.silenceLimitMs - silentMs));
      else this.close(new ZabError('SILENT', `${this.peer} was silent for ${this.silenceLimitMs} ms`));
    });
  }

  private fail(failure: ZabError): void {
    if (this.failure !== null) return;
    this.failure = failure;
    this.silenceTimer?.cancel();
    this.silenceTimer = null;
    const { waiter } = this;
    this.waiter = null;
    waiter?.reject(failure);
    for (const settle of [...this.drainWaiters]) settle(failure);
    this.onFailure?.(failure);
  }
}
