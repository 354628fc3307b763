import type { Clock } from '../host/index.js';
import type { ConfigView } from './needs.js';
import { haveQuorum } from './quorum.js';

/** A follower that answers pings in order, one answer each. */
export interface PingedFollower {
  readonly sid: number;
  readonly pingsSent: number;
  readonly pingsAnswered: number;
  ping(): void;
}

interface Round {
  /** The newest ticket that it proves. */
  readonly covers: number;
  /** Each follower with the ping whose answer counts. */
  readonly marks: Map<PingedFollower, number>;
}

/**
 * Proof that this server still led after something was asked: a quorum answers pings that were sent later. Until then a
 * newer leader may have been established elsewhere, and an answer to `sync` would promise too much.
 *
 * All that is asked in one turn, or while a round is under way, shares the next round.
 */
export class LeadershipProof {
  /** Tickets up to here are proven. */
  proven = 0;
  onProven: (() => void) | null = null;
  private issued = 0;
  private round: Round | null = null;
  private startPending = false;

  constructor(
    private readonly clock: Clock,
    private readonly config: ConfigView,
    private readonly myId: number,
    private readonly followers: () => Iterable<PingedFollower>,
  ) {}

  /** Returns a ticket; it is proven when `proven` has reached it. */
  ask(): number {
    this.issued++;
    if (this.round === null) this.startSoon();
    return this.issued;
  }

  /** A follower answered a ping. */
  answered(): void {
    const { round } = this;
    if (round === null) return;
    const sids = new Set([this.myId]);
    for (const [follower, mark] of round.marks) {
      if (follower.pingsAnswered >= mark) sids.add(follower.sid);
    }
    if (!haveQuorum(this.config, sids)) return;
    this.proven = round.covers;
    this.round = null;
    if (this.issued > this.proven) this.startSoon();
    this.onProven?.();
  }

  /** Pings went to all followers for another reason: those who came meanwhile count for the round under way, too. */
  pinged(): void {
    if (this.round !== null) this.mark(this.round);
  }

  private startSoon(): void {
    if (this.startPending) return;
    this.startPending = true;
    this.clock.defer(() => {
      this.startPending = false;
      if (this.round !== null || this.issued === this.proven) return;
      for (const follower of this.followers()) follower.ping();
      this.round = { covers: this.issued, marks: new Map() };
      this.mark(this.round);
      this.answered();
    });
  }

  /** The last ping to each follower is one whose answer counts. */
  private mark(round: Round): void {
    for (const follower of this.followers()) {
      if (!round.marks.has(follower)) round.marks.set(follower, follower.pingsSent);
    }
  }
}
