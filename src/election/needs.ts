import type { AsyncQueue } from '../host/index.js';
import type { QuorumTally, QuorumVerifier } from '../membership/index.js';
import type { ServerState } from '../protocol/index.js';
import type { Vote } from './vote.js';

/** What an election needs of the server it runs in; the peer fits it. */
export interface ElectionSelf {
  readonly myId: number;
  /** Does this server vote (learner type participant)? */
  isParticipant(): boolean;
  state(): ServerState;
  /** The committed configuration. */
  verifier(): QuorumVerifier;
  /** The last proposed one; null when there is none but the committed one. */
  lastSeenVerifier(): QuorumVerifier | null;
  /** Newest zxid in the log; -1 when it is not known. */
  lastLoggedZxid(): number;
  currentEpoch(): number;
  /** The election is over. Afterwards `state()` must answer `result.state`. */
  elected(result: ElectionResult): void;
  /** What a voter says although this server has a leader: a leader without followers may conclude that it lost them. */
  reportVoter(word: VoterWord): void;
  /** Another server knows a newer configuration. A peer that takes it while looking abandons the election and begins anew. */
  newerConfig(verifier: QuorumVerifier, sid: number): void;
}

/** The word of a voter, as it reaches a server that has a leader. */
export interface VoterWord {
  readonly sid: number;
  /** Whom it votes for or follows. */
  readonly leader: number;
  /** It has a leader (or is one); else it looks for one. */
  readonly isSettled: boolean;
  /** Its vote is better than what this server settled on, in the same round or in a later one. */
  readonly outbids: boolean;
}

export interface ElectionResult {
  readonly state: 'LEADING' | 'FOLLOWING' | 'OBSERVING';
  readonly vote: Vote;
  /** Who voted for the leader; null when an oracle decided. */
  readonly voters: QuorumTally | null;
}

/** How notifications travel; the connection manager fits it. */
export interface ElectionTransport {
  readonly received: AsyncQueue<{ readonly sid: number; readonly bytes: Buffer }>;
  /** Set by the election: called when the connection to a server ended, and when a dial was refused. */
  onPeerDown: ((sid: number) => void) | null;
  /** Sends to a server; only the newest message waits. To the own id: it is received at once. */
  send(sid: number, bytes: Buffer): void;
  /** Dials a server that is not connected. */
  connectOne(sid: number): void;
  connectAll(): void;
  /** Is the last message to any server on its way? */
  allDelivered(): boolean;
  /** Not connected, and a dial that began at `sinceMs` (monotonic) or later was refused. */
  refused(sid: number, sinceMs: number): boolean;
}

export interface ElectionOptions {
  /** First time to wait for notifications before all are sent again (`zookeeper.fastleader.minNotificationInterval`). */
  readonly minNotificationIntervalMs: number;
  /** The waiting time doubles up to this (`zookeeper.fastleader.maxNotificationInterval`). */
  readonly maxNotificationIntervalMs: number;
}

/** How long a quorum's choice is held back for a better vote. */
export const FINALIZE_WAIT_MS = 200;

export const DEFAULT_ELECTION_OPTIONS: ElectionOptions = {
  minNotificationIntervalMs: FINALIZE_WAIT_MS,
  maxNotificationIntervalMs: 60_000,
};
