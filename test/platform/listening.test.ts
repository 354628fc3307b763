import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { type Logger, NetworkError } from '../../src/host/index.js';
import { listening } from '../../src/platform/listening.js';

const warnings: string[] = [];
const LOG = { warn: (message: string) => warnings.push(message) } as unknown as Logger;

describe('listening', () => {
  it('outlives connections that cannot be accepted, one after the other', async () => {
    const server = createServer();
    const listener = await listening(server, { endpoint: { host: '127.0.0.1', port: 0 } }, LOG);
    for (const code of ['EMFILE', 'ENFILE']) server.emit('error', Object.assign(new Error(code), { code }));
    assert.equal(warnings.length, 2);
    await listener.close();
  });

  it('tells of a taken port by its name', async () => {
    const first = await listening(createServer(), { endpoint: { host: '127.0.0.1', port: 0 } }, LOG);
    await assert.rejects(listening(createServer(), { endpoint: first.endpoint }, LOG), (error) => {
      return error instanceof NetworkError && error.message.includes(String(first.endpoint.port));
    });
    await first.close();
  });
});
