import type { Endpoint, Socket, SocketHandler } from '../host/index.js';
import type { Outbox } from './outbox.js';
import { RecvWorker } from './recv-worker.js';
import { SendWorker } from './send-worker.js';

/** What the owner of a connection learns of it. */
export interface ConnectionOwner {
  deliver(sid: number, message: Buffer): void;
  /** Comes once, last. `reason` says why it ended; undefined when this side closed it. */
  closed(connection: ElectionConnection, reason: Error | undefined): void;
}

/** One established connection to another server: a `SendWorker` and a `RecvWorker` on one socket. */
export class ElectionConnection implements SocketHandler {
  private readonly sender: SendWorker;
  private readonly receiver: RecvWorker;
  /** Has a message come over it? */
  isHeard = false;
  private finished = false;
  private fault: Error | undefined;

  constructor(
    readonly sid: number,
    private readonly socket: Socket,
    outbox: Outbox,
    private readonly owner: ConnectionOwner,
  ) {
    this.sender = new SendWorker(socket, outbox);
    this.receiver = new RecvWorker((message) => {
      if (this.finished) return;
      this.isHeard = true;
      owner.deliver(sid, message);
    });
  }

  get remote(): Endpoint {
    return this.socket.remote;
  }

  /** Takes the socket over; `rest` are bytes that came behind the greeting. */
  start(rest: Buffer): void {
    this.socket.start(this);
    this.sender.start();
    if (rest.length > 0) this.onData(rest);
  }

  /** The outbox has got something. */
  wake(): void {
    if (!this.finished) this.sender.wake();
  }

  /** Ends the connection; nothing is received from it any more. */
  finish(): void {
    if (this.finished) return;
    this.finished = true;
    this.socket.destroy();
  }

  onData(chunk: Buffer): void {
    if (this.finished) return;
    try {
      this.receiver.push(chunk);
    } catch (error) {
      this.fault = error as Error;
      this.socket.destroy(this.fault);
    }
  }

  onEnd(): void {
    this.socket.destroy();
  }

  onDrain(): void {
    if (!this.finished) this.sender.drained();
  }

  onClose(error: Error | undefined): void {
    const reason = this.fault ?? error ?? new Error('the other server closed the connection');
    this.owner.closed(this, this.finished ? undefined : reason);
    this.finished = true;
  }
}
