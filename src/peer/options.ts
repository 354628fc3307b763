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
    keepEpochs: config.mode === 'quorum',
    digestEnabled: storage.digestEnabled,
    extendedTypes: storage.extendedTypes,
  };
}

export function clientOptions(config: ServerConfig): Partial<ClientOptions> {
  const { clients } = config;
  return {
    maxClientCnxns: clients.maxClientCnxns,
    maxCnxns: clients.maxCnxns,
    juteMaxBufferBytes: clients.maxRequestBytes,
    globalOutstandingLimit: clients.globalOutstandingLimit,
    sessionlessTimeoutMs: clients.sessionlessTimeoutMs,
    tcpKeepAlive: clients.tcpKeepAlive,
    commandWhitelist: [...clients.fourLetterWords].join(','),
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

export function zabOptions(config: ServerConfig): ZabOptions {
  const { learner, clients } = config;
  return {
    ...DEFAULT_ZAB_OPTIONS,
    tickTimeMs: config.tickTimeMs,
    initLimit: learner.initLimitTicks,
    syncLimit: learner.syncLimitTicks,
    connectToLearnerMasterLimit: learner.connectToLearnerMasterLimitTicks,
    connectMaxDelayMs: Math.max(1, learner.connectRetryDelayMs),
    maxPacketBytes: Math.max(DEFAULT_ZAB_OPTIONS.maxPacketBytes, clients.maxRequestBytes + clients.extraRequestBytes),
    forceSnapshotSync: learner.forceSnapshotSync,
    maxConcurrentSnapSyncs: learner.maxConcurrentSnapSyncs,
    maxConcurrentDiffSyncs: learner.maxConcurrentDiffSyncs,
    maxTimeToWaitForEpochMs: learner.maxTimeToWaitForEpochMs ?? DEFAULT_ZAB_OPTIONS.maxTimeToWaitForEpochMs,
    snapshotSizeFactor: learner.snapshotSizeFactor,
  };
}
