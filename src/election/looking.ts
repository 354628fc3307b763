import type { QuorumTally } from '../membership/index.js';
import { LAST_ROUND } from './ballot.js';
import { record } from './context.js';
import type { ElectionContext } from './context.js';
import { FINALIZE_WAIT_MS } from './needs.js';
import type { ElectionResult } from './needs.js';
import type { DecidedBy, IgnoredBecause, VoteSet } from './trace.js';
import { votesAgree } from './vote.js';
import type { Proposal, Vote } from './vote.js';

/**
 * How often servers that are not connected are dialled while this one looks. Notifications become rare with time; but when a
 * link heals, what waits for the other side should not wait for the next of them.
 */
const REDIAL_MS = 1000;

interface ReceivedVote {
  readonly from: number;
  readonly vote: Vote;
}

/**
 * One server looking for a leader, from the moment it starts until it knows one (`FastLeaderElection.lookForLeader`).
 *
 * Everybody proposes itself and goes over to any better proposal, telling all voters. A proposal that a quorum supports,
 * and that nobody betters for a while, is the result. Votes from servers that have a leader already are counted apart: a
 * quorum of them that follows one leader, who says itself that it leads, is joined.
 */
export class Looking {
  /** Votes of this round. */
  private readonly votes = new Map<number, Vote>();
  /** Votes of servers that have a leader, from any round. */
  private readonly settled = new Map<number, Vote>();
  /** The last word of each voter, counted or only heard during a wait. */
  private readonly latest = new Map<number, Vote>();
  /** When the round that we are in began here (monotonic). */
  private roundStartedMs: number;
  private waitMs: number;
  /** Taken from the inbox but not handled yet. */
  private pushedBack: ReceivedVote | null = null;
  private lastTally: QuorumTally | null = null;
  private finalizing = false;
  private abandoned = false;

  constructor(
    private readonly context: ElectionContext,
    private readonly announce: () => void,
    /** Called in the very moment of the decision, so that nobody meets a server that is between two states. */
    private readonly onDecided: (result: ElectionResult, by: DecidedBy) => void,
  ) {
    this.roundStartedMs = context.clock.monotonicMs();
    this.waitMs = context.options.minNotificationIntervalMs;
  }

  /** Resolves with null when the election was stopped or the server is not looking any more. */
  async run(): Promise<ElectionResult | null> {
    const { context } = this;
    const { ballot } = context;
    if (!ballot.nextRound()) {
      const message = `Election round ${LAST_ROUND} is the last one that there is: this server begins with round 1 again.`;
      context.log.warn(message, { code: 'ELECTION_ROUNDS_ANEW' });
    }
    ballot.isOpen = true;
    ballot.proposal = ballot.initial();
    context.trace.begin(ballot.round);
    record(context, { kind: 'started', round: ballot.round, proposal: ballot.proposal });
    this.announce();
    while (this.goesOn()) {
      const outbid = this.pushedBack !== null;
      const received = await this.next();
      if (!this.goesOn()) break;
      let result = received === null ? this.timedOut() : await this.handle(received);
      // A settled server that names a better leader interrupts the wait for better votes, but alone changes nothing.
      if (result === null && outbid && received?.vote.state !== 'LOOKING') result = await this.tryToFinish();
      if (result !== null) return result;
    }
    record(context, { kind: 'stopped' });
    return null;
  }

  /** A connection ended or a dial was refused: perhaps nothing is worth waiting for any more. */
  peerDown(sid: number): void {
    if (this.finalizing) this.context.inbox.push({ kind: 'peer down', sid });
  }

  /** Who votes has changed: what was counted is void. `run` resolves with null. */
  abandon(): void {
    this.abandoned = true;
    this.context.inbox.push({ kind: 'abandoned' });
  }

  private goesOn(): boolean {
    return !this.abandoned && !this.context.stopped && this.context.self.state() === 'LOOKING';
  }

  /** The next vote; null after the waiting time. */
  private async next(): Promise<ReceivedVote | null> {
    const kept = this.pushedBack;
    if (kept !== null) {
      this.pushedBack = null;
      return kept;
    }
    const { inbox, clock, transport } = this.context;
    const untilMs = clock.monotonicMs() + this.waitMs;
    for (;;) {
      const leftMs = Math.max(0, untilMs - clock.monotonicMs());
      const inbound = await inbox.poll(Math.min(leftMs, REDIAL_MS));
      if (inbound?.kind === 'vote') return inbound;
      if (inbound?.kind === 'abandoned') return null;
      if (inbound === undefined) {
        if (leftMs <= REDIAL_MS || !this.goesOn()) return null;
        transport.connectAll();
      }
    }
  }

  private timedOut(): ElectionResult | null {
    const { context } = this;
    const { transport, options } = context;
    const waitedMs = this.waitMs;
    const then = transport.allDelivered() ? 'resend' : 'dial';
    this.waitMs = Math.min(this.waitMs * 2, options.maxNotificationIntervalMs);
    record(context, { kind: 'timed out', waitedMs, nextMs: this.waitMs, then });
    if (then === 'resend') this.announce();
    else transport.connectAll();
    // An oracle may allow one of two servers to go on alone only some time after the other has gone.
    const { oracle } = context.self.verifier();
    if (oracle !== null && this.lastTally !== null && this.lastTally.hasAllQuorums()) {
      record(context, { kind: 'oracle', follow: true, leader: context.ballot.proposal.leader });
      return this.conclude(context.ballot.vote(), this.lastTally, 'oracle');
    }
    return null;
  }

  private async handle(received: ReceivedVote): Promise<ElectionResult | null> {
    const { from, vote } = received;
    if (!this.context.ballot.isVoter(from)) return this.ignore(from, 'sender does not vote');
    if (!this.context.ballot.isVoter(vote.leader)) return this.ignore(from, 'leader does not vote');
    this.latest.set(from, vote);
    switch (vote.state) {
      case 'LOOKING':
        return this.handleLooking(from, vote);
      case 'OBSERVING':
        return this.ignore(from, 'sender is an observer');
      case 'FOLLOWING':
      case 'LEADING':
        return this.handleSettled(from, vote);
    }
  }

  private ignore(from: number, because: IgnoredBecause): null {
    record(this.context, { kind: 'ignored', from, because });
    return null;
  }

  private async handleLooking(from: number, vote: Vote): Promise<ElectionResult | null> {
    const { ballot } = this.context;
    if (ballot.initial().zxid === -1) return this.ignore(from, 'own zxid unknown');
    if (vote.zxid === -1) return this.ignore(from, 'zxid unknown');
    if (vote.electionEpoch < ballot.round) return this.ignore(from, 'older round');
    if (vote.electionEpoch > ballot.round) this.joinRound(from, vote);
    else if (this.beats(vote, ballot.proposal)) this.adopt(vote);
    this.votes.set(from, { ...vote, version: 0 });
    return this.tryToFinish();
  }

  /** Is there a quorum for our proposal, and nothing better to come? */
  private async tryToFinish(): Promise<ElectionResult | null> {
    const { ballot } = this.context;
    const tally = this.count('round', this.votes, ballot.vote());
    this.lastTally = tally;
    if (!tally.hasAllQuorums() || !(await this.nothingBetterComes())) return null;
    return this.conclude(ballot.vote(), tally, 'round');
  }

  private joinRound(from: number, vote: Vote): void {
    const { ballot, clock } = this.context;
    ballot.round = vote.electionEpoch;
    this.roundStartedMs = clock.monotonicMs();
    this.votes.clear();
    record(this.context, { kind: 'newer round', round: ballot.round, from });
    const own = ballot.initial();
    this.adopt(this.beats(vote, own) ? vote : own);
  }

  private adopt({ leader, zxid, peerEpoch }: Proposal): void {
    const proposal = { leader, zxid, peerEpoch };
    this.context.ballot.proposal = proposal;
    record(this.context, { kind: 'proposed', proposal });
    this.announce();
  }

  private beats(candidate: Proposal, current: Proposal): boolean {
    const verdict = this.context.ballot.isBetter(candidate, current);
    if (verdict.by !== 'same') record(this.context, { kind: 'compared', candidate, current, verdict });
    return verdict.wins;
  }

  private count(set: VoteSet, votes: ReadonlyMap<number, Vote>, vote: Vote): QuorumTally {
    const tally = this.context.ballot.tally(votes, vote);
    const agreed = tally.agreed().map((sids) => [...sids].sort((a, b) => a - b));
    const quorum = set === 'round' ? tally.hasAllQuorums() : this.isSettled(tally, vote);
    record(this.context, { kind: 'counted', set, leader: vote.leader, agreed, quorum });
    return tally;
  }

  /**
   * Whoever comes to an ensemble that is settled needs a quorum of one of its two configurations only. The proposed one may
   * wait for just this server before it has a quorum of its own; and whom a server follows decides nothing: a leader that has
   * lost its quorum brings no learner through discovery. To lead takes both.
   */
  private isSettled(tally: QuorumTally, vote: Vote): boolean {
    return vote.leader === this.context.self.myId ? tally.hasAllQuorums() : tally.hasAnyQuorum();
  }

  /** Holds a quorum's choice back for a while; false when a better vote came (it is handled next) or this is stopped. */
  private async nothingBetterComes(): Promise<boolean> {
    const { context } = this;
    context.trace.phase('finalizing');
    this.finalizing = true;
    const nothing = await this.finalWait();
    this.finalizing = false;
    if (!nothing) context.trace.phase('voting');
    return nothing;
  }

  private async finalWait(): Promise<boolean> {
    const { inbox, clock, ballot, transport } = this.context;
    const missing = this.missing();
    record(this.context, { kind: 'finalizing', leader: ballot.proposal.leader, missing });
    for (const sid of missing) transport.connectOne(sid);
    let untilMs = clock.monotonicMs() + FINALIZE_WAIT_MS;
    for (;;) {
      let inbound = inbox.take();
      if (inbound === undefined) {
        if (this.missing().length === 0) return this.final(true);
        inbound = await inbox.poll(Math.max(0, untilMs - clock.monotonicMs()));
        if (!this.goesOn()) return false;
        if (inbound === undefined) return this.final(false);
      }
      if (!this.goesOn()) return false;
      if (inbound.kind === 'abandoned') continue;
      if (inbound.kind === 'peer down') {
        if (this.missing().includes(inbound.sid)) transport.connectOne(inbound.sid);
        continue;
      }
      const { from, vote } = inbound;
      if (!ballot.isVoter(from) || !ballot.isVoter(vote.leader)) continue;
      // Who follows this leader in this round already may have its new epoch: that is no other proposal.
      if (!this.supports(vote) && this.beats(vote, ballot.proposal)) {
        record(this.context, { kind: 'outbid', from, proposal: vote });
        this.pushedBack = inbound;
        return false;
      }
      this.latest.set(from, vote);
      untilMs = clock.monotonicMs() + FINALIZE_WAIT_MS;
    }
  }

  private final(early: boolean): true {
    const refused = [...this.context.ballot.voters()].filter((sid) => !this.supports(this.latest.get(sid)));
    record(this.context, { kind: 'final', early, refused: early ? refused : [] });
    return true;
  }

  /**
   * Voters from whom a better vote could still come: those that have not voted for this leader in this round, unless their
   * connection is closed and a new dial was refused. Only how long we wait depends on it, never whom we elect.
   */
  private missing(): number[] {
    const { ballot, transport } = this.context;
    return [...ballot.voters()].filter(
      (sid) => !this.supports(this.latest.get(sid)) && !transport.refused(sid, this.roundStartedMs),
    );
  }

  private supports(vote: Vote | undefined): boolean {
    const own = this.context.ballot.vote();
    if (vote === undefined || vote.electionEpoch !== own.electionEpoch) return false;
    return vote.state === 'LOOKING' ? votesAgree(vote, own) : vote.leader === own.leader;
  }

  private handleSettled(from: number, vote: Vote): ElectionResult | null {
    const { ballot } = this.context;
    if (vote.electionEpoch === ballot.round) {
      // Kept without version, as ZooKeeper keeps them: in the same round the leader alone tells settled votes apart.
      this.votes.set(from, { ...vote, version: 0 });
      const tally = this.count('round', this.votes, vote);
      if (tally.hasAllQuorums() && this.confirmed(this.votes, vote)) return this.conclude(vote, tally, 'round');
    }
    // There is news of a leader: the others are asked for it soon, however long this server has been looking.
    if (!isSameWord(this.settled.get(from), vote)) this.waitMs = this.context.options.minNotificationIntervalMs;
    this.settled.set(from, vote);
    const tally = this.count('settled', this.settled, vote);
    if (this.isSettled(tally, vote) && this.confirmed(this.settled, vote)) {
      ballot.round = vote.electionEpoch;
      return this.conclude(vote, tally, 'settled');
    }
    return vote.state === 'LEADING' ? this.askOracle(vote) : null;
  }

  /**
   * A crashed leader may still have followers that do not know. So the leader itself must have said that it leads; and this
   * server is only the leader if the others mean the round it is in.
   */
  private confirmed(votes: ReadonlyMap<number, Vote>, vote: Vote): boolean {
    const { leader } = vote;
    if (leader === this.context.self.myId) {
      const { round } = this.context.ballot;
      if (vote.electionEpoch === round) return true;
      record(this.context, { kind: 'not the same round', named: vote.electionEpoch, round });
      return false;
    }
    const said = votes.get(leader)?.state ?? null;
    if (said === 'LEADING') return true;
    record(this.context, { kind: 'leader not confirmed', leader, said });
    return false;
  }

  /** One of two servers comes back: the other leads alone if the oracle does not speak for us. */
  private askOracle(vote: Vote): ElectionResult | null {
    const { oracle } = this.context.self.verifier();
    if (oracle === null || !oracle.needed) return null;
    const follow = !oracle.ask();
    record(this.context, { kind: 'oracle', follow, leader: vote.leader });
    return follow ? this.conclude(vote, null, 'oracle') : null;
  }

  private conclude(decided: Vote, voters: QuorumTally | null, by: DecidedBy): ElectionResult {
    const { self } = this.context;
    const settled = self.isParticipant() ? 'FOLLOWING' : 'OBSERVING';
    const state = decided.leader === self.myId ? 'LEADING' : settled;
    const result: ElectionResult = { state, vote: { ...decided, state, version: 0 }, voters };
    this.onDecided(result, by);
    return result;
  }
}

function isSameWord(before: Vote | undefined, now: Vote): boolean {
  return (
    before?.state === now.state &&
    before.leader === now.leader &&
    before.peerEpoch === now.peerEpoch &&
    before.electionEpoch === now.electionEpoch
  );
}
