import { encodeToBuffer } from '../jute/index.js';
import { type ChangeRequest, OpCode, writeChangeRequest } from '../protocol/index.js';

const NO_BYTES = Buffer.alloc(0);

/** Bodies of a server's own requests. The last createSession's is kept: most clients want the same time-out. */
export class OwnBodies {
  private timeoutMs = Number.NaN;
  private createSession: Buffer = NO_BYTES;

  of(request: ChangeRequest): Buffer {
    if (request.type === OpCode.closeSession) return NO_BYTES;
    if (request.type !== OpCode.createSession) return encode(request);
    if (request.timeoutMs !== this.timeoutMs) {
      this.timeoutMs = request.timeoutMs;
      this.createSession = encode(request);
    }
    return this.createSession;
  }
}

function encode(request: ChangeRequest): Buffer {
  return encodeToBuffer((w) => {
    writeChangeRequest(w, request);
  });
}
