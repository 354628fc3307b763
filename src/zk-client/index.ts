export type { Clock, Endpoint, Network, Random, StoreType, TlsOptions } from '../host/index.js';
export {
  type Acl,
  type ClientInfo,
  type Id,
  OPEN_ACL_UNSAFE,
  Perms,
  READ_ACL_UNSAFE,
  type Stat,
} from '../protocol/index.js';
export {
  type NodeContent,
  type ReconfigChange,
  type RemoveWatchesOptions,
  type VersionOptions,
  type WatchOptions,
  ZooKeeperClient,
} from './client.js';
export { type ConnectString, parseConnectString } from './connect-string.js';
export { type ServerErrorCode, ZooKeeperError, type ZooKeeperErrorCode } from './errors.js';
export { FrameError, FrameSplitter } from './frames.js';
export {
  type CreateMode,
  type CreateOptions,
  MultiError,
  type NodeData,
  type Operation,
  type OperationResult,
  type Read,
  type ReadResult,
} from './multi.js';
export type {
  AuthInfo,
  CallOptions,
  ClientOptions,
  ClientWorld,
  SessionCredentials,
  SessionEvent,
  SessionState,
} from './options.js';
export { tlsOptions, type TlsSettings } from './tls-options.js';
export type { RemovableKind, WatchEvent, Watcher, WatchEventType } from './watch-registry.js';
