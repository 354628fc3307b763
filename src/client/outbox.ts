import { JuteWriter } from '../jute/index.js';
import type { ClientTraffic } from './traffic.js';

/** Replies stand one behind the other in pieces of memory of this size, and each socket is given its part of them. */
const SLAB_BYTES = 8192;
/** With less room than this, or than the last batch took, a writer begins a new piece: what is in the old one need not move. */
const USUAL_BYTES = 1024;
const KEPT_WRITERS = 64;
const KEPT_WRITER_BYTES = 256 * 1024;

/** Writers for all connections: only those with something to send hold one. What was taken out of one stays as it is. */
export class WriterPool {
  private readonly idle: JuteWriter[] = [];

  /** Append behind what is in it. */
  take(): JuteWriter {
    return this.idle.pop() ?? new JuteWriter(SLAB_BYTES);
  }

  /** `sentBytes`: so many were taken out of it at once; the next batch is likely to be as large. */
  give(writer: JuteWriter, sentBytes: number): void {
    // What grew for one large reply is not kept: idle writers would hold its memory for ever.
    if (writer.room < Math.max(USUAL_BYTES, sentBytes) || writer.capacity > KEPT_WRITER_BYTES) {
      writer.take(Math.max(SLAB_BYTES, Math.min(sentBytes + (sentBytes >> 2), KEPT_WRITER_BYTES)));
    }
    if (this.idle.length < KEPT_WRITERS) this.idle.push(writer);
  }
}

/**
 * What one connection will send at the end of this turn: frames appended to one growing buffer.
 * A frame is `int length; int xid; long zxid; int err; body`.
 */
export class Outbox {
  private writer: JuteWriter | null = null;
  /** Where this connection's bytes begin in it. */
  private start = 0;
  /** A shared frame that is all there is to send. Then there is no writer. */
  private shared: Buffer | null = null;

  constructor(
    private readonly pool: WriterPool,
    private readonly traffic: ClientTraffic,
  ) {}

  get length(): number {
    return this.writer === null ? (this.shared?.length ?? 0) : this.writer.length - this.start;
  }

  /** Where the next frame's body goes. */
  open(): JuteWriter {
    if (this.writer !== null) return this.writer;
    const writer = (this.writer = this.pool.take());
    this.start = writer.length;
    if (this.shared !== null) writer.raw(this.shared);
    this.shared = null;
    return writer;
  }

  /** Appends a whole frame that many connections get; where it is all there is to send, it is sent without a copy. */
  appendShared(frame: Buffer): void {
    if (this.writer === null && this.shared === null) this.shared = frame;
    else this.open().raw(frame);
  }

  /** Begins a frame with its header; append the body to `open()` and give the result (`length` before it) to `end`. */
  begin(xid: number, zxid: number, err: number): number {
    const w = this.open();
    const frame = w.reserveInt();
    w.int(xid);
    w.long(zxid);
    w.int(err);
    return frame - this.start;
  }

  /** Closes the frame; returns the bytes behind its length. */
  end(frame: number): number {
    const w = this.open();
    const bytes = this.length - frame - 4;
    w.patchInt(this.start + frame, bytes);
    this.traffic.recordResponse(bytes);
    this.traffic.responseBytes.value += bytes;
    return bytes;
  }

  /** Drops the frame that was begun: everything behind this length. */
  abandon(frame: number): void {
    this.writer?.rewind(this.start + frame);
  }

  /** Takes out everything appended so far, for a socket to keep. */
  take(): Buffer {
    const { writer, shared } = this;
    this.shared = null;
    if (writer === null) return shared ?? EMPTY;
    this.writer = null;
    const bytes = writer.viewFrom(this.start);
    this.pool.give(writer, bytes.length);
    return bytes;
  }

  clear(): void {
    this.writer?.rewind(this.start);
    if (this.writer !== null) this.pool.give(this.writer, 0);
    this.writer = null;
    this.shared = null;
  }
}

const EMPTY = Buffer.alloc(0);
