import { isIPv4, type Socket as RawSocket } from 'node:net';
import { type Endpoint, formatEndpoint, type Socket, type SocketHandler } from '../host/index.js';
import { networkErrorFrom } from './network-errors.js';

/** Bytes queued here before `write` returns false. */
export const HIGH_WATER_BYTES = 64 * 1024;

/** A connected `node:net` socket. It reads nothing before `start`. */
export class RealSocket implements Socket {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  private handler: SocketHandler | null = null;
  private failure: Error | undefined;
  private isClosed = false;
  private closeTold = false;
  private ended = false;
  private endTold = false;
  private isPaused = false;

  constructor(private readonly raw: RawSocket) {
    this.local = { host: plainAddress(raw.localAddress), port: raw.localPort ?? 0 };
    this.remote = { host: plainAddress(raw.remoteAddress), port: raw.remotePort ?? 0 };
    raw.on('error', (error) => {
      this.failure ??= networkErrorFrom(error, `connection with ${formatEndpoint(this.remote)}`);
    });
    raw.on('close', () => {
      this.isClosed = true;
      this.tellClose();
    });
    raw.on('end', () => {
      this.ended = true;
      this.tellEnd();
    });
    raw.on('drain', () => this.handler?.onDrain());
  }

  get bufferedBytes(): number {
    return this.raw.writableLength;
  }

  get closed(): boolean {
    return this.raw.destroyed;
  }

  start(handler: SocketHandler): void {
    const isFirst = this.handler === null;
    this.handler = handler;
    if (this.isClosed) {
      // It broke before anyone was interested; the news still must not come from inside this call.
      setImmediate(() => this.tellClose());
      return;
    }
    if (isFirst) this.raw.on('data', (chunk) => this.handler?.onData(chunk));
    if (!this.isPaused) this.flow();
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
  }
}

/** An IPv4 address that came in through a listener of both families looks like what it is. */
function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  const tail = address.slice(address.lastIndexOf(':') + 1);
  return address.startsWith('::ffff:') && isIPv4(tail) ? tail : address;
}
