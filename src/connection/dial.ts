import type { Clock, Endpoint, Socket, Timer } from '../host/index.js';
import { formatEndpoint, NetworkError } from '../host/index.js';

/** An address gets so long before the next one is tried beside it. */
const HEAD_START_MS = 300;

/** A connection, and the address at which it was made. */
export interface Dialled {
  readonly endpoint: Endpoint;
  readonly socket: Socket;
}

/** Every address of a server failed. */
export class DialError extends Error {
  override readonly name = 'DialError';
  constructor(readonly failures: readonly { endpoint: Endpoint; error: unknown }[]) {
    super(failures.map(({ endpoint, error }) => `${formatEndpoint(endpoint)}: ${(error as Error).message}`).join('; '));
  }

  /** Did somebody answer at each address that nobody listens there? */
  get refused(): boolean {
    return this.failures.every(({ error }) => error instanceof NetworkError && error.code === 'REFUSED');
  }

  /** The kinds of failure, for logs that should not repeat themselves. */
  get codes(): string {
    return this.failures.map(({ error }) => (error instanceof NetworkError ? error.code : 'OTHER')).join(',');
  }
}

/**
 * Connects to the first of a server's addresses that answers. The next one is tried when one fails or keeps quiet; whoever
 * answers later is closed again. Rejects with a `DialError`.
 */
export function dialFirst(
  clock: Clock,
  endpoints: readonly Endpoint[],
  dial: (endpoint: Endpoint) => Promise<Socket>,
): Promise<Dialled> {
  return new Promise((resolve, reject) => {
    const failures: { endpoint: Endpoint; error: unknown }[] = [];
    let launched = 0;
    let won = false;
    let timer: Timer | undefined;
    const launch = (): void => {
      timer?.cancel();
      const endpoint = endpoints[launched];
      if (endpoint === undefined || won) return;
      launched++;
      if (launched < endpoints.length) timer = clock.after(HEAD_START_MS, launch);
      dial(endpoint).then(
        (socket) => {
          if (won) {
            socket.destroy();
            return;
          }
          won = true;
          timer?.cancel();
          resolve({ endpoint, socket });
        },
        (error: unknown) => {
          failures.push({ endpoint, error });
          if (failures.length === endpoints.length) reject(new DialError(failures));
          else launch();
        },
      );
    };
    launch();
  });
}
