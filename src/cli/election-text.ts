import type {
  ComparisonView,
  ElectionStatus,
  ElectionView,
  NotificationView,
  ProposalView,
  RoundView,
  VoteView,
} from '../status/index.js';
import type { CliContext } from './context.js';

/** Steps of a round that are printed; --json has all. */
const TOLD_STEPS = 40;

function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

function proposal({ leader, zxid, epoch }: ProposalView): string {
  return leader === null ? 'nobody' : `leader ${leader} (zxid ${zxid ?? 'unknown'}, epoch ${epoch ?? 'unknown'})`;
}

function vote(view: VoteView): string {
  return `${proposal(view)}, round ${view.round}, ${view.state}`;
}

const REASONS: Readonly<Record<ComparisonView['by'], string>> = {
  epoch: 'later epoch',
  zxid: 'later zxid',
  'server id': 'higher server id',
  weight: 'the other has no weight',
};

function comparison({ candidate, current, wins, by }: ComparisonView): string {
  const [better, worse] = wins ? [candidate, current] : [current, candidate];
  return `${proposal(better)} before ${proposal(worse)}: ${REASONS[by]}`;
}

function steps(round: RoundView): string[] {
  const notifications = round.notifications.map((step) => ({ atMs: step.atMs, text: notification(step) }));
  const comparisons = round.comparisons.map((step) => ({ atMs: step.atMs, text: `compared: ${comparison(step)}` }));
  const ignored = round.ignored.map(({ atMs, from, because }) => ({ atMs, text: `ignored ${from}: ${because}` }));
  const all = [...notifications, ...comparisons, ...ignored].sort((a, b) => a.atMs - b.atMs);
  const lines = all.slice(-TOLD_STEPS).map(({ atMs, text }) => `+${milliseconds(atMs).padEnd(9)} ${text}`);
  return all.length > TOLD_STEPS ? [`(${all.length - TOLD_STEPS} steps before these: see --json)`, ...lines] : lines;
}

function notification({ direction, peers, vote: about }: NotificationView): string {
  return `${direction === 'sent' ? 'sent to' : 'received from'} ${peers.join(', ')}: ${vote(about)}`;
}

function outcome({ outcome: end, durationMs }: ElectionView): string {
  if (end === null) return durationMs === null ? 'still going on' : 'given up';
  const by = { round: 'the votes of the round', settled: 'servers that had a leader already', oracle: 'the oracle' };
  return `${end.state}, the leader is server ${end.leader} (round ${end.round}, by ${by[end.by]})`;
}

function times({ durationMs, phases, servedAfterMs }: ElectionView): string {
  const zab = phases.filter(({ name }) => name !== 'voting' && name !== 'finalizing');
  const parts = [
    ...(durationMs === null ? [] : [`election ${milliseconds(durationMs)}`]),
    ...zab.map(({ name, durationMs: ms, startMs }) => {
      if (name === 'broadcast')
        return `broadcast from ${milliseconds(startMs)} on${ms === null ? '' : ` for ${milliseconds(ms)}`}`;
      return `${name} ${ms === null ? 'still going on' : milliseconds(ms)}`;
    }),
    ...(servedAfterMs === null ? [] : [`served after ${milliseconds(servedAfterMs)}`]),
  ];
  return parts.join(', ');
}

function printRound(out: (line: string) => void, round: RoundView): void {
  out(`    round ${round.round}`);
  const line = (label: string, text: string): void => out(`      ${label.padEnd(11)}${text}`);
  for (const view of round.votes) line(`vote of ${view.voter}`, vote(view));
  if (round.decision !== null) line('decision', comparison(round.decision));
  if (round.quorum !== null) {
    const { agreed, votes } = round.quorum;
    const who = agreed.map((sids) => sids.join(', ')).join(' and ');
    line('quorum', `${who}${votes === 'settled' ? ' (they had a leader already)' : ''}`);
  }
  out('      steps');
  for (const step of steps(round)) out(`        ${step}`);
}

/** The last election in full, earlier ones in two lines each. */
export function printElections({ out }: CliContext, status: ElectionStatus): void {
  const [last, ...earlier] = [...status.elections].reverse();
  if (last === undefined) return;
  out('Elections, newest first:');
  for (const election of [last, ...earlier]) {
    out(`  ${new Date(election.startedWallMs).toISOString()} ${outcome(election)}`);
    const took = times(election);
    if (took !== '') out(`    took      ${took}`);
    const notes = election.phases.filter(({ note }) => note !== '');
    for (const { name, note } of notes) out(`    ${name}: ${note}`);
    if (election !== last) continue;
    if (election.droppedSteps > 0) out(`    ${election.droppedSteps} steps are forgotten.`);
    for (const round of election.rounds) printRound(out, round);
  }
}
