import { createServer, type Socket as RawSocket } from 'node:net';
import {
  type HttpHandler,
  type HttpListenOptions,
  type HttpServers,
  type Listener,
  type Logger,
} from '../host/index.js';
import type { HttpExchange } from './http-exchange.js';
import { listening } from './listening.js';

/** Connections of a port at the same time: administrators and probes are few. */
const MAX_CONNECTIONS = 256;

/** HTTP by `node:http`, which is loaded when the first client comes: it costs megabytes that most servers never need. */
export class RealHttpServers implements HttpServers {
  constructor(private readonly log: Logger) {}

  async listen(options: HttpListenOptions, makeHandler: () => Promise<HttpHandler>): Promise<Listener> {
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
    const listener = await listening(server, options, this.log);
    return {
      endpoint: listener.endpoint,
      close: () => {
        for (const raw of sockets) raw.destroy();
        return listener.close();
      },
    };
  }

  private async makeExchange(
    options: HttpListenOptions,
    makeHandler: () => Promise<HttpHandler>,
  ): Promise<HttpExchange> {
    const [{ HttpExchange }, handler] = await Promise.all([import('./http-exchange.js'), makeHandler()]);
    return new HttpExchange(options, handler, this.log);
  }
}
