import { NO_PROPOSAL } from '../protocol/index.js';
import { QuorumTally } from '../membership/index.js';
import type { QuorumVerifier } from '../membership/index.js';
import type { ElectionSelf } from './needs.js';
import { compareProposals, votesAgree } from './vote.js';
import type { Proposal, Verdict, Vote } from './vote.js';

/** The last round that there is: a round is a signed long. */
export const LAST_ROUND = 2n ** 63n - 1n;

/** This server's part in an election: its round, its proposal, and who the voters are. */
export class Ballot {
  /** The logical clock: number of the round, which all that look together share. */
  round = 0n;
  /** Is an election going on? Afterwards the proposal is of the past. */
  isOpen = false;
  proposal: Proposal = { leader: -1, zxid: -1, peerEpoch: -1 };
  /** Whom this server proposes in its own place: it has handed the leadership over, to one whose history is the same. */
  nominee: number | null = null;

  constructor(private readonly self: ElectionSelf) {}

  /** What this server proposes of its own; nothing when it does not vote. */
  initial(): Proposal {
    const { nominee, self } = this;
    const votes = self.isParticipant();
    const { voters } = self.verifier();
    const own = nominee !== null && voters.has(nominee) ? nominee : self.myId;
    return {
      leader: voters.has(self.myId) ? own : NO_PROPOSAL,
      zxid: votes ? self.lastLoggedZxid() : NO_PROPOSAL,
      peerEpoch: votes ? self.currentEpoch() : NO_PROPOSAL,
    };
  }

  /**
   * Begins the next round. Behind the last one comes the first: round numbers order the messages of one election and no
   * more, and a server that was restarted begins there, too. False: that is what happened.
   */
  nextRound(): boolean {
    const counts = this.round < LAST_ROUND;
    this.round = counts ? this.round + 1n : 1n;
    return counts;
  }

  /** The current proposal as a vote of this round. */
  vote(): Vote {
    return { ...this.proposal, electionEpoch: this.round, state: 'LOOKING', version: 0 };
  }

  isBetter(candidate: Proposal, current: Proposal): Verdict {
    return compareProposals(candidate, current, (sid) => this.weight(sid));
  }

  /** Voters of the committed configuration and of the proposed one. */
  voters(): ReadonlySet<number> {
    const voters = new Set(this.self.verifier().voters.keys());
    for (const sid of this.self.lastSeenVerifier()?.voters.keys() ?? []) voters.add(sid);
    return voters;
  }

  isVoter(sid: number): boolean {
    return this.self.verifier().voters.has(sid) || (this.self.lastSeenVerifier()?.voters.has(sid) ?? false);
  }

  /** Counts the votes that agree with `vote`: a newer proposed configuration needs a quorum of its own. */
  tally(votes: ReadonlyMap<number, Vote>, vote: Vote): QuorumTally {
    const committed = this.self.verifier();
    const proposed = this.self.lastSeenVerifier();
    const verifiers: QuorumVerifier[] = [committed];
    if (proposed !== null && proposed.version > committed.version) verifiers.push(proposed);
    const tally = new QuorumTally(verifiers);
    for (const [sid, other] of votes) {
      if (votesAgree(vote, other)) tally.add(sid);
    }
    return tally;
  }

  /** A voter of the proposed configuration alone has its weight from there. */
  private weight(sid: number): number {
    const committed = this.self.verifier();
    if (committed.voters.has(sid)) return committed.weight(sid);
    return this.self.lastSeenVerifier()?.weight(sid) ?? 0;
  }
}
