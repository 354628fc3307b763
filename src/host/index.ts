export type { AuditEvent, AuditLog } from './audit.js';
export { AsyncQueue } from './async-queue.js';
export type { Clock, Timer } from './clock.js';
export { sleep } from './clock.js';
export { Slice } from './slice.js';
export { Complaints } from './complaints.js';
export type {
  AppendFile,
  AppendOptions,
  DirEntry,
  Disk,
  DiskErrorCode,
  FolderClaim,
  OnAppended,
  ReadableFile,
  WritableFile,
} from './disk.js';
export { DiskError } from './disk.js';
export { Fifo } from './fifo.js';
export type { Host } from './host.js';
export type { HttpAnswer, HttpClient, HttpQuestion } from './http-client.js';
export type { HttpHandler, HttpListenOptions, HttpReply, HttpRequest, HttpServers } from './http.js';
export type { LogFields, Logger, LogLevel } from './logger.js';
export type { Endpoint, Listener, ListenOptions, Network, NetworkErrorCode, Socket, SocketHandler } from './network.js';
export { formatEndpoint, NetworkError } from './network.js';
export type { Random } from './random.js';
export { WaitingRoom } from './waiting-room.js';
export type {
  ClientAuth,
  SecureOptions,
  SocketSecurity,
  StoreType,
  TlsContext,
  TlsErrorCode,
  TlsOptions,
  TlsProtocol,
  TlsStore,
} from './tls.js';
export { TLS_PROTOCOLS, TlsError } from './tls.js';
export { sniffTls } from './sniff.js';
