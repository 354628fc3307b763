import type { Access } from '../auth/index.js';
import type { ServerConfig } from '../config/index.js';
import type { Host } from '../host/index.js';
import type { Metrics } from '../metrics/index.js';
import type { PipelineDeps, PipelineOptions, ReconfigGate, SessionIds } from '../pipeline/index.js';
import type { Database } from '../storage/index.js';
import { maxRecordBytes } from './options.js';

/** What every pipeline of a server is made from, whatever its role. */
export interface PipelineParts {
  readonly host: Host;
  readonly metrics: Metrics;
  readonly config: ServerConfig;
  readonly access: Access;
  readonly sessionIds: SessionIds;
}

function pipelineOptions(config: ServerConfig): PipelineOptions {
  const { clients, storage, tickTimeMs, values } = config;
  return {
    tickTimeMs,
    minSessionTimeoutMs: clients.minSessionTimeoutMs,
    maxSessionTimeoutMs: clients.maxSessionTimeoutMs,
    digestEnabled: storage.digestEnabled,
    extendedTypes: storage.extendedTypes,
    enforceQuota: values.enforceQuota,
    closeSessionTxn: values['closeSessionTxn.enabled'],
    localSessions: values.localSessionsEnabled,
    localSessionsUpgrading: values.localSessionsUpgradingEnabled,
    containerCheckIntervalMs: values['znode.container.checkIntervalMs'],
    containerMaxPerMinute: values['znode.container.maxPerMinute'],
    containerMaxNeverUsedMs: values['znode.container.maxNeverUsedIntervalMs'],
    maxTransactionBytes: maxRecordBytes(config),
  };
}

/** `reconfig`: null where this server decides about no reconfiguration. */
export function pipelineDeps(
  parts: PipelineParts,
  database: Database,
  reconfig: ReconfigGate | null,
): PipelineDeps & { readonly store: Database } {
  const { access, config, host, metrics, sessionIds } = parts;
  return {
    clock: host.clock,
    log: host.log,
    ...(host.audit === undefined ? {} : { audit: host.audit }),
    metrics,
    store: database,
    access,
    sessionIds,
    options: pipelineOptions(config),
    reconfig,
  };
}
