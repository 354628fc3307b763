import { crc32 } from 'node:zlib';
import type { TxnEntry } from '../../../src/protocol/index.js';
import { ErrorCode, formatSessionId, formatZxid, OpCode, zxidCounter, zxidEpoch } from '../../../src/protocol/index.js';
import type { Problems } from '../problems.js';
import { TreeHistory } from './tree-history.js';

const LATE_ERRORS: ReadonlySet<number> = new Set([ErrorCode.sessionMoved, ErrorCode.sessionExpired]);

/** A transaction that some server has logged. */
interface Logged {
  readonly entry: TxnEntry;
  readonly checksum: number;
  /** What stands before it in that log. */
  readonly previousZxid: number;
  /** When the first server logged it. */
  readonly atMs: number;
}

/** Clocks of servers run faster by less than this factor. */
const FASTEST_CLOCK = 1.25;

/**
 * The one order of committed transactions, put together from what all servers log and apply, and the states of tree and
 * sessions that follow from it.
 *
 * A server that applies a transaction as committed vouches for everything before it in its log. So the order grows by
 * walking back from a newly committed transaction to the newest one known: when that way does not lead there, a committed
 * transaction was lost or two histories were mixed.
 */
export class CommitOrder {
  readonly tree = new TreeHistory();
  /** Living sessions and their time-outs. */
  readonly sessions = new Map<bigint, number>();
  readonly closedSessions = new Map<bigint, number>();
  /** Sessions whose clients number their requests from 1 on each connection: a number is not one request's. */
  readonly countsAnew = new Set<bigint>();
  /** Sessions that no transaction made are their server's alone, and may write. */
  hasLocalSessions = false;
  /** Called when a session ends. */
  onSessionClosed: ((entry: TxnEntry) => void) | null = null;
  /** Called before a transaction counts as committed, because this server says so. */
  onCommitting: ((sid: number, entry: TxnEntry) => void) | null = null;
  private readonly logged = new Map<number, Logged>();
  private readonly order = new Map<number, Logged>();
  private readonly byRequest = new Map<string, TxnEntry>();
  private readonly digests = new Map<number, bigint>();
  private readonly lastCxid = new Map<bigint, number>();
  private readonly leaders = new Map<number, { readonly sid: number; readonly atMs: number }>();
  private readonly sessionsMadeMs = new Map<bigint, number>();

  constructor(private readonly problems: Problems) {}

  get lastZxid(): number {
    return this.tree.lastZxid;
  }

  get size(): number {
    return this.order.size;
  }

  /** It has no transaction of its own: it lives on one server, and ends there. */
  isLocal(session: bigint): boolean {
    return this.hasLocalSessions && !this.sessionsMadeMs.has(session);
  }

  /** Epochs in which a leader was established. */
  get epochCount(): number {
    return this.leaders.size;
  }

  has(zxid: number): boolean {
    return this.order.has(zxid);
  }

  /** The committed transaction of a client's request, which was answered with `zxid`. */
  ofRequest(session: bigint, cxid: number, zxid: number): TxnEntry | undefined {
    if (!this.countsAnew.has(session)) return this.byRequest.get(`${session}/${cxid}`);
    const entry = this.order.get(zxid)?.entry;
    return entry?.header.clientId === session && entry.header.cxid === cxid ? entry : undefined;
  }

  /**
   * A quorum acknowledged this leader and it serves: its history up to `zxid` is committed. It may learn late that it was
   * acknowledged, when others lead a later epoch (it stood still, and the last acknowledgement waited for it): what those
   * committed it need not have.
   */
  established(epoch: number, sid: number, zxid: number): void {
    if (zxid > this.lastZxid) this.extendTo(sid, zxid);
    else if (zxidCounter(zxid) !== 0) {
      const owed = this.lastBefore(epoch);
      if (zxid < owed || !this.has(zxid)) {
        const [is, lost] = [formatZxid(zxid), formatZxid(owed)];
        const text = `server ${sid} leads epoch ${epoch} with a history up to ${is}, without the committed ${lost}`;
        this.problems.report('committed sequences agree', text);
      }
    }
    const before = this.leaders.get(epoch);
    if (before === undefined) this.leaders.set(epoch, { sid, atMs: this.problems.nowMs() });
    else this.problems.report('one leader an epoch', `epoch ${epoch} has the leaders ${before.sid} and ${sid}`);
  }

  /** The newest committed transaction of the epochs before this one. */
  private lastBefore(epoch: number): number {
    if (zxidEpoch(this.lastZxid) < epoch) return this.lastZxid;
    let last = 0;
    for (const zxid of this.order.keys()) if (zxidEpoch(zxid) < epoch && zxid > last) last = zxid;
    return last;
  }

  /** A server logs a transaction behind `previousZxid`; not yet durable. */
  append(sid: number, previousZxid: number, entry: TxnEntry): void {
    const { zxid } = entry.header;
    const checksum = crc32(entry.bytes);
    const known = this.logged.get(zxid);
    if (known === undefined) {
      this.logged.set(zxid, { entry, checksum, previousZxid, atMs: this.problems.nowMs() });
    } else if (known.checksum !== checksum) {
      this.problems.report('one content a zxid', `server ${sid} logs another transaction as ${formatZxid(zxid)}`);
    }
  }

  /** A server applies a transaction because it is committed; its tree was at `previousZxid` and has `digest` now. */
  commit(sid: number, previousZxid: number, entry: TxnEntry, digest: bigint): void {
    const { zxid } = entry.header;
    if (zxid > this.lastZxid && !this.extendTo(sid, zxid)) return;
    const known = this.order.get(zxid);
    if (known?.checksum !== crc32(entry.bytes)) {
      this.problems.report(
        'committed sequences agree',
        `server ${sid} applies ${formatZxid(zxid)}, which was not committed`,
      );
      return;
    }
    const isLinked = known.previousZxid === previousZxid || zxidCounter(previousZxid) === 0;
    if (!isLinked) {
      const [is, should] = [formatZxid(previousZxid), formatZxid(known.previousZxid)];
      this.problems.report('no gaps', `server ${sid} applies ${formatZxid(zxid)} behind ${is} instead of ${should}`);
    }
    this.checkDigest(sid, zxid, digest);
  }

  /**
   * A learner begins to serve the state after `zxid`: with that it says that it is committed, which its leader may know before
   * anybody has applied it. It is held to that as to any commit.
   */
  joined(sid: number, zxid: number, digest: bigint): void {
    if (zxid > this.lastZxid && zxidCounter(zxid) !== 0) this.extendTo(sid, zxid);
    this.checkDigest(sid, zxid, digest);
  }

  private checkDigest(sid: number, zxid: number, digest: bigint): void {
    const expected = this.digests.get(zxid);
    if (expected === undefined) this.digests.set(zxid, digest);
    else if (expected !== digest) {
      this.problems.report('digests agree', `server ${sid} has another tree than others after ${formatZxid(zxid)}`);
    }
  }

  private extendTo(sid: number, zxid: number): boolean {
    const way: Logged[] = [];
    let at = zxid;
    while (at > this.lastZxid) {
      const step = this.logged.get(at);
      if (step === undefined) break;
      way.push(step);
      at = step.previousZxid;
    }
    if (at !== this.lastZxid) {
      const [is, lost] = [formatZxid(at), formatZxid(this.lastZxid)];
      const text = `server ${sid} commits ${formatZxid(zxid)}, whose history comes from ${is} without the committed ${lost}`;
      this.problems.report('committed sequences agree', text);
      return false;
    }
    for (const step of way.reverse()) {
      this.onCommitting?.(sid, step.entry);
      this.push(step);
    }
    return true;
  }

  private push(step: Logged): void {
    const { header, txn } = step.entry;
    this.order.set(header.zxid, step);
    this.checkSession(step.entry);
    const fault = this.tree.apply(header, txn);
    if (fault !== undefined) this.problems.report('transactions make sense', `${formatZxid(header.zxid)} ${fault}`);
    if (txn.type === OpCode.createSession) {
      this.sessions.set(header.clientId, txn.timeoutMs);
      this.sessionsMadeMs.set(header.clientId, step.atMs);
    } else if (txn.type === OpCode.closeSession) {
      if (header.cxid === 0) this.checkExpiry(step);
      this.sessions.delete(header.clientId);
      this.closedSessions.set(header.clientId, header.zxid);
      this.onSessionClosed?.(step.entry);
    }
  }

  /** Since it was made, and under each new leader, a session has its whole time-out. */
  private checkExpiry({ atMs, entry }: Logged): void {
    const { clientId, zxid } = entry.header;
    const timeoutMs = this.sessions.get(clientId) ?? 0;
    const leadsSinceMs = this.leaders.get(zxidEpoch(zxid))?.atMs ?? 0;
    const lastedMs = atMs - Math.max(leadsSinceMs, this.sessionsMadeMs.get(clientId) ?? 0);
    if (lastedMs >= timeoutMs / FASTEST_CLOCK) return;
    const who = formatSessionId(clientId);
    const text = `${who} expires ${Math.round(lastedMs)} ms after it or its leader began; its time-out is ${timeoutMs} ms`;
    this.problems.report('sessions do not expire early', text);
  }

  /** A session's requests take effect in the order of their numbers, and only while it lives. */
  private checkSession(entry: TxnEntry): void {
    const { clientId, cxid, zxid, type } = entry.header;
    const { txn } = entry;
    // What a server that has lost the session to another passes on late is refused, whatever its number.
    const parts = txn.type === OpCode.multi ? txn.txns : [txn];
    const isTooLate = parts.some((part) => part.type === OpCode.error && LATE_ERRORS.has(part.err));
    if (cxid <= 0 || isTooLate) return;
    this.byRequest.set(`${clientId}/${cxid}`, entry);
    const before = this.lastCxid.get(clientId) ?? 0;
    // As in ZooKeeper, a session may be closed by a server that it has left, and once more when it has expired.
    const isClosing = type === OpCode.closeSession;
    if (cxid <= before && !isClosing && !this.countsAnew.has(clientId)) {
      const who = formatSessionId(clientId);
      this.problems.report(
        'order of a client',
        `${formatZxid(zxid)} is request ${cxid} of ${who}, after request ${before}`,
      );
    }
    this.lastCxid.set(clientId, Math.max(before, cxid));
    if (type !== OpCode.error && !isClosing && !this.sessions.has(clientId) && !this.isLocal(clientId)) {
      this.problems.report(
        'sessions end',
        `${formatZxid(zxid)} is of session ${formatSessionId(clientId)}, which does not live`,
      );
    }
  }
}
