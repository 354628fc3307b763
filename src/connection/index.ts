export type { ElectionView } from './addresses.js';
export type { ElectionConnectionDeps, ElectionConnectionOptions } from './options.js';
export type { ReceivedMessage } from './quorum-cnx-manager.js';
export { QuorumCnxManager } from './quorum-cnx-manager.js';
export { QuorumAuthenticator } from './quorum-auth.js';
