export { type ElectionView, mainHost } from './addresses.js';
export type { ElectionConnectionDeps, ElectionConnectionOptions } from './options.js';
export type { ReceivedMessage } from './quorum-cnx-manager.js';
export { QuorumCnxManager } from './quorum-cnx-manager.js';
export { type QuorumAuthOptions, QuorumAuthenticator } from './quorum-auth.js';
