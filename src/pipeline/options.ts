/** Settings of the request pipelines; the comments name ZooKeeper's keys. */
export interface PipelineOptions {
  /** `tickTime`: sessions expire in steps of it. */
  readonly tickTimeMs: number;
  /** `minSessionTimeout` and `maxSessionTimeout`, resolved: 2 and 20 ticks unless configured. */
  readonly minSessionTimeoutMs: number;
  readonly maxSessionTimeoutMs: number;
  /** `zookeeper.digest.enabled`: proposals say what the tree's digest will be. */
  readonly digestEnabled: boolean;
  /** `zookeeper.extendedTypesEnabled`: TTL nodes may be made. */
  readonly extendedTypes: boolean;
  /** `zookeeper.enforceQuota`: hard quotas refuse. */
  readonly enforceQuota: boolean;
  /** `zookeeper.closeSessionTxn.enabled`: the end of a session lists the nodes that go with it. */
  readonly closeSessionTxn: boolean;
  /** `localSessionsEnabled`: new sessions are known to this server only. A server that stands alone has none. */
  readonly localSessions: boolean;
  /** `localSessionsUpgradingEnabled`: they become global with their first ephemeral node, which else is refused. */
  readonly localSessionsUpgrading: boolean;
  /** `znode.container.checkIntervalMs`: how often containers and TTL nodes are looked through. */
  readonly containerCheckIntervalMs: number;
  /** `znode.container.maxPerMinute`: so many are deleted at most. */
  readonly containerMaxPerMinute: number;
  /** `znode.container.maxNeverUsedIntervalMs`: age at which a container that never had a child goes; 0: never. */
  readonly containerMaxNeverUsedMs: number;
  /** `jute.maxbuffer` and its extra size: a request whose transaction would be larger is refused, for no server takes it. */
  readonly maxTransactionBytes: number;
}

const DEFAULT_TICK_MS = 3000;
const JUTE_MAX_BUFFER = 0xfffff;

/** ZooKeeper's defaults for a tick of `tickTimeMs`. */
export function defaultPipelineOptions(tickTimeMs = DEFAULT_TICK_MS): PipelineOptions {
  return {
    tickTimeMs,
    minSessionTimeoutMs: 2 * tickTimeMs,
    maxSessionTimeoutMs: 20 * tickTimeMs,
    digestEnabled: true,
    extendedTypes: false,
    enforceQuota: false,
    closeSessionTxn: true,
    localSessions: false,
    localSessionsUpgrading: false,
    containerCheckIntervalMs: 60_000,
    containerMaxPerMinute: 10_000,
    containerMaxNeverUsedMs: 0,
    maxTransactionBytes: 2 * JUTE_MAX_BUFFER,
  };
}
