import type { Clock, Socket, SocketHandler } from '../host/index.js';

/** The other side ended before anything complete came. */
export class SocketEnded extends Error {
  override readonly name = 'SocketEnded';
  constructor() {
    super('the other side ended the connection');
  }
}

/** What stands at the start of the bytes, and how many it takes; null: more must come. */
export type Parse<T> = (bytes: Buffer) => { readonly value: T; readonly length: number } | null;

const NOTHING = Buffer.alloc(0);

/**
 * Reads one thing off a socket and gives back what came behind it. Rejects with a `SocketEnded`, with what `parse` throws,
 * or when the socket breaks or nothing complete came in time; it is left open.
 */
export function readOne<T>(socket: Socket, clock: Clock, timeoutMs: number, parse: Parse<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let bytes = NOTHING;
    let isOver = false;
    const finish = (end: () => void): void => {
      if (isOver) return;
      isOver = true;
      timer.cancel();
      end();
    };
    const timer = clock.after(timeoutMs, () => {
      finish(() => reject(new Error(`nothing complete came within ${timeoutMs} ms`)));
    });
    const handler: SocketHandler = {
      onData(chunk) {
        if (isOver) return;
        bytes = Buffer.concat([bytes, chunk]);
        try {
          const found = parse(bytes);
          if (found === null) return;
          socket.unread(bytes.subarray(found.length));
          finish(() => resolve(found.value));
        } catch (error) {
          finish(() => reject(error instanceof Error ? error : new Error(String(error))));
        }
      },
      onEnd() {
        socket.unread(bytes);
        finish(() => reject(new SocketEnded()));
      },
      onDrain: () => undefined,
      onClose(error) {
        finish(() => reject(error ?? new SocketEnded()));
      },
    };
    socket.start(handler);
  });
}
