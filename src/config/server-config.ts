import type { Endpoint } from '../host/index.js';
import type { QuorumVerifier } from '../membership/index.js';
import type { NamedProvider } from './auth-providers.js';
import type { KeyValues } from './keys/index.js';
import type { SaslClientSettings, SaslServerSettings } from './sasl-settings.js';
import type { TlsSettings } from './tls-settings.js';

export interface ClientSettings {
  /** Where clients are served; an empty host is all addresses. Null: nowhere. */
  readonly endpoint: Endpoint | null;
  /** Where clients are served with TLS only. Null: nowhere. */
  readonly secureEndpoint: Endpoint | null;
  /** Are TLS clients served on `endpoint`, too? */
  readonly portUnification: boolean;
  /** Null: no client is served with TLS. */
  readonly tls: TlsSettings | null;
  /** Are the files of `tls` looked at for changes? */
  readonly tlsReloads: boolean;
  /** The scheme that names the owner of a client's certificate. */
  readonly sslAuthProvider: string;
  /** At the same time; 0 or less: no limit. */
  readonly maxTlsHandshakes: number;
  /** Are TLS clients turned away before their handshake while this server does not serve? */
  readonly dropsEarly: boolean;
  /** Are four-letter words answered to TLS clients? */
  readonly fourLetterWordsOverTls: boolean;
  /** -1: the system's default. */
  readonly listenBacklog: number;
  /** Connections from one address; 0: no limit. */
  readonly maxClientCnxns: number;
  /** Connections in all; 0: no limit. */
  readonly maxCnxns: number;
  readonly minSessionTimeoutMs: number;
  readonly maxSessionTimeoutMs: number;
  /** How long a connection may stay without a session. */
  readonly sessionlessTimeoutMs: number;
  /** Largest request (`jute.maxbuffer`). */
  readonly maxRequestBytes: number;
  /** What servers may add to a request (`jute.maxbuffer.extrasize`). */
  readonly extraRequestBytes: number;
  readonly globalOutstandingLimit: number;
  readonly tcpKeepAlive: boolean;
  /** Four-letter words that are answered; `*` stands for all. */
  readonly fourLetterWords: ReadonlySet<string>;
}

export interface ElectionSettings {
  /** How long dialling a server may take. */
  readonly cnxTimeoutMs: number;
  /** 0: for ever. */
  readonly electionPortBindRetry: number;
  /** Quorum and election port on all addresses. */
  readonly listenOnAllIPs: boolean;
  readonly multiAddress: boolean;
  readonly tcpKeepAlive: boolean;
  readonly minNotificationIntervalMs: number;
  readonly maxNotificationIntervalMs: number;
}

export interface LearnerSettings {
  readonly initLimitTicks: number;
  readonly syncLimitTicks: number;
  /** For connecting alone; never 0. */
  readonly connectToLearnerMasterLimitTicks: number;
  /** Between two attempts to connect. */
  readonly connectRetryDelayMs: number;
  readonly leaderServes: boolean;
  /** Share of the snapshot up to which the log is sent instead; negative: never. */
  readonly snapshotSizeFactor: number;
  readonly forceSnapshotSync: boolean;
  readonly maxConcurrentSnapSyncs: number;
  readonly maxConcurrentDiffSyncs: number;
  /** How long a new leader waits for epochs while a voter of it looks for another leader; null: not set. */
  readonly maxTimeToWaitForEpochMs: number | null;
}

/** Paths are absolute. */
export interface StorageSettings {
  readonly dataDir: string;
  readonly dataLogDir: string;
  /** Make the folders when they are absent? */
  readonly autoCreateDirs: boolean;
  readonly snapCount: number;
  /** 0: only `snapCount` decides. */
  readonly snapSizeLimitBytes: number;
  readonly preAllocBytes: number;
  readonly commitLogCount: number;
  readonly forceSync: boolean;
  readonly fsyncWarningThresholdMs: number;
  readonly digestEnabled: boolean;
  readonly extendedTypes: boolean;
  readonly trustEmptySnapshot: boolean;
  readonly dbAutoCreate: boolean;
  readonly serializeLastProcessedZxid: boolean;
  /** With less than this free it is said that the disk fills; 0: never. */
  readonly spaceWarnBytes: number;
  /** With less than this free the server pauses; 0: never. */
  readonly spaceStopBytes: number;
}

export interface PurgeSettings {
  /** 0: never. */
  readonly intervalMs: number;
  readonly snapRetainCount: number;
}

/** Backups that are made by themselves. */
export interface BackupSettings {
  /** Absolute; null: none are made. */
  readonly dir: string | null;
  readonly intervalMs: number;
  readonly retainCount: number;
}

/** Watching for pauses of the event loop (`jvm.pause.*`). */
export interface PauseSettings {
  readonly isOn: boolean;
  /** Between two looks. */
  readonly sleepMs: number;
  readonly infoThresholdMs: number;
  readonly warnThresholdMs: number;
}

/** The audit log (`audit.*`). */
export interface AuditSettings {
  readonly isOn: boolean;
  /** Absolute; null: audit lines go where the log goes. */
  readonly file: string | null;
  readonly format: 'text' | 'json';
}

export interface AccessSettings {
  readonly skipAcl: boolean;
  readonly digestSchemeEnabled: boolean;
  readonly digestAlgorithm: string;
  /** `super:<digest>`; null: nobody. */
  readonly superDigest: string | null;
  /** Certificate owner whom no ACL binds; null: nobody. */
  readonly x509SuperUser: string | null;
  /** SASL users whom no ACL binds. */
  readonly saslSuperUsers: ReadonlySet<string>;
  /** The SASL name in an ACL that stands for every SASL user; null: none. */
  readonly anySaslUser: string | null;
  /** What clients of the scheme ensemble may say; null: anything. */
  readonly ensembleNames: readonly string[] | null;
  /** One of these a client must have proven before it is served; null: it need not. */
  readonly enforcedSchemes: readonly string[] | null;
  readonly allowSaslFailedClients: boolean;
  /** How clients authenticate with SASL; null: not at all. */
  readonly sasl: SaslServerSettings | null;
  /** Of `user/host@REALM` the id of a SASL user has the user, and these too unless they are dropped. */
  readonly saslDropsHost: boolean;
  readonly saslDropsRealm: boolean;
  /** Rules that make the user of a Kerberos name. */
  readonly saslNameRules: string;
  /** What the Kerberos library reads; null: its own place. */
  readonly kerberosConfigFile: string | null;
  readonly providers: readonly NamedProvider[];
}

/** How servers protect what they say to each other. */
export interface QuorumSecuritySettings {
  /** Null: servers speak plainly. */
  readonly tls: TlsSettings | null;
  /** Does this server dial others with TLS? */
  readonly dialsTls: boolean;
  /** And plainly where that fails because the other one does not speak TLS? Only while an ensemble moves to TLS. */
  readonly dialsPlainToo: boolean;
  /** Are plain connections of servers accepted beside TLS ones? */
  readonly acceptsPlain: boolean;
  readonly tlsReloads: boolean;
  /** Null: without SASL. */
  readonly sasl: QuorumSaslSettings | null;
}

export interface QuorumSaslSettings {
  /** As whom this server logs in at those that it dials; null: it does not. */
  readonly client: SaslClientSettings | null;
  /** How others log in here. */
  readonly server: SaslServerSettings;
  /** What the others are in Kerberos; a host of `_HOST` stands for the one of each server's line. */
  readonly servicePrincipal: string;
  /** Are those refused who do not log in here? */
  readonly serverRequires: boolean;
}

/** The HTTP port for administrators. */
export interface AdminSettings {
  /** Null: it is switched off. */
  readonly endpoint: Endpoint | null;
  readonly transport: 'plain' | 'tls' | 'either';
  /** Null when the transport is plain. */
  readonly tls: TlsSettings | null;
  /** 0: for ever. */
  readonly idleTimeoutMs: number;
  readonly maxConnections: number;
  /** Begins with a slash and does not end with one. */
  readonly commandUrl: string;
  /** Between two snapshots, or two restores. */
  readonly rateLimiterIntervalMs: number;
  readonly allowsSnapshot: boolean;
  readonly allowsRestore: boolean;
  /** Admin ports of other servers, by server id, that are not at their quorum host and `endpoint.port`. */
  readonly peerAddresses: ReadonlyMap<number, Endpoint>;
}

/** The port that Prometheus asks for metrics. */
export interface ExporterSettings {
  /** Null: it is switched off. */
  readonly endpoint: Endpoint | null;
  /** Must the port be had? Else a server without it starts all the same. */
  readonly isRequired: boolean;
  /** Are metrics of the process exported, too? */
  readonly exportsProcess: boolean;
}

/** Everything a server is told, checked. Deeply frozen. */
export interface ServerConfig {
  /** Absolute. */
  readonly configFile: string;
  readonly mode: 'standalone' | 'quorum';
  /** 0 when standalone. */
  readonly myId: number;
  readonly role: 'participant' | 'observer';
  /** Without members when there is no server list (then the mode is standalone). */
  readonly membership: QuorumVerifier;
  /** A membership that was proposed but not yet decided when the server stopped (`zoo.cfg.dynamic.next`). */
  readonly nextMembership: QuorumVerifier | null;
  /** Absolute; null when the server list is in the main file. */
  readonly dynamicConfigFile: string | null;
  readonly tickTimeMs: number;
  readonly clients: ClientSettings;
  readonly election: ElectionSettings;
  readonly learner: LearnerSettings;
  readonly storage: StorageSettings;
  readonly purge: PurgeSettings;
  readonly backup: BackupSettings;
  readonly pauses: PauseSettings;
  readonly audit: AuditSettings;
  readonly access: AccessSettings;
  readonly quorumSecurity: QuorumSecuritySettings;
  readonly admin: AdminSettings;
  readonly exporter: ExporterSettings;
  /** Every key of the table by its name, in its own unit. */
  readonly values: KeyValues;
  /**
   * System properties that no part of this server reads, by their full names (`zookeeper.<key>` for an unknown key of
   * zoo.cfg): what pluggable providers ask for.
   */
  readonly extraProperties: ReadonlyMap<string, string>;
  /** Those that ZooKeeper would have with this configuration, by their full names; some of them are secrets. */
  readonly systemProperties: ReadonlyMap<string, string>;
}
