import type { ServerConfig } from '../config/index.js';
import type { Clock, Disk } from '../host/index.js';
import { DiskError } from '../host/index.js';
import type { QuorumServer } from '../membership/index.js';
import type { RequestPipeline } from '../pipeline/index.js';
import type {
  ElectionStatus,
  QuorumStatus,
  ServerSettings,
  ServerStatus,
  SessionsStatus,
  SizeRange,
  StorageSizes,
} from '../status/index.js';
import { FULL_VERSION } from '../status/index.js';
import type { Database } from '../storage/index.js';

/** What a peer answers about itself beyond its configuration. */
export interface PeerFacts {
  database(): Database | null;
  pipeline(): RequestPipeline | null;
  quorum(): QuorumStatus | null;
  elections(): ElectionStatus | null;
  proposalSizes(): SizeRange | null;
  sessions(): SessionsStatus;
  /** This server's line of the server list. */
  own(): QuorumServer | undefined;
}

/** Names and values that `envi` prints behind the version. */
export type Environment = readonly (readonly [name: string, value: string])[];

function settingsOf(config: ServerConfig, own: QuorumServer | undefined): ServerSettings {
  const { clients, learner, storage, tickTimeMs, myId } = config;
  return {
    clientPort: own?.client?.port ?? clients.endpoint?.port ?? -1,
    secureClientPort: clients.secureEndpoint?.port ?? -1,
    dataDir: `${storage.dataDir}/version-2`,
    dataLogDir: `${storage.dataLogDir}/version-2`,
    tickTimeMs,
    maxClientCnxns: clients.maxClientCnxns,
    minSessionTimeoutMs: clients.minSessionTimeoutMs,
    maxSessionTimeoutMs: clients.maxSessionTimeoutMs,
    clientPortListenBacklog: clients.listenBacklog,
    serverId: myId,
    quorum:
      config.mode === 'standalone' || own === undefined
        ? null
        : {
            initLimit: learner.initLimitTicks,
            syncLimit: learner.syncLimitTicks,
            electionAlg: 3,
            electionPorts: own.addresses.map(({ electionPort }) => electionPort),
            quorumPorts: own.addresses.map(({ quorumPort }) => quorumPort),
            peerType: own.role,
          },
  };
}

/** The views that four-letter words and tools read of this server. */
export class ServerFacts implements ServerStatus {
  readonly version = FULL_VERSION;
  /** As it is in force now. */
  maxClientCnxns: number;
  private readonly startedMs: number;

  constructor(
    private readonly clock: Clock,
    private readonly disk: Disk,
    private readonly config: ServerConfig,
    private readonly env: Environment,
    private readonly facts: PeerFacts,
  ) {
    this.maxClientCnxns = config.clients.maxClientCnxns;
    this.startedMs = clock.monotonicMs();
  }

  get settings(): ServerSettings {
    return { ...settingsOf(this.config, this.facts.own()), maxClientCnxns: this.maxClientCnxns };
  }

  uptimeMs(): number {
    return this.clock.monotonicMs() - this.startedMs;
  }

  environment(): Environment {
    return [['zookeeper.version', this.version], ...this.env];
  }

  async storageSizes(): Promise<StorageSizes> {
    const { dataDir, dataLogDir } = this.settings;
    const [dataDirBytes, logDirBytes] = await Promise.all([this.folderBytes(dataDir), this.folderBytes(dataLogDir)]);
    return { dataDirBytes, logDirBytes };
  }

  quorum(): QuorumStatus | null {
    return this.facts.quorum();
  }

  elections(): ElectionStatus | null {
    return this.facts.elections();
  }

  proposalSizes(): SizeRange | null {
    return this.facts.proposalSizes();
  }

  sessions(): SessionsStatus {
    return this.facts.sessions();
  }

  resetStatistics(): void {
    // Everything that is counted lives in Metrics.
  }

  private async folderBytes(dir: string): Promise<number> {
    try {
      const entries = await this.disk.list(dir);
      return entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    } catch (error) {
      if (error instanceof DiskError) return 0;
      throw error;
    }
  }
}
