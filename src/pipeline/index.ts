export type {
  ClientPort,
  CloseReason,
  PipelineMode,
  PipelineStats,
  RequestPipeline,
  WriteRequest,
  WriteResult,
} from './api.js';
export { FollowerPipeline } from './follower-pipeline.js';
export { LeaderPipeline } from './leader-pipeline.js';
export type { AppliedTxn, Broadcast, LeaderLink, ReconfigGate, TransactionLog, TransactionStore } from './needs.js';
export { defaultPipelineOptions, type PipelineOptions } from './options.js';
export type { PipelineDeps } from './pipeline-deps.js';
export type { TrackedSessions } from './proposer-pipeline.js';
export { ReadOnlyPipeline } from './read-only-pipeline.js';
export { SessionIds } from './session-ids.js';
export type { SessionExpirySet } from './session-tracker.js';
export { type StandaloneDeps, StandalonePipeline } from './standalone-pipeline.js';
