import { JuteWriter } from '../jute/index.js';
import type { ClientTraffic } from './traffic.js';

const WRITER_BYTES = 4096;
/** Up to here what is sent is copied out of the writer, and many small ones share a block; above, the writer's own buffer goes. */
const COPIED_BYTES = 4096;
const KEPT_WRITERS = 64;
const KEPT_WRITER_BYTES = 256 * 1024;

/** Writers for all connections: only those with something to send hold one. */
export class WriterPool {
  private readonly idle: JuteWriter[] = [];

  take(): JuteWriter {
    return this.idle.pop() ?? new JuteWriter(WRITER_BYTES);
  }

  give(writer: JuteWriter): void {
    writer.reset();
    if (this.idle.length < KEPT_WRITERS) this.idle.push(writer);
  }
}

/**
 * What one connection will send at the end of this turn: frames appended to one growing buffer.
 * A frame is `int length; int xid; long zxid; int err; body`.
 */
export class Outbox {
  private writer: JuteWriter | null = null;
  /** A shared frame that is all there is to send. Then there is no writer. */
  private shared: Buffer | null = null;

  constructor(
    private readonly pool: WriterPool,
    private readonly traffic: ClientTraffic,
  ) {}

  get length(): number {
    return this.writer?.length ?? this.shared?.length ?? 0;
  }

  /** Where the next frame's body goes. */
  open(): JuteWriter {
    if (this.writer !== null) return this.writer;
    const writer = (this.writer = this.pool.take());
    if (this.shared !== null) writer.raw(this.shared);
    this.shared = null;
    return writer;
  }

  /** Appends a whole frame that many connections get; where it is all there is to send, it is sent without a copy. */
  appendShared(frame: Buffer): void {
    if (this.writer === null && this.shared === null) this.shared = frame;
    else this.open().raw(frame);
  }

  /** Begins a frame with its header; append the body to `open()` and give the result to `end`. */
  begin(xid: number, zxid: number, err: number): number {
    const w = this.open();
    const frame = w.reserveInt();
    w.int(xid);
    w.long(zxid);
    w.int(err);
    return frame;
  }

  /** Closes the frame; returns the bytes behind its length. */
  end(frame: number): number {
    const w = this.open();
    const bytes = w.length - frame - 4;
    w.patchInt(frame, bytes);
    this.traffic.recordResponse(bytes);
    this.traffic.responseBytes.value += bytes;
    return bytes;
  }

  /** Drops the frame that was begun. */
  abandon(frame: number): void {
    this.writer?.rewind(frame);
  }

  /** Takes out everything appended so far, for a socket to keep. */
  take(): Buffer {
    const { writer, shared } = this;
    this.shared = null;
    if (writer === null) return shared ?? EMPTY;
    this.writer = null;
    const { length } = writer;
    if (length <= COPIED_BYTES) {
      const bytes = Buffer.from(writer.view());
      this.pool.give(writer);
      return bytes;
    }
    // The next batch is likely to be as large as this one.
    const bytes = writer.take(Math.min(length + (length >> 2), KEPT_WRITER_BYTES));
    this.pool.give(writer);
    return bytes;
  }

  clear(): void {
    if (this.writer !== null) this.pool.give(this.writer);
    this.writer = null;
    this.shared = null;
  }
}

const EMPTY = Buffer.alloc(0);
