import type { AdminControl, AdminTarget } from '../admin/index.js';
import type { ServerConfig } from '../config/index.js';

/** Exit codes of the process, as Apache ZooKeeper's (`ExitCode`). */
export const PeerExit = { ok: 0, unexpected: 1, usage: 2, dataDir: 3, electionPort: 14 } as const;

/** Why a server could not start. The message is complete: it says what is wrong and what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';
  constructor(
    readonly exitCode: number,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** How a server's life ended. */
export interface ServerEnd {
  readonly exitCode: number;
  /** A sentence for the log. */
  readonly reason: string;
}

/** A running server, alone or in an ensemble. */
export interface Server {
  /** Resolves when clients can connect (a member of an ensemble may still look for a leader). Rejects with StartError. */
  start(): Promise<void>;
  /** Ends it in good order; resolves when nothing of it is left. */
  stop(): Promise<void>;
  /**
   * Lets another server lead, because of `reason`; how that went is logged. False: this one does not lead, or no other one
   * can.
   */
  handOver(reason: string): boolean;
  /** Resolves when the server has ended, by `stop` or because it cannot go on. */
  readonly finished: Promise<ServerEnd>;
  /** What the admin server works on; at any time. `initialConfiguration`: the text of zoo.cfg. */
  adminTarget(initialConfiguration: string, control: AdminControl): AdminTarget;
  /**
   * Checks what can be taken of a new configuration while the server runs: certificates, users, limits, whitelist. What is
   * answered takes it, and cannot fail. Rejects when something of it is broken; nothing has changed then.
   */
  prepareReload(next: ServerConfig): Promise<() => void>;
}
