export { Follower } from './follower.js';
export { Leader } from './leader.js';
export type { LearnerView } from './learner-handler.js';
export type { EndCode, RoleEnd } from './life.js';
export type { VoterWord } from './loyalty.js';
export type {
  Broadcast,
  CommittedLog,
  ConfigView,
  EpochStore,
  History,
  LeaderLink,
  LeaderServer,
  LearnerServer,
  ReconfigHook,
  SnapshotReceive,
  SnapshotSend,
} from './needs.js';
export { Observer } from './observer.js';
export type { ZabOptions } from './options.js';
export { DEFAULT_ZAB_OPTIONS } from './options.js';
export type { PhaseName, PhaseRecord } from './phase-trace.js';
export { PhaseTrace } from './phase-trace.js';
export type { LeaderDeps, LearnerDeps, ObservedMaster, RoleDeps } from './role.js';
