import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket as RawSocket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TLSSocket } from 'node:tls';
import type { HttpHandler, HttpListenOptions, HttpReply, HttpRequest, Logger } from '../host/index.js';
import type { HttpConnections } from './http-connections.js';
import { handshake, securityOf } from './real-tls.js';

/** The first byte of a TLS handshake. */
const TLS_HANDSHAKE = 22;

/** Reads requests from connections that others accepted, and answers them. */
export class HttpExchange {
  private readonly server: Server;
  /** The connection that a socket's bytes come by: the same one without TLS. */
  private readonly raws = new WeakMap<RawSocket, RawSocket>();

  constructor(
    private readonly options: HttpListenOptions,
    private readonly handler: HttpHandler,
    private readonly log: Logger,
    private readonly connections: Pick<HttpConnections, 'asked' | 'answered'>,
  ) {
    this.server = createServer({ keepAliveTimeout: options.idleTimeoutMs, requestTimeout: 0 }, (request, response) => {
      const raw = this.raws.get(request.socket) ?? request.socket;
      this.connections.asked(raw);
      this.answer(request, response)
        .catch((error: unknown) => {
          this.log.debug('An HTTP answer could not be sent.', { code: 'HTTP_BROKEN', error });
          response.destroy();
        })
        .finally(() => this.connections.answered(raw));
    });
    this.server.timeout = options.idleTimeoutMs;
  }

  /** Takes over a connection from which nothing was read. */
  serve(raw: RawSocket): void {
    this.securedWhenAsked(raw).then(
      (socket) => {
        this.raws.set(socket, raw);
        this.server.emit('connection', socket);
        socket.resume();
      },
      (error: unknown) => {
        this.log.debug('A TLS handshake on an HTTP port failed.', { code: 'HTTP_BROKEN', error });
        raw.destroy();
      },
    );
  }

  private async securedWhenAsked(raw: RawSocket): Promise<RawSocket> {
    const { tls } = this.options;
    if (tls === undefined) return raw;
    const { context, handshakeTimeoutMs: timeoutMs } = tls;
    // The connection itself keeps the process alive; once it is gone nothing else waits for this.
    const timer = setTimeout(() => raw.destroy(), timeoutMs).unref();
    try {
      if (tls.transport === 'either') {
        const first = await firstByte(raw);
        if (first !== undefined && first !== TLS_HANDSHAKE) tls.onPlain();
        if (first !== TLS_HANDSHAKE) return raw;
      }
      return await handshake(raw, { context, side: 'accept', timeoutMs });
    } finally {
      clearTimeout(timer);
    }
  }

  private async answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    let reply: HttpReply;
    const request = requestFrom(incoming);
    if (request === null) {
      reply = { status: 400, contentType: 'text/plain', body: 'The address is malformed.\n' };
    } else {
      // Whoever has sent everything is not idle while he waits for what comes of it; and large things may take their time.
      const { socket } = incoming;
      const waits = (): void => {
        socket.setTimeout(0);
      };
      incoming.once('end', waits);
      try {
        reply = await this.handler(request);
      } catch (error) {
        this.log.error(`The answer to ${request.method} ${request.path} could not be made.`, {
          code: 'HTTP_FAILED',
          error,
        });
        reply = { status: 500, contentType: 'text/plain', body: 'The answer could not be made; see the log.\n' };
      } finally {
        incoming.off('end', waits);
        socket.setTimeout(this.options.idleTimeoutMs);
      }
    }
    await send(reply, incoming, response);
  }
}

/** Waits for the first byte and leaves it unread; undefined when the connection ends before it. */
async function firstByte(raw: RawSocket): Promise<number | undefined> {
  await once(raw, 'readable');
  const chunk = raw.read() as Buffer | null;
  if (chunk === null) return undefined;
  raw.pause();
  raw.unshift(chunk);
  return chunk[0];
}

/** Null when its address cannot be decoded. */
function requestFrom(incoming: IncomingMessage): HttpRequest | null {
  try {
    const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://server');
    const query = new Map<string, string>();
    for (const [name, value] of searchParams) if (!query.has(name)) query.set(name, value);
    const { socket } = incoming;
    return {
      method: incoming.method ?? 'GET',
      path: decodeURIComponent(pathname),
      query,
      header: (name) => {
        const value = incoming.headers[name];
        return Array.isArray(value) ? value[0] : value;
      },
      remoteHost: (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, ''),
      certificates: socket instanceof TLSSocket ? securityOf(socket).peerCertificates : [],
      body: incoming as AsyncIterable<Buffer>,
    };
  } catch {
    return null;
  }
}

async function send(
  { status, contentType, headers, body }: HttpReply,
  incoming: IncomingMessage,
  response: ServerResponse,
) {
  response.writeHead(status, {
    'content-type': contentType,
    'cache-control': 'no-store',
    ...(typeof body === 'string' ? { 'content-length': Buffer.byteLength(body) } : {}),
    ...headers,
    // What is left of a request that nobody wants to read is not waited for.
    ...(incoming.complete ? {} : { connection: 'close' }),
  });
  if (typeof body === 'string') {
    response.end(body);
    return;
  }
  await pipeline(Readable.from(body, { objectMode: false }), response);
}
