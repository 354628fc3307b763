import type { ConfigView } from './needs.js';
import { haveQuorum, isVoter, sidList, votersOf } from './quorum.js';

/** What a voter said to a server that leads, or would like to. */
export interface VoterWord {
  readonly sid: number;
  /** Whom it follows, or votes for. */
  readonly leader: number;
  /** It has a leader (or is one); else it looks for one. */
  readonly isSettled: boolean;
  /** Its vote is better than the one by which this server leads, in the same round or in a later one. */
  readonly outbids: boolean;
}

/**
 * Who of the voters has turned away from a leader that waits for them, before it is established. Waiting for initLimit would
 * only prolong an outage that the others may have ended long ago (ZOOKEEPER-3109).
 *
 * Who has another leader does not come. Who looks for one may still come: it is given some time, unless it comes to look
 * again after that.
 */
export class Loyalty {
  /** By id: does it have another leader? */
  private readonly turned = new Map<number, boolean>();

  constructor(
    private readonly config: ConfigView,
    private readonly myId: number,
    /** Has it come, and is it still here? */
    private readonly isHere: (sid: number) => boolean,
  ) {}

  /** `isLate`: the time for those who look is over. */
  heard({ sid, leader, isSettled, outbids }: VoterWord, isLate: boolean): void {
    if (!isVoter(this.config, sid)) return;
    if (leader === this.myId && (isSettled || !isLate)) this.turned.delete(sid);
    // At first all that look vote for themselves, and come over to this leader when they hear of it.
    else if (isSettled || outbids || isLate) this.turned.set(sid, isSettled);
  }

  came(sid: number): void {
    this.turned.delete(sid);
  }

  /** Can those who are left make no quorum any more? `isLate`: those who look do not count as left either. */
  isHopeless(isLate: boolean): boolean {
    const left = new Set<number>();
    for (const sid of votersOf(this.config)) if (!this.hasTurned(sid, isLate)) left.add(sid);
    return !haveQuorum(this.config, left);
  }

  describe(): string {
    return sidList([...this.turned.keys()].filter((sid) => this.hasTurned(sid, true)));
  }

  private hasTurned(sid: number, isLate: boolean): boolean {
    const isSettled = this.turned.get(sid);
    return isSettled !== undefined && (isSettled || isLate) && !this.isHere(sid);
  }
}
