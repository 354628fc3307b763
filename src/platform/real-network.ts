import { createServer, connect } from 'node:net';
import {
  formatEndpoint,
  type Listener,
  type ListenOptions,
  type Logger,
  type Network,
  NetworkError,
  type Endpoint,
  type SecureOptions,
  type Socket,
  type TlsContext,
  type TlsOptions,
} from '../host/index.js';
import { takeHandles } from './bare-handles.js';
import { BareSocket } from './bare-socket.js';
import { listening } from './listening.js';
import { networkErrorFrom } from './network-errors.js';
import type * as RealTls from './real-tls.js';
import { RealSocket } from './real-socket.js';
import { HIGH_WATER_BYTES } from './socket-parts.js';

/** Node tries the addresses of a name one after the other; each but the last gets at least this long. */
const LEAST_ATTEMPT_MS = 250;

/** Loaded with the first context: TLS and what reads key stores cost megabytes and milliseconds that most servers never need. */
let realTls: typeof RealTls | null = null;

/** TCP by `node:net`, TLS by `node:tls`. Names are resolved by the system at every call; Node keeps no cache of them. */
export class RealNetwork implements Network {
  constructor(private readonly log: Logger) {}

  listen(options: ListenOptions, onConnection: (socket: Socket) => void): Promise<Listener> {
    const server = createServer(
      { allowHalfOpen: true, pauseOnConnect: true, noDelay: true, highWaterMark: HIGH_WATER_BYTES },
      (raw) => onConnection(new RealSocket(raw)),
    );
    server.once('listening', () => {
      takeHandles(server, (handle, parts, hasNoDelay) => onConnection(new BareSocket(handle, parts, hasNoDelay)));
    });
    return listening(server, options, this.log);
  }

  dial(target: Endpoint, timeoutMs: number, cancel?: AbortSignal): Promise<Socket> {
    const name = formatEndpoint(target);
    if (cancel?.aborted === true) return Promise.reject(cancelled(name));
    return new Promise((resolve, reject) => {
      const options = {
        host: target.host,
        port: target.port,
        allowHalfOpen: true,
        noDelay: true,
        highWaterMark: HIGH_WATER_BYTES,
        autoSelectFamilyAttemptTimeout: Math.max(LEAST_ATTEMPT_MS, Math.floor(timeoutMs / 2)),
      };
      const raw = connect(options);
      const over = () => {
        clearTimeout(deadline);
        cancel?.removeEventListener('abort', giveUp);
      };
      const fail = (error: NetworkError) => {
        over();
        raw.destroy();
        reject(error);
      };
      const giveUp = () => fail(cancelled(name));
      const deadline = setTimeout(
        () => fail(new NetworkError('TIMEOUT', `${name} did not answer within ${timeoutMs} ms`)),
        timeoutMs,
      );
      cancel?.addEventListener('abort', giveUp);
      const failed = (cause: Error) => fail(networkErrorFrom(cause, `connecting to ${name}`));
      raw.on('error', failed);
      raw.once('connect', () => {
        over();
        const socket = new RealSocket(raw);
        raw.off('error', failed);
        resolve(socket);
      });
    });
  }

  async loadTls(options: TlsOptions): Promise<TlsContext> {
    realTls ??= await import('./real-tls.js');
    const context = new realTls.RealTlsContext(options);
    await context.load();
    return context;
  }

  async secure(socket: Socket, options: SecureOptions): Promise<Socket> {
    // Without a wait: bytes that come before the socket is released would be lost.
    if (!(socket instanceof RealSocket || socket instanceof BareSocket) || realTls === null)
      throw new Error('this socket or context is not of this network');
    const name = formatEndpoint(socket.remote);
    if (socket.closed) throw new NetworkError('CLOSED', `${name} closed the connection before the handshake`);
    const { local, remote } = socket;
    const raw = socket.release();
    const limit = { isOver: false };
    const deadline = setTimeout(() => {
      limit.isOver = true;
      raw.destroy();
    }, options.timeoutMs);
    try {
      const secured = await realTls.handshake(raw, options);
      return new RealSocket(secured, realTls.securityOf(secured), { local, remote });
    } catch (cause) {
      raw.destroy();
      if (limit.isOver)
        throw new NetworkError('TIMEOUT', `${name} did not finish the handshake within ${options.timeoutMs} ms`);
      throw handshakeErrorFrom(cause, name, options.side);
    } finally {
      clearTimeout(deadline);
    }
  }
}

/** OpenSSL's words for an answer that is no TLS record. */
const NO_TLS: ReadonlySet<string> = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG']);

function handshakeErrorFrom(cause: unknown, name: string, side: SecureOptions['side']): NetworkError {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  const known = networkErrorFrom(error, `TLS handshake with ${name}`);
  const isNoTls = known.code === 'RESET' || NO_TLS.has((error as NodeJS.ErrnoException).code ?? '');
  if (isNoTls && side === 'dial') {
    return new NetworkError('NOT_TLS', known.message, { cause });
  }
  if (known.code !== 'OTHER') return known;
  // OpenSSL's text carries the places in its own source.
  const detail = /:SSL routines:[^:]*:([^:]+)/.exec(error.message)?.[1] ?? error.message;
  return new NetworkError('TLS', `TLS handshake with ${name}: ${detail.trim()}`, { cause });
}

function cancelled(name: string): NetworkError {
  return new NetworkError('CLOSED', `connecting to ${name} was given up`);
}
