/** Longest message that is accepted. */
export const MAX_PACKET_BYTES = 512 * 1024;

const LENGTH_BYTES = 4;
const FIRST_BODY_BYTES = 4096;

/** A length that no message has: whoever sent it speaks another language. */
export class PacketError extends Error {
  override readonly name = 'PacketError';
  readonly code = 'PACKET_LENGTH';
  constructor(readonly length: number) {
    super(`a message claims a length of ${length} bytes; 1 to ${MAX_PACKET_BYTES} are possible`);
  }
}

/**
 * Cuts one connection's bytes into messages: `int length; bytes message` each. Memory is taken as bytes arrive, never as a
 * length claims.
 */
export class RecvWorker {
  private readonly head = Buffer.alloc(LENGTH_BYTES);
  private headFilled = 0;
  /** Length of the message that is arriving; 0 while its length is. */
  private length = 0;
  private body = Buffer.alloc(0);
  private bodyFilled = 0;

  constructor(private readonly deliver: (message: Buffer) => void) {}

  /** Takes bytes as they come, and copies what it keeps. Throws a `PacketError`. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) at = this.length === 0 ? this.readLength(chunk, at) : this.readBody(chunk, at);
  }

  private readLength(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + LENGTH_BYTES - this.headFilled);
    this.headFilled += chunk.copy(this.head, this.headFilled, at, end);
    if (this.headFilled === LENGTH_BYTES) {
      const length = this.head.readInt32BE(0);
      if (length <= 0 || length > MAX_PACKET_BYTES) throw new PacketError(length);
      this.length = length;
      this.headFilled = 0;
    }
    return end;
  }

  private readBody(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.length - this.bodyFilled);
    this.makeRoom(this.bodyFilled + end - at);
    this.bodyFilled += chunk.copy(this.body, this.bodyFilled, at, end);
    if (this.bodyFilled === this.length) {
      const message = this.body.subarray(0, this.length);
      this.body = Buffer.alloc(0);
      this.bodyFilled = 0;
      this.length = 0;
      this.deliver(message);
    }
    return end;
  }

  private makeRoom(size: number): void {
    if (size <= this.body.length) return;
    const grown = Buffer.allocUnsafe(Math.min(this.length, Math.max(size, FIRST_BODY_BYTES, this.body.length * 2)));
    this.body.copy(grown, 0, 0, this.bodyFilled);
    this.body = grown;
  }
}
