export type {
  ComparisonView,
  ElectionOutcome,
  ElectionStatus,
  ElectionView,
  IgnoredView,
  NotificationView,
  PhaseView,
  ProposalView,
  QuorumView,
  RoundView,
  VoteView,
} from './election-status.js';
export { javaAddress, javaAverage, javaDate, javaDouble } from './java-format.js';
export { NOT_SERVING } from './not-serving.js';
export type {
  MemberStatus,
  QuorumSettings,
  QuorumStatus,
  ServerSettings,
  ServerStatus,
  ServingMode,
  SessionExpirySet,
  SessionsStatus,
  SizeRange,
  StorageSizes,
} from './server-status.js';
export { COMPATIBLE_VERSION, FULL_VERSION, PRODUCT_VERSION } from './version.js';
