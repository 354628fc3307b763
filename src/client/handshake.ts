import type { RequestPipeline } from '../pipeline/index.js';
import { type ConnectRequest, formatSessionId, formatZxid } from '../protocol/index.js';

/**
 * Why a connect request is refused without an answer, or null. The client then tries another server: one that has seen
 * what it has seen, or one that takes writes.
 */
export function refusalOf(request: ConnectRequest, pipeline: RequestPipeline): string | null {
  if (pipeline.mode === 'read-only' && !request.readOnly) {
    return 'Refusing session request for not-read-only client';
  }
  const lastZxid = pipeline.tree.lastProcessedZxid;
  if (request.lastZxidSeen > lastZxid) {
    const session = formatSessionId(request.sessionId);
    const seen = formatZxid(request.lastZxidSeen);
    return `Refusing session(${session}) request as the client has seen zxid ${seen} our last zxid is ${formatZxid(lastZxid)} client must try another server`;
  }
  return null;
}

const TLS_HANDSHAKE = 0x16;
const HTTP_WORDS = new Set(['GET ', 'POST', 'HEAD', 'PUT ', 'OPTI']);

/** What a length that cannot be one looks like, to save an operator the guessing. */
export function guessOfLength(length: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(length);
  if (bytes[0] === TLS_HANDSHAKE && bytes[1] === 3) return ' (it begins like TLS, which this port does not speak)';
  if (HTTP_WORDS.has(bytes.toString('latin1'))) return ' (it begins like HTTP)';
  return '';
}
