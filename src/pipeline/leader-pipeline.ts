import { ErrorCode, type ForwardedRequest } from '../protocol/index.js';
import type { Broadcast } from './needs.js';
import type { PipelineDeps } from './pipeline-deps.js';
import { ProposerPipeline } from './proposer-pipeline.js';

/** The pipeline of a leader: decides for its own clients and for those of its learners. Fits zab's `LeaderServer`. */
export class LeaderPipeline extends ProposerPipeline {
  constructor(deps: PipelineDeps) {
    super(deps, 'leader', ErrorCode.sessionExpired);
  }

  /** The epoch is established. Everything logged must be applied. */
  startLeading(broadcast: Broadcast): void {
    this.begin(broadcast);
  }

  /** A request of a client of learner `sid`; it is validated and proposed when this returns. Syncs do not come here. */
  forwarded(request: ForwardedRequest, sid: number): void {
    this.proposeFor(request, sid);
  }

  /** A client has come to learner `sid` with its session. Does it live? Then it is the learner's from now on. */
  revalidate(sessionId: bigint, timeoutMs: number, sid: number): boolean {
    if (this.broadcast === null || !this.sessions.touch(sessionId, timeoutMs)) return false;
    this.sessions.setOwner(sessionId, sid);
    this.ports.close(sessionId, 'sessionMoved');
    return true;
  }
}
