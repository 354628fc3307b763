import { createServer, type Socket as RawSocket } from 'node:net';
import {
  formatEndpoint,
  type HttpHandler,
  type HttpListenOptions,
  type HttpServers,
  type Listener,
  type Logger,
} from '../host/index.js';
import type { HttpExchange } from './http-exchange.js';
import { networkErrorFrom } from './network-errors.js';

/** Connections of a port at the same time: administrators and probes are few. */
const MAX_CONNECTIONS = 256;

/** HTTP by `node:http`, which is loaded when the first client comes: it costs megabytes that most servers never need. */
export class RealHttpServers implements HttpServers {
  constructor(private readonly log: Logger) {}

  listen(options: HttpListenOptions, makeHandler: () => Promise<HttpHandler>): Promise<Listener> {
    const { endpoint } = options;
    const sockets = new Set<RawSocket>();
    let exchange: Promise<HttpExchange> | null = null;
    const server = createServer({ pauseOnConnect: true, noDelay: true }, (raw) => {
      sockets.add(raw);
      raw.once('close', () => sockets.delete(raw));
      // Told by its close.
      raw.on('error', () => undefined);
      exchange ??= this.makeExchange(options, makeHandler);
      exchange.then(
        (ready) => ready.serve(raw),
        (error: unknown) => {
          this.log.error('HTTP cannot be answered.', { code: 'HTTP_FAILED', error });
          raw.destroy();
        },
      );
    });
    server.maxConnections = MAX_CONNECTIONS;
    return new Promise((resolve, reject) => {
      server.once('error', (cause) => reject(networkErrorFrom(cause, `listening on ${formatEndpoint(endpoint)}`)));
      const where = { port: endpoint.port, ...(endpoint.host === '' ? {} : { host: endpoint.host }), exclusive: true };
      server.listen(where, () => {
        const address = server.address();
        const port = typeof address === 'object' && address !== null ? address.port : 0;
        resolve({
          endpoint: { host: endpoint.host, port },
          close: () => {
            server.close();
            for (const raw of sockets) raw.destroy();
            return new Promise((done) => setImmediate(done));
          },
        });
      });
    });
  }

  private async makeExchange(
    options: HttpListenOptions,
    makeHandler: () => Promise<HttpHandler>,
  ): Promise<HttpExchange> {
    const [{ HttpExchange }, handler] = await Promise.all([import('./http-exchange.js'), makeHandler()]);
    return new HttpExchange(options, handler, this.log);
  }
}
