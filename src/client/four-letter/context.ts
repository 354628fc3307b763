import type { Clock, Endpoint } from '../../host/index.js';
import type { Metrics } from '../../metrics/index.js';
import type { RequestPipeline } from '../../pipeline/index.js';
import type { ServerStatus } from '../../status/index.js';
import type { ClientTraffic } from '../traffic.js';

/** What one connection did, as `cons` and the admin server tell it. Times as long as nothing else is said in whole ms. */
export interface ConnectionCounts {
  readonly received: number;
  readonly sent: number;
  /** `GETD`; `NA` where there is none. */
  readonly lastOperation: string;
  /** Since 1970. */
  readonly establishedWallMs: number;
  readonly lastCxid: number;
  readonly lastZxid: number;
  /** Monotonic. */
  readonly lastResponseMs: number;
  readonly lastLatencyMs: number;
  readonly minLatencyMs: number;
  readonly averageLatencyMs: number;
  readonly maxLatencyMs: number;
}

/** One client connection, as four-letter words and the admin server see it. */
export interface ConnectionView {
  /** 0n before there is a session. */
  readonly sessionId: bigint;
  /** `/127.0.0.1:50000` */
  readonly remoteText: string;
  /** Monotonic time at which the connection is closed if nothing is heard of it. */
  readonly idleDeadlineMs: number;
  /** Its line in `stat` (brief) or `cons`, without the line's end. */
  describe(brief: boolean): string;
  resetStatistics(): void;
  readonly remote: Endpoint;
  /** Does it speak TLS? */
  readonly isSecure: boolean;
  /** What ZooKeeper's selector would wait for: 1 to read, 4 to write. */
  readonly interestOps: number;
  readonly outstandingRequests: number;
  /** 0 before there is a session. */
  readonly sessionTimeoutMs: number;
  readonly counts: ConnectionCounts;
  /** Sends what is ready and ends the connection; `why` goes to the log. */
  leave(why: string): void;
}

/** What a four-letter word may read and change. */
export interface CommandContext {
  /** Null while this server does not serve. */
  readonly pipeline: RequestPipeline | null;
  readonly status: ServerStatus;
  readonly metrics: Metrics;
  readonly traffic: ClientTraffic;
  readonly clock: Clock;
  readonly connections: Iterable<ConnectionView>;
  /** Should `ruok` refuse while this server does not serve? ZooKeeper's answers `imok` as long as the process lives. */
  readonly truthfulRuok: boolean;
  /** The mask that `gtmk` and `stmk` show and set; nothing is traced by it. */
  traceMask: bigint;
}
