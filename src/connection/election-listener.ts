import type { Clock, Endpoint, Listener, Logger, Network, Socket } from '../host/index.js';
import { formatEndpoint } from '../host/index.js';

const RETRY_MS = 1000;

/** Where a listener stands: `failed` once it has used up its attempts. */
export type ListenerState = 'binding' | 'listening' | 'failed' | 'closed';

export interface ListenerDeps {
  readonly clock: Clock;
  readonly network: Network;
  readonly log: Logger;
  /** How often to try the port; 0: for ever (ZOOKEEPER-3320: a server's own name may appear late). */
  readonly maxAttempts: number;
  onConnection(socket: Socket): void;
  /** The last attempt has failed. */
  onFailed(): void;
}

/** Accepts connections on one election address; keeps trying when the port cannot be had at once. */
export class ElectionListener {
  state: ListenerState = 'binding';
  private listener: Listener | null = null;
  private running: Promise<void> = Promise.resolve();
  private endPause: (() => void) | null = null;

  constructor(
    readonly endpoint: Endpoint,
    private readonly deps: ListenerDeps,
  ) {}

  /** Resolves after the first attempt; further ones follow on their own. */
  start(): Promise<void> {
    if (!this.isBinding()) return Promise.resolve();
    return new Promise((resolve) => {
      this.running = this.bind(resolve);
    });
  }

  /** Resolves when the port is free and no attempt is under way. */
  async close(): Promise<void> {
    this.state = 'closed';
    this.endPause?.();
    await this.running;
    await this.listener?.close();
    this.listener = null;
  }

  private async bind(firstDone: () => void): Promise<void> {
    for (let attempt = 1; this.isBinding(); attempt++) {
      const bound = await this.tryOnce(attempt);
      if (!bound && attempt === this.deps.maxAttempts) this.fail(attempt);
      firstDone();
      if (bound) return;
      if (this.isBinding()) await this.pause();
    }
  }

  private isBinding(): boolean {
    return this.state === 'binding';
  }

  private async tryOnce(attempt: number): Promise<boolean> {
    const { network, log } = this.deps;
    try {
      this.listener = await network.listen({ endpoint: this.endpoint }, (socket) => {
        this.deps.onConnection(socket);
      });
      if (this.state === 'binding') {
        this.state = 'listening';
        log.info(`Listening for elections on ${formatEndpoint(this.endpoint)}`, { code: 'ELECTION_LISTENING' });
      }
      return true;
    } catch (error) {
      log.error(
        `Cannot listen for elections on ${formatEndpoint(this.endpoint)} (attempt ${attempt}): ${(error as Error).message}`,
        { code: 'ELECTION_PORT', attempt },
      );
      return false;
    }
  }

  private fail(attempts: number): void {
    if (this.state !== 'binding') return;
    this.state = 'failed';
    this.deps.log.error(
      `Giving up the election address ${formatEndpoint(this.endpoint)} after ${attempts} attempts; ` +
        'zookeeper.electionPortBindRetry allows more',
      { code: 'ELECTION_PORT_GIVEN_UP' },
    );
    this.deps.onFailed();
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.deps.clock.after(RETRY_MS, () => {
        this.endPause = null;
        resolve();
      });
      this.endPause = () => {
        timer.cancel();
        this.endPause = null;
        resolve();
      };
    });
  }
}
