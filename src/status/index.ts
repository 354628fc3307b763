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
export { ADVANCED_SUMMARY_NAMES, BASIC_SUMMARY_NAMES, COUNTER_NAMES, FRACTIONAL_GAUGE_NAMES } from './metric-names.js';
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
