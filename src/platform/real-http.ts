import { createServer } from 'node:net';
import {
  formatEndpoint,
  type HttpHandler,
  type HttpListenOptions,
  type HttpServers,
  type Listener,
  type Logger,
} from '../host/index.js';
import { HttpConnections } from './http-connections.js';
import type { HttpExchange } from './http-exchange.js';
import { listening } from './listening.js';

const SWEEP_MS = 5000;
/** That all places are taken is told this often at most. */
const COMPLAIN_MS = 60_000;

/** HTTP by `node:http`, which is loaded when the first client comes: it costs megabytes that most servers never need. */
export class RealHttpServers implements HttpServers {
  constructor(private readonly log: Logger) {}

  async listen(options: HttpListenOptions, makeHandler: () => Promise<HttpHandler>): Promise<Listener> {
    const connections = new HttpConnections(options.maxConnections);
    let exchange: Promise<HttpExchange> | null = null;
    let complainedMs = Number.NEGATIVE_INFINITY;
    const server = createServer({ pauseOnConnect: true, noDelay: true }, (raw) => {
      raw.once('close', () => connections.gone(raw));
      // Told by its close.
      raw.on('error', () => undefined);
      const nowMs = performance.now();
      const loser = connections.admit(raw, nowMs);
      loser?.destroy();
      if (loser !== null && nowMs - complainedMs > COMPLAIN_MS) {
        complainedMs = nowMs;
        const where = formatEndpoint(options.endpoint);
        this.log.warn(`All ${options.maxConnections} connections of ${where} are taken: idle ones are closed.`, {
          code: 'HTTP_FULL',
          remote: raw.remoteAddress,
        });
      }
      if (loser === raw) return;
      exchange ??= this.makeExchange(options, makeHandler, connections);
      exchange.then(
        (ready) => ready.serve(raw),
        (error: unknown) => {
          this.log.error('HTTP cannot be answered.', { code: 'HTTP_FAILED', error });
          raw.destroy();
        },
      );
    });
    const listener = await listening(server, options, this.log);
    const sweep = setInterval(() => {
      for (const raw of connections.overdue(performance.now())) raw.destroy();
    }, SWEEP_MS).unref();
    return {
      endpoint: listener.endpoint,
      close: () => {
        clearInterval(sweep);
        for (const raw of connections.all()) raw.destroy();
        return listener.close();
      },
    };
  }

  private async makeExchange(
    options: HttpListenOptions,
    makeHandler: () => Promise<HttpHandler>,
    connections: HttpConnections,
  ): Promise<HttpExchange> {
    const [{ HttpExchange }, handler] = await Promise.all([import('./http-exchange.js'), makeHandler()]);
    return new HttpExchange(options, handler, this.log, connections);
  }
}
