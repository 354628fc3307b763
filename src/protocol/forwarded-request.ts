import { JuteReader, type JuteWriter } from '../jute/index.js';
import type { Id } from './data.js';

/** A client's request on its way from a learner to the leader: the data of a REQUEST packet, and its authinfo. */
export interface ForwardedRequest {
  readonly sessionId: bigint;
  readonly cxid: number;
  readonly type: number;
  /** The request's jute body, without its header. */
  readonly body: Buffer;
  readonly auth: readonly Id[];
}

/** `long sessionId; int cxid; int type; body` */
export function writeForwardedRequest(w: JuteWriter, request: ForwardedRequest): void {
  w.long64(request.sessionId);
  w.int(request.cxid);
  w.int(request.type);
  w.raw(request.body);
}

export function decodeForwardedRequest(data: Buffer, auth: readonly Id[]): ForwardedRequest {
  const r = new JuteReader(data);
  return { sessionId: r.long64(), cxid: r.int(), type: r.int(), body: r.raw(r.remaining), auth };
}
