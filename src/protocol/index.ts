export * from './connect.js';
export * from './create-mode.js';
export * from './data.js';
export * from './ephemeral-owner.js';
export * from './errors.js';
export * from './foreign-bytes.js';
export * from './forwarded-request.js';
export * from './op-codes.js';
export * from './quorum-packet.js';
export * from './session-id.js';
export * from './txn.js';
export * from './zxid.js';
export * from './initial-message.js';
export * from './notification.js';
export * from './read-requests.js';
export * from './replies.js';
export * from './paths.js';
export * from './write-requests.js';
export * from './watches.js';
export {
  encodeQuorumAuth,
  QUORUM_AUTH_MAGIC,
  QUORUM_AUTH_MAGIC_BYTES,
  type QuorumAuthPacket,
  QuorumAuthStatus,
  readQuorumAuth,
} from './quorum-auth.js';
