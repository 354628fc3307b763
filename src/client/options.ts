import { type ConnectionThrottleOptions, NO_CONNECTION_THROTTLE } from './connection-throttle.js';
import { NO_REQUEST_THROTTLE, type RequestThrottleOptions } from './request-throttle.js';

/** Settings of the client port; the comments name ZooKeeper's keys. */
export interface ClientOptions {
  /** `maxClientCnxns`: connections from one address; 0: no limit. */
  readonly maxClientCnxns: number;
  /** `maxCnxns`: connections in all; 0: no limit. */
  readonly maxCnxns: number;
  /** `jute.maxbuffer`: longest request in bytes. */
  readonly juteMaxBufferBytes: number;
  /** `globalOutstandingLimit`: from so many unanswered requests on, connections that have some are not read. */
  readonly globalOutstandingLimit: number;
  /** `largeRequestThreshold`: larger requests are large; -1: none is. */
  readonly largeRequestThresholdBytes: number;
  /** `largeRequestMaxBytes`: of all large requests under way; connections with more are closed. */
  readonly largeRequestMaxBytes: number;
  readonly connectionThrottle: ConnectionThrottleOptions;
  readonly requestThrottle: RequestThrottleOptions;
  /** `localSessionsEnabled`: new sessions are local ones here. */
  readonly localSessions: boolean;
  /** `nio.sessionlessCnxnTimeout`: how long a connection may stay without a session. */
  readonly sessionlessTimeoutMs: number;
  /** `clientTcpKeepAlive` */
  readonly tcpKeepAlive: boolean;
  /** `4lw.commands.whitelist` */
  readonly commandWhitelist: string;
  /** `4lw.commands.tls`: are words answered over TLS, too? */
  readonly commandsOverTls: boolean;
  /** `readonlymode.enabled` */
  readonly readOnlyMode: boolean;
  /** Should `ruok` refuse while this server does not serve? */
  readonly truthfulRuok: boolean;
  /** Replies that wait for a reader too slow to take them: from here on its connection is closed. */
  readonly maxPendingReplyBytes: number;
}

/** What can change while clients are served. */
export type TunableOptions = Pick<
  ClientOptions,
  'maxClientCnxns' | 'maxCnxns' | 'globalOutstandingLimit' | 'commandWhitelist'
>;

export const DEFAULT_CLIENT_OPTIONS: ClientOptions = {
  maxClientCnxns: 60,
  maxCnxns: 0,
  juteMaxBufferBytes: 0xfffff,
  globalOutstandingLimit: 1000,
  largeRequestThresholdBytes: -1,
  largeRequestMaxBytes: 100 * 1024 * 1024,
  connectionThrottle: NO_CONNECTION_THROTTLE,
  requestThrottle: NO_REQUEST_THROTTLE,
  localSessions: false,
  sessionlessTimeoutMs: 10_000,
  tcpKeepAlive: false,
  commandWhitelist: 'srvr',
  commandsOverTls: false,
  readOnlyMode: false,
  truthfulRuok: false,
  maxPendingReplyBytes: 256 * 1024 * 1024,
};
