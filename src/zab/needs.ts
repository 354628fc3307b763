import type { JuteWriter } from '../jute/index.js';
import type { QuorumVerifier } from '../membership/index.js';
import type { ForwardedRequest, TxnDigest, TxnEntry } from '../protocol/index.js';

/**
 * What Zab needs of the rest of a server. The peer fits `History` with the database, `LeaderServer` and `LearnerServer` with
 * the request pipelines; Zab gives them `Broadcast` and `LeaderLink`.
 */

/** The configurations in force. Asked anew whenever a quorum is counted, for they change by reconfiguration. */
export interface ConfigView {
  /** The committed configuration. */
  verifier(): QuorumVerifier;
  /** The last proposed one; null when there is none but the committed one. */
  lastSeenVerifier(): QuorumVerifier | null;
}

/** The epochs a server has promised; both writes are durable (file and name) when they resolve. */
export interface EpochStore {
  /** Epoch of the last leader whose NEWLEADER this server acknowledged. */
  readonly current: number;
  /** Newest epoch this server has accepted from a would-be leader. */
  readonly accepted: number;
  setCurrent(epoch: number): Promise<void>;
  setAccepted(epoch: number): Promise<void>;
}

/** A point-in-time image of sessions and tree, serialized in slices. */
export interface SnapshotSend {
  readonly zxid: number;
  /** The digest of all that is in it; null when that is not known. */
  readonly digest: TxnDigest | null;
  /** Appends until about `maxBytes` were added; true when there is more to come. */
  write(w: JuteWriter, maxBytes: number): boolean;
  close(): void;
}

/** An image that arrives; nothing of the old state changes before `finish`. */
export interface SnapshotReceive {
  /** Bytes taken that are not written to disk yet. */
  readonly backlogBytes: number;
  /** Resolves when they are written. */
  drained(): Promise<void>;
  /** Takes the next bytes of the stream; null: more is needed, else what stands behind the tree. */
  push(chunk: Buffer): Buffer | null;
  /** Stages durably, then swaps tree and log; afterwards the log continues behind the image's zxid. */
  finish(): Promise<void>;
  abort(): Promise<void>;
}

/** The newest applied transactions, without holes, ending with the last applied one. */
export interface CommittedLog {
  readonly minZxid: number;
  readonly maxZxid: number;
  readonly entries: readonly TxnEntry[];
}

/** The part of the database that Zab uses: one log, one tree. */
export interface History {
  readonly epochs: EpochStore;
  /** -1: empty, and not allowed to begin on its own. */
  readonly lastLoggedZxid: number;
  readonly durableZxid: number;
  readonly lastAppliedZxid: number;
  /** -1 when everything logged is applied. */
  readonly nextUnappliedZxid: number;
  readonly committedLog: CommittedLog;
  /** Called once per group commit with the newest durable zxid. The role in force sets it. */
  onDurable: ((zxid: number) => void) | null;
  /** How long the oldest append has been waiting for the disk; 0: nothing waits. */
  oldestUnsyncedMs(nowMonotonicMs: number): number;
  append(entry: TxnEntry): void;
  /** Resolves when everything appended so far is durable. */
  flush(): Promise<void>;
  /** Applies the oldest logged entry that is not applied; throws when it is not durable. */
  applyNext(): unknown;
  /** Flushes, then applies everything logged: memory is what the log says. */
  settle(): Promise<void>;
  /**
   * The applied transactions on disk, beginning with the newest at or before `afterZxid`, or with the one right behind it.
   * Throws before the first one when the log does not lead from there to the present.
   */
  readLog(afterZxid: number): AsyncIterable<TxnEntry>;
  /** Bytes of the newest snapshot file; 0 when there is none. */
  syncSizes(afterZxid: number): Promise<{ readonly snapshotBytes: number }>;
  /** Drops everything behind exactly this record; throws when the log does not have it. */
  truncate(zxid: number): Promise<void>;
  beginSnapshotSend(): SnapshotSend;
  /** `digest`: what the leader says of the image, which is refused when it has another; null: nothing. */
  receiveSnapshot(zxid: number, digest: TxnDigest | null): SnapshotReceive;
  /** An image that was received, now or before a restart, holds nothing of the transactions after `zxid`. */
  trustDigestAfter(zxid: number): void;
}

/** The request pipeline of a leader. */
export interface LeaderServer {
  /** The epoch is established: a quorum follows. Requests may be proposed from now on. */
  startLeading(broadcast: Broadcast): void;
  /** A learner's client wants something: validate and propose before returning. Syncs do not come here. */
  forwarded(request: ForwardedRequest, sid: number): void;
  /** Does the session live? If so it is touched, and learner `sid` owns it now. */
  revalidate(sessionId: bigint, timeoutMs: number, sid: number): boolean;
  /** A learner heard from the session. */
  touch(sessionId: bigint, timeoutMs: number): void;
  /** The next transaction is committed and durable here: apply it and answer. */
  committed(zxid: number): void;
}

/** What a leader's pipeline may do while the role lasts; afterwards every call is ignored. */
export interface Broadcast {
  readonly epoch: number;
  /** The last zxid given away; the next proposal must have the one behind it. */
  readonly lastProposed: number;
  /** Appends to the own log and sends PROPOSAL to the followers. */
  propose(entry: TxnEntry): void;
  /** `done` runs once everything proposed so far is applied here and this server is known to lead still. */
  sync(done: () => void): void;
}

/** The request pipeline of a follower or observer. */
export interface LearnerServer {
  /** UPTODATE came: the state is as new as the leader's. */
  startServing(link: LeaderLink): void;
  /** The next transaction is committed and durable here: apply it and answer. */
  committed(zxid: number): void;
  /** The oldest sync that was forwarded and not answered is done: what was committed before it is applied here. */
  syncDone(): void;
  revalidated(sessionId: bigint, valid: boolean): void;
  /**
   * A client has come with the session to another server behind the same follower: nobody here has it any more, and no request
   * of it may be forwarded until a client comes back with it.
   */
  sessionMoved(sessionId: bigint): void;
  /** Sessions heard from since the last call, for the answer to PING. */
  drainTouched(): Iterable<readonly [sessionId: bigint, timeoutMs: number]>;
}

/** What a learner's pipeline may ask of its leader while the role lasts; afterwards every call is ignored. */
export interface LeaderLink {
  readonly leaderSid: number;
  forward(request: ForwardedRequest): void;
  revalidate(sessionId: bigint, timeoutMs: number): void;
}

/**
 * Roles tell here what they learn about configurations; absent where the configuration may not change. What a new one means
 * for this server is the peer's business. Texts that are no configuration throw a `MembershipError`.
 */
export interface ReconfigHook {
  /**
   * A configuration was proposed, or came with NEWLEADER: from this call on it is the last seen one. Resolves when it is
   * remembered on disk, which must be before anything that speaks for it is acknowledged. Never rejects.
   */
  proposed(configText: string): Promise<void>;
  /** NEWLEADER's configuration is in force. False: this server's part in it is another one, so the role is over. */
  established(configText: string): boolean;
  /**
   * A reconfiguration is committed and, on learners, applied. `configText` is null where the proposal was logged in an
   * earlier role: then the tree has it. False: the role is over, because this server's part or its leader changes.
   */
  activated(configText: string | null, suggestedLeader: number, zxid: number): boolean;
}
