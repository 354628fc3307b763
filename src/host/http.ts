import type { Endpoint, Listener } from './network.js';
import type { TlsContext } from './tls.js';

/** One HTTP request. */
export interface HttpRequest {
  /** Upper case: `GET`. */
  readonly method: string;
  /** Decoded, without the query: `/commands/stat`. */
  readonly path: string;
  /** The first value of each parameter, decoded. */
  readonly query: ReadonlyMap<string, string>;
  /** The value of a header by its name in lower case. */
  header(name: string): string | undefined;
  /** Address of the client without brackets; IPv4 also when it came through an IPv6 socket. */
  readonly remoteHost: string;
  /** What a TLS client showed and proved (DER), its own certificate first; empty without. */
  readonly certificates: readonly Buffer[];
  /** To be read once, or not at all. Fails when the client goes away. */
  readonly body: AsyncIterable<Buffer>;
}

export interface HttpReply {
  readonly status: number;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What comes in pieces is sent as it comes; when it fails, the connection is broken off so that the client notices. */
  readonly body: string | AsyncIterable<Buffer>;
}

export type HttpHandler = (request: HttpRequest) => Promise<HttpReply>;

export interface HttpListenOptions {
  readonly endpoint: Endpoint;
  /** A connection on which nothing moves for so long is closed. */
  readonly idleTimeoutMs: number;
  /** At the same time; for one more the one that has been idle longest is closed. */
  readonly maxConnections: number;
  /** Absent: plain HTTP. `either`: the first byte of a connection decides. */
  readonly tls?: {
    readonly context: TlsContext;
    readonly transport: 'tls' | 'either';
    readonly handshakeTimeoutMs: number;
    /** Told of each connection that came without TLS though it could have had it. */
    readonly onPlain: () => void;
  };
}

/** HTTP/1.1 servers. */
export interface HttpServers {
  /**
   * Rejects with a `NetworkError` when the endpoint cannot be had. `makeHandler` is called when the first client comes, so
   * that a server whom nobody asks costs nothing; closing ends open connections, too.
   */
  listen(options: HttpListenOptions, makeHandler: () => Promise<HttpHandler>): Promise<Listener>;
}
