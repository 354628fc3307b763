import type { Clock } from '../../host/index.js';
import type { Metrics } from '../../metrics/index.js';
import type { RequestPipeline } from '../../pipeline/index.js';
import type { ServerStatus } from '../../status/index.js';
import type { ClientTraffic } from '../traffic.js';

/** One client connection, as four-letter words see it. */
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
