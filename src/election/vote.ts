import type { Notification, ServerState } from '../protocol/index.js';

/** Whom a server wants as leader, and how far that server's history goes. */
export interface Proposal {
  readonly leader: number;
  readonly zxid: number;
  readonly peerEpoch: number;
}

/** A proposal as it was made: in which round, and in which state the voter was. */
export interface Vote extends Proposal {
  /** The voter's round (logical clock) when it voted; -1 before its first election. */
  readonly electionEpoch: bigint;
  readonly state: ServerState;
  /** Format of the notification it came in; 0 from servers that did not say. */
  readonly version: number;
}

export function voteOf(n: Notification): Vote {
  const { leader, zxid, electionEpoch, peerEpoch, state, version } = n;
  return { leader, zxid, electionEpoch, peerEpoch, state, version };
}

/**
 * Do two votes support the same leader?
 *
 * While at least one of the voters is looking, they must agree in everything. Voters that have settled may remember the
 * zxid and round of the election in which each of them joined, so those do not count: an epoch has one leader, and leader
 * and epoch say it all (ZOOKEEPER-1805). Servers that do not say a version never renew the epoch of their vote after
 * joining; if exactly one of the two is of that kind, the leader alone has to do (ZOOKEEPER-1732).
 */
export function votesAgree(a: Vote, b: Vote): boolean {
  if (a.leader !== b.leader) return false;
  if (a.state === 'LOOKING' || b.state === 'LOOKING') {
    return a.zxid === b.zxid && a.electionEpoch === b.electionEpoch && a.peerEpoch === b.peerEpoch;
  }
  if (a.version > 0 !== b.version > 0) return true;
  return a.peerEpoch === b.peerEpoch;
}

/** What decided between two proposals. */
export type Criterion = 'weight' | 'peerEpoch' | 'zxid' | 'sid' | 'same';

export interface Verdict {
  readonly wins: boolean;
  readonly by: Criterion;
}

/**
 * Is `candidate` better than `current`? The later epoch wins, then the later zxid, then the larger server id: who has the
 * most recent history leads, and equals never tie. A candidate without weight never wins.
 */
export function compareProposals(candidate: Proposal, current: Proposal, weight: (sid: number) => number): Verdict {
  if (weight(candidate.leader) === 0) return { wins: false, by: 'weight' };
  if (candidate.peerEpoch !== current.peerEpoch) {
    return { wins: candidate.peerEpoch > current.peerEpoch, by: 'peerEpoch' };
  }
  if (candidate.zxid !== current.zxid) return { wins: candidate.zxid > current.zxid, by: 'zxid' };
  if (candidate.leader !== current.leader) return { wins: candidate.leader > current.leader, by: 'sid' };
  return { wins: false, by: 'same' };
}
