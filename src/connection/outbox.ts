/**
 * What waits to be sent to one server: a single message, because only the newest vote counts. It outlives connections.
 */
export class Outbox {
  private waiting: Buffer | null = null;
  private lastTaken: Buffer | null = null;

  get isEmpty(): boolean {
    return this.waiting === null;
  }

  /** The message that was handed to a connection last; that connection may have lost it. */
  get last(): Buffer | null {
    return this.lastTaken;
  }

  /** Replaces what was waiting. */
  put(message: Buffer): void {
    this.waiting = message;
  }

  take(): Buffer | null {
    const message = this.waiting;
    if (message !== null) {
      this.waiting = null;
      this.lastTaken = message;
    }
    return message;
  }
}
