import type { Disk, Endpoint, TlsStore } from '../../host/index.js';

/** Answer to a four-letter word, or why there is none. */
export type WordAnswer = { readonly text: string } | { readonly text: null; readonly why: string };

export interface Space {
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** Same for all folders of one file system. */
  readonly device: number;
}

export interface CertificateFacts {
  readonly subject: string;
  readonly notAfterMs: number;
}

export interface HttpAnswer {
  /** When the server answered, by its clock; null: it does not say. */
  readonly serverMs: number | null;
  /** By this machine's clock, in the middle of the exchange. */
  readonly localMs: number;
  readonly body: string;
}

/** The world as the doctor sees it. Nothing here changes anything. */
export interface DoctorWorld {
  readonly disk: Disk;
  wallMs(): number;
  pause(ms: number): Promise<void>;
  ask(server: Endpoint, word: string): Promise<WordAnswer>;
  /** Null: it can be reached; else why not. */
  reach(endpoint: Endpoint): Promise<string | null>;
  /** The addresses of a name; none when it is unknown. */
  resolve(host: string): Promise<readonly string[]>;
  /** Null: nothing of the kind is there. */
  httpGet(endpoint: Endpoint, path: string): Promise<HttpAnswer | null>;
  /** Null: that cannot be told. */
  space(dir: string): Promise<Space | null>;
  /** Rejects when the store cannot be read. */
  certificates(store: TlsStore): Promise<readonly CertificateFacts[]>;
}
