import type { Access } from '../auth/index.js';
import type { AuditLog, Clock, Logger } from '../host/index.js';
import type { Metrics } from '../metrics/index.js';
import type { ReconfigGate, TransactionStore } from './needs.js';
import type { PipelineOptions } from './options.js';
import type { SessionIds } from './session-ids.js';

/** What every pipeline is made from. */
export interface PipelineDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly store: TransactionStore;
  readonly access: Access;
  /** One for the life of the process. */
  readonly sessionIds: SessionIds;
  readonly options: PipelineOptions;
  /** Null (or absent): reconfiguration is disabled. */
  readonly reconfig?: ReconfigGate | null;
  /** Absent: nothing is audited. */
  readonly audit?: AuditLog;
}

/** The time-out that a client gets for the one it wants. */
export function negotiatedTimeoutMs(wantedMs: number, options: PipelineOptions): number {
  return Math.min(Math.max(wantedMs, options.minSessionTimeoutMs), options.maxSessionTimeoutMs);
}
