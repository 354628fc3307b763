import type { SecureOptions, SocketSecurity, TlsContext, TlsOptions } from './tls.js';

/** A TCP endpoint. `host` is a name or an address without brackets; an empty host listens on all addresses. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** What a socket's owner is told. Calls never come from inside a call of the owner's on the same socket. */
export interface SocketHandler {
  /** `chunk` belongs to the handler until it returns; what it keeps longer it must copy. */
  onData(chunk: Buffer): void;
  /** The other side has ended its direction. Answer with `end()` or `destroy()`. */
  onEnd(): void;
  /** Everything written so far has been handed to the network; comes only after `write` returned false. */
  onDrain(): void;
  /** Comes exactly once, last. `error` is set when the connection broke or was destroyed with a reason. */
  onClose(error: Error | undefined): void;
}

/** One TCP connection. Data is held back until `start`. */
export interface Socket {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** Bytes written but not handed to the network. */
  readonly bufferedBytes: number;
  readonly closed: boolean;
  /** Null: what it carries is not encrypted. */
  readonly security: SocketSecurity | null;
  /** Sets the handler and lets data flow. May be called again to hand the socket to another owner. */
  start(handler: SocketHandler): void;
  /**
   * Gives bytes back (or none): to be called from inside `onData` or `onEnd` only. Reading stops, and they come again, first,
   * and behind them the end when it was told, to the handler of the next `start` (or are part of the handshake that comes next).
   */
  unread(bytes: Buffer): void;
  /** Queues bytes (not copied: they must not change afterwards). False: wait for `onDrain` before writing much more. */
  write(bytes: Buffer): boolean;
  /** Stops reading; TCP back-pressure then reaches the other side. */
  pause(): void;
  resume(): void;
  /** Sends what is queued, then closes this direction. */
  end(): void;
  /** Closes at once; queued bytes may be lost. */
  destroy(reason?: Error): void;
  setNoDelay(on: boolean): void;
  setKeepAlive(on: boolean): void;
}

export interface Listener {
  /** Where it really listens (with the chosen port when 0 was asked for). */
  readonly endpoint: Endpoint;
  /** Stops accepting; open connections live on. Resolves when the port is free. */
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly endpoint: Endpoint;
  /** Length of the queue of unaccepted connections; the system's default when absent. */
  readonly backlog?: number;
}

/**
 * Connections between machines. Errors are `NetworkError`s.
 * Names are resolved anew at every dial and listen.
 */
export interface Network {
  listen(options: ListenOptions, onConnection: (socket: Socket) => void): Promise<Listener>;
  /** Connects within `timeoutMs` or rejects; a late success is closed. An abort of `cancel` rejects with CLOSED, soon. */
  dial(target: Endpoint, timeoutMs: number, cancel?: AbortSignal): Promise<Socket>;
  /** Reads the files that TLS needs. Rejects with a `TlsError`. */
  loadTls(options: TlsOptions): Promise<TlsContext>;
  /**
   * Begins TLS on a connected socket of which nothing is unread, and takes it over: the connection is the socket that is
   * answered. Rejects with a `NetworkError` (TLS, TIMEOUT, RESET, CLOSED) when the handshake fails; the socket is closed then.
   */
  secure(socket: Socket, options: SecureOptions): Promise<Socket>;
}

export type NetworkErrorCode =
  | 'ADDRESS_IN_USE'
  | 'ADDRESS_NOT_AVAILABLE'
  | 'PERMISSION'
  | 'REFUSED'
  | 'UNREACHABLE'
  | 'NAME_UNKNOWN'
  | 'TIMEOUT'
  | 'RESET'
  | 'CLOSED'
  /** A handshake failed: whose fault it was is in the message. */
  | 'TLS'
  /** Who was dialled answered a handshake with something else, or ended the connection when it should have answered. */
  | 'NOT_TLS'
  | 'OTHER';

export class NetworkError extends Error {
  override readonly name = 'NetworkError';
  constructor(
    readonly code: NetworkErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** `host:port`, an IPv6 host in brackets. */
export function formatEndpoint(endpoint: Endpoint): string {
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host;
  return `${host}:${endpoint.port}`;
}
