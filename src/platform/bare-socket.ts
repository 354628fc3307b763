import { Socket as RawSocket } from 'node:net';
import { type Endpoint, formatEndpoint, type Socket, type SocketHandler } from '../host/index.js';
import {
  type BareHandle,
  type BareName,
  type BareOwner,
  type BareWrite,
  END_OF_STREAM,
  SHARED,
  type StreamParts,
  systemError,
} from './bare-handles.js';
import { networkErrorFrom } from './network-errors.js';
import { endpointOf, HIGH_WATER_BYTES } from './socket-parts.js';

/** One for all writes that the kernel takes at once: only one that has to wait keeps its request. */
let spare: BareWrite | null = null;

/**
 * An accepted connection on Node's handle itself, without the `net.Socket`, its streams, events and ticks (what that gives:
 * docs/performance.md). All are read into one buffer. Without delay (Nagle's), and it reads nothing before `start`.
 */
export class BareSocket implements Socket, BareOwner {
  readonly remote: Endpoint;
  readonly security = null;
  private localEnd: Endpoint | null = null;
  private handler: SocketHandler | null = null;
  private failure: Error | undefined;
  /** Bytes given back, to come again before everything else. */
  private held: Buffer | null = null;
  /** What the write under way has, and what waits for its end. */
  private writingBytes = 0;
  private waitingBytes = 0;
  private waiting: Buffer[] = [];
  private needsDrain = false;
  /** `destroy` was called, by whomever. */
  private isOver = false;
  private released: RawSocket | null = null;
  /** The handle is closed. */
  private isClosed = false;
  private isPaused = false;
  private isReading = false;
  /** The other side has ended its direction. */
  private hasEnded = false;
  private endTold = false;
  /** This side ends its direction, and has done so. */
  private isEnding = false;
  private isShut = false;

  constructor(
    private readonly handle: BareHandle,
    private readonly parts: StreamParts,
    private hasNoDelay: boolean,
  ) {
    this.remote = nameOf(handle, 'getpeername');
    this.setNoDelay(true);
  }

  get local(): Endpoint {
    return (this.localEnd ??= nameOf(this.handle, 'getsockname'));
  }

  get bufferedBytes(): number {
    return this.writingBytes + this.waitingBytes;
  }

  get closed(): boolean {
    return this.released?.destroyed ?? this.isOver;
  }

  start(handler: SocketHandler): void {
    this.handler = handler;
    // What happened before anyone was interested; the news must not come from inside this call.
    if (this.isClosed || this.held !== null || this.hasEnded) setImmediate(() => this.catchUp());
    else this.read();
  }

  unread(bytes: Buffer): void {
    this.stop();
    // A copy: they may stand where the next socket is read into.
    if (bytes.length > 0) this.held = Buffer.from(bytes);
    this.endTold = false;
    this.handler = null;
  }

  /**
   * Gives the connection away as a socket of Node's, paused; this one hears nothing of it any more, but can still destroy it.
   * For TLS only, which does the reading itself: a handle that was read here has no memory for Node's own reads.
   */
  release(): RawSocket {
    const { handle } = this;
    this.stop();
    this.handler = null;
    this.isOver = true;
    handle.owner = null;
    const options = { handle, allowHalfOpen: true, pauseOnCreate: true, highWaterMark: HIGH_WATER_BYTES };
    const raw = new RawSocket(options);
    // Whoever takes it hears of errors by what is built on it; none may be without a listener.
    raw.on('error', () => undefined);
    if (this.held !== null) raw.unshift(this.held);
    this.held = null;
    this.released = raw;
    return raw;
  }

  write(bytes: Buffer): boolean {
    if (this.isOver || this.isEnding) return false;
    if (bytes.length === 0) return !this.needsDrain;
    if (this.writingBytes === 0) this.send(bytes, bytes.length);
    else {
      this.waiting.push(bytes);
      this.waitingBytes += bytes.length;
    }
    this.needsDrain ||= this.bufferedBytes >= HIGH_WATER_BYTES;
    return !this.closed && !this.needsDrain;
  }

  pause(): void {
    this.isPaused = true;
    this.stop();
  }

  resume(): void {
    this.isPaused = false;
    if (this.handler === null) return;
    if (this.held !== null || this.hasEnded) setImmediate(() => this.catchUp());
    else this.read();
  }

  end(): void {
    if (this.isOver || this.isEnding) return;
    this.isEnding = true;
    if (this.writingBytes === 0) this.shut();
  }

  destroy(reason?: Error): void {
    this.released?.destroy();
    if (this.isOver) return;
    this.isOver = true;
    this.failure ??= reason;
    this.held = null;
    this.waiting = [];
    this.waitingBytes = 0;
    this.handle.close(() => {
      this.isClosed = true;
      this.tellClose();
    });
  }

  setNoDelay(on: boolean): void {
    if (this.isOver || on === this.hasNoDelay) return;
    this.hasNoDelay = on;
    this.handle.setNoDelay(on);
  }

  setKeepAlive(on: boolean): void {
    // Zero: how long it is silent before is up to the system.
    if (!this.isOver) this.handle.setKeepAlive(on, 0);
  }

  onRead(): void {
    if (this.isOver) return;
    const count = this.parts.streamBaseState[this.parts.kReadBytesOrError] ?? 0;
    if (count > 0) {
      this.handler?.onData(SHARED.subarray(0, count));
      if (count === SHARED.length) this.letOthersSpeak();
    } else if (count === END_OF_STREAM) {
      this.isReading = false;
      this.hasEnded = true;
      this.tellEnd();
    } else if (count < 0) this.fail(count, 'read');
  }

  onWritten(code: number): void {
    this.writingBytes = 0;
    if (this.isOver) return;
    if (code !== 0) {
      this.fail(code, 'write');
      return;
    }
    const { waiting, waitingBytes } = this;
    if (waitingBytes > 0) {
      this.waiting = [];
      this.waitingBytes = 0;
      this.send(waiting, waitingBytes);
    }
    if (this.closed || this.writingBytes > 0) return;
    if (this.isEnding) this.shut();
    else if (this.needsDrain) {
      this.needsDrain = false;
      this.handler?.onDrain();
    }
  }

  private send(bytes: Buffer | readonly Buffer[], length: number): void {
    const request = spare ?? new this.parts.WriteWrap();
    spare = null;
    const { handle, parts } = this;
    const code = Buffer.isBuffer(bytes) ? handle.writeBuffer(request, bytes) : handle.writev(request, bytes, true);
    if (code !== 0) {
      this.fail(code, 'write');
      return;
    }
    if (parts.streamBaseState[parts.kLastWriteWasAsync] === 0) {
      spare = request;
      return;
    }
    request.owner = this;
    request.kept = bytes;
    request.oncomplete = onWritten;
    this.writingBytes = length;
  }

  private shut(): void {
    const request = new this.parts.ShutdownWrap();
    request.oncomplete = () => this.onShut();
    // The other side may be gone already: reading tells.
    if (this.handle.shutdown(request) !== 0) setImmediate(() => this.onShut());
  }

  private read(): void {
    if (this.isReading || this.isPaused || this.isOver || this.hasEnded) return;
    this.isReading = true;
    if (this.handle.owner !== this) this.hear();
    const code = this.handle.readStart();
    if (code !== 0) this.fail(code, 'read');
  }

  /** Not before it is read: whoever gets the handle by `release` mostly finds it untouched. */
  private hear(): void {
    const { handle } = this;
    handle.owner = this;
    handle.onread = onRead;
    handle.useUserBuffer(SHARED);
  }

  private stop(): void {
    if (!this.isReading) return;
    this.isReading = false;
    if (!this.isOver) this.handle.readStop();
  }

  /** There is more to read, of which libuv would take up to 32 times as much before it looks at anybody else. */
  private letOthersSpeak(): void {
    if (!this.isReading || this.isOver) return;
    this.stop();
    setImmediate(() => this.goOn());
  }

  /** Tells what came before there was anybody to be told, then reads on. */
  private catchUp(): void {
    if (this.isClosed) {
      this.tellClose();
      return;
    }
    if (this.handler === null || this.isPaused || this.isOver) return;
    const { held } = this;
    this.held = null;
    try {
      if (held !== null) this.handler.onData(held);
    } finally {
      this.goOn();
    }
  }

  /** The owner may have given bytes back again, or stopped. */
  private goOn(): void {
    if (this.handler === null || this.held !== null) return;
    if (this.hasEnded) this.tellEnd();
    else this.read();
  }

  private onShut(): void {
    this.isShut = true;
    this.closeIfDone();
  }

  private tellEnd(): void {
    if (this.handler === null || this.isPaused || this.endTold || this.isOver) return;
    this.endTold = true;
    this.handler.onEnd();
    this.closeIfDone();
  }

  /** Both directions have ended, and the owner knows. */
  private closeIfDone(): void {
    if (this.isShut && this.endTold) this.destroy();
  }

  private tellClose(): void {
    const { handler } = this;
    if (handler === null) return;
    this.handler = null;
    handler.onClose(this.failure);
  }

  private fail(code: number, call: string): void {
    this.failure ??= networkErrorFrom(systemError(code, call), `connection with ${formatEndpoint(this.remote)}`);
    this.destroy();
  }
}

/** Hears all reads of all handles. */
function onRead(this: BareHandle): void {
  this.owner?.onRead();
}

function onWritten(this: BareWrite, code: number): void {
  this.owner?.onWritten(code);
}

function nameOf(handle: BareHandle, call: 'getpeername' | 'getsockname'): Endpoint {
  const name: BareName = {};
  handle[call](name);
  return endpointOf(name.address, name.port);
}
