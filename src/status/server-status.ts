import { makeZxid } from '../protocol/index.js';
import type { ElectionStatus } from './election-status.js';

/** What a server says about itself. Whoever puts a server together fits these; four-letter words and the shell read them. */

/** A server's role towards its clients, named as `srvr` prints it. */
export type ServingMode = 'standalone' | 'leader' | 'follower' | 'observer' | 'read-only';

/** What `conf` prints. Paths are absolute and name the folder that holds the files (`.../version-2`). */
export interface ServerSettings {
  /** -1 when there is none. */
  readonly clientPort: number;
  readonly secureClientPort: number;
  readonly dataDir: string;
  readonly dataLogDir: string;
  readonly tickTimeMs: number;
  readonly maxClientCnxns: number;
  readonly minSessionTimeoutMs: number;
  readonly maxSessionTimeoutMs: number;
  /** -1: the system's default. */
  readonly clientPortListenBacklog: number;
  /** 0 when standalone. */
  readonly serverId: number;
  /** Null when standalone. */
  readonly quorum: QuorumSettings | null;
}

export interface QuorumSettings {
  readonly initLimit: number;
  readonly syncLimit: number;
  readonly electionAlg: number;
  /** One port for each address of this server. */
  readonly electionPorts: readonly number[];
  readonly quorumPorts: readonly number[];
  readonly peerType: 'participant' | 'observer';
}

/** Bytes on disk. */
export interface StorageSizes {
  readonly dataDirBytes: number;
  readonly logDirBytes: number;
}

/** Sizes of a kind of message in bytes; -1 as long as there was none. */
export interface SizeRange {
  readonly last: number;
  readonly min: number;
  readonly max: number;
}

export interface MemberStatus {
  readonly sid: number;
  readonly role: 'participant' | 'observer';
  /** Seen from here: is it connected and synchronized? Null when this server cannot know. */
  readonly synced: boolean | null;
}

export interface QuorumStatus {
  /** ZooKeeper's words: `leading - broadcast`, `following - synchronization`, `looking`. */
  readonly peerState: string;
  /** Null while there is none. */
  readonly leaderSid: number | null;
  readonly epoch: number;
  readonly members: readonly MemberStatus[];
  /** The current configuration as text, as the last lines of `conf`. */
  readonly membershipText: string;
}

/** Sessions that expire together. */
export interface SessionExpirySet {
  readonly expiresAtWallMs: number;
  readonly sessionIds: readonly bigint[];
}

/**
 * What `dump` prints of sessions. A leader (or a single server) knows when each expires; a learner only which there are.
 */
export type SessionsStatus =
  | { readonly kind: 'tracked'; readonly sets: readonly SessionExpirySet[]; readonly count: number }
  | {
      readonly kind: 'known';
      readonly timeoutsMs: Iterable<readonly [sessionId: bigint, timeoutMs: number]>;
      readonly count: number;
    };

/** The parts of a server that are not its client connections. */
export interface ServerStatus {
  /** See `FULL_VERSION`. */
  readonly version: string;
  readonly settings: ServerSettings;
  /** Time since the process began to run. */
  uptimeMs(): number;
  /** `envi`: names and values in order, `zookeeper.version` first. */
  environment(): readonly (readonly [name: string, value: string])[];
  storageSizes(): Promise<StorageSizes>;
  /** Null when standalone. */
  quorum(): QuorumStatus | null;
  /** `elec`: the last elections and what followed; null when standalone. */
  elections(): ElectionStatus | null;
  /** Null unless this server leads. */
  proposalSizes(): SizeRange | null;
  sessions(): SessionsStatus;
  /** `srst`: also forget what is not in `Metrics`. */
  resetStatistics(): void;
}

/**
 * The zxid that is shown of a server which applied `lastZxid` last. A leader is at its epoch's beginning at least, as Apache
 * ZooKeeper's is from the moment on in which it leads: tools take the epoch from it.
 */
export function shownZxid(status: Pick<ServerStatus, 'quorum'>, mode: ServingMode | null, lastZxid: number): number {
  return mode === 'leader' ? Math.max(lastZxid, makeZxid(status.quorum()?.epoch ?? 0, 0)) : lastZxid;
}
