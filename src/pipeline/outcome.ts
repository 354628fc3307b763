import { timingSafeEqual } from 'node:crypto';
import { JuteError } from '../jute/index.js';
import { ErrorCode, OpCode, readChangeRequest, sessionPassword, type TxnHeader } from '../protocol/index.js';
import type { TxnResult } from '../tree/index.js';
import type { CloseReason, WriteRequest, WriteResult } from './api.js';

/** How a create2 begins in the body of a multi: `int type; boolean done`. */
const CREATE2_PART = Buffer.from([0, 0, 0, OpCode.create2, 0]);

/** What this request is answered, now that its transaction is applied. */
export function outcomeOf({ body, type }: WriteRequest, zxid: number, result: TxnResult): WriteResult {
  const hasCreate2 = result.multi !== null && body.includes(CREATE2_PART);
  return { zxid, type, err: replyError(result), result: hasCreate2 ? asAsked(body, result) : result };
}

/** In the transaction of a multi a create2 is a create (see `Validator`), but the client is to have its answer with a Stat. */
function asAsked(body: Buffer, result: TxnResult): TxnResult {
  const { multi } = result;
  if (multi === null) return result;
  try {
    const request = readChangeRequest(body, OpCode.multi);
    if (request.type !== OpCode.multi || request.ops.length !== multi.length) return result;
    const parts = multi.map((part, at) => {
      const isCreate2 = part.type === OpCode.create && request.ops[at]?.type === OpCode.create2;
      return isCreate2 ? { ...part, type: OpCode.create2 } : part;
    });
    return { ...result, multi: parts };
  } catch (error) {
    // Its leader could read it.
    if (error instanceof JuteError) return result;
    throw error;
  }
}

/** The parts of a multi tell their own errors; but a client whose session has moved is to leave, whatever it asked. */
function replyError({ type, err }: TxnResult): number {
  if (type !== OpCode.multi || err === ErrorCode.sessionMoved) return err;
  return ErrorCode.ok;
}

/** What a request without a transaction is answered. */
export function refusalOf({ type }: WriteRequest, err: number): WriteResult {
  return { zxid: 0, type, err, result: null };
}

/** Only the leader closes sessions without a request number: those that expired. */
export function reasonOfEnd({ cxid }: TxnHeader): CloseReason {
  return cxid === 0 ? 'sessionExpired' : 'sessionClosed';
}

/** Session id 0 belongs to nobody. */
export function isPasswordOf(sessionId: bigint, password: Buffer): boolean {
  const expected = sessionPassword(sessionId);
  return sessionId !== 0n && password.length === expected.length && timingSafeEqual(password, expected);
}
