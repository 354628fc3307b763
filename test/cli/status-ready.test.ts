// zk-server status takes the checks of /readyz into account.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer as createPlainServer } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { freePorts } from '../support/ports.js';
import { cli, scratch } from './harness.js';

const SRVR =
  'Zookeeper version: 3.9.5-test, built on 11/24/2026 00:00 GMT\nZxid: 0x7\nMode: standalone\nNode count: 5\n';

/** A server that answers `srvr`, and /readyz with these checks for that data folder. */
async function answering(t: TestContext, checks: readonly object[], owner: (folder: string) => string) {
  const folder = await scratch(t);
  const [clientPort = 0, adminPort = 0] = await freePorts(2);
  await mkdir(join(folder, 'data'));
  await writeFile(
    join(folder, 'zoo.cfg'),
    `dataDir=./data\nclientPort=${clientPort}\nadmin.serverAddress=127.0.0.1\nadmin.serverPort=${adminPort}\n`,
  );
  const clients = createPlainServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (word) => socket.end(word.toString('utf8') === 'srvr' ? SRVR : ''));
  });
  const admin = createServer((request, response) => {
    const body = { status: 'x', data_dir: owner(folder), checks };
    response.statusCode = request.url?.startsWith('/readyz') === true ? 503 : 404;
    response.end(JSON.stringify(body));
  });
  for (const [server, port] of [
    [clients, clientPort],
    [admin, adminPort],
  ] as const) {
    await new Promise<void>((resolve) => {
      server.listen({ host: '127.0.0.1', port }, resolve);
    });
    t.after(() => server.close());
  }
  return cli(['status', 'zoo.cfg'], { workingDir: folder });
}

const own = (folder: string): string => join(folder, 'data', 'version-2');
const GOOD = { name: 'quorum', ok: true, detail: 'standalone' };
const BAD = { name: 'disk-space', ok: false, detail: '3 MiB free' };

describe('status and readiness', () => {
  it('is good when every check passes', async (t) => {
    const { exitCode, out } = await answering(t, [GOOD], own);
    assert.equal(exitCode, 0);
    assert.match(out, /ready +yes, 1 checks passed/);
  });

  it('is bad when one fails, which is named', async (t) => {
    const { exitCode, out } = await answering(t, [GOOD, BAD], own);
    assert.equal(exitCode, 1);
    assert.match(out, /not ready +disk-space: 3 MiB free/);
    assert.match(out, /not healthy/);
  });

  it('does not take another server’s word', async (t) => {
    const { exitCode, out } = await answering(t, [BAD], () => '/another');
    assert.equal(exitCode, 0);
    assert.doesNotMatch(out, /ready/);
  });
});
