import { formatZxid } from '../protocol/index.js';
import { Milestone, ZabError } from './life.js';
import type { ConfigView } from './needs.js';
import { haveQuorum, isListed, isVoter, sidList } from './quorum.js';

/** How new a server's history is: first by the epoch of the last leader it followed, then by its last zxid. */
export interface StateSummary {
  readonly currentEpoch: number;
  readonly lastZxid: number;
}

export function isNewer(one: StateSummary, other: StateSummary): boolean {
  if (one.currentEpoch !== other.currentEpoch) return one.currentEpoch > other.currentEpoch;
  return one.lastZxid > other.lastZxid;
}

/** What a learner answers when it has accepted the epoch before: its word does not count a second time. */
export const NO_EPOCH_ACK = -1;

/**
 * Discovery as the would-be leader sees it: an epoch newer than any that a quorum has accepted, and a quorum that promises
 * it without having a newer history than the leader's own.
 */
export class Discovery {
  /** A quorum is here; `epoch` is fixed. */
  readonly epochChosen = new Milestone();
  /** The epoch may be told: it is written to the leader's disk. */
  readonly epochPromised = new Milestone();
  /** A quorum has promised the epoch. */
  readonly quorumPromised = new Milestone();
  private readonly here = new Set<number>();
  private readonly promised = new Set<number>();
  private candidate = -1;

  constructor(
    private readonly config: ConfigView,
    private readonly myId: number,
    private readonly own: StateSummary,
  ) {}

  get epoch(): number {
    return this.candidate;
  }

  /** For messages: who has shown up, and who has promised. */
  describe(): string {
    return `here ${sidList(this.here)}, promised ${sidList(this.promised)}`;
  }

  /**
   * A server (the leader itself, too) came with the newest epoch it has accepted. Epochs are few enough that one which is in
   * no configuration must not use them up.
   */
  arrived(sid: number, acceptedEpoch: number): void {
    if (this.epochChosen.reached) return;
    if (acceptedEpoch >= this.candidate && isListed(this.config, sid)) this.candidate = acceptedEpoch + 1;
    if (isVoter(this.config, sid)) this.here.add(sid);
    if (this.here.has(this.myId) && haveQuorum(this.config, this.here)) this.epochChosen.reach();
  }

  /** A server answered the epoch. Throws when its history is newer: then this leader is not its leader. */
  promise(sid: number, summary: StateSummary): void {
    if (this.quorumPromised.reached || summary.currentEpoch === NO_EPOCH_ACK) return;
    if (isNewer(summary, this.own)) {
      throw new ZabError(
        'LEARNER_AHEAD',
        `server ${sid} is ahead (epoch ${summary.currentEpoch}, zxid ${formatZxid(summary.lastZxid)}) of this leader ` +
          `(epoch ${this.own.currentEpoch}, zxid ${formatZxid(this.own.lastZxid)})`,
      );
    }
    if (summary.lastZxid >= 0 && isVoter(this.config, sid)) this.promised.add(sid);
    if (this.promised.has(this.myId) && haveQuorum(this.config, this.promised)) this.quorumPromised.reach();
  }
}
