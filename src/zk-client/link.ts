import type { Clock, Socket, Timer } from '../host/index.js';
import { JuteReader, JuteWriter } from '../jute/index.js';
import { FrameSplitter } from './frames.js';

const FIRST_BYTES = 4096;

/**
 * One connection: frames in, frames out (those of a turn leave in one write), and the heartbeat, which asks for a ping when
 * nothing was sent for a third of the session's time, and gives up when nothing came for two thirds.
 */
export class Link {
  /** Resolves when the connection is over, with the reason. */
  readonly closed: Promise<Error | undefined>;
  private readonly out = new JuteWriter(FIRST_BYTES);
  private readonly reader = new JuteReader(Buffer.alloc(0));
  private readonly splitter: FrameSplitter;
  private isFlushDue = false;
  private isOver = false;
  private reason: Error | undefined;
  private heartbeat: Timer | null = null;
  private sentMs: number;
  private receivedMs: number;

  constructor(
    private readonly socket: Socket,
    private readonly clock: Clock,
    maxFrameBytes: number,
    private readonly onFrame: (reader: JuteReader) => void,
  ) {
    this.splitter = new FrameSplitter(maxFrameBytes);
    this.sentMs = clock.monotonicMs();
    this.receivedMs = this.sentMs;
    this.closed = new Promise((resolve) => {
      socket.start({
        onData: (chunk) => this.onData(chunk),
        onEnd: () => this.destroy(new Error('the server closed the connection')),
        onDrain: () => undefined,
        onClose: (error) => {
          this.isOver = true;
          this.heartbeat?.cancel();
          resolve(this.reason ?? error);
        },
      });
    });
  }

  /** Nothing comes or goes any more, though `closed` may not have told it yet. */
  get hasEnded(): boolean {
    return this.isOver;
  }

  /** Queues one frame. What `encode` throws leaves nothing behind. */
  send(encode: (w: JuteWriter) => void): void {
    const { out } = this;
    const start = out.length;
    const at = out.reserveInt();
    try {
      encode(out);
    } catch (error) {
      out.rewind(start);
      throw error;
    }
    out.patchInt(at, out.length - at - 4);
    if (this.isFlushDue) return;
    this.isFlushDue = true;
    this.clock.defer(this.flush);
  }

  /** Begins to watch over a session of `timeoutMs`. */
  beat(timeoutMs: number, ping: () => void): void {
    const tick = (): void => {
      const nowMs = this.clock.monotonicMs();
      if (nowMs - this.receivedMs > (timeoutMs * 2) / 3) {
        this.destroy(new Error(`the server was silent for ${Math.round(nowMs - this.receivedMs)} ms`));
        return;
      }
      if (nowMs - this.sentMs >= timeoutMs / 3 - 1) ping();
      this.heartbeat = this.clock.after(timeoutMs / 6, tick);
    };
    this.heartbeat = this.clock.after(timeoutMs / 6, tick);
  }

  destroy(reason?: Error): void {
    this.reason ??= reason;
    this.isOver = true;
    this.socket.destroy();
  }

  private readonly flush = (): void => {
    this.isFlushDue = false;
    if (this.isOver || this.out.length === 0) return;
    this.sentMs = this.clock.monotonicMs();
    this.socket.write(this.out.take(FIRST_BYTES));
  };

  private onData(chunk: Buffer): void {
    this.receivedMs = this.clock.monotonicMs();
    try {
      this.splitter.push(chunk, (bytes, start, end) => {
        if (this.isOver) return;
        this.reader.reset(bytes, start, end);
        this.onFrame(this.reader);
      });
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
