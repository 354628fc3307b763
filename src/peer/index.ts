export { type AuthPlugins, NO_PLUGINS, type QuorumKerberos } from './access.js';
export type { Environment } from './server-facts.js';
export { databaseOptions } from './options.js';
export { createServer } from './create-server.js';
export { QuorumPeer } from './quorum-peer.js';
export { StandaloneServer } from './standalone-server.js';
export { TlsFileWatch } from './tls-files.js';
export { PeerExit, type Server, type ServerEnd, StartError } from './start-error.js';
