import type { Endpoint, Host, TlsStore } from '../../src/host/index.js';

/** One host under test, real or fake. What it runs is the same. */
export interface ContractEnv {
  readonly host: Host;
  /** An empty folder. */
  readonly dir: string;
  /** Runs a test's body (on a fake host: drives its world meanwhile). */
  run(body: () => Promise<void>): Promise<void>;
  /** An address that answers nothing, not even that it refuses. */
  silentEndpoint(): Promise<Endpoint>;
  /** Files for TLS, made on the way. */
  stores(): Promise<Stores>;
  close(): Promise<void>;
}

/** Key stores of who they are, and whom a trust store has. */
export interface Stores {
  /** For 127.0.0.1, trusted by `trust`. */
  readonly server: TlsStore;
  readonly client: TlsStore;
  /** For another host, trusted. */
  readonly elsewhere: TlsStore;
  /** Trusted by nobody. */
  readonly stranger: TlsStore;
  readonly trust: TlsStore;
  /** Makes the file of `server` say what that of `elsewhere` does. */
  replaceServer(): Promise<void>;
}

export type MakeEnv = () => Promise<ContractEnv>;

/** A test body in an environment of its own. */
export function inEnv(make: MakeEnv, body: (env: ContractEnv) => Promise<void>): () => Promise<void> {
  return async () => {
    const env = await make();
    try {
      await env.run(() => body(env));
    } finally {
      await env.close();
    }
  };
}
