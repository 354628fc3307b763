import type { TxnEntry } from '../protocol/index.js';
import { formatZxid, makeZxid, zxidCounter, zxidEpoch } from '../protocol/index.js';

/** What a leader knows when it plans how to synchronize a learner. */
export interface HistoryView {
  /** The leader's own epoch. */
  readonly epoch: number;
  readonly lastAppliedZxid: number;
  readonly lastProposedZxid: number;
  /** The newest applied transactions, oldest first, ending with the last applied one; may be empty. */
  readonly committed: readonly TxnEntry[];
  readonly forceSnapshot: boolean;
  /** Transactions that are larger are not sent. */
  readonly maxEntryBytes: number;
  /** May the log on disk be used? */
  readonly logAllowed: boolean;
  /** What reading the log on disk found, once that was done. */
  readonly log: LogFinding | null;
}

/** Result of reading the log from the learner's last zxid on. */
export interface LogFinding {
  readonly found: 'continues' | 'gap' | 'unknown zxid' | 'too much' | 'too large an entry' | 'unreadable';
  /** The last zxid that the learner has in common with the log; its own, unless it has a dead tail. */
  readonly common: number;
  /** The last zxid that was read and is applied. */
  readonly upTo: number;
}

const TOO_LARGE = 'a transaction is larger than what learners take';

/**
 * How to synchronize one learner.
 *
 * - `LOG`: read the log on disk, then plan again.
 * - `SNAP`: send an image of the tree.
 * - `DIFF`, `TRUNC`: send that packet with `zxid`; then `log` (from, to] of the log on disk and the committed log from index
 *   `committedFrom` on, each transaction with its COMMIT.
 * - `REFUSE`: its history cannot be explained.
 */
export type SyncPlan = ReadLogPlan | SnapshotPlan | RefusalPlan | DiffPlan;

export interface ReadLogPlan {
  readonly kind: 'LOG';
  readonly why: string;
}

export interface SnapshotPlan {
  readonly kind: 'SNAP';
  readonly why: string;
}

export interface RefusalPlan {
  readonly kind: 'REFUSE';
  readonly why: string;
}

export interface DiffPlan {
  readonly kind: 'DIFF' | 'TRUNC';
  readonly why: string;
  readonly zxid: number;
  readonly log: { readonly after: number; readonly upTo: number } | null;
  readonly committedFrom: number;
  /** The learner has the history up to here when all that is sent; live proposals continue behind it. */
  readonly upTo: number;
  /** The learner's own tail is still being voted on: it may serve only when this zxid is committed. */
  readonly serveAfter: number | null;
}

/**
 * Decides how a learner whose last zxid is `peerZxid` gets the leader's history. Pure.
 *
 * The rules are ZooKeeper's, with these differences, each of them on the safe side: a learner that holds proposals of this
 * very epoch keeps them (they may have been counted); TRUNC goes only to a transaction both have; and a hole in what would
 * be sent leads to a snapshot (ZOOKEEPER-2099, 2846, 4925).
 */
export function planSync(peerZxid: number, view: HistoryView): SyncPlan {
  const { committed, lastAppliedZxid } = view;
  // Not even a forced snapshot may take away what the learner was perhaps counted for.
  const holdsUncommitted = peerZxid > lastAppliedZxid && zxidEpoch(peerZxid) === view.epoch;
  if (view.forceSnapshot && !holdsUncommitted) return { kind: 'SNAP', why: 'snapshots are forced' };
  if (peerZxid < 0) return { kind: 'SNAP', why: 'it has no history at all' };
  if (peerZxid === lastAppliedZxid) return inStep(peerZxid, committed.length);
  if (peerZxid > lastAppliedZxid) return planAhead(peerZxid, view);
  const oldest = committed[0];
  if (oldest !== undefined && oldest.header.zxid <= peerZxid) return planFromMemory(peerZxid, view);
  return planFromLog(peerZxid, view);
}

function inStep(zxid: number, committedFrom: number): SyncPlan {
  return { kind: 'DIFF', why: 'in step', zxid, log: null, committedFrom, upTo: zxid, serveAfter: null };
}

/** The learner's last zxid is beyond what the leader has applied. */
function planAhead(peerZxid: number, view: HistoryView): SyncPlan {
  const tip = view.lastAppliedZxid;
  const committedFrom = view.committed.length;
  if (zxidEpoch(peerZxid) > view.epoch) return neverProposed(peerZxid);
  if (zxidCounter(peerZxid) === 0) {
    // Where an epoch begins: an image from that epoch's leader before its first transaction. No history has this zxid.
    const why = 'at the start of a newer epoch without transactions';
    return { kind: 'DIFF', why, zxid: tip, log: null, committedFrom, upTo: peerZxid, serveAfter: null };
  }
  if (zxidEpoch(peerZxid) === view.epoch && peerZxid <= view.lastProposedZxid) {
    // It was here before and logged these proposals; its acknowledgements may have made commits. Nothing may be cut.
    const why = 'ahead within the proposals under way';
    return { kind: 'DIFF', why, zxid: peerZxid, log: null, committedFrom, upTo: peerZxid, serveAfter: peerZxid };
  }
  if (zxidEpoch(peerZxid) === view.epoch) return neverProposed(peerZxid);
  if (zxidCounter(tip) === 0) return { kind: 'SNAP', why: 'ahead, and no transaction of ours to truncate to' };
  return { kind: 'TRUNC', why: 'ahead', zxid: tip, log: null, committedFrom, upTo: tip, serveAfter: null };
}

function neverProposed(zxid: number): SyncPlan {
  return { kind: 'REFUSE', why: `zxid ${formatZxid(zxid)} of epoch ${zxidEpoch(zxid)} was never proposed` };
}

/** The learner's last zxid lies within the committed log. */
function planFromMemory(peerZxid: number, view: HistoryView): SyncPlan {
  const { committed, lastAppliedZxid } = view;
  const next = indexBehind(committed, peerZxid);
  const before = committed[next - 1]?.header.zxid ?? 0;
  if (hasHole(committed, next) || committed[committed.length - 1]?.header.zxid !== lastAppliedZxid) {
    return { kind: 'SNAP', why: 'the committed log has a hole' };
  }
  if (hasTooLarge(view, next)) return { kind: 'SNAP', why: TOO_LARGE };
  const rest = { log: null, committedFrom: next, upTo: lastAppliedZxid, serveAfter: null };
  if (before === peerZxid) return { kind: 'DIFF', why: 'within the committed log', zxid: lastAppliedZxid, ...rest };
  if (zxidCounter(peerZxid) === 0) {
    return { kind: 'DIFF', why: 'at the start of an epoch within the committed log', zxid: lastAppliedZxid, ...rest };
  }
  if (zxidEpoch(before) !== zxidEpoch(peerZxid)) {
    return { kind: 'SNAP', why: 'a tail of an epoch that is not in the committed log' };
  }
  return { kind: 'TRUNC', why: 'a dead tail within the committed log', zxid: before, ...rest };
}

/** The learner's last zxid is older than the committed log. */
function planFromLog(peerZxid: number, view: HistoryView): SyncPlan {
  const { committed, lastAppliedZxid, log } = view;
  if (!view.logAllowed) return { kind: 'SNAP', why: 'too old for the committed log' };
  if (log === null) return { kind: 'LOG', why: 'too old for the committed log' };
  if (log.found !== 'continues') return { kind: 'SNAP', why: `log on disk: ${log.found}` };
  const joins = log.upTo === lastAppliedZxid || (committed[0]?.header.zxid ?? Number.POSITIVE_INFINITY) <= log.upTo;
  // Meanwhile more was applied than the committed log holds.
  if (!joins) return { kind: 'LOG', why: 'the committed log has moved on' };
  const committedFrom = indexBehind(committed, log.upTo);
  if (hasHole(committed, committedFrom)) return { kind: 'SNAP', why: 'the committed log has a hole' };
  if (hasTooLarge(view, committedFrom)) return { kind: 'SNAP', why: TOO_LARGE };
  const rest = { log: { after: log.common, upTo: log.upTo }, committedFrom, upTo: lastAppliedZxid, serveAfter: null };
  if (log.common === peerZxid) return { kind: 'DIFF', why: 'from the log on disk', zxid: lastAppliedZxid, ...rest };
  return { kind: 'TRUNC', why: 'a dead tail, then from the log on disk', zxid: log.common, ...rest };
}

/** Index of the first entry with a zxid beyond. */
function indexBehind(entries: readonly TxnEntry[], zxid: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle] as TxnEntry).header.zxid <= zxid) low = middle + 1;
    else high = middle;
  }
  return low;
}

function hasHole(entries: readonly TxnEntry[], from: number): boolean {
  for (let at = Math.max(1, from); at < entries.length; at++) {
    if (!follows((entries[at - 1] as TxnEntry).header.zxid, (entries[at] as TxnEntry).header.zxid)) return true;
  }
  return false;
}

/**
 * Releases that did not bound transactions may have left some that no learner takes; whoever lacks one would come, refuse it
 * and come again.
 */
function hasTooLarge({ committed, maxEntryBytes }: HistoryView, from: number): boolean {
  for (let at = from; at < committed.length; at++) {
    if ((committed[at] as TxnEntry).bytes.length > maxEntryBytes) return true;
  }
  return false;
}

/** Is `zxid` what a complete log has behind `previous`: the next one, or the first of a newer epoch? */
export function follows(previous: number, zxid: number): boolean {
  if (zxid === previous + 1) return true;
  return zxidEpoch(zxid) > zxidEpoch(previous) && zxid === makeZxid(zxidEpoch(zxid), 1);
}

/** Judges the log on disk, fed with its transactions, beginning with the newest at or before the learner's last zxid. */
export class LogProbe {
  private common = -1;
  private previous = -1;
  private bytes = 0;
  private found: LogFinding['found'] | null = null;

  constructor(
    private readonly peerZxid: number,
    private readonly limitBytes: number,
    private readonly maxEntryBytes: number,
  ) {}

  /** False: enough has been seen. */
  feed(zxid: number, bytes: number): boolean {
    if (zxid <= this.peerZxid) {
      this.common = zxid;
      this.previous = zxid;
      this.found = zxid === this.peerZxid ? 'continues' : null;
      return true;
    }
    if (this.found === null) this.found = this.locate();
    if (this.found === 'continues' && !follows(this.previous, zxid)) this.found = 'gap';
    this.bytes += bytes;
    if (this.bytes > this.limitBytes) this.found = 'too much';
    if (bytes > this.maxEntryBytes) this.found = 'too large an entry';
    this.previous = zxid;
    return this.found === 'continues';
  }

  finding(): LogFinding {
    return { found: this.found ?? 'unreadable', common: this.common, upTo: this.previous };
  }

  /** The log does not have the learner's last zxid. */
  private locate(): LogFinding['found'] {
    if (zxidCounter(this.peerZxid) === 0) {
      // The start of an epoch is no transaction; history goes on behind it.
      this.common = this.peerZxid;
      if (this.previous < 0) this.previous = this.peerZxid;
      return 'continues';
    }
    // A dead tail can be cut off within its epoch; before that the learner may have no log.
    return this.common >= 0 && zxidEpoch(this.common) === zxidEpoch(this.peerZxid) ? 'continues' : 'unknown zxid';
  }
}
