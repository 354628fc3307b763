import type { Stat, Txn } from '../../../src/protocol/index.js';
import { ErrorCode, formatSessionId, formatZxid, OpCode } from '../../../src/protocol/index.js';
import type { OddRequest } from '../client/odd-requests.js';
import type { HistoryOp } from '../history.js';
import type { CommitOrder } from '../model/commit-order.js';
import { statDifference } from '../model/node-state.js';
import type { Problems } from '../problems.js';
import { expectedError } from './expected-error.js';

/** A reply as the client decoded it. */
export interface Reply {
  readonly zxid: number;
  readonly err: number;
  readonly data?: Buffer | null;
  readonly stat?: Stat;
  readonly children?: readonly string[];
  /** Of a create. */
  readonly path?: string;
}

/** A reply to an odd request. */
export interface OddReply {
  readonly zxid: number;
  readonly err: number;
  readonly stat?: Stat;
  /** Of a multi, the error of each part. */
  readonly parts?: readonly number[];
}

/** Errors of the session rather than of the request: no transaction need stand behind them. */
const SESSION_ERRORS: ReadonlySet<number> = new Set([
  ErrorCode.sessionExpired,
  ErrorCode.sessionMoved,
  ErrorCode.unknownSession,
  ErrorCode.connectionLoss,
]);

/** Holds every reply against the committed order. */
export class ReplyChecks {
  /** The newest transaction whose client has its acknowledgement. */
  ackedZxid = 0;
  ackedWrites = 0;
  reads = 0;
  /** Odd requests that were answered. */
  oddRequests = 0;

  constructor(
    private readonly order: CommitOrder,
    private readonly problems: Problems,
  ) {}

  /** A session's view of time never goes back, and shows only what is committed. */
  header(session: bigint, lastZxidSeen: number, zxid: number): void {
    if (zxid < lastZxidSeen) {
      const text = `${formatSessionId(session)} saw ${formatZxid(lastZxidSeen)} and then ${formatZxid(zxid)}`;
      this.problems.report('reads never go back', text);
    }
    if (zxid > this.order.lastZxid && zxid % 2 ** 32 !== 0) {
      const text = `${formatSessionId(session)} saw ${formatZxid(zxid)}, but ${formatZxid(this.order.lastZxid)} is committed`;
      this.problems.report('only committed state is shown', text);
    }
  }

  /** `floorZxid`: what must be visible, because a sync was asked for when it was acknowledged. */
  read(op: Extract<HistoryOp, { kind: 'get' | 'exists' | 'children' }>, reply: Reply, floorZxid: number): void {
    this.reads++;
    const { zxid, err } = reply;
    if (zxid < floorZxid) {
      const text = `${op.kind} ${op.path} shows ${formatZxid(zxid)}; ${formatZxid(floorZxid)} was acknowledged before the sync`;
      this.problems.report('sync then read is fresh', text);
    }
    if (SESSION_ERRORS.has(err)) return;
    const node = this.order.tree.at(op.path, zxid);
    const wrong = (what: string) => {
      this.problems.report('reads show the committed state', `${op.kind} ${op.path} at ${formatZxid(zxid)}: ${what}`);
    };
    if (node === null) {
      if (err !== ErrorCode.noNode) wrong(`it answered ${err}, but there is no node`);
      return;
    }
    if (err !== 0) {
      wrong(`it answered ${err}, but the node is there`);
      return;
    }
    if (reply.stat !== undefined) {
      const difference = statDifference(reply.stat, node);
      if (difference !== undefined) wrong(difference);
    }
    if (op.kind === 'get' && !sameBytes(reply.data ?? null, node.data)) wrong('other data');
    if (op.kind === 'children') {
      const names = [...(reply.children ?? [])].sort();
      const expected = op.path === '/' ? node.children : [...node.children];
      if (names.join('/') !== expected.join('/')) wrong(`children ${names.join(' ')} instead of ${expected.join(' ')}`);
    }
  }

  /** `floorZxid`: what was acknowledged when the request was sent. */
  write(session: bigint, cxid: number, op: HistoryOp, reply: Reply, floorZxid: number): void {
    if (SESSION_ERRORS.has(reply.err)) return;
    if (op.kind === 'closeSession' && this.order.isLocal(session)) return;
    const entry = this.order.ofRequest(session, cxid, reply.zxid);
    const who = `${op.kind} ${'path' in op ? op.path : ''} (request ${cxid} of ${formatSessionId(session)})`;
    if (entry === undefined) {
      this.problems.report(
        'acknowledged writes are committed',
        `${who} was answered ${reply.err}, but never committed`,
      );
      return;
    }
    const { zxid } = entry.header;
    this.ackedWrites++;
    this.acknowledged(who, zxid, reply.zxid, floorZxid);
    const { txn } = entry;
    const wrong = (what: string) => {
      this.problems.report('writes do what they say', `${who}, ${formatZxid(zxid)}: ${what}`);
    };
    const committedErr = txn.type === OpCode.error ? txn.err : 0;
    if (op.kind !== 'multi' && committedErr !== reply.err) wrong(`answered ${reply.err}, committed ${committedErr}`);
    const expected = expectedError(op, (path) => this.order.tree.at(path, zxid - 1));
    if (expected !== undefined && expected !== reply.err && !SESSION_ERRORS.has(committedErr)) {
      wrong(`answered ${reply.err} where ${expected} is right`);
    }
    if (reply.err !== 0) return;
    if (isOfAnother(op, txn))
      wrong(`the transaction is that of another request, of ${'path' in txn ? txn.path : 'many nodes'}`);
    if (op.kind === 'create' && 'path' in txn && txn.path !== reply.path) wrong(`made ${txn.path}, told ${reply.path}`);
    if (reply.stat !== undefined && 'path' in txn) {
      const node = this.order.tree.at(txn.path, zxid);
      const difference = node === null ? 'it is gone' : statDifference(reply.stat, node);
      if (difference !== undefined) wrong(difference);
    }
  }

  /** The right error for the tree that the request met, and nothing in the log but that error, or the ACL that was asked for. */
  odd(session: bigint, cxid: number, odd: OddRequest, reply: OddReply, floorZxid: number): void {
    if ([reply.err, ...(reply.parts ?? [])].some((err) => SESSION_ERRORS.has(err))) return;
    this.oddRequests++;
    const who = `${odd.what} (request ${cxid} of ${formatSessionId(session)})`;
    const wrong = (what: string) => {
      this.problems.report('odd requests are answered as by ZooKeeper', `${who}: ${what}`);
    };
    // What the log ends with at a server that refuses it unlogged can be an older request of the same number.
    const isUnlogged = reply.err === ErrorCode.marshallingError && this.order.countsAnew.has(session);
    const isLogged = odd.kind === 'change' && !isUnlogged;
    const entry = isLogged ? this.order.ofRequest(session, cxid, reply.zxid) : undefined;
    if (entry !== undefined) this.acknowledged(who, entry.header.zxid, reply.zxid, floorZxid);
    // Bytes that are no request need not come as far as the log.
    else if (odd.kind === 'change' && reply.err !== ErrorCode.marshallingError) wrong('it was never committed');
    const metZxid = entry === undefined ? reply.zxid : entry.header.zxid - 1;
    const met = (path: string) => this.order.tree.at(path, metZxid);
    const expected = odd.expected(met);
    if (reply.err !== expected) wrong(`answered ${reply.err} where ${expected} is right`);
    const parts = odd.parts?.(met);
    if (parts !== undefined && parts.join(' ') !== reply.parts?.join(' ')) {
      wrong(`its parts are answered ${reply.parts?.join(' ') ?? 'not at all'} where ${parts.join(' ')} is right`);
    }
    if (entry !== undefined && isRefusal(entry.txn) !== (expected !== ErrorCode.ok))
      wrong('another transaction is in the log');
    const node = odd.path === undefined ? null : this.order.tree.at(odd.path, entry?.header.zxid ?? reply.zxid);
    if (reply.stat === undefined || node === null) return;
    const difference = statDifference(reply.stat, node);
    if (difference !== undefined) wrong(difference);
  }

  private acknowledged(who: string, zxid: number, repliedZxid: number, floorZxid: number): void {
    this.ackedZxid = Math.max(this.ackedZxid, zxid);
    if (zxid > repliedZxid) {
      this.problems.report('acknowledged writes are committed', `${who} was answered before ${formatZxid(zxid)}`);
    }
    if (zxid <= floorZxid) {
      const text = `${who} is ${formatZxid(zxid)}, but ${formatZxid(floorZxid)} was acknowledged before it was sent`;
      this.problems.report('writes linearize', text);
    }
  }
}

/** It changes nothing. */
function isRefusal(txn: Txn): boolean {
  const parts = txn.type === OpCode.multi ? txn.txns : [txn];
  return parts.some(({ type }) => type === OpCode.error);
}

/** The transaction is not what was asked for: another type, or another node. */
function isOfAnother(op: HistoryOp, txn: Txn): boolean {
  if (!('path' in op) || op.kind === 'sync') return false;
  if (!('path' in txn)) return true;
  return op.kind === 'create' && op.sequential ? !txn.path.startsWith(op.path) : txn.path !== op.path;
}

function sameBytes(a: Buffer | null, b: Buffer | null): boolean {
  return (a?.toString('latin1') ?? '') === (b?.toString('latin1') ?? '');
}
