import { JuteReader, type JuteWriter } from '../jute/index.js';
import type { Id } from './data.js';

/**
 * A leader judges a request by so many ids of its client at most: each entry of an ACL is compared with each of them. Servers
 * of ours let a client have far fewer; ZooKeeper's know no bound.
 */
export const MAX_FORWARDED_IDS = 1024;

/** Stands for the ids of a client that has more than are taken. Passed on, it says the same to the next server. */
export const TOO_MANY_IDS: readonly Id[] = Object.freeze(
  Array.from({ length: MAX_FORWARDED_IDS + 1 }, () => ({ scheme: '', id: '' })),
);

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
