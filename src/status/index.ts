export type {
  AclView,
  ChildrenPage,
  ChildView,
  ClientFigures,
  ConnectionSummary,
  DiskFigures,
  EnsembleElections,
  EnsembleMember,
  EnsembleView,
  Latency,
  LearnerSummary,
  MemberElections,
  MemberSummary,
  NodeData,
  NodeView,
  Page,
  ServerSummary,
  SessionView,
  SlowRequest,
  SlowRequests,
  TreeFigures,
  WatchedPath,
} from './dashboard.js';
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
export { shownZxid } from './server-status.js';
export { COMPATIBLE_VERSION, FULL_VERSION, PRODUCT_VERSION } from './version.js';
