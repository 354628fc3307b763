import type { Socket } from '../host/index.js';
import type { Outbox } from './outbox.js';

/** Writes one server's outbox to one connection: `int length; bytes message` each. */
export class SendWorker {
  private blocked = false;

  constructor(
    private readonly socket: Socket,
    private readonly outbox: Outbox,
  ) {}

  /** Sends what waits; when nothing does, the last message again, since the connection before may have lost it. */
  start(): void {
    const last = this.outbox.last;
    if (this.outbox.isEmpty && last !== null) this.write(last);
    this.wake();
  }

  /** There is something in the outbox. While the socket is full it stays there and may be replaced by something newer. */
  wake(): void {
    while (!this.blocked && !this.socket.closed) {
      const message = this.outbox.take();
      if (message === null) return;
      this.write(message);
    }
  }

  /** The socket has room again. */
  drained(): void {
    this.blocked = false;
    this.wake();
  }

  private write(message: Buffer): void {
    const frame = Buffer.allocUnsafe(4 + message.length);
    frame.writeInt32BE(message.length, 0);
    message.copy(frame, 4);
    if (!this.socket.write(frame)) this.blocked = true;
  }
}
