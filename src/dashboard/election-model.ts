import type {
  ComparisonView,
  ElectionStatus,
  ElectionView,
  NotificationView,
  PhaseView,
  ProposalView,
  QuorumView,
  RoundView,
} from '../status/index.js';

/** One server's part in an election. */
export interface Part {
  readonly sid: number;
  readonly view: ElectionView;
}

/** Elections of several servers that were under way at the same time, with what led out of them. */
export interface ElectionEvent {
  readonly startedWallMs: number;
  /** Null while it lasts. */
  readonly endedWallMs: number | null;
  readonly parts: readonly Part[];
  /** Whom those who ended it follow; null: nobody yet. */
  readonly leader: number | null;
}

/** Something that happened on one server, in the words of the paper. */
export interface Step {
  /** Since the beginning of the event. */
  readonly atMs: number;
  readonly sid: number;
  readonly round: number;
  readonly kind: 'sent' | 'received' | 'kept' | 'changed' | 'ignored' | 'quorum' | 'elected' | 'phase' | 'serving';
  readonly text: string;
  /** Servers at the other end. */
  readonly peers: readonly number[];
  /** Whom the server wants as leader from now on; absent: as before. */
  readonly wants?: ProposalView;
  /** Whom it has as leader from now on; absent: as before. */
  readonly follows?: number;
}

/** Clocks of servers differ a little, and a server that comes late belongs to what the others did just before. */
const SAME_EVENT_MS = 250;

/** Newest first. `nowWallMs` is the end of what still lasts. */
export function electionEvents(servers: readonly ElectionStatus[], nowWallMs: number): ElectionEvent[] {
  const all = servers.flatMap(({ sid, elections }) => elections.map((view): Part => ({ sid, view })));
  all.sort((a, b) => a.view.startedWallMs - b.view.startedWallMs);
  const groups: { endMs: number; parts: Part[] }[] = [];
  for (const part of all) {
    const endMs = endOf(part.view) ?? nowWallMs;
    const last = groups.at(-1);
    if (last !== undefined && part.view.startedWallMs <= last.endMs + SAME_EVENT_MS) {
      last.parts.push(part);
      last.endMs = Math.max(last.endMs, endMs);
    } else groups.push({ endMs, parts: [part] });
  }
  return groups.map(({ parts }) => eventOf(parts)).reverse();
}

/** When the role served, or the election ended; null while it goes on. */
function endOf({ startedWallMs, durationMs, servedAfterMs, phases }: ElectionView): number | null {
  const last = phases.at(-1);
  if (servedAfterMs === null && last !== undefined && last.durationMs === null) return null;
  const lastedMs = servedAfterMs ?? durationMs;
  return lastedMs === null ? null : startedWallMs + lastedMs;
}

function eventOf(parts: readonly Part[]): ElectionEvent {
  const ends = parts.map(({ view }) => endOf(view));
  const outcomes = parts.flatMap(({ view }) => view.outcome ?? []);
  return {
    startedWallMs: Math.min(...parts.map(({ view }) => view.startedWallMs)),
    endedWallMs: ends.includes(null) ? null : Math.max(...ends.map(Number)),
    parts: [...parts].sort((a, b) => a.sid - b.sid || a.view.startedWallMs - b.view.startedWallMs),
    leader: outcomes.at(-1)?.leader ?? null,
  };
}

/** All that happened, in the order of time; what a server does at one time stays in its order. */
export function stepsOf({ parts, startedWallMs }: ElectionEvent): Step[] {
  const steps = parts.flatMap(({ sid, view }) => {
    const fromMs = view.startedWallMs - startedWallMs;
    return partSteps(sid, view).map((step) => ({ ...step, atMs: step.atMs + fromMs }));
  });
  return steps.sort((a, b) => a.atMs - b.atMs);
}

function partSteps(sid: number, view: ElectionView): Step[] {
  const steps = view.rounds.flatMap((round) => roundSteps(sid, round));
  const last = view.rounds.at(-1)?.round ?? 0;
  for (const phase of view.phases) if (isZab(phase)) steps.push(phaseStep(sid, last, phase));
  const { outcome, durationMs, servedAfterMs } = view;
  if (outcome !== null && durationMs !== null) {
    const text = `is ${outcome.state} with leader ${outcome.leader}, ${HOW[outcome.by]}`;
    steps.push({
      atMs: durationMs,
      sid,
      round: outcome.round,
      kind: 'elected',
      text,
      peers: [],
      follows: outcome.leader,
    });
  }
  if (servedAfterMs !== null) {
    steps.push({ atMs: servedAfterMs, sid, round: last, kind: 'serving', text: 'serves clients', peers: [] });
  }
  return steps.sort((a, b) => a.atMs - b.atMs || ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
}

/** What comes first of what bears the same time: a vote comes, is compared, and only then sent on. */
const ORDER: readonly Step['kind'][] = [
  'received',
  'ignored',
  'kept',
  'changed',
  'sent',
  'quorum',
  'elected',
  'phase',
  'serving',
];

const HOW = {
  round: 'by the votes of the round',
  settled: 'by servers that had a leader already',
  oracle: 'by the oracle',
} as const;

export function isZab({ name }: PhaseView): boolean {
  return name === 'discovery' || name === 'synchronization' || name === 'broadcast';
}

function phaseStep(sid: number, round: number, { name, startMs, durationMs, note }: PhaseView): Step {
  const lasted = name === 'broadcast' ? '' : durationMs === null ? ', still going on' : `, ${durationMs.toFixed(1)} ms`;
  const text = `${name}${lasted}${note === '' || name === 'broadcast' ? '' : ` (${note})`}`;
  return { atMs: startMs, sid, round, kind: 'phase', text, peers: [] };
}

function roundSteps(sid: number, round: RoundView): Step[] {
  const base = { sid, round: round.round };
  const steps: Step[] = round.notifications.map((each) => ({ ...base, ...notificationStep(each, sid) }));
  for (const comparison of round.comparisons) {
    const kind = comparison.wins ? 'changed' : 'kept';
    const text = `${comparison.wins ? 'changes its mind' : 'keeps its vote'}: ${explain(comparison)}`;
    steps.push({ ...base, atMs: comparison.atMs, kind, text, peers: [], ...wanting(comparison) });
  }
  for (const { atMs, from, because } of round.ignored) {
    steps.push({ ...base, atMs, kind: 'ignored', text: `ignores server ${from}: ${because}`, peers: [from] });
  }
  if (round.quorum !== null) {
    steps.push({ ...base, atMs: round.quorum.atMs, kind: 'quorum', text: quorumText(round.quorum), peers: [] });
  }
  return steps;
}

function wanting({ wins, candidate }: ComparisonView): { readonly wants?: ProposalView } {
  return wins ? { wants: candidate } : {};
}

function notificationStep(
  { atMs, direction, peers, vote }: NotificationView,
  sid: number,
): Pick<Step, 'atMs' | 'kind' | 'text' | 'peers' | 'wants'> {
  const others = peers.filter((peer) => peer !== sid);
  const state = vote.state === 'LOOKING' ? '' : `, as it is ${vote.state}`;
  const what = `${proposalText(vote)}, round ${vote.round}${state}`;
  if (direction === 'received') {
    const who = others.length === 0 ? 'its own vote' : `from ${others.join(', ')}`;
    return { atMs, kind: 'received', text: `receives ${who}: ${what}`, peers: others };
  }
  const text = `sends to ${others.length === 0 ? 'itself' : others.join(', ')}: ${what}`;
  return { atMs, kind: 'sent', text, peers: others, ...(vote.state === 'LOOKING' ? { wants: vote } : {}) };
}

/** `leader 3 (epoch 1, zxid 0x100000002)` */
export function proposalText({ leader, zxid, epoch }: ProposalView): string {
  if (leader === null) return 'nobody';
  return `leader ${leader} (epoch ${epoch ?? 'unknown'}, zxid ${zxid ?? 'unknown'})`;
}

/** The comparison as the rule goes: epoch, then zxid, then server id. */
export function explain({ candidate, current, wins, by }: ComparisonView): string {
  const [better, worse] = wins ? [candidate, current] : [current, candidate];
  const who = `leader ${better.leader ?? 'nobody'} before leader ${worse.leader ?? 'nobody'}`;
  switch (by) {
    case 'weight':
      return `${who}: the other has no weight`;
    case 'epoch':
      return `${who}: epoch ${String(better.epoch)} > ${String(worse.epoch)}`;
    case 'zxid':
      return `${who}: the epochs are equal (${String(better.epoch)}), zxid ${String(better.zxid)} > ${String(worse.zxid)}`;
    case 'server id':
      return `${who}: epochs and zxids are equal, server id ${String(better.leader)} > ${String(worse.leader)}`;
  }
}

export function quorumText({ leader, votes, agreed }: QuorumView): string {
  const who = agreed.map((sids) => `{${sids.join(', ')}}`).join(' and ');
  const which = votes === 'settled' ? ', which have a leader already' : '';
  return `counts a quorum for leader ${leader}: ${who}${which}`;
}

/** What each server wants and does after the first `count` steps. */
export interface Standing {
  readonly sid: number;
  readonly round: number;
  readonly wants: ProposalView | null;
  /** Null: it has none yet. */
  readonly leader: number | null;
  readonly doing: string;
}

export function standingsAfter(event: ElectionEvent, steps: readonly Step[], count: number): Standing[] {
  const sids = [...new Set(event.parts.map(({ sid }) => sid))];
  return sids.map((sid) => {
    const own = steps.slice(0, count).filter((step) => step.sid === sid);
    const last = own.at(-1);
    const wants = own.reduce<ProposalView | null>((before, step) => step.wants ?? before, null);
    const state = own.filter(({ kind }) => kind === 'elected' || kind === 'phase' || kind === 'serving').at(-1);
    return {
      sid,
      round: last?.round ?? 0,
      wants,
      leader: own.findLast(({ follows }) => follows !== undefined)?.follows ?? null,
      doing: last === undefined ? 'not looking yet' : (state?.text ?? 'looking for a leader'),
    };
  });
}

/** What it came to, in one or two sentences. */
export function summaryOf(event: ElectionEvent): string {
  const { parts, leader, startedWallMs, endedWallMs } = event;
  const who = [...new Set(parts.map(({ sid }) => sid))].join(', ');
  const looked = `${parts.length === 1 ? 'Server' : 'Servers'} ${who} looked for a leader`;
  if (leader === null) return `${looked}${endedWallMs === null ? ' and still do' : ' and found none'}.`;
  const lasted = endedWallMs === null ? '' : ` Clients are served after ${Math.round(endedWallMs - startedWallMs)} ms.`;
  const decision = decisionOf(event);
  const why = decision === null ? '' : ` What decided: ${explain(decision)}.`;
  return `${looked}: server ${leader} leads.${why}${lasted}`;
}

/** The comparison that the leader won and that changed somebody's mind; if there was none, the last one that it won. */
export function decisionOf({ parts, leader }: ElectionEvent): ComparisonView | null {
  const won = parts
    .filter(({ view }) => view.outcome?.leader === leader)
    .flatMap(({ view }) => view.rounds.flatMap(({ comparisons }) => comparisons))
    .filter(({ candidate, current, wins }) => (wins ? candidate : current).leader === leader);
  return won.filter(({ wins }) => wins).at(-1) ?? won.at(-1) ?? null;
}
