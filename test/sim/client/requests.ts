import type { JuteReader } from '../../../src/jute/index.js';
import { JuteWriter } from '../../../src/jute/index.js';
import {
  type ChangeRequest,
  ErrorCode,
  type MultiOp,
  OpCode,
  OPEN_ACL_UNSAFE,
  type OpResult,
  readGetAclReply,
  readGetDataReply,
  readMultiReply,
  readStat,
  readStringList,
  writeChangeRequest,
  writePathRequest,
  writePathWatchRequest,
  writeRequestHeader,
} from '../../../src/protocol/index.js';
import type { OddReply, Reply } from '../checks/reply-checks.js';
import type { CreateOp, HistoryOp, HistoryResult } from '../history.js';
import type { OddRequest } from './odd-requests.js';

export const TTL_MS = 3000;

/** What a reply says, for the checks and for the history. */
export interface Decoded {
  readonly reply: Reply;
  readonly result: HistoryResult;
}

/** Another list of servers: by whom joins and leaves, or as a whole. */
export interface ReconfigWish {
  readonly joining: string | null;
  readonly leaving: string | null;
  readonly members: string | null;
}

export function encodeReconfig(xid: number, { joining, leaving, members }: ReconfigWish): Buffer {
  return frame(xid, OpCode.reconfig, (w) =>
    writeChangeRequest(w, {
      type: OpCode.reconfig,
      joiningServers: joining,
      leavingServers: leaving,
      newMembers: members,
      curConfigId: -1,
    }),
  );
}

export function encodeOdd(xid: number, { body, type }: OddRequest): Buffer {
  return frame(xid, type, (w) => w.raw(body));
}

/** A whole frame with its length. */
export function frame(xid: number, type: number, encode: (w: JuteWriter) => void): Buffer {
  const w = new JuteWriter(96);
  const length = w.reserveInt();
  writeRequestHeader(w, xid, type);
  encode(w);
  w.patchInt(length, w.length - length - 4);
  return w.take(0);
}

/** The request of a history's operation. */
export function encodeOp(xid: number, op: HistoryOp, watch: boolean): Buffer {
  switch (op.kind) {
    case 'get':
      return frame(xid, OpCode.getData, (w) => writePathWatchRequest(w, op.path, watch));
    case 'exists':
      return frame(xid, OpCode.exists, (w) => writePathWatchRequest(w, op.path, watch));
    case 'children':
      return frame(xid, OpCode.getChildren2, (w) => writePathWatchRequest(w, op.path, watch));
    case 'sync':
      return frame(xid, OpCode.sync, (w) => writePathRequest(w, op.path));
    default: {
      const request = changeOf(op);
      return frame(xid, request.type, (w) => writeChangeRequest(w, request));
    }
  }
}

function changeOf(op: HistoryOp): ChangeRequest {
  switch (op.kind) {
    case 'multi':
      return { type: OpCode.multi, ops: op.parts.map((part) => partOf(part)) };
    case 'closeSession':
      return { type: OpCode.closeSession };
    default:
      return partOf(op);
  }
}

function partOf(op: HistoryOp): MultiOp {
  switch (op.kind) {
    case 'create':
      return createRequest(op);
    case 'delete':
      return { type: OpCode.delete, path: op.path, version: op.version };
    case 'check':
      return { type: OpCode.check, path: op.path, version: op.version };
    case 'set':
      return { type: OpCode.setData, path: op.path, data: Buffer.from(op.data), version: op.version };
    default:
      throw new Error(`${op.kind} is no part of a multi`);
  }
}

function createRequest(op: CreateOp): MultiOp {
  const { path, ephemeral, sequential, lasts } = op;
  const type = lasts === 'container' ? OpCode.createContainer : lasts === 'ttl' ? OpCode.createTTL : OpCode.create2;
  const flags = lasts === 'container' ? 4 : lasts === 'ttl' ? 5 : (ephemeral ? 1 : 0) + (sequential ? 2 : 0);
  const ttlMs = lasts === 'ttl' ? TTL_MS : -1;
  return { type, path, data: Buffer.from(op.data), acl: OPEN_ACL_UNSAFE, flags, ttlMs };
}

/** Of a multi the error is that of the part that failed. */
export function decodeOdd({ type }: OddRequest, zxid: number, err: number, r: JuteReader): OddReply {
  if (err !== 0) return { zxid, err };
  switch (type) {
    case OpCode.setACL:
      return { zxid, err, stat: readStat(r) };
    case OpCode.getACL:
      return { zxid, err, stat: readGetAclReply(r).stat };
    case OpCode.multi: {
      const parts = readMultiReply(r).map((part) => partResult(part).err);
      // Those before it are told that they were good, those behind it that they were not tried.
      const failed = parts.find((part) => part !== ErrorCode.ok && part !== ErrorCode.runtimeInconsistency);
      return { zxid, err: failed ?? ErrorCode.ok, parts };
    }
    default:
      return { zxid, err };
  }
}

/** The reply's body; with an error code in the header there is none. */
export function decodeReply(op: HistoryOp, zxid: number, err: number, r: JuteReader): Decoded {
  if (err !== 0) return { reply: { zxid, err }, result: {} };
  switch (op.kind) {
    case 'get': {
      const { data, stat } = readGetDataReply(r);
      const result = { data: data?.toString() ?? null, version: stat.version, mzxid: stat.mzxid, czxid: stat.czxid };
      return { reply: { zxid, err, data, stat }, result };
    }
    case 'exists':
    case 'set': {
      const stat = readStat(r);
      return { reply: { zxid, err, stat }, result: { version: stat.version, mzxid: stat.mzxid, czxid: stat.czxid } };
    }
    case 'children': {
      const children = readStringList(r).sort();
      return { reply: { zxid, err, children, stat: readStat(r) }, result: { children } };
    }
    case 'create': {
      const path = r.string();
      return { reply: { zxid, err, path, stat: readStat(r) }, result: { path } };
    }
    case 'multi': {
      const parts = readMultiReply(r).map(partResult);
      const failed = parts.find((part) => part.err !== 0)?.err ?? 0;
      return { reply: { zxid, err: failed }, result: { parts } };
    }
    default:
      return { reply: { zxid, err }, result: {} };
  }
}

function partResult(part: OpResult): NonNullable<HistoryResult['parts']>[number] {
  switch (part.type) {
    case OpCode.error:
      return { err: part.err };
    case OpCode.create:
    case OpCode.create2:
      return { err: 0, path: part.path };
    case OpCode.setData:
      return { err: 0, version: part.stat.version };
    default:
      return { err: 0 };
  }
}
