import type { Clock, Socket, SocketHandler, Timer } from '../host/index.js';
import type { InitialMessage } from '../protocol/index.js';
import { hintOnBytes, InitialMessageError, MAX_GREETING_BYTES, readInitialMessage } from '../protocol/index.js';

/** How the greeting of an accepted connection ended. */
export interface GreetingOwner {
  /** The socket is the owner's now; `rest` (valid during the call) came behind the greeting. */
  greeted(reader: GreetingReader, message: InitialMessage, rest: Buffer): void;
  /** Not a server's greeting, or none in time; the socket is being closed. */
  rejected(socket: Socket, code: GreetingFault, reason: string): void;
  /** The socket is closed. Does not come after `greeted`. */
  closed(socket: Socket): void;
}

/**
 * `SILENT`: closed without a byte, as load balancers and port probes do. `CROWDED`: too many others came before the greeting.
 * `UNPROVEN`: it did not authenticate as it must.
 */
export type GreetingFault = 'TIMEOUT' | 'SILENT' | 'CUT_SHORT' | 'GARBAGE' | 'CROWDED' | 'UNPROVEN';

const SHOWN_BYTES = 16;

/** Waits for the first message on an accepted connection. */
export class GreetingReader implements SocketHandler {
  private bytes = Buffer.alloc(0);
  private readonly timer: Timer;
  private over = false;

  constructor(
    readonly socket: Socket,
    private readonly owner: GreetingOwner,
    clock: Clock,
    timeoutMs: number,
  ) {
    this.timer = clock.after(timeoutMs, () => {
      this.reject('TIMEOUT', `no complete greeting within ${timeoutMs} ms${this.hint()}`);
    });
    socket.start(this);
  }

  /** Gives up without a word. */
  abandon(): void {
    this.over = true;
    this.timer.cancel();
    this.socket.destroy();
  }

  onData(chunk: Buffer): void {
    if (this.over) return;
    this.bytes = this.bytes.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.bytes, chunk]);
    try {
      const greeting = readInitialMessage(this.bytes);
      if (greeting !== null) {
        this.over = true;
        this.timer.cancel();
        this.owner.greeted(this, greeting.message, this.bytes.subarray(greeting.length));
      } else if (this.bytes.length >= MAX_GREETING_BYTES) {
        this.reject('GARBAGE', `${this.bytes.length} bytes came, but no greeting`);
      }
    } catch (error) {
      if (!(error instanceof InitialMessageError)) throw error;
      const start = this.bytes.subarray(0, SHOWN_BYTES);
      const shown = `${start.toString('hex')} (${start.toString('latin1').replace(/[^ -~]/g, '.')})`;
      this.reject('GARBAGE', `${error.message}; the first bytes are ${shown}${this.hint()}`);
    }
  }

  onEnd(): void {
    if (this.bytes.length === 0) this.reject('SILENT', 'closed before anything was said');
    else this.reject('CUT_SHORT', `closed after ${this.bytes.length} bytes of a greeting${this.hint()}`);
  }

  onDrain(): void {
    // Nothing is written before the greeting is known.
  }

  onClose(): void {
    if (!this.over) this.onEnd();
    this.owner.closed(this.socket);
  }

  private hint(): string {
    return hintOnBytes(this.bytes, 'election');
  }

  reject(code: GreetingFault, reason: string): void {
    if (this.over) return;
    this.over = true;
    this.timer.cancel();
    this.owner.rejected(this.socket, code, reason);
    this.socket.destroy();
  }
}
