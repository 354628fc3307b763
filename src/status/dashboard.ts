import type { ElectionStatus } from './election-status.js';
import type { ServingMode } from './server-status.js';

/**
 * What the admin server answers to the dashboard, as JSON. Zxids and session ids are texts (`0x100000002`), since numbers of
 * JavaScript are not exact enough. Names ending in `Ms`, `Bytes`, `WallMs` (since 1970) say their unit.
 */

/** A server about itself. */
export interface ServerSummary {
  /** 0: it is alone. */
  readonly sid: number;
  readonly version: string;
  readonly wallMs: number;
  readonly uptimeMs: number;
  /** As whom it serves clients; null: it does not. */
  readonly mode: ServingMode | null;
  /** ZooKeeper's words: `leading - broadcast`, `looking`; `standalone` of one that is alone. */
  readonly peerState: string;
  readonly leader: number | null;
  readonly epoch: number;
  readonly lastZxid: string;
  readonly members: readonly MemberSummary[];
  /** Of a leader: those that follow or observe it. */
  readonly learners: readonly LearnerSummary[];
  readonly clients: ClientFigures;
  readonly tree: TreeFigures;
  readonly disk: DiskFigures;
}

export interface MemberSummary {
  readonly sid: number;
  readonly role: 'participant' | 'observer';
  /** `zk1.example.com:2888` */
  readonly address: string;
}

/** A learner as its leader sees it. */
export interface LearnerSummary {
  readonly sid: number;
  readonly address: string;
  readonly isObserver: boolean;
  /** Is it synchronized? */
  readonly isLive: boolean;
  /** Null before its first acknowledgement. */
  readonly ackedZxid: string | null;
  /** Transactions of the leader's log that it has not acknowledged. */
  readonly lag: number;
  readonly queuedPackets: number;
  readonly queuedBytes: number;
  readonly connectedForMs: number;
}

/** Totals since the start or the last `srst`, so that who asks twice can tell rates. */
export interface ClientFigures {
  readonly connections: number;
  /** Of the whole ensemble, as far as this server knows. */
  readonly sessions: number;
  readonly outstanding: number;
  readonly packetsReceived: number;
  readonly packetsSent: number;
  readonly reads: Latency;
  readonly writes: Latency;
}

/** Milliseconds. */
export interface Latency {
  readonly count: number;
  readonly sum: number;
  readonly average: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface TreeFigures {
  readonly nodes: number;
  readonly ephemerals: number;
  readonly watches: number;
  readonly dataBytes: number;
}

export interface DiskFigures {
  readonly fsync: Latency;
  /** fdatasyncs slower than `fsync.warningthresholdms`. */
  readonly slowFsyncs: number;
  readonly snapshotBytes: number;
  readonly logBytes: number;
  /** The least of the data folders; null: unknown. */
  readonly freeBytes: number | null;
}

/** One member of the ensemble, as the server that was asked could learn of it. */
export interface EnsembleMember extends MemberSummary {
  /** `self`: the server asked; `admin`: told by its admin port; `leader`: only what its leader knows; `none`: nothing. */
  readonly source: 'self' | 'admin' | 'leader' | 'none';
  readonly summary: ServerSummary | null;
  /** What the leader knows of it, where a leader could be asked. */
  readonly learner: LearnerSummary | null;
  /** Where its admin port was looked for; empty for the server asked. */
  readonly adminAddress: string;
  /** Why its admin port told nothing; empty when it did. */
  readonly problem: string;
}

export interface EnsembleView {
  /** Who was asked. */
  readonly sid: number;
  readonly members: readonly EnsembleMember[];
}

export interface MemberElections {
  readonly sid: number;
  /** Null: it could not be asked, or is alone. */
  readonly status: ElectionStatus | null;
  readonly problem: string;
}

export interface EnsembleElections {
  readonly sid: number;
  readonly members: readonly MemberElections[];
}

export interface AclView {
  /** Letters of `cdrwa`, in this order. */
  readonly perms: string;
  readonly scheme: string;
  readonly id: string;
}

export interface NodeView {
  readonly path: string;
  readonly kind: 'persistent' | 'ephemeral' | 'container' | 'ttl';
  /** Null unless it is a session's. */
  readonly owner: string | null;
  /** 0 unless its kind is `ttl`. */
  readonly ttlMs: number;
  readonly children: number;
  readonly descendants: number;
  readonly czxid: string;
  readonly mzxid: string;
  readonly pzxid: string;
  readonly ctimeWallMs: number;
  readonly mtimeWallMs: number;
  readonly version: number;
  readonly cversion: number;
  readonly aversion: number;
  readonly acl: readonly AclView[];
  readonly data: NodeData;
}

export interface NodeData {
  /** Is there any? Null and empty are two things. */
  readonly isNull: boolean;
  readonly totalBytes: number;
  readonly offset: number;
  /** From the offset on, at most as many bytes as were asked for. */
  readonly base64: string;
}

export interface ChildView {
  readonly name: string;
  /** May the asker read it? If not, nothing else is told. */
  readonly isReadable: boolean;
  readonly children: number;
  readonly dataBytes: number;
  readonly isEphemeral: boolean;
}

export interface ChildrenPage {
  readonly path: string;
  /** All children of the node. */
  readonly total: number;
  /** In the order of their names' UTF-16 code units. */
  readonly children: readonly ChildView[];
  /** What `after` must say for the next page; null: this is the last. */
  readonly next: string | null;
}

/** A part of a list, by its place. */
export interface Page<T> {
  /** All that fit the search. */
  readonly total: number;
  readonly offset: number;
  readonly items: readonly T[];
  /** Was the list too long to be searched whole? Then the total is of what was searched. */
  readonly isPartial: boolean;
}

export interface SessionView {
  readonly id: string;
  readonly timeoutMs: number | null;
  /** Only who expires sessions knows: a leader, or a server that is alone. */
  readonly expiresWallMs: number | null;
  readonly ephemerals: number;
  /** Null: its client is connected to another server, or to none. */
  readonly connection: ConnectionSummary | null;
}

export interface ConnectionSummary {
  /** `127.0.0.1:50000` */
  readonly remote: string;
  readonly isSecure: boolean;
  readonly establishedWallMs: number;
  readonly lastOperation: string;
  readonly received: number;
  readonly sent: number;
  readonly outstanding: number;
  readonly averageLatencyMs: number;
  readonly maxLatencyMs: number;
}

export interface WatchedPath {
  readonly path: string;
  readonly kind: 'data' | 'child';
  readonly watchers: number;
  /** The first ones. */
  readonly sessions: readonly string[];
}

/** A request that clients waited long for. */
export interface SlowRequest {
  readonly wallMs: number;
  readonly latencyMs: number;
  /** `setData` */
  readonly operation: string;
  /** Null: it has none, or several. */
  readonly path: string | null;
  readonly session: string;
  readonly remote: string;
}

export interface SlowRequests {
  /** How far back they go. */
  readonly windowMs: number;
  /** Slowest first. */
  readonly requests: readonly SlowRequest[];
}
