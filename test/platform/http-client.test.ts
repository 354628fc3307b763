import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createRawServer, type Server } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import type { HttpQuestion } from '../../src/host/index.js';
import { RealHttpClient } from '../../src/platform/real-http-client.js';

const client = new RealHttpClient();

async function questionTo(t: TestContext, server: Server): Promise<HttpQuestion> {
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { endpoint: { host: '127.0.0.1', port }, path: '/a?b=c', tls: null, timeoutMs: 5000, maxBytes: 100 };
}

function questionToHttp(t: TestContext, listener: RequestListener): Promise<HttpQuestion> {
  return questionTo(t, createServer(listener));
}

describe('the HTTP client', () => {
  it('gets status and text', async (t) => {
    const question = await questionToHttp(t, (request, response) => {
      response.writeHead(404);
      response.write(`${request.method ?? ''} `);
      response.end(`${request.url ?? ''} ö`);
    });
    assert.deepEqual(await client.get(question), { status: 404, text: 'GET /a?b=c ö' });
  });

  it('gives up an answer that is too long', async (t) => {
    const question = await questionToHttp(t, (_request, response) => response.end('x'.repeat(101)));
    await assert.rejects(client.get(question), /longer than 100 bytes/);
  });

  for (const [what, listener] of [
    ['no answer', () => undefined],
    ['half an answer', (_request, response) => response.writeHead(200, { 'content-length': 9 }).write('half')],
  ] as const satisfies readonly (readonly [string, RequestListener])[]) {
    it(`gives up when ${what} comes in time`, async (t) => {
      const question = await questionToHttp(t, listener);
      await assert.rejects(client.get({ ...question, timeoutMs: 50 }));
    });
  }

  it('says so when the time is over', async (t) => {
    const question = await questionToHttp(t, () => undefined);
    await assert.rejects(client.get({ ...question, timeoutMs: 50 }), /no answer within 50 ms/);
  });

  it('gives up when the connection ends, or what comes is no HTTP', async (t) => {
    const closing = await questionTo(
      t,
      createRawServer((socket) => socket.end()),
    );
    await assert.rejects(client.get(closing));
    const babbling = await questionTo(
      t,
      createRawServer((socket) => socket.end('no HTTP\r\n\r\n')),
    );
    await assert.rejects(client.get(babbling), /Parse Error/);
  });

  it('says when nobody listens', async (t) => {
    const server = createServer();
    const question = await questionTo(t, server);
    await new Promise((resolve) => server.close(resolve));
    await assert.rejects(client.get(question), /ECONNREFUSED/);
  });
});
