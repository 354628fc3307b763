import type { Clock, Endpoint, Logger, Network, Socket } from '../host/index.js';
import { formatEndpoint } from '../host/index.js';
import type { Life } from './life.js';
import { Milestone, ZabError } from './life.js';
import type { ZabOptions } from './options.js';

export interface DialContext {
  readonly clock: Clock;
  readonly life: Life;
  readonly log: Logger;
  readonly network: Network;
  readonly options: ZabOptions;
}

/**
 * Connects to the leader, which may not be listening yet: all of its addresses at once, each with several tries, within
 * initLimit (or connectToLearnerMasterLimit). The first connection wins. Throws CONNECT_FAILED.
 *
 * ZooKeeper tries five times, 100 ms apart; here the tries are closer in the beginning and last as long.
 */
export async function dialLeader(addresses: readonly Endpoint[], context: DialContext): Promise<Socket> {
  const { life, options } = context;
  const limit = options.connectToLearnerMasterLimit > 0 ? options.connectToLearnerMasterLimit : options.initLimit;
  const limitMs = limit * options.tickTimeMs;
  const race = new DialRace(context, limitMs);
  const settled = new Milestone();
  for (const address of addresses) {
    race.run(address, settled, addresses.length).catch((error: unknown) => {
      race.failures.push(String(error));
      settled.reach();
    });
  }
  life.atEnd(() => {
    race.close();
  });
  if (addresses.length > 0) await life.within(settled, limitMs);
  const winner = race.claim();
  if (winner !== null) return winner;
  race.close();
  const failures = race.failures.join('; ') || `no answer within ${limitMs} ms`;
  throw new ZabError('CONNECT_FAILED', `cannot connect to the leader: ${failures}`);
}

class DialRace {
  readonly failures: string[] = [];
  private winner: Socket | null = null;
  private isOver = false;
  private readonly cancel = new AbortController();
  private readonly endMs: number;

  constructor(
    private readonly context: DialContext,
    limitMs: number,
  ) {
    this.endMs = context.clock.monotonicMs() + limitMs;
  }

  /** The connection that was made first, now the caller's. */
  claim(): Socket | null {
    const { winner } = this;
    this.winner = null;
    if (winner !== null) {
      this.isOver = true;
      this.cancel.abort();
    }
    return winner;
  }

  /** Dials under way are given up, and the winner is closed when nobody claimed it. */
  close(): void {
    this.isOver = true;
    this.cancel.abort();
    this.winner?.destroy();
    this.winner = null;
  }

  private isDecided(): boolean {
    return this.isOver || this.winner !== null;
  }

  async run(address: Endpoint, settled: Milestone, runners: number): Promise<void> {
    const error = await this.tryAddress(address);
    if (error !== null) this.failures.push(`${formatEndpoint(address)}: ${error}`);
    if (this.isDecided() || this.failures.length === runners) settled.reach();
  }

  /** Null when somebody has won. */
  private async tryAddress(address: Endpoint): Promise<string | null> {
    const { clock, life, log, network, options } = this.context;
    let delayMs = options.connectFirstDelayMs;
    for (let tries = 1; ; tries++) {
      const leftMs = this.endMs - clock.monotonicMs();
      if (leftMs <= 0) return 'out of time';
      try {
        this.arrive(await network.dial(address, leftMs, this.cancel.signal));
        return null;
      } catch (error) {
        if (this.isDecided()) return null;
        const why = error instanceof Error ? error.message : String(error);
        if (tries >= options.connectTries) return `${why} (${tries} tries)`;
        log.debug(`Try ${tries} to reach the leader at ${formatEndpoint(address)} failed: ${why}`, {
          code: 'ZAB_DIAL',
        });
      }
      await life.within(new Milestone(), delayMs);
      if (this.isDecided()) return null;
      delayMs = Math.min(delayMs * 2, options.connectMaxDelayMs);
    }
  }

  private arrive(socket: Socket): void {
    if (this.isDecided()) socket.destroy();
    else this.winner = socket;
  }
}
