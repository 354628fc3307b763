import type { Server } from 'node:net';
import { type Endpoint, formatEndpoint, type Listener, type Logger } from '../host/index.js';
import { networkErrorFrom } from './network-errors.js';

export interface ListeningOptions {
  readonly endpoint: Endpoint;
  readonly backlog?: number;
}

/**
 * Opens a server of `node:net`; rejects with a `NetworkError`. Later errors are connections that could not be accepted (no
 * descriptor left, say): they are logged, for without a listener they would end the process.
 */
export function listening(server: Server, options: ListeningOptions, log: Logger): Promise<Listener> {
  const { endpoint, backlog } = options;
  return new Promise((resolve, reject) => {
    const refused = (cause: Error) => reject(networkErrorFrom(cause, `listening on ${formatEndpoint(endpoint)}`));
    server.once('error', refused);
    server.listen(
      {
        port: endpoint.port,
        // Without a host Node listens on all addresses of both families.
        ...(endpoint.host === '' ? {} : { host: endpoint.host }),
        ...(backlog === undefined ? {} : { backlog }),
        exclusive: true,
      },
      () => {
        server.off('error', refused);
        server.on('error', (error) => {
          log.warn('A connection could not be accepted.', { endpoint: formatEndpoint(endpoint), error });
        });
        resolve(new RealListener(server, endpoint.host));
      },
    );
  });
}

class RealListener implements Listener {
  readonly endpoint: Endpoint;

  constructor(
    private readonly server: Server,
    host: string,
  ) {
    const address = server.address();
    this.endpoint = { host, port: typeof address === 'object' && address !== null ? address.port : 0 };
  }

  /** The port is free at once; Node's own callback would wait for the last open connection. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close();
      setImmediate(resolve);
    });
  }
}
