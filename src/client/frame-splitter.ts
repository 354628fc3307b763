/** Below every four-letter word read as a length, so that such a word is never taken for a frame. */
export const MAX_FRAME_BYTES = 0x6000_0000;

const NOTHING = Buffer.alloc(0);
const FIRST_BYTES = 256;
/** A buffer for tails that is larger than this is given back as soon as it is empty. */
const KEPT_BYTES = 512;

/** Takes the frames of one connection. */
export interface FrameSink {
  /**
   * One frame's payload lies in bytes[start, end), only until this returns. False: no more for now; what came already is
   * kept until `resume`.
   */
  onFrame(bytes: Buffer, start: number, end: number): boolean;
  /**
   * A length below zero or above the limit (or a four-letter word); what follows it lies in bytes[start, end). The
   * splitter is out of step with the sender from here on and drops everything else.
   */
  onOddLength(length: number, bytes: Buffer, start: number, end: number): void;
}

/**
 * Cuts a stream of `int length; payload` into frames. Frames that lie whole in a chunk are handed over in place; only an
 * incomplete one at the end is copied, into a buffer that grows with the bytes that came, not with the length they claim.
 */
export class FrameSplitter {
  private held: Buffer = NOTHING;
  private heldStart = 0;
  private heldEnd = 0;
  private state: 'flowing' | 'stopped' | 'dead' = 'flowing';
  private readonly maxBytes: number;

  constructor(
    private readonly sink: FrameSink,
    maxBytes: number,
  ) {
    this.maxBytes = Math.min(maxBytes, MAX_FRAME_BYTES);
  }

  /** Bytes that came and were not handed over. */
  get heldBytes(): number {
    return this.heldEnd - this.heldStart;
  }

  /** The length of a frame that has begun to come; -1: there is none, or its length is not known. */
  get comingBytes(): number {
    return this.state === 'flowing' && this.heldBytes >= 4 ? lengthAt(this.held, this.heldStart) : -1;
  }

  push(chunk: Buffer): void {
    if (this.state === 'dead') return;
    if (this.state === 'stopped') {
      this.hold(chunk, 0, chunk.length);
      return;
    }
    const at = this.heldBytes > 0 ? this.complete(chunk) : 0;
    const rest = this.scan(chunk, at, chunk.length);
    if (rest < chunk.length) this.hold(chunk, rest, chunk.length);
  }

  /** No frame is handed over from here on; what came already and what comes is kept until `resume`. */
  halt(): void {
    if (this.state === 'flowing') this.state = 'stopped';
  }

  /** Goes on after the sink said stop, or after `halt`. */
  resume(): void {
    if (this.state !== 'stopped') return;
    this.state = 'flowing';
    this.heldStart = this.scan(this.held, this.heldStart, this.heldEnd);
    if (this.heldBytes === 0) this.release();
  }

  /** Everything that came or will come is dropped. */
  kill(): void {
    this.state = 'dead';
    this.release();
  }

  /** Hands over the whole frames in bytes[at, end); returns where it ended. */
  private scan(bytes: Buffer, from: number, end: number): number {
    let at = from;
    while (this.state === 'flowing' && end - at >= 4) {
      const length = lengthAt(bytes, at);
      if (length < 0 || length > this.maxBytes) {
        this.giveUp(length, bytes, at + 4, end);
        return end;
      }
      const next = at + 4 + length;
      if (next > end) break;
      if (!this.sink.onFrame(bytes, at + 4, next)) this.halt();
      at = next;
    }
    return this.state === 'dead' ? end : at;
  }

  /** Fills the incomplete frame that is held from the chunk's start and hands it over; returns what of the chunk is used. */
  private complete(chunk: Buffer): number {
    let at = Math.min(chunk.length, Math.max(0, 4 - this.heldBytes));
    this.hold(chunk, 0, at);
    if (this.heldBytes < 4) return at;
    const length = lengthAt(this.held, this.heldStart);
    if (length < 0 || length > this.maxBytes) {
      this.giveUp(length, chunk, at, chunk.length);
      return chunk.length;
    }
    const missing = Math.min(chunk.length - at, 4 + length - this.heldBytes);
    this.hold(chunk, at, at + missing);
    at += missing;
    if (this.heldBytes < 4 + length) return at;
    const { held, heldStart, heldEnd } = this;
    this.release();
    if (!this.sink.onFrame(held, heldStart + 4, heldEnd)) this.halt();
    return at;
  }

  private giveUp(length: number, bytes: Buffer, start: number, end: number): void {
    this.kill();
    this.sink.onOddLength(length, bytes, start, end);
  }

  private hold(bytes: Buffer, start: number, end: number): void {
    const size = end - start;
    if (size === 0) return;
    if (this.heldEnd + size > this.held.length) this.makeRoom(size);
    bytes.copy(this.held, this.heldEnd, start, end);
    this.heldEnd += size;
  }

  private makeRoom(size: number): void {
    const needed = this.heldBytes + size;
    const roomier = Buffer.allocUnsafeSlow(Math.max(needed, FIRST_BYTES, this.heldBytes * 2));
    this.held.copy(roomier, 0, this.heldStart, this.heldEnd);
    this.heldEnd -= this.heldStart;
    this.heldStart = 0;
    this.held = roomier;
  }

  private release(): void {
    this.heldStart = 0;
    this.heldEnd = 0;
    // The bytes of a frame that is being handed over stay where they are until the sink returns: a fresh buffer follows.
    if (this.held.length > KEPT_BYTES) this.held = NOTHING;
  }
}

function lengthAt(b: Buffer, at: number): number {
  return (
    ((b[at] as number) << 24) | ((b[at + 1] as number) << 16) | ((b[at + 2] as number) << 8) | (b[at + 3] as number)
  );
}
