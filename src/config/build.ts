import type { QuorumServer, QuorumVerifier } from '../membership/index.js';
import { MajorityVerifier } from '../membership/index.js';
import { adminSettings, exporterSettings } from './admin-settings.js';
import { type DataDirView, lookIntoDir, parseMyId, readMyId } from './data-dir.js';
import type { FaultPlace, Faults } from './fault.js';
import type { ExtraProperties } from './key-names.js';
import type { KeyValues } from './keys/index.js';
import type { LoadRequest } from './load-request.js';
import {
  checkEnsemble,
  checkKeys,
  checkPortClash,
  checkReachable,
  checkRole,
  checkServerId,
  clientEndpoint,
  modeOf,
  ownServer,
  placeOf,
  type RuleContext,
  sessionLimits,
} from './rules.js';
import type {
  ClientSettings,
  ElectionSettings,
  LearnerSettings,
  ServerConfig,
  StorageSettings,
} from './server-config.js';
import { checkFourLetterWords } from './four-letter-words.js';
import type { GivenValue } from './given.js';
import type { JaasFile } from './sasl-settings.js';
import { accessSettings, quorumSecuritySettings, tlsClientSettings } from './security.js';
import type { Setting } from './settings.js';
import type { SystemProperties } from './system-properties.js';
import { spaceSettings, upkeepSettings } from './upkeep-settings.js';

export interface BuildInput {
  readonly request: LoadRequest;
  readonly faults: Faults;
  readonly values: KeyValues;
  readonly settings: ReadonlyMap<string, Setting>;
  readonly serverLines: ReadonlyMap<string, GivenValue> | null;
  readonly membership: QuorumVerifier | null;
  readonly nextMembership: QuorumVerifier | null;
  readonly absolute: (path: string) => string;
  readonly extraProperties: ExtraProperties;
  readonly systemProperties: SystemProperties;
  /** Values of `authProvider.*` by those names. */
  readonly authProviders: ReadonlyMap<string, GivenValue>;
  /** Values of `superUser.*`. */
  readonly superUsers: readonly string[];
  /** Null: none is named, or it cannot be read (a fault). */
  readonly jaas: JaasFile | null;
  /** `ZOO_MY_ID` of the container image: who this is where there is no file myid. */
  readonly imageMyId: GivenValue | null;
}

const HOUR_MS = 3_600_000;

/** Warns of a relative path, which depends on where the server is started. */
function checkRelative(input: BuildInput, key: 'dataDir' | 'dataLogDir' | 'dynamicConfigFile'): void {
  const path = input.values[key];
  if (path === null || path.startsWith('/') || path.startsWith('./')) return;
  input.faults.warning(
    'ADVICE',
    placeOf(input, key),
    `${path} is relative to the folder in which the server is started.`,
    `Write an absolute path, or ./${path} when that is meant.`,
  );
}

interface Identity {
  readonly myId: number;
  readonly place: FaultPlace;
}

/** Who this server is; null when it does not say (a fault in an ensemble). */
async function identify(
  input: BuildInput,
  dataDir: string,
  view: DataDirView,
  mode: 'standalone' | 'quorum' | null,
): Promise<Identity | null> {
  const { myId: told } = input.request;
  if (told !== undefined) return { myId: told, place: { key: 'myid' } };
  const path = `${dataDir}/myid`;
  if (view.state === 'listed' && view.entries.some(({ name, kind }) => name === 'myid' && kind === 'file')) {
    const myId = await readMyId(input.request.disk, path, input.faults);
    if (myId !== null) tellOtherMyId(input, path, myId);
    return myId === null ? null : { myId, place: { where: { kind: 'file', file: path, line: 1 }, key: 'myid' } };
  }
  if (input.imageMyId !== null && view.state !== 'unusable') return fromImage(input, input.imageMyId, mode);
  if (mode === 'quorum' && view.state !== 'unusable') {
    const reason =
      view.state === 'absent' ? `there is no folder ${dataDir}, and so no myid.` : `there is no file ${path}.`;
    input.faults.error(
      'MYID',
      { key: 'myid' },
      reason,
      'Run zk-server init with --myid and the N of this server’s line.',
    );
  }
  return null;
}

/** The entry point of the container image writes ZOO_MY_ID into a file myid that is not there. */
function fromImage(
  { faults }: BuildInput,
  { value, origin }: GivenValue,
  mode: 'standalone' | 'quorum' | null,
): Identity | null {
  const place = { where: origin, key: 'ZOO_MY_ID' };
  const myId = parseMyId(value);
  if (myId !== null) return { myId, place };
  if (mode === 'quorum') {
    faults.error('MYID', place, `"${value}" is not a server number.`, 'Write the N of this server’s line server.N.');
  }
  return null;
}

function tellOtherMyId({ imageMyId, faults }: BuildInput, path: string, myId: number): void {
  if (imageMyId === null || imageMyId.origin.kind === 'default' || parseMyId(imageMyId.value) === myId) return;
  faults.warning(
    'ENVIRONMENT',
    { where: imageMyId.origin, key: 'ZOO_MY_ID' },
    `it does not count, because ${path} is there and says ${myId}.`,
    'Make both the same.',
  );
}

/** Checks what the keys mean together, and fits the options of every part of the server. Null: not without the errors. */
export async function buildConfig(input: BuildInput): Promise<ServerConfig | null> {
  const { values, faults, request } = input;
  const context: RuleContext = {
    ...input,
    placeOfServer: (sid) => ({
      where: input.serverLines?.get(`server.${sid}`)?.origin ?? null,
      key: `server.${sid}`,
    }),
  };
  checkKeys(context);
  checkFourLetterWords(context);
  for (const key of ['dataDir', 'dataLogDir', 'dynamicConfigFile'] as const) checkRelative(input, key);
  const mode = modeOf(context);
  if (mode === 'quorum' && input.membership !== null) checkEnsemble(context, input.membership);
  if (values.dataDir === null) return null;

  const dataDir = input.absolute(values.dataDir);
  const dataLogDir = values.dataLogDir === null ? dataDir : input.absolute(values.dataLogDir);
  const autoCreate = values['datadir.autocreate'];
  const view = await lookIntoDir(request.disk, dataDir, autoCreate, placeOf(input, 'dataDir'), faults);
  if (dataLogDir !== dataDir) {
    await lookIntoDir(request.disk, dataLogDir, autoCreate, placeOf(input, 'dataLogDir'), faults);
  }
  const identity = await identify(input, dataDir, view, mode);
  if (mode === null) return null;
  const own = ownLine(context, mode, identity);
  const endpoint = clientEndpoint(context, own);
  checkReachable(context, mode, endpoint, own);
  if (mode === 'quorum' && endpoint !== null && own !== null) checkPortClash(context, endpoint, own);
  return freeze({
    configFile: input.absolute(request.configFile),
    mode,
    myId: mode === 'quorum' ? (identity?.myId ?? 0) : 0,
    role: own?.role ?? 'participant',
    membership: input.membership ?? new MajorityVerifier([]),
    nextMembership: input.nextMembership,
    dynamicConfigFile: values.dynamicConfigFile === null ? null : input.absolute(values.dynamicConfigFile),
    tickTimeMs: values.tickTime,
    clients: clientSettings(input, endpoint),
    election: electionSettings(values),
    learner: learnerSettings(values),
    storage: storageSettings(values, dataDir, dataLogDir),
    purge: {
      intervalMs: values['autopurge.purgeInterval'] * HOUR_MS,
      snapRetainCount: values['autopurge.snapRetainCount'],
    },
    ...upkeepSettings(input),
    access: accessSettings(input),
    quorumSecurity: quorumSecuritySettings(input, mode),
    admin: adminSettings(input),
    exporter: exporterSettings(input),
    values,
    extraProperties: input.extraProperties,
    systemProperties: input.systemProperties,
  });
}

function ownLine(context: RuleContext, mode: 'standalone' | 'quorum', identity: Identity | null): QuorumServer | null {
  if (identity === null || context.membership === null) return null;
  const { myId, place } = identity;
  if (mode === 'standalone') return context.membership.members.get(myId) ?? null;
  const own = ownServer(context, context.membership, myId, place);
  if (own !== null) checkRole(context, own);
  checkServerId(context, myId, place);
  return own;
}

function clientSettings(input: BuildInput, endpoint: ClientSettings['endpoint']): ClientSettings {
  const { values } = input;
  const backlog = values.clientPortListenBacklog;
  return {
    endpoint,
    ...tlsClientSettings(input),
    listenBacklog: backlog === 0 ? -1 : backlog,
    maxClientCnxns: values.maxClientCnxns,
    maxCnxns: values.maxCnxns,
    ...sessionLimits({ values }),
    sessionlessTimeoutMs: values['nio.sessionlessCnxnTimeout'],
    maxRequestBytes: values['jute.maxbuffer'],
    extraRequestBytes: values['jute.maxbuffer.extrasize'] ?? values['jute.maxbuffer'],
    globalOutstandingLimit: values.globalOutstandingLimit,
    tcpKeepAlive: values.clientTcpKeepAlive,
    fourLetterWords: new Set(['srvr', ...values['4lw.commands.whitelist']]),
  };
}

function electionSettings(values: KeyValues): ElectionSettings {
  return {
    cnxTimeoutMs: values.cnxTimeout,
    electionPortBindRetry: values.electionPortBindRetry,
    listenOnAllIPs: values.quorumListenOnAllIPs,
    multiAddress: values['multiAddress.enabled'],
    tcpKeepAlive: values.tcpKeepAlive,
    minNotificationIntervalMs: values['fastleader.minNotificationInterval'],
    maxNotificationIntervalMs: values['fastleader.maxNotificationInterval'],
  };
}

function learnerSettings(values: KeyValues): LearnerSettings {
  const longestWait = values['leader.maxTimeToWaitForEpoch'];
  return {
    initLimitTicks: values.initLimit,
    syncLimitTicks: values.syncLimit,
    connectToLearnerMasterLimitTicks: values.connectToLearnerMasterLimit || values.initLimit,
    connectRetryDelayMs: values.leaderConnectDelayDuringRetryMs,
    leaderServes: values.leaderServes,
    snapshotSizeFactor: values.snapshotSizeFactor,
    forceSnapshotSync: values.forceSnapshotSync,
    maxConcurrentSnapSyncs: values['leader.maxConcurrentSnapSyncs'],
    maxConcurrentDiffSyncs: values['leader.maxConcurrentDiffSyncs'],
    maxTimeToWaitForEpochMs: longestWait === -1 ? null : longestWait,
  };
}

function storageSettings(values: KeyValues, dataDir: string, dataLogDir: string): StorageSettings {
  return {
    dataDir,
    dataLogDir,
    autoCreateDirs: values['datadir.autocreate'],
    snapCount: values.snapCount,
    snapSizeLimitBytes: values.snapSizeLimitInKb * 1024,
    preAllocBytes: values.preAllocSize * 1024,
    commitLogCount: values.commitLogCount,
    forceSync: values.forceSync,
    fsyncWarningThresholdMs: values['fsync.warningthresholdms'],
    digestEnabled: values['digest.enabled'],
    extendedTypes: values.extendedTypesEnabled,
    trustEmptySnapshot: values['snapshot.trust.empty'],
    dbAutoCreate: values['db.autocreate'],
    serializeLastProcessedZxid: values['serializeLastProcessedZxid.enabled'],
    ...spaceSettings(values),
  };
}

/** The parts of the object, too; verifiers and sets are left as they are. */
function freeze(config: ServerConfig): ServerConfig {
  const { clients, election, learner, storage, purge, access, quorumSecurity, admin, exporter } = config;
  const { backup, pauses, audit } = config;
  for (const part of [clients, election, learner, storage, purge, access, quorumSecurity, admin, exporter]) {
    Object.freeze(part);
  }
  for (const part of [backup, pauses, audit]) Object.freeze(part);
  return Object.freeze(config);
}
