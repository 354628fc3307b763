import type { Access } from '../auth/index.js';
import { type Clock, Complaints, type Logger } from '../host/index.js';
import { JuteError } from '../jute/index.js';
import type { Metrics, Summary } from '../metrics/index.js';
import {
  type ChangeRequest,
  type CreateSessionTxn,
  ErrorCode,
  formatSessionId,
  type ForwardedRequest,
  type Id,
  MAX_FORWARDED_IDS,
  type MultiRequest,
  OpCode,
  opName,
  Perms,
  readChangeRequest,
  type ReconfigRequest,
  type Txn,
  type TxnDigest,
  type TxnEntry,
} from '../protocol/index.js';
import { CONFIG_PATH, type DataTree } from '../tree/index.js';
import { EntryEncoder } from './entry-encoder.js';
import type { ReconfigGate } from './needs.js';
import { NodeRules, type Petition, type Verdict } from './node-rules.js';
import type { PipelineOptions } from './options.js';
import { PendingChanges } from './pending-changes.js';
import { QuotaRules } from './quota-rules.js';
import type { SessionOwner, SessionRules } from './session-rules.js';
import { TransactionRoom } from './transaction-room.js';

/**
 * A closeSession that would list more than so many bytes of paths lists none: it would not fit into a packet that servers
 * accept (ZOOKEEPER-4306). Every server then deletes by owner, and there is no digest to compare, for behind such a
 * transaction nobody could tell it from a list.
 */
const MAX_LISTED_BYTES = 512 * 1024;

const NOBODY: readonly Id[] = [];

export interface ValidatorDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly store: { readonly tree: DataTree };
  readonly sessions: SessionRules;
  readonly access: Access;
  readonly reconfig: ReconfigGate | null;
  readonly options: PipelineOptions;
}

/**
 * Turns requests into transactions, judged by the tree and everything that is proposed already. A request that ZooKeeper's
 * rules refuse becomes an error transaction: it takes a zxid and goes through the log like any other, so that whoever asked
 * learns of it in order.
 */
export class Validator {
  readonly pending: PendingChanges;
  private readonly rules: NodeRules;
  private readonly encoder = new EntryEncoder();
  /** The request that is being judged: nobody keeps it, so one object does for all. */
  private readonly petition;
  private readonly room: TransactionRoom;
  private readonly complaints: Complaints;
  private readonly closePrepTime: Summary;

  constructor(private readonly deps: ValidatorDeps) {
    const { access, clock, log, metrics, options, sessions, store } = deps;
    this.room = new TransactionRoom(options.maxTransactionBytes);
    this.petition = newPetition(this.room);
    this.complaints = new Complaints(clock, log);
    this.pending = new PendingChanges(store, options, metrics);
    const quotas = new QuotaRules(store, options.enforceQuota, log, metrics);
    this.rules = new NodeRules(this.pending, sessions, access, quotas, options.extendedTypes);
    this.closePrepTime = metrics.summary('close_session_prep_time');
  }

  /**
   * The transaction `zxid` for a request; its changes are pending from now on, so it must be proposed. Bytes that are no
   * request become an error transaction, too: ZooKeeper 3.9 logs one under a zxid that is taken already, 3.8 did not.
   * `wallMs` is the transaction's time.
   */
  validate(request: ForwardedRequest, owner: SessionOwner, zxid: number, wallMs = this.deps.clock.wallMs()): TxnEntry {
    const { petition } = this;
    const { type } = request;
    petition.sessionId = request.sessionId;
    petition.owner = owner;
    petition.auth = request.auth;
    petition.zxid = zxid;
    petition.time = wallMs;
    this.pending.begin();
    this.room.begin(1);
    if (hasTooManyIds(request)) {
      this.tellTooManyIds(request);
      return this.refuse(request, petition, this.strayError(request, owner) || ErrorCode.marshallingError);
    }
    let op: ChangeRequest;
    try {
      op = readChangeRequest(request.body, type);
    } catch (error) {
      if (!(error instanceof JuteError)) throw error;
      return this.refuse(request, petition, this.strayError(request, owner) || ErrorCode.marshallingError);
    }
    const stray = type === OpCode.multi ? 0 : this.strayError(request, owner);
    if (stray !== 0) return this.refuse(request, petition, stray);
    const verdict = this.judge(op, petition);
    if (this.room.isExceeded) this.tellTooLarge(request);
    if (typeof verdict === 'number') return this.refuse(request, petition, verdict);
    return this.encode(request, petition, verdict);
  }

  /**
   * It says the digest of the tree, which it leaves as it is. ZooKeeper's say none, but read one: without it an epoch of
   * nothing but errors would hide that the log before it was lost.
   */
  private refuse(request: ForwardedRequest, petition: Petition, err: number): TxnEntry {
    return this.encode(request, petition, { type: OpCode.error, err });
  }

  /**
   * A request that comes late from a server which its session has left is refused for that, whatever else is wrong with it:
   * any other error could be taken for the answer to a request of the same number on the server where the session is now.
   * 0: it is not such a one. Each part of a multi is asked for itself.
   */
  private strayError({ sessionId, type }: ForwardedRequest, owner: SessionOwner): number {
    if (owner === 'local' || type === OpCode.createSession || type === OpCode.closeSession) return 0;
    const err = this.deps.sessions.check(sessionId, owner);
    return err === ErrorCode.sessionMoved ? err : 0;
  }

  private tellTooManyIds({ sessionId, type }: ForwardedRequest): void {
    this.complaints.warn(
      'too many ids',
      `A ${opName(type)} of session ${formatSessionId(sessionId)} is refused with MarshallingError: its client is authenticated as more users than a leader judges by (${MAX_FORWARDED_IDS}, in as many bytes as a packet may have). Let the client authenticate once for each user.`,
      { code: 'TXN_TOO_MANY_IDS', session: formatSessionId(sessionId) },
    );
  }

  private tellTooLarge({ sessionId, type }: ForwardedRequest): void {
    const { maxBytes } = this.room;
    this.complaints.warn(
      'too large',
      `A ${opName(type)} of session ${formatSessionId(sessionId)} is refused with MarshallingError: its transaction would have more than ${maxBytes} bytes, which servers do not take from each other. Let the client split it or give its nodes shorter ACLs, or raise jute.maxbuffer on all servers.`,
      { code: 'TXN_TOO_LARGE', session: formatSessionId(sessionId), maxBytes },
    );
  }

  private encode({ sessionId, cxid }: ForwardedRequest, { zxid, time }: Petition, txn: Txn): TxnEntry {
    const header = { clientId: sessionId, cxid, zxid, time, type: txn.type };
    return this.encoder.encode(header, txn, this.digestBehind(txn));
  }

  private digestBehind(txn: Txn): TxnDigest | null {
    return txn.type === OpCode.closeSession && txn.paths === null ? null : this.pending.digest();
  }

  private judge(op: ChangeRequest, petition: Petition): Verdict {
    switch (op.type) {
      case OpCode.multi:
        return this.multi(op, petition);
      case OpCode.setACL:
        return this.rules.setAcl(op, petition);
      case OpCode.deleteContainer:
        return this.rules.deleteContainer(op, petition);
      case OpCode.closeSession:
        return this.closeSession(petition);
      case OpCode.createSession:
        return this.createSession(op.timeoutMs, petition);
      case OpCode.reconfig:
        return this.reconfig(op, petition);
      case OpCode.check:
        // On its own it would be logged as if it changed something (ZOOKEEPER-2623).
        return ErrorCode.unimplemented;
      default:
        return this.rules.judge(op, petition);
    }
  }

  /**
   * All or nothing. When a part fails, those behind it are not tried. One that has no room fails for the size of all, so that
   * the error stands for the whole.
   *
   * A create2 becomes a create, which makes the same node: servers before 3.9 that find a create2 in a multi change nothing,
   * and say nothing (ZOOKEEPER-4026).
   */
  private multi({ ops }: MultiRequest, petition: Petition): Verdict {
    const { pending } = this;
    const txns: Txn[] = [];
    let hasFailed = false;
    this.room.begin(ops.length);
    pending.beginMulti();
    for (const op of ops) {
      const verdict = hasFailed ? ErrorCode.runtimeInconsistency : this.rules.judge(op, petition);
      if (this.room.isExceeded) {
        pending.rollback();
        return ErrorCode.marshallingError;
      }
      if (typeof verdict === 'number') {
        hasFailed = true;
        txns.push({ type: OpCode.error, err: verdict });
      } else {
        txns.push(verdict.type === OpCode.create2 ? { ...verdict, type: OpCode.create } : verdict);
      }
    }
    if (hasFailed) pending.rollback();
    else pending.endMulti();
    return { type: OpCode.multi, txns };
  }

  private createSession(timeoutMs: number, { sessionId, owner }: Petition): CreateSessionTxn {
    this.deps.sessions.track(sessionId, timeoutMs, owner);
    return { type: OpCode.createSession, timeoutMs };
  }

  /** Nobody asks who closes a session: the leader itself does when it expires. */
  private closeSession(petition: Petition): Txn {
    const { clock, options, sessions } = this.deps;
    const startMs = clock.monotonicMs();
    const paths = this.pending.ephemeralsOf(petition.sessionId);
    this.pending.removeAll(paths, petition);
    let listedBytes = 0;
    for (const path of paths) listedBytes += 4 + Buffer.byteLength(path);
    sessions.setClosing(petition.sessionId);
    this.closePrepTime.record(clock.monotonicMs() - startMs);
    const areListed = options.closeSessionTxn && listedBytes <= Math.min(MAX_LISTED_BYTES, this.room.bytesLeft);
    return { type: OpCode.closeSession, paths: areListed ? [...paths] : null };
  }

  private reconfig(request: ReconfigRequest, petition: Petition): Verdict {
    const { access, reconfig, sessions } = this.deps;
    if (reconfig === null) return ErrorCode.reconfigDisabled;
    const { sessionId, owner, auth, zxid } = petition;
    const err = sessions.check(sessionId, owner);
    if (err !== 0) return err;
    const data = reconfig.plan(request, zxid);
    if (typeof data === 'number') return data;
    const node = this.pending.find(CONFIG_PATH);
    if (node === null) return ErrorCode.noNode;
    if (!access.allows(node.acl, Perms.write, auth)) return ErrorCode.noAuth;
    const txn = { type: OpCode.reconfig, path: CONFIG_PATH, data, version: -1 };
    if (!this.room.admits(txn)) return ErrorCode.marshallingError;
    this.pending.setData(node, data, -1, petition);
    return txn;
  }
}

/** Nobody asks who opens or closes a session, and one that could not be closed would keep its ephemeral nodes. */
function hasTooManyIds({ auth, type }: ForwardedRequest): boolean {
  return auth.length > MAX_FORWARDED_IDS && type !== OpCode.closeSession && type !== OpCode.createSession;
}

function newPetition(room: TransactionRoom) {
  return { sessionId: 0n, owner: 'local' as SessionOwner, auth: NOBODY, zxid: 0, time: 0, room };
}
