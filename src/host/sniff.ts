import type { Clock } from './clock.js';
import type { Socket, SocketHandler } from './network.js';

/** First byte of every TLS connection (RFC 8446, section 5.1). */
const HANDSHAKE_RECORD = 0x16;

/** `closed`: the socket ended, or stayed silent too long and was closed. */
export type SniffResult = 'tls' | 'plain' | 'closed';

/** Waits for the first byte of who dialled, which tells TLS from anything else, and gives it back to the socket. */
export function sniffTls(socket: Socket, clock: Clock, timeoutMs: number): Promise<SniffResult> {
  return new Promise((resolve) => {
    const timer = clock.after(timeoutMs, () => {
      socket.destroy();
    });
    const done = (result: SniffResult): void => {
      timer.cancel();
      resolve(result);
    };
    const handler: SocketHandler = {
      onData: (chunk) => {
        const result = chunk[0] === HANDSHAKE_RECORD ? 'tls' : 'plain';
        socket.unread(chunk);
        done(result);
      },
      onEnd: () => {
        socket.destroy();
      },
      onDrain: () => undefined,
      onClose: () => {
        done('closed');
      },
    };
    socket.start(handler);
  });
}
