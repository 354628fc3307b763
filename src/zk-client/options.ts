import type { Clock, Network, Random, TlsOptions } from '../host/index.js';

/** What the client needs of the machine. */
export interface ClientWorld {
  readonly clock: Clock;
  readonly network: Pick<Network, 'dial' | 'loadTls' | 'secure'>;
  readonly random: Random;
}

/** What lets another client (or a later process) go on with the session. Keep the password secret. */
export interface SessionCredentials {
  readonly sessionId: bigint;
  /** 16 bytes. */
  readonly password: Buffer;
  /** The newest zxid seen: servers that are behind it are refused. */
  readonly lastZxid?: number;
}

export interface AuthInfo {
  readonly scheme: string;
  readonly auth: Buffer;
}

/** What happened to the session. The last three are final. */
export type SessionEvent =
  'connected' | 'connectedReadOnly' | 'disconnected' | 'saslAuthenticated' | 'authFailed' | 'expired' | 'closed';

export type SessionState = 'connecting' | 'connected' | 'connectedReadOnly' | 'authFailed' | 'expired' | 'closed';

export interface ClientOptions {
  /** What is asked for; the server decides within its bounds. 30 000 when absent. */
  readonly sessionTimeoutMs?: number;
  /** Accept a server that has lost its quorum and only reads; one that writes is looked for meanwhile. */
  readonly readOnly?: boolean;
  /** Goes on with this session instead of opening one. */
  readonly session?: SessionCredentials;
  /** Sent at every connection, before anything else. */
  readonly auth?: readonly AuthInfo[];
  /** SASL with DIGEST-MD5; the session fails for good when the server refuses. */
  readonly sasl?: { readonly user: string; readonly password: string };
  /** Encrypted connections; see `tlsOptions`. */
  readonly tls?: TlsOptions;
  /** For every call without a `timeoutMs` of its own; none when absent. */
  readonly requestTimeoutMs?: number;
  /**
   * Calls that wait for a connection fail with `connectionLoss` as soon as every server of the list was tried in vain. When
   * absent they wait for a server, or for their own time-out.
   */
  readonly failsWhenUnreachable?: boolean;
  /** The largest reply, as `jute.maxbuffer` (1 048 575 when absent) with some room for headers. */
  readonly maxFrameBytes?: number;
  /** Is told of every change, from the first connection on. */
  readonly onSession?: (event: SessionEvent) => void;
  /** This machine when absent. */
  readonly world?: ClientWorld;
}

/** For every call. */
export interface CallOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}
