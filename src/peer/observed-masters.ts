import type { Random } from '../host/index.js';
import type { QuorumVerifier } from '../membership/index.js';
import type { ObservedMaster } from '../zab/index.js';

export interface ObservedMastersOptions {
  /** The port on which followers serve observers (`observerMasterPort`); 0: observers go to the leader. */
  readonly port: number;
  /** The longest wait before a server that was tried is tried again (`observer.reconnectDelayMs`). */
  readonly reconnectDelayMs: number;
}

/** Where an observer goes next. */
export interface NextMaster {
  /** Null: the leader itself. */
  readonly master: ObservedMaster | null;
  readonly delayMs: number;
}

/**
 * The followers that an observer learns from, one after the other in an order of its own, so that observers spread over them
 * and go on to the next one when theirs is gone. Between two rounds, and before each visit to a leader, it waits for a random
 * time, so that not all come at once.
 */
export class ObservedMasters {
  private order: readonly number[] = [];
  private next = 0;

  constructor(
    private readonly random: Random,
    private readonly options: ObservedMastersOptions,
  ) {}

  choose(verifier: QuorumVerifier, leaderSid: number): NextMaster {
    const { port } = this.options;
    // The leader does not listen there.
    const followers = [...verifier.voters.keys()].filter((sid) => sid !== leaderSid);
    if (port === 0 || followers.length === 0) return { master: null, delayMs: this.delay() };
    this.follow([...verifier.voters.keys()]);
    let delayMs = 0;
    for (;;) {
      if (this.next >= this.order.length) {
        this.next = 0;
        delayMs = this.delay();
      }
      const sid = this.order[this.next++];
      const server = sid === undefined || sid === leaderSid ? undefined : verifier.voters.get(sid);
      if (server === undefined) continue;
      return { master: { sid: server.sid, addresses: server.addresses.map(({ host }) => ({ host, port })) }, delayMs };
    }
  }

  /** A new order when others vote than before. */
  private follow(voters: readonly number[]): void {
    if (voters.length === this.order.length && voters.every((sid) => this.order.includes(sid))) return;
    const order = [...voters];
    for (let last = order.length - 1; last > 0; last--) {
      const other = this.random.below(last + 1);
      [order[last], order[other]] = [order[other] as number, order[last] as number];
    }
    this.order = order;
    this.next = 0;
  }

  private delay(): number {
    const { reconnectDelayMs } = this.options;
    return reconnectDelayMs === 0 ? 0 : this.random.below(Math.min(reconnectDelayMs, 2 ** 32));
  }
}
