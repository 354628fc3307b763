import type { Endpoint } from './network.js';
import type { TlsContext } from './tls.js';

/** A GET request to another server. */
export interface HttpQuestion {
  readonly endpoint: Endpoint;
  /** With its query, encoded: `/commands/stat?a=b`. */
  readonly path: string;
  /** Null: plain HTTP. */
  readonly tls: TlsContext | null;
  /** For everything: to connect, to ask and to read the answer. */
  readonly timeoutMs: number;
  /** A longer answer is given up. */
  readonly maxBytes: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** Asks HTTP/1.1 servers. */
export interface HttpClient {
  /** Rejects when there is no whole answer, with a message that says why. */
  get(question: HttpQuestion): Promise<HttpAnswer>;
}
