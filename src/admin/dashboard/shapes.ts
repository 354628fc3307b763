import type {
  ComparisonView,
  ElectionOutcome,
  ElectionStatus,
  ElectionView,
  IgnoredView,
  Latency,
  LearnerSummary,
  MemberSummary,
  NotificationView,
  PhaseView,
  ProposalView,
  QuorumView,
  RoundView,
  ServerSummary,
  VoteView,
} from '../../status/index.js';

/** Is a parsed JSON value what it should be? Another server, or whatever answers in its place, may send anything. */
export type Shape<T> = (value: unknown) => value is T;

const number: Shape<number> = (value) => typeof value === 'number';
const text: Shape<string> = (value) => typeof value === 'string';
const flag: Shape<boolean> = (value) => typeof value === 'boolean';

function oneOf<T extends string>(...words: readonly T[]): Shape<T> {
  return (value): value is T => (words as readonly unknown[]).includes(value);
}

function orNull<T>(shape: Shape<T>): Shape<T | null> {
  return (value): value is T | null => value === null || shape(value);
}

function listOf<T>(shape: Shape<T>): Shape<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every(shape);
}

function object<T extends object>(fields: { readonly [K in keyof T]-?: Shape<T[K]> }): Shape<T> {
  const all: [string, Shape<unknown>][] = Object.entries(fields);
  return (value): value is T =>
    typeof value === 'object' &&
    value !== null &&
    all.every(([name, shape]) => shape((value as Record<string, unknown>)[name]));
}

const latency = object<Latency>({ count: number, sum: number, average: number, p50: number, p99: number, max: number });

const member = object<MemberSummary>({ sid: number, role: oneOf('participant', 'observer'), address: text });

const learner = object<LearnerSummary>({
  sid: number,
  address: text,
  isObserver: flag,
  isLive: flag,
  ackedZxid: orNull(text),
  lag: number,
  queuedPackets: number,
  queuedBytes: number,
  connectedForMs: number,
});

export const isServerSummary = object<ServerSummary>({
  sid: number,
  version: text,
  wallMs: number,
  uptimeMs: number,
  mode: orNull(oneOf('standalone', 'leader', 'follower', 'observer', 'read-only')),
  peerState: text,
  leader: orNull(number),
  epoch: number,
  lastZxid: text,
  members: listOf(member),
  learners: listOf(learner),
  clients: object<ServerSummary['clients']>({
    connections: number,
    sessions: number,
    outstanding: number,
    packetsReceived: number,
    packetsSent: number,
    reads: latency,
    writes: latency,
  }),
  tree: object<ServerSummary['tree']>({ nodes: number, ephemerals: number, watches: number, dataBytes: number }),
  disk: object<ServerSummary['disk']>({
    fsync: latency,
    slowFsyncs: number,
    snapshotBytes: number,
    logBytes: number,
    freeBytes: orNull(number),
  }),
});

const state = oneOf('LOOKING', 'FOLLOWING', 'LEADING', 'OBSERVING');
const proposalFields = { leader: orNull(number), zxid: orNull(text), epoch: orNull(number) };
const proposal = object<ProposalView>(proposalFields);
const voteFields = { ...proposalFields, round: number, state };
const vote = object<VoteView>(voteFields);

const comparison = object<ComparisonView>({
  atMs: number,
  candidate: proposal,
  current: proposal,
  wins: flag,
  by: oneOf('weight', 'epoch', 'zxid', 'server id'),
});

const round = object<RoundView>({
  round: number,
  startMs: number,
  votes: listOf(object<RoundView['votes'][number]>({ ...voteFields, voter: number })),
  notifications: listOf(
    object<NotificationView>({ atMs: number, direction: oneOf('sent', 'received'), peers: listOf(number), vote }),
  ),
  comparisons: listOf(comparison),
  ignored: listOf(object<IgnoredView>({ atMs: number, from: number, because: text })),
  decision: orNull(comparison),
  quorum: orNull(
    object<QuorumView>({
      atMs: number,
      leader: number,
      votes: oneOf('round', 'settled'),
      agreed: listOf(listOf(number)),
    }),
  ),
});

const phase = object<PhaseView>({
  name: oneOf('voting', 'finalizing', 'discovery', 'synchronization', 'broadcast'),
  startMs: number,
  durationMs: orNull(number),
  note: text,
});

const election = object<ElectionView>({
  startedWallMs: number,
  durationMs: orNull(number),
  outcome: orNull(
    object<ElectionOutcome>({ state, leader: number, round: number, by: oneOf('round', 'settled', 'oracle') }),
  ),
  rounds: listOf(round),
  phases: listOf(phase),
  servedAfterMs: orNull(number),
  droppedSteps: number,
});

export const isElectionStatus = object<ElectionStatus>({
  sid: number,
  state,
  leader: orNull(number),
  epoch: number,
  peerState: text,
  serving: flag,
  elections: listOf(election),
});
