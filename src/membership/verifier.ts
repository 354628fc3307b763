import type { QuorumServer } from './server.js';

/**
 * Who the servers are and which sets of them are a quorum. Immutable. Any two quorums share a server, which is what every
 * safety argument of elections and Zab rests on.
 */
export interface QuorumVerifier {
  /** Which rule counts quorums. */
  readonly kind: 'majority' | 'hierarchical' | 'oracle';
  /** Version of the configuration (the zxid of the reconfiguration that made it); 0 for a static one. */
  readonly version: number;
  /** All servers by id, in the order of the text. */
  readonly members: ReadonlyMap<number, QuorumServer>;
  readonly voters: ReadonlyMap<number, QuorumServer>;
  readonly observers: ReadonlyMap<number, QuorumServer>;
  /** The third party of a two-server ensemble, which breaks the tie when one is lost; null for the other kinds. */
  readonly oracle: QuorumOracle | null;
  /** How much a server's vote counts; 0 for a voter that may never lead, for observers and for strangers. */
  weight(sid: number): number;
  /** Do these servers (those of them that vote) make a quorum? */
  containsQuorum(sids: ReadonlySet<number>): boolean;
  /** The text that notifications, NEWLEADER and `/zookeeper/config` carry; byte for byte what a Java server writes. */
  toText(): string;
  /** Same kind, and same version or the same servers, groups and weights: a version names one configuration. */
  equals(other: QuorumVerifier): boolean;
  /** The same membership as configuration `version`. */
  withVersion(version: number): QuorumVerifier;
}

/** Decides for one of two servers when they have lost each other (ZOOKEEPER-3922). */
export interface QuorumOracle {
  /** May the oracle be asked? Only while the leader of two has no follower. */
  readonly needed: boolean;
  /** Does the oracle allow this server to go on alone? */
  ask(): boolean;
  /** The leader tells whether it has followers; returns `needed`. */
  update(hasFollowers: boolean): boolean;
}

export interface Roles {
  readonly members: ReadonlyMap<number, QuorumServer>;
  readonly voters: ReadonlyMap<number, QuorumServer>;
  readonly observers: ReadonlyMap<number, QuorumServer>;
}
