import { isUtf8 } from 'node:buffer';
import { decodeUtf8, type JuteWriter } from '../jute/index.js';
import type { WriteResult } from '../pipeline/index.js';
import { ErrorCode, OpCode, writeMultiEnd, writeMultiHeader } from '../protocol/index.js';
import { CONFIG_PATH, type DataTree, NO_NODE, type TxnResult, writeResultStat } from '../tree/index.js';
import type { Outbox } from './outbox.js';

/**
 * Appends the reply to a request that went through the pipeline, as ZooKeeper's `FinalRequestProcessor` encodes it.
 * `body` is the request's own, for sync. Returns the error code in the header.
 */
export function writeReply(
  outbox: Outbox,
  xid: number,
  type: number,
  result: WriteResult,
  body: Buffer | null,
  tree: DataTree,
): number {
  const frame = outbox.begin(xid, tree.lastProcessedZxid, ErrorCode.ok);
  const err = writeBody(outbox.open(), type, result, body, tree);
  if (err === ErrorCode.ok) {
    outbox.end(frame);
    return err;
  }
  outbox.abandon(frame);
  outbox.end(outbox.begin(xid, tree.lastProcessedZxid, err));
  return err;
}

function writeBody(
  w: JuteWriter,
  type: number,
  { err, result }: WriteResult,
  body: Buffer | null,
  tree: DataTree,
): number {
  // A multi that failed has no error in its header: its parts tell.
  if (type === OpCode.multi && result !== null && result.multi !== null) return writeParts(w, result.multi);
  if (err !== ErrorCode.ok) return err;
  switch (type) {
    case OpCode.create:
      return writePath(w, result);
    case OpCode.create2:
    case OpCode.createTTL:
    case OpCode.createContainer:
      return writePath(w, result) || writeStatOf(w, result);
    case OpCode.setData:
    case OpCode.setACL:
      return writeStatOf(w, result);
    case OpCode.sync:
      return writeSyncPath(w, body);
    case OpCode.reconfig:
      return writeConfig(w, tree);
    default:
      // delete, deleteContainer and closeSession have no answer but the header.
      return ErrorCode.ok;
  }
}

function writePath(w: JuteWriter, result: TxnResult | null): number {
  if (result === null || result.path === null) return ErrorCode.systemError;
  w.string(result.path);
  return ErrorCode.ok;
}

function writeStatOf(w: JuteWriter, result: TxnResult | null): number {
  return result !== null && writeResultStat(w, result) ? ErrorCode.ok : ErrorCode.systemError;
}

/** The answer to sync repeats the path, which is all that the request has: what is no UTF-8 in it as it is read. */
function writeSyncPath(w: JuteWriter, body: Buffer | null): number {
  if (body === null || body.length < 4) return ErrorCode.marshallingError;
  const size = body.readInt32BE(0);
  if (size < -1 || size > body.length - 4) return ErrorCode.marshallingError;
  const path = body.subarray(4, 4 + Math.max(0, size));
  if (isUtf8(path)) w.raw(body.subarray(0, 4 + path.length));
  else w.string(decodeUtf8(path));
  return ErrorCode.ok;
}

/** A reconfiguration is answered with the configuration it made, as getData of its node would be. */
function writeConfig(w: JuteWriter, tree: DataTree): number {
  const ref = tree.find(CONFIG_PATH);
  if (ref === NO_NODE) return ErrorCode.systemError;
  tree.writeDataAndStat(ref, w);
  return ErrorCode.ok;
}

function writeParts(w: JuteWriter, parts: readonly TxnResult[]): number {
  for (const part of parts) {
    const err = writePart(w, part);
    if (err !== ErrorCode.ok) return err;
  }
  writeMultiEnd(w);
  return ErrorCode.ok;
}

function writePart(w: JuteWriter, part: TxnResult): number {
  switch (part.type) {
    case OpCode.create:
      writeMultiHeader(w, OpCode.create, false, ErrorCode.ok);
      return writePath(w, part);
    case OpCode.create2:
    case OpCode.createTTL:
    case OpCode.createContainer:
      writeMultiHeader(w, OpCode.create2, false, ErrorCode.ok);
      return writePath(w, part) || writeStatOf(w, part);
    case OpCode.setData:
      writeMultiHeader(w, OpCode.setData, false, ErrorCode.ok);
      return writeStatOf(w, part);
    case OpCode.error:
      writeMultiHeader(w, OpCode.error, false, part.err);
      w.int(part.err);
      return ErrorCode.ok;
    case OpCode.check:
      writeMultiHeader(w, OpCode.check, false, ErrorCode.ok);
      return ErrorCode.ok;
    default:
      writeMultiHeader(w, OpCode.delete, false, ErrorCode.ok);
      return ErrorCode.ok;
  }
}
