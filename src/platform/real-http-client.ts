import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect, type Socket as RawSocket } from 'node:net';
import type { HttpAnswer, HttpClient, HttpQuestion } from '../host/index.js';
import { bodyOf } from './http-body.js';

/** HTTP by `node:http`, one connection a question; loaded when the first one is asked. */
export class RealHttpClient implements HttpClient {
  async get(question: HttpQuestion): Promise<HttpAnswer> {
    const { endpoint, timeoutMs } = question;
    const raw = connect({ host: endpoint.host, port: endpoint.port, noDelay: true });
    // Told by whoever uses the connection then.
    raw.on('error', () => undefined);
    const timer = setTimeout(() => raw.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs).unref();
    try {
      await once(raw, 'connect');
      return await ask(question, await secured(raw, question));
    } finally {
      clearTimeout(timer);
      raw.destroy();
    }
  }
}

async function secured(raw: RawSocket, { endpoint, tls, timeoutMs }: HttpQuestion): Promise<RawSocket> {
  if (tls === null) return raw;
  const { handshake } = await import('./real-tls.js');
  return handshake(raw, { context: tls, side: 'dial', timeoutMs, peerHost: endpoint.host });
}

async function ask({ endpoint, path, maxBytes }: HttpQuestion, socket: RawSocket): Promise<HttpAnswer> {
  const { request } = await import('node:http');
  // A request that is given a connection that has ended already never ends itself.
  const gone = new Promise<never>((_resolve, reject) => {
    const say = (): void => reject(socket.errored ?? new Error('the connection ended before there was an answer'));
    if (socket.destroyed || socket.readableEnded) say();
    else socket.once('close', say);
  });
  const outgoing = request({
    host: endpoint.host,
    port: endpoint.port,
    path,
    headers: { accept: 'application/json', connection: 'close' },
    createConnection: () => socket,
  });
  // What comes behind the answer concerns nobody.
  outgoing.on('error', () => undefined);
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
  outgoing.end();
  const [incoming] = await Promise.race([answered, gone]);
  const body = await bodyOf(incoming, maxBytes);
  return { status: incoming.statusCode ?? 0, text: body.toString('utf8') };
}
