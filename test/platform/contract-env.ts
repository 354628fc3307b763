import type { Endpoint, Host } from '../../src/host/index.js';

/** One host under test, real or fake. What it runs is the same. */
export interface ContractEnv {
  readonly host: Host;
  /** An empty folder. */
  readonly dir: string;
  /** Runs a test's body (on a fake host: drives its world meanwhile). */
  run(body: () => Promise<void>): Promise<void>;
  /** An address that answers nothing, not even that it refuses. */
  silentEndpoint(): Promise<Endpoint>;
  close(): Promise<void>;
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
