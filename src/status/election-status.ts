import type { ServerState } from '../protocol/index.js';

/**
 * How a server came to its role: the elections it took part in, round by round, and the phases that followed. Plain values
 * throughout, so that its JSON is the same (the four-letter word `elec` sends it). Times ending in `Ms` are milliseconds with
 * a fraction; `atMs` and `startMs` count from the beginning of the election, `...WallMs` from 1970.
 */
export interface ElectionStatus {
  readonly sid: number;
  readonly state: ServerState;
  /** Null while there is none. */
  readonly leader: number | null;
  /** The last epoch that this server accepted and wrote down (`currentEpoch`). */
  readonly epoch: number;
  /** ZooKeeper's words: `leading - broadcast`, `following - synchronization`, `looking`. */
  readonly peerState: string;
  /** Are clients served now? */
  readonly serving: boolean;
  /** The last ones, oldest first; the newest may still be going on. */
  readonly elections: readonly ElectionView[];
}

/** One search for a leader and the term that it led to. */
export interface ElectionView {
  readonly startedWallMs: number;
  /** Null while it lasts. */
  readonly durationMs: number | null;
  /** Null while it lasts, and when it was given up because the server stopped. */
  readonly outcome: ElectionOutcome | null;
  /** Oldest first. An election has several when another server is in a later one. */
  readonly rounds: readonly RoundView[];
  /** In the order of time: those of the election, then those of the role. */
  readonly phases: readonly PhaseView[];
  /** From the beginning of the election until the role began to serve; null when it has not come to that. */
  readonly servedAfterMs: number | null;
  /** Steps that are forgotten, because there were too many. */
  readonly droppedSteps: number;
}

export interface ElectionOutcome {
  readonly state: ServerState;
  readonly leader: number;
  readonly round: number;
  /** By the votes of the round, by servers that had a leader already, or by an oracle. */
  readonly by: 'round' | 'settled' | 'oracle';
}

/** One round (value of the logical clock) as this server saw it. */
export interface RoundView {
  /** The nearest number when it is beyond 2^53, as no honest ensemble's is. */
  readonly round: number;
  readonly startMs: number;
  /** The last word of each voter that was heard, by server id. */
  readonly votes: readonly (VoteView & { readonly voter: number })[];
  readonly notifications: readonly NotificationView[];
  readonly comparisons: readonly ComparisonView[];
  readonly ignored: readonly IgnoredView[];
  /** The comparison that the elected leader won last; null when it won none, or is not elected yet. */
  readonly decision: ComparisonView | null;
  /** The quorum that ended the round; null when none did. */
  readonly quorum: QuorumView | null;
}

/** Whom a server wants as leader, and how far that one's history goes. All null: nobody, from a server without a vote. */
export interface ProposalView {
  readonly leader: number | null;
  /** `0x100000002` */
  readonly zxid: string | null;
  readonly epoch: number | null;
}

export interface VoteView extends ProposalView {
  /** The voter's round. */
  readonly round: number;
  /** The voter's state. */
  readonly state: ServerState;
}

export interface NotificationView {
  readonly atMs: number;
  readonly direction: 'sent' | 'received';
  /** To whom, or from whom. */
  readonly peers: readonly number[];
  readonly vote: VoteView;
}

export interface ComparisonView {
  readonly atMs: number;
  readonly candidate: ProposalView;
  readonly current: ProposalView;
  /** Is the candidate better? */
  readonly wins: boolean;
  /** What made the difference; `weight`: the candidate has none. */
  readonly by: 'weight' | 'epoch' | 'zxid' | 'server id';
}

export interface IgnoredView {
  readonly atMs: number;
  readonly from: number;
  readonly because: string;
}

export interface QuorumView {
  readonly atMs: number;
  readonly leader: number;
  /** Which votes were counted: of this round, or of servers that had a leader already. */
  readonly votes: 'round' | 'settled';
  /** Who agreed, one list for each configuration that must have a quorum. */
  readonly agreed: readonly (readonly number[])[];
}

export interface PhaseView {
  /** `finalizing`: a quorum agrees and a better vote is waited for. The last three are Zab's. */
  readonly name: 'voting' | 'finalizing' | 'discovery' | 'synchronization' | 'broadcast';
  readonly startMs: number;
  /** Null while it lasts. */
  readonly durationMs: number | null;
  /** Empty, or how it went: `DIFF 0x100000002 at 0x100000001`, the reason of the end. */
  readonly note: string;
}
