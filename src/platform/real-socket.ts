import type { Socket as RawSocket } from 'node:net';
import { type Endpoint, formatEndpoint, type Socket, type SocketHandler, type SocketSecurity } from '../host/index.js';
import { networkErrorFrom } from './network-errors.js';
import { endpointOf } from './socket-parts.js';

interface Ends {
  readonly local: Endpoint;
  readonly remote: Endpoint;
}

/** A connected socket of `node:net` or `node:tls`. It reads nothing before `start`. */
export class RealSocket implements Socket {
  readonly remote: Endpoint;
  private localEnd: Endpoint | null;
  private handler: SocketHandler | null = null;
  private failure: Error | undefined;
  private isClosed = false;
  private closeTold = false;
  private ended = false;
  private endTold = false;
  private isPaused = false;
  private isRead = false;

  /** `ends` are those of the socket below, where there is one. */
  constructor(
    private readonly raw: RawSocket,
    readonly security: SocketSecurity | null = null,
    ends: Ends | null = null,
  ) {
    this.remote = ends?.remote ?? endpointOf(raw.remoteAddress, raw.remotePort);
    this.localEnd = ends?.local ?? null;
    // Of what ended before it came here (while a certificate was checked, say) no event comes any more.
    this.ended = raw.readableEnded;
    raw.on('error', this.onError);
    raw.on('close', this.onClosed);
    raw.on('end', this.onEnded);
    raw.on('drain', this.onDrained);
  }

  /** Gives the socket below away: this one hears nothing of it any more. */
  release(): RawSocket {
    const { raw } = this;
    raw.pause();
    raw.off('data', this.onChunk);
    raw.off('end', this.onEnded);
    raw.off('drain', this.onDrained);
    raw.off('close', this.onClosed);
    // Its errors stay heard here, so that none is without a listener.
    this.handler = null;
    return raw;
  }

  /** Hardly anybody asks, and it costs a system call. Of a socket that is closed by then there is nothing to tell. */
  get local(): Endpoint {
    const { raw } = this;
    return (this.localEnd ??= endpointOf(raw.localAddress, raw.localPort));
  }

  get bufferedBytes(): number {
    return this.raw.writableLength;
  }

  get closed(): boolean {
    return this.raw.destroyed;
  }

  start(handler: SocketHandler): void {
    this.handler = handler;
    if (this.isClosed) {
      // It broke before anyone was interested; the news still must not come from inside this call.
      setImmediate(() => this.tellClose());
      return;
    }
    if (!this.isRead) {
      this.isRead = true;
      this.raw.on('data', this.onChunk);
    }
    if (!this.isPaused) this.flow();
  }

  unread(bytes: Buffer): void {
    const { raw } = this;
    raw.pause();
    if (bytes.length > 0) {
      raw.unshift(bytes);
      if (raw.listenerCount('data') === 0) raw.on('data', this.onChunk);
    }
    this.endTold = false;
    this.handler = null;
  }

  write(bytes: Buffer): boolean {
    const { raw } = this;
    // Node would raise an error of its own for what is only late.
    if (raw.destroyed || raw.writableEnded) return false;
    return bytes.length === 0 ? !raw.writableNeedDrain : raw.write(bytes);
  }

  pause(): void {
    this.isPaused = true;
    this.raw.pause();
  }

  resume(): void {
    this.isPaused = false;
    if (this.handler !== null) this.flow();
  }

  end(): void {
    if (!this.raw.destroyed) this.raw.end();
  }

  destroy(reason?: Error): void {
    if (this.raw.destroyed) return;
    this.failure ??= reason;
    this.raw.destroy();
  }

  setNoDelay(on: boolean): void {
    this.raw.setNoDelay(on);
  }

  setKeepAlive(on: boolean): void {
    this.raw.setKeepAlive(on);
  }

  private readonly onChunk = (chunk: Buffer): void => {
    this.handler?.onData(chunk);
  };

  private readonly onError = (error: Error): void => {
    this.failure ??= networkErrorFrom(error, `connection with ${formatEndpoint(this.remote)}`);
  };

  private readonly onClosed = (): void => {
    this.isClosed = true;
    this.tellClose();
  };

  private readonly onEnded = (): void => {
    this.ended = true;
    this.tellEnd();
  };

  private readonly onDrained = (): void => {
    this.handler?.onDrain();
  };

  private flow(): void {
    this.raw.resume();
    // Node tells of an end without data even while nobody reads.
    if (this.ended) setImmediate(() => this.tellEnd());
  }

  private tellEnd(): void {
    if (this.handler === null || this.isPaused || this.endTold || this.isClosed) return;
    this.endTold = true;
    this.handler.onEnd();
  }

  private tellClose(): void {
    if (this.handler === null || this.closeTold) return;
    this.closeTold = true;
    this.handler.onClose(this.failure);
    // Node's own half of a closed socket lives until the next full garbage collection; what is ours need not.
    this.handler = null;
  }
}
