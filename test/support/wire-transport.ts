import { connect } from 'node:net';
import type { Socket } from '../../src/host/index.js';

/** The bytes under a `WireClient`. */
export interface WireTransport {
  /** Starts the flow; `onClose` comes once, last. `chunk` may be kept only by copying. */
  start(onData: (chunk: Buffer) => void, onClose: (error: Error | undefined) => void): void;
  write(bytes: Buffer): void;
  pause(): void;
  resume(): void;
  end(): void;
  destroy(): void;
}

/** A TCP connection of node:net; `from` is an address of this machine. */
export async function netTransport(port: number, host = '127.0.0.1', from?: string): Promise<WireTransport> {
  const socket = connect({ host, port, noDelay: true, ...(from === undefined ? {} : { localAddress: from }) });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  socket.removeAllListeners('error');
  let failure: Error | undefined;
  socket.on('error', (error) => (failure = error));
  return {
    start: (onData, onClose) => {
      socket.on('data', onData);
      socket.on('end', () => socket.end());
      socket.on('close', () => onClose(failure));
    },
    write: (bytes) => void socket.write(bytes),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
  };
}

/** A connection of a (simulated) host. */
export function hostTransport(socket: Socket): WireTransport {
  return {
    start: (onData, onClose) =>
      socket.start({
        onData,
        onEnd: () => socket.end(),
        onDrain: () => undefined,
        onClose,
      }),
    write: (bytes) => void socket.write(bytes),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    end: () => socket.end(),
    destroy: () => socket.destroy(),
  };
}
