import type { ElectionEvent, ElectionRecord, Proposal, TimedEvent, Vote } from '../election/index.js';
import { formatZxid, NO_PROPOSAL, type ServerState } from '../protocol/index.js';
import type {
  ComparisonView,
  ElectionView,
  IgnoredView,
  NotificationView,
  PhaseView,
  ProposalView,
  QuorumView,
  RoundView,
  VoteView,
} from '../status/index.js';
import type { PhaseRecord } from '../zab/index.js';

/**
 * The traces of elections and of Zab's phases as one view: each election with the phases of the term that it led to. Servers
 * that do not vote may say whom they would follow; that is no vote.
 */
export function viewElections(
  elections: readonly ElectionRecord[],
  phases: readonly PhaseRecord[],
  isVoter: (sid: number) => boolean,
): readonly ElectionView[] {
  return elections.map((record, index) => {
    const untilMs = elections[index + 1]?.startedMs ?? Number.POSITIVE_INFINITY;
    const own = phases.filter(({ startedMs }) => startedMs >= record.startedMs && startedMs < untilMs);
    return viewElection(record, own, isVoter);
  });
}

function viewElection(
  record: ElectionRecord,
  phases: readonly PhaseRecord[],
  isVoter: (sid: number) => boolean,
): ElectionView {
  const { outcome, startedMs } = record;
  const servingMs = phases.find((phase) => phase.servingMs !== null)?.servingMs ?? null;
  return {
    startedWallMs: record.startedWallMs,
    durationMs: record.durationMs === null ? null : exact(record.durationMs),
    outcome: outcome === null ? null : { ...outcome, round: Number(record.round) },
    rounds: splitRounds(record).map((round) => viewRound(round, outcome?.leader ?? null, isVoter)),
    phases: [
      ...record.phases.map(({ name, startMs, durationMs }) => viewPhase(name, startMs, durationMs, '')),
      ...phases.map((phase) => viewPhase(phase.phase, phase.startedMs - startedMs, phase.durationMs, phase.note)),
    ],
    servedAfterMs: servingMs === null ? null : exact(servingMs - startedMs),
    droppedSteps: record.droppedEvents,
  };
}

/** Microseconds are all that the clock tells. */
function exact(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

function viewPhase(name: PhaseView['name'], startMs: number, durationMs: number | null, note: string): PhaseView {
  return { name, startMs: exact(startMs), durationMs: durationMs === null ? null : exact(durationMs), note };
}

interface RoundEvents {
  readonly round: bigint;
  readonly events: TimedEvent[];
}

/** A round lasts until another one is joined. Where the first step is forgotten, what is left tells the round. */
function splitRounds({ events, round: last }: ElectionRecord): readonly RoundEvents[] {
  const rounds: RoundEvents[] = [];
  for (const timed of events) {
    const { event } = timed;
    const current = rounds.at(-1);
    const begins = event.kind === 'started' || event.kind === 'newer round';
    if (current !== undefined && !begins) current.events.push(timed);
    else rounds.push({ round: begins ? event.round : firstRoundOf(events, last), events: [timed] });
  }
  return rounds;
}

function firstRoundOf(events: readonly TimedEvent[], last: bigint): bigint {
  for (const { event } of events) if (event.kind === 'sent') return event.round;
  return last;
}

interface RoundParts {
  readonly votes: Map<number, VoteView>;
  readonly notifications: NotificationView[];
  readonly comparisons: ComparisonView[];
  readonly ignored: IgnoredView[];
  quorum: QuorumView | null;
}

function viewRound(
  { round, events }: RoundEvents,
  leader: number | null,
  isVoter: (sid: number) => boolean,
): RoundView {
  const parts: RoundParts = { votes: new Map(), notifications: [], comparisons: [], ignored: [], quorum: null };
  for (const { atMs, event } of events) addStep(parts, exact(atMs), event);
  const { comparisons, ignored, notifications, quorum } = parts;
  const won = comparisons.filter(({ candidate, current, wins }) => (wins ? candidate : current).leader === leader);
  return {
    round: Number(round),
    startMs: exact(events[0]?.atMs ?? 0),
    votes: [...parts.votes]
      .filter(([sid]) => isVoter(sid))
      .sort(([a], [b]) => a - b)
      .map(([voter, vote]) => ({ voter, ...vote })),
    notifications,
    comparisons,
    ignored,
    decision: leader === null ? null : (won.at(-1) ?? null),
    quorum,
  };
}

function addStep(parts: RoundParts, atMs: number, event: ElectionEvent): void {
  switch (event.kind) {
    case 'sent': {
      const vote = viewVote(event.proposal, event.round, 'LOOKING');
      parts.notifications.push({ atMs, direction: 'sent', peers: event.to, vote });
      return;
    }
    case 'answered': {
      const vote = viewVote(event.vote, event.vote.electionEpoch, event.state);
      parts.notifications.push({ atMs, direction: 'sent', peers: [event.to], vote });
      return;
    }
    case 'received': {
      const vote = voteOf(event.vote);
      parts.notifications.push({ atMs, direction: 'received', peers: [event.from], vote });
      parts.votes.set(event.from, vote);
      return;
    }
    case 'compared': {
      const comparison = viewComparison(atMs, event);
      if (comparison !== null) parts.comparisons.push(comparison);
      return;
    }
    case 'ignored':
      parts.ignored.push({ atMs, from: event.from, because: event.because });
      return;
    case 'counted':
      // A quorum for a leader that does not say itself that it leads ends nothing; the last one did.
      parts.quorum = event.quorum ? { atMs, leader: event.leader, votes: event.set, agreed: event.agreed } : null;
      return;
    default:
      return;
  }
}

function viewComparison(atMs: number, event: Extract<ElectionEvent, { kind: 'compared' }>): ComparisonView | null {
  const { wins, by } = event.verdict;
  if (by === 'same') return null;
  const names = { weight: 'weight', peerEpoch: 'epoch', zxid: 'zxid', sid: 'server id' } as const;
  return { atMs, candidate: viewProposal(event.candidate), current: viewProposal(event.current), wins, by: names[by] };
}

function viewProposal({ leader, zxid, peerEpoch }: Proposal): ProposalView {
  if (leader === NO_PROPOSAL || zxid === NO_PROPOSAL) return { leader: null, zxid: null, epoch: null };
  return { leader, zxid: zxid < 0 ? null : formatZxid(zxid), epoch: peerEpoch };
}

function viewVote(proposal: Proposal, round: bigint, state: ServerState): VoteView {
  return { ...viewProposal(proposal), round: Number(round), state };
}

function voteOf(vote: Vote): VoteView {
  return viewVote(vote, vote.electionEpoch, vote.state);
}
