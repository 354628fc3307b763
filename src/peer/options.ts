import type { ClientOptions } from '../client/index.js';
import type { ServerConfig } from '../config/index.js';
import type { ElectionConnectionOptions } from '../connection/index.js';
import type { ElectionOptions } from '../election/index.js';
import type { DatabaseOptions } from '../storage/index.js';
import type { ZabOptions } from '../zab/index.js';
import { DEFAULT_ZAB_OPTIONS } from '../zab/index.js';

/** Fits the configuration to the options that each part declares. */

export function databaseOptions(config: ServerConfig): DatabaseOptions {
  const { storage, values } = config;
  return {
    dataDir: storage.dataDir,
    dataLogDir: storage.dataLogDir,
    snapCount: storage.snapCount,
    snapSizeLimitBytes: storage.snapSizeLimitBytes,
    preAllocBytes: storage.preAllocBytes,
    txnLogSizeLimitBytes: values.txnLogSizeLimitInKb * 1024,
    commitLogCount: storage.commitLogCount,
    forceSync: storage.forceSync,
    fsyncWarningThresholdMs: storage.fsyncWarningThresholdMs,
    trustEmptySnapshot: storage.trustEmptySnapshot,
    dbAutoCreate: storage.dbAutoCreate,
    dataDirAutoCreate: storage.autoCreateDirs,
    serializeLastProcessedZxid: storage.serializeLastProcessedZxid,
    snapshotCompression: values['snapshot.compression.method'] || 'none',
    keepEpochs: config.mode === 'quorum',
    isLogPromised: config.mode !== 'quorum' || config.role !== 'observer',
    digestEnabled: storage.digestEnabled,
    extendedTypes: storage.extendedTypes,
  };
}

export function clientOptions(config: ServerConfig): Partial<ClientOptions> {
  const { clients, values } = config;
  return {
    maxClientCnxns: clients.maxClientCnxns,
    maxCnxns: clients.maxCnxns,
    juteMaxBufferBytes: clients.maxRequestBytes,
    globalOutstandingLimit: clients.globalOutstandingLimit,
    sessionlessTimeoutMs: clients.sessionlessTimeoutMs,
    tcpKeepAlive: clients.tcpKeepAlive,
    commandWhitelist: [...clients.fourLetterWords].join(','),
    readOnlyMode: values['readonlymode.enabled'],
    truthfulRuok: values.ruokOnlyWhileServing,
    localSessions: values.localSessionsEnabled && config.mode === 'quorum',
    largeRequestThresholdBytes: values.largeRequestThreshold,
    largeRequestMaxBytes: values.largeRequestMaxBytes,
    connectionThrottle: {
      tokens: values.connection_throttle_tokens,
      fillTimeMs: values.connection_throttle_fill_time,
      fillCount: values.connection_throttle_fill_count,
      freezeTimeMs: values.connection_throttle_freeze_time,
      dropIncrease: values.connection_throttle_drop_increase,
      dropDecrease: values.connection_throttle_drop_decrease,
      decreaseRatio: values.connection_throttle_decrease_ratio,
      isWeighted: values.connection_throttle_weight_enabled,
      globalSessionWeight: values.connection_throttle_global_session_weight,
      localSessionWeight: values.connection_throttle_local_session_weight,
      renewSessionWeight: values.connection_throttle_renew_session_weight,
    },
    requestThrottle: {
      maxRequests: values.request_throttle_max_requests,
      stallTimeMs: values.request_throttle_stall_time,
      dropsStale: values.request_throttle_drop_stale,
      checksLatency: values.request_stale_latency_check,
      checksConnection: values.request_stale_connection_check,
      throttledOpWaitTimeMs: values.throttled_op_wait_time,
    },
    commandsOverTls: clients.fourLetterWordsOverTls,
  };
}

export function connectionOptions(config: ServerConfig): ElectionConnectionOptions {
  const { election } = config;
  return {
    myId: config.myId,
    cnxTimeoutMs: election.cnxTimeoutMs,
    greetingTimeoutMs: config.tickTimeMs * config.learner.syncLimitTicks,
    electionPortBindRetry: election.electionPortBindRetry,
    listenOnAllIPs: election.listenOnAllIPs,
    multiAddress: election.multiAddress,
    tcpKeepAlive: election.tcpKeepAlive,
  };
}

export function electionOptions(config: ServerConfig): ElectionOptions {
  const { minNotificationIntervalMs, maxNotificationIntervalMs } = config.election;
  return { minNotificationIntervalMs, maxNotificationIntervalMs };
}

/** ZooKeeper takes an extra size below this for this. */
const LEAST_EXTRA_BYTES = 1024;
const MAX_INT = 0x7fffffff;

/** The largest record that every server of the ensemble takes from another or from a log, Apache ZooKeeper's among them. */
export function maxRecordBytes({ clients }: ServerConfig): number {
  return Math.min(MAX_INT, clients.maxRequestBytes + Math.max(LEAST_EXTRA_BYTES, clients.extraRequestBytes));
}

export function zabOptions(config: ServerConfig): ZabOptions {
  const { learner } = config;
  const counterEnd = DEFAULT_ZAB_OPTIONS.counterEnd - config.values['testingonly.initialZxid'];
  return {
    ...DEFAULT_ZAB_OPTIONS,
    tickTimeMs: config.tickTimeMs,
    initLimit: learner.initLimitTicks,
    syncLimit: learner.syncLimitTicks,
    connectToLearnerMasterLimit: learner.connectToLearnerMasterLimitTicks,
    connectMaxDelayMs: Math.max(1, learner.connectRetryDelayMs),
    maxPacketBytes: Math.max(DEFAULT_ZAB_OPTIONS.maxPacketBytes, maxRecordBytes(config)),
    maxSentBytes: maxRecordBytes(config),
    forceSnapshotSync: learner.forceSnapshotSync,
    maxConcurrentSnapSyncs: learner.maxConcurrentSnapSyncs,
    maxConcurrentDiffSyncs: learner.maxConcurrentDiffSyncs,
    maxTimeToWaitForEpochMs: learner.maxTimeToWaitForEpochMs ?? DEFAULT_ZAB_OPTIONS.maxTimeToWaitForEpochMs,
    snapshotSizeFactor: learner.snapshotSizeFactor,
    reconfigEnabled: config.values.reconfigEnabled,
    counterEnd,
    // A new epoch must not begin near its own end.
    zxidMargin: Math.min(DEFAULT_ZAB_OPTIONS.zxidMargin, Math.floor(counterEnd / 2)),
  };
}
