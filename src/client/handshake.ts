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
