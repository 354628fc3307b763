import type { AdminTarget } from '../admin/index.js';
import type { CommandContext } from '../client/index.js';
import type { PipelineParts } from './pipelines.js';

/** What only the server itself can tell, beside its parts. */
export type AdminFacts = Pick<
  AdminTarget,
  | 'pipeline'
  | 'database'
  | 'verifier'
  | 'learners'
  | 'resetObserverStatistics'
  | 'initialConfiguration'
  | 'restore'
  | 'control'
>;

/** Fits a server to the admin server. */
export function adminTarget(
  { host, config, access }: PipelineParts,
  commands: CommandContext,
  facts: AdminFacts,
): AdminTarget {
  const { clock, disk, random, log } = host;
  const { admin, storage, clients } = config;
  return {
    clock,
    disk,
    random,
    log,
    access,
    commands,
    clientEndpoint: clients.endpoint,
    properties: config.systemProperties,
    options: {
      commandUrl: admin.commandUrl,
      rateLimiterIntervalMs: admin.rateLimiterIntervalMs,
      allowsSnapshot: admin.allowsSnapshot,
      allowsRestore: admin.allowsRestore,
      sealsZxid: storage.serializeLastProcessedZxid,
      slowSyncMs: storage.fsyncWarningThresholdMs,
      leastFreeBytes: storage.spaceStopBytes,
    },
    ...facts,
  };
}
