import { formatZxid, MAX_EPOCH } from '../protocol/index.js';
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

/** The last epoch that is led or followed: in each that comes, there is one behind it that can be told. */
export const LAST_EPOCH = MAX_EPOCH - 1;

/**
 * A learner that has accepted so many more epochs than the leader is not believed. A discovery that fails takes an epoch:
 * with one a second that is 18 hours, for all of which the leader must have been away, though its history is the newest.
 * And whoever makes epochs up, uses up no more of them than this at an election.
 */
const EPOCH_LEAP = 2 ** 16;

/** For messages: how an epoch that somebody made up leaves a disk. */
export const FAR_EPOCH_MEND =
  'Find out who made it up. Where it is in version-2/acceptedEpoch (or currentEpoch) of a server: stop all servers, write the ' +
  'epoch of the newest zxid of all into that file, and start them';

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
    private readonly own: StateSummary & { readonly acceptedEpoch: number },
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
   * no configuration must not use them up. Throws when nobody can have come to it by elections, or none is left.
   */
  arrived(sid: number, acceptedEpoch: number): void {
    if (this.epochChosen.reached) return;
    if (isListed(this.config, sid)) this.outdo(sid, acceptedEpoch);
    if (isVoter(this.config, sid)) this.here.add(sid);
    if (this.here.has(this.myId) && haveQuorum(this.config, this.here)) this.epochChosen.reach();
  }

  /** Are there more epochs between this leader and that one than elections can have taken? */
  isFar(acceptedEpoch: number): boolean {
    return acceptedEpoch - this.own.acceptedEpoch > EPOCH_LEAP;
  }

  private outdo(sid: number, acceptedEpoch: number): void {
    if (sid === this.myId && acceptedEpoch >= LAST_EPOCH) {
      throw new ZabError(
        'EPOCH_FAR',
        `this server has accepted epoch ${acceptedEpoch}, behind which no epoch is possible. ${FAR_EPOCH_MEND}`,
      );
    }
    if (this.isFar(acceptedEpoch)) {
      throw new ZabError(
        'EPOCH_FAR',
        `says it has accepted epoch ${acceptedEpoch}, and this leader is only at ${this.own.acceptedEpoch}: so many ` +
          `elections have not been. ${FAR_EPOCH_MEND}`,
      );
    }
    if (acceptedEpoch >= this.candidate) this.candidate = acceptedEpoch + 1;
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
