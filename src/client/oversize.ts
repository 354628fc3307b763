import type { Complaints } from '../host/index.js';
import { JuteError, JuteReader } from '../jute/index.js';
import { formatSessionId, opName } from '../protocol/index.js';
import { RequestKind, requestKind } from './request-kinds.js';

/** Longer paths are not worth a line of the log. */
const SHOWN_PATH = 200;

/**
 * What a request asks for, from its first bytes: ` (setData of /a/b)`; empty when they do not tell. Nearly every request's
 * record begins with the path.
 */
export function describeRequest(bytes: Buffer, start: number, end: number): string {
  const r = new JuteReader(bytes, start, end);
  try {
    r.int();
    const type = r.int();
    if (requestKind(type) === RequestKind.unknown) return '';
    const path = r.remaining >= 4 ? r.stringOrNull() : null;
    return path?.startsWith('/') === true ? ` (${opName(type)} of ${shown(path)})` : ` (${opName(type)})`;
  } catch (error) {
    if (error instanceof JuteError) return '';
    throw error;
  }
}

/** A reply that clients with `jute.maxbuffer` as here will not take. Most are sent all the same: theirs may be larger. */
export interface LargeReply {
  readonly type: number;
  /** Empty for requests that are not about one node. */
  readonly path: string;
  readonly sessionId: bigint;
  readonly replyBytes: number;
  readonly limitBytes: number;
  /** False: the request was refused instead, when so many bytes of the reply were made. */
  readonly isSent: boolean;
}

export function complainOfReply(complaints: Complaints, reply: LargeReply): void {
  if (!reply.isSent) {
    complainOfRefused(complaints, reply);
    return;
  }
  const { limitBytes, path, replyBytes, sessionId, type } = reply;
  const node = path === '' ? '' : ` of ${shown(path)}`;
  const session = formatSessionId(sessionId);
  const what = `The reply to ${opName(type)}${node} for session ${session} has ${replyBytes} bytes, more than jute.maxbuffer=${limitBytes}: a client with the same limit closes its connection. Raise jute.maxbuffer of servers and clients, or make the node smaller.`;
  complaints.warn(`reply ${path}`, what, { code: 'REPLY_LARGE', path, sessionId: session });
}

function complainOfRefused(complaints: Complaints, { limitBytes, replyBytes, sessionId, type }: LargeReply): void {
  const session = formatSessionId(sessionId);
  const what = `A ${opName(type)} of session ${session} is refused with MarshallingError: the first ${replyBytes} bytes of its reply are more than ${limitBytes}, and more would follow. Ask for fewer nodes at a time, or raise jute.maxbuffer of the servers above what is to be read.`;
  complaints.warn(`refused reply ${session}`, what, { code: 'REPLY_REFUSED', sessionId: session });
}

function shown(path: string): string {
  return path.length <= SHOWN_PATH ? path : `${path.slice(0, SHOWN_PATH)}…`;
}
