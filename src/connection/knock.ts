import type { Clock, Socket, SocketHandler, Timer } from '../host/index.js';

/** A connection that carried nothing but a greeting: its socket until the other side has closed it too. */
export class Knock implements SocketHandler {
  private readonly timer: Timer;

  constructor(
    private readonly socket: Socket,
    clock: Clock,
    timeoutMs: number,
    private readonly onClosed: (knock: Knock) => void,
  ) {
    this.timer = clock.after(timeoutMs, () => {
      socket.destroy();
    });
    socket.start(this);
    socket.end();
  }

  abandon(): void {
    this.socket.destroy();
  }

  onData(): void {
    // Whatever comes is not for this connection.
  }

  onEnd(): void {
    this.socket.destroy();
  }

  onDrain(): void {
    // There is nothing more to write.
  }

  onClose(): void {
    this.timer.cancel();
    this.onClosed(this);
  }
}
