import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { bodyOf } from './http-body.js';

const TIMEOUT_MS = 15_000;
const MAX_BYTES = 64 * 1024;

/** Posts a request (DER) to an OCSP responder and answers its answer (DER). Rejects when there is none. */
export async function askResponder(url: string, body: Buffer, signal: AbortSignal): Promise<Buffer> {
  const outgoing = (url.startsWith('https:') ? secureRequest : request)(url, {
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/ocsp-request', 'content-length': body.length },
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  });
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
  outgoing.end(body);
  const [incoming] = await answered;
  if (incoming.statusCode !== 200) {
    incoming.destroy();
    throw new Error(`it answers with HTTP status ${incoming.statusCode ?? 0}`);
  }
  return bodyOf(incoming, MAX_BYTES);
}
