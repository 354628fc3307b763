import { formatZxid, NO_PROPOSAL } from '../protocol/index.js';
import type { ElectionEvent } from './trace.js';
import type { Proposal, Verdict, Vote } from './vote.js';

/** `leader 3 zxid 0x200000004 epoch 2` */
export function describeProposal(p: Proposal): string {
  if (p.leader === NO_PROPOSAL) return 'nobody';
  return `leader ${p.leader} zxid ${formatZxid(p.zxid)} epoch ${p.peerEpoch}`;
}

function describeVote(v: Vote): string {
  const version = v.version === 0 ? ' without version' : '';
  return `${v.state}, ${describeProposal(v)}, round ${v.electionEpoch}${version}`;
}

const CRITERIA: Record<Verdict['by'], string> = {
  weight: 'that leader has no weight',
  peerEpoch: 'epoch',
  zxid: 'zxid',
  sid: 'server id',
  same: 'they are the same',
};

function describeVerdict(verdict: Verdict): string {
  return `${verdict.wins ? 'better' : 'not better'}: ${CRITERIA[verdict.by]}`;
}

function list(sids: readonly number[]): string {
  return sids.length === 0 ? 'nobody' : sids.join(',');
}

/** One line for a log, a scenario or a status page. */
export function describeEvent(event: ElectionEvent): string {
  switch (event.kind) {
    case 'started':
      return `looking in round ${event.round}: ${describeProposal(event.proposal)}`;
    case 'sent':
      return `send to ${list(event.to)}: ${describeProposal(event.proposal)}, round ${event.round}`;
    case 'received':
      return `from ${event.from}: ${describeVote(event.vote)}`;
    case 'ignored':
      return `ignore ${event.from}: ${event.because}`;
    case 'newer round':
      return `join round ${event.round} of ${event.from}`;
    case 'compared':
      return `compare leader ${event.candidate.leader} with ${describeOwn(event.current)}: ${describeVerdict(event.verdict)}`;
    case 'proposed':
      return `propose ${describeProposal(event.proposal)}`;
    case 'counted': {
      const agreed = event.agreed.map(list).join(' and ');
      const votes = event.set === 'round' ? 'votes' : 'settled votes';
      return `${votes} for leader ${event.leader}: ${agreed}${event.quorum ? ', a quorum' : ''}`;
    }
    case 'leader not confirmed':
      return `leader ${event.leader} is not confirmed: ${event.said === null ? 'it has not spoken' : `it is ${event.said}`}`;
    case 'not the same round':
      return `called the leader of round ${event.named}, but this server is in round ${event.round}`;
    case 'finalizing':
      return `wait for a better vote than leader ${event.leader}, missing ${list(event.missing)}`;
    case 'outbid':
      return `outbid by ${event.from}: ${describeProposal(event.proposal)}`;
    case 'final':
      return describeFinal(event);
    case 'timed out':
      return `nothing for ${event.waitedMs} ms: ${event.then === 'resend' ? 'send again' : 'dial again'}, next after ${event.nextMs} ms`;
    case 'answered':
      return `answer ${event.to}: ${event.state}, ${describeProposal(event.vote)}, round ${event.vote.electionEpoch}`;
    case 'oracle':
      return `the oracle says ${event.follow ? '' : 'not '}to follow leader ${event.leader}`;
    case 'elected':
      return `${event.state}, leader ${event.leader}, round ${event.round}, decided by ${event.by === 'round' ? 'votes of this round' : event.by === 'settled' ? 'settled servers' : 'the oracle'}`;
    case 'stopped':
      return 'stopped';
  }
}

function describeOwn(current: Proposal): string {
  return current.leader === NO_PROPOSAL ? 'nobody' : `leader ${current.leader}`;
}

function describeFinal(event: Extract<ElectionEvent, { kind: 'final' }>): string {
  if (!event.early) return 'no better vote came in time';
  const refused = event.refused.length === 0 ? '' : `, ${list(event.refused)} refused a dial`;
  return `no better vote can come: all voted${refused}`;
}
