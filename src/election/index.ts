export { describeEvent } from './describe.js';
export type { ElectionDeps } from './fast-leader-election.js';
export { FastLeaderElection } from './fast-leader-election.js';
export type { ElectionOptions, ElectionResult, ElectionSelf, ElectionTransport, VoterWord } from './needs.js';
export { DEFAULT_ELECTION_OPTIONS } from './needs.js';
export type { ElectionEvent, ElectionRecord, Phase, TimedEvent } from './trace.js';
export { ElectionTrace } from './trace.js';
export type { Proposal, Vote } from './vote.js';
