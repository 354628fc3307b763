import type { Clock, Endpoint, Logger, Network, Socket } from '../host/index.js';
import { formatEndpoint } from '../host/index.js';
import type { AddressTurns } from '../membership/index.js';
import type { Life } from './life.js';
import { Milestone, ZabError } from './life.js';
import type { ZabOptions } from './options.js';

/** Addresses that led to nobody the last time wait so long for the others. */
const HEAD_START_MS = 300;
const LEADER = 'the leader';

export interface DialContext {
  readonly clock: Clock;
  readonly life: Life;
  readonly log: Logger;
  readonly network: Network;
  readonly options: ZabOptions;
  /** Whom messages name; default: the leader. */
  readonly who?: string;
}

/**
 * Connects to the leader, which may not be listening yet: its addresses at once, each with several tries, within initLimit (or
 * connectToLearnerMasterLimit). The first connection wins. Throws CONNECT_FAILED.
 *
 * ZooKeeper tries five times, 100 ms apart; here the tries are closer in the beginning and last as long.
 */
export async function dialLeader(
  sid: number,
  addresses: readonly Endpoint[],
  turns: AddressTurns,
  context: DialContext,
): Promise<Socket> {
  const { clock, life, options, who = LEADER } = context;
  const limit = options.connectToLearnerMasterLimit > 0 ? options.connectToLearnerMasterLimit : options.initLimit;
  const limitMs = limit * options.tickTimeMs;
  const endMs = clock.monotonicMs() + limitMs;
  const race = new DialRace(context, endMs);
  life.atEnd(() => {
    race.close();
  });
  const { first, later } = turns.next(sid, addresses);
  await life.within(race.run(first), later.length > 0 ? Math.min(HEAD_START_MS, limitMs) : limitMs);
  if (later.length > 0) await life.within(race.run(later), endMs - clock.monotonicMs());
  const winner = race.claim();
  if (winner !== null) {
    turns.reached(sid, winner.address, clock.monotonicMs());
    return winner.socket;
  }
  race.close();
  const failures =
    race.failures.join('; ') || `no answer from ${addresses.map(formatEndpoint).join(', ')} within ${limitMs} ms`;
  throw new ZabError('CONNECT_FAILED', `cannot connect to ${who}: ${failures}`);
}

interface Winner {
  readonly address: Endpoint;
  readonly socket: Socket;
}

class DialRace {
  readonly failures: string[] = [];
  private winner: Winner | null = null;
  private isOver = false;
  private readonly cancel = new AbortController();
  private runners = 0;
  private settled = new Milestone();

  constructor(
    private readonly context: DialContext,
    private readonly endMs: number,
  ) {}

  /** Sends some off, unless it is decided. The milestone: somebody has won, or all that were sent off have failed. */
  run(addresses: readonly Endpoint[]): Milestone {
    this.settled = new Milestone();
    if (!this.isDecided()) {
      this.runners += addresses.length;
      for (const address of addresses) this.send(address);
    }
    this.settleIfOver();
    return this.settled;
  }

  /** The connection that was made first, now the caller's. */
  claim(): Winner | null {
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
    this.winner?.socket.destroy();
    this.winner = null;
  }

  private isDecided(): boolean {
    return this.isOver || this.winner !== null;
  }

  private send(address: Endpoint): void {
    const over = (failure: string | null): void => {
      if (failure !== null) this.failures.push(`${formatEndpoint(address)}: ${failure}`);
      this.settleIfOver();
    };
    this.tryAddress(address).then(over, (error: unknown) => {
      over(String(error));
    });
  }

  private settleIfOver(): void {
    if (this.isDecided() || this.failures.length === this.runners) this.settled.reach();
  }

  /** Null when somebody has won. */
  private async tryAddress(address: Endpoint): Promise<string | null> {
    const { clock, life, log, network, options, who = LEADER } = this.context;
    let delayMs = options.connectFirstDelayMs;
    for (let tries = 1; ; tries++) {
      const leftMs = this.endMs - clock.monotonicMs();
      if (leftMs <= 0) return 'out of time';
      try {
        this.arrive(address, await network.dial(address, leftMs, this.cancel.signal));
        return null;
      } catch (error) {
        if (this.isDecided()) return null;
        const why = error instanceof Error ? error.message : String(error);
        if (tries >= options.connectTries) return `${why} (${tries} tries)`;
        log.debug(`Try ${tries} to reach ${who} at ${formatEndpoint(address)} failed: ${why}`, {
          code: 'ZAB_DIAL',
        });
      }
      await life.within(new Milestone(), delayMs);
      if (this.isDecided()) return null;
      delayMs = Math.min(delayMs * 2, options.connectMaxDelayMs);
    }
  }

  private arrive(address: Endpoint, socket: Socket): void {
    if (this.isDecided()) socket.destroy();
    else this.winner = { address, socket };
  }
}
