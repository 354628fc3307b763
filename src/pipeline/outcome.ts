import { timingSafeEqual } from 'node:crypto';
import { ErrorCode, OpCode, sessionPassword, type TxnHeader } from '../protocol/index.js';
import type { TxnResult } from '../tree/index.js';
import type { CloseReason, WriteRequest, WriteResult } from './api.js';

/** What a request of type `type` is answered, now that its transaction is applied. */
export function outcomeOf(type: number, zxid: number, result: TxnResult): WriteResult {
  return { zxid, type, err: replyError(result), result };
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
