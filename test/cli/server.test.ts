// A real server as a process: its signals, its pid file, and what keeps it from starting.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { eventually } from '../support/eventually.js';
import { serverMode } from '../support/four-letter.js';
import { HTTP_OFF_LINES } from '../support/http-off.js';
import { freePorts } from '../support/ports.js';
import { WireClient } from '../support/wire-client.js';
import { cli, cliProcess, MAIN, scratch } from './harness.js';

const START_LIMIT_MS = 30_000;

interface Alone {
  readonly folder: string;
  readonly file: string;
  readonly port: number;
}

async function alone(t: TestContext, more = ''): Promise<Alone> {
  const folder = await scratch(t);
  const [port = 0] = await freePorts(1);
  const file = join(folder, 'zoo.cfg');
  const text = `tickTime=500\ndataDir=${join(folder, 'data')}\nclientPortAddress=127.0.0.1\nclientPort=${port}\n${more}\n${HTTP_OFF_LINES}`;
  await writeFile(file, text);
  return { folder, file, port };
}

async function started(t: TestContext, { file, port }: Alone): Promise<ChildProcess> {
  const child = spawn(process.execPath, [...MAIN, 'start', file], { stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  await eventually('the server serves', START_LIMIT_MS, async () => (await serverMode(port)) === 'standalone');
  return child;
}

async function listen(t: TestContext, port: number): Promise<void> {
  const other = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => {
    other.listen({ host: '127.0.0.1', port }, resolve);
  });
  t.after(() => other.close());
}

describe('a server that runs alone', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`exits with 0 on ${signal}`, async (t) => {
      const server = await started(t, await alone(t));
      const exit = once(server, 'exit');
      server.kill(signal);
      assert.deepEqual(await exit, [0, null]);
    });
  }

  it('makes sessions as server 1, as ZooKeeper does', async (t) => {
    const world = await alone(t);
    await started(t, world);
    const client = await WireClient.connect(world.port);
    assert.equal(client.sessionId >> 56n, 1n);
    await client.close();
  });

  it('keeps its pid in a file while it runs, and stop ends it', async (t) => {
    const world = await alone(t);
    const server = await started(t, world);
    const pidFile = join(world.folder, 'data', 'zookeeper_server.pid');
    assert.equal(await readFile(pidFile, 'utf8'), `${server.pid ?? 0}\n`);
    const status = await cli(['status', world.file]);
    assert.equal(status.exitCode, 0);
    assert.match(status.out, /: standalone\./);
    const exit = once(server, 'exit');
    const { exitCode, out } = await cli(['stop', world.file]);
    assert.equal(exitCode, 0);
    assert.equal(out, `Stopped server ${server.pid ?? 0}.`);
    assert.deepEqual(await exit, [0, null]);
    assert.ok(!existsSync(pidFile));
    assert.equal((await cli(['status', world.file])).exitCode, 1);
  });
});

describe('what keeps a server from starting', () => {
  it('1: the client port is taken', async (t) => {
    const { file, port } = await alone(t);
    await listen(t, port);
    const { exitCode, out } = await cliProcess(['start', file, '--log-format', 'text']);
    assert.equal(exitCode, 1);
    assert.match(out, new RegExp(`FATAL .*127\\.0\\.0\\.1:${port}`));
  });

  it('1: the client address is another machine’s', async (t) => {
    const folder = await scratch(t);
    const file = join(folder, 'zoo.cfg');
    await writeFile(file, `dataDir=${join(folder, 'data')}\nclientPort=2181\nclientPortAddress=192.0.2.1\n`);
    const { exitCode, out } = await cliProcess(['start', file, '--log-format', 'text']);
    assert.equal(exitCode, 1);
    assert.match(out, /FATAL .*192\.0\.2\.1:2181 .*clientPortAddress is no address of this machine/);
    assert.doesNotMatch(out, /^ +at /m, 'what was foreseen needs no stack');
  });

  it('14: the election port is taken', async (t) => {
    const folder = await scratch(t);
    const [client = 0, quorum = 0, election = 0] = await freePorts(3);
    await listen(t, election);
    await mkdir(join(folder, 'data'));
    await writeFile(join(folder, 'data', 'myid'), '1\n');
    const file = join(folder, 'zoo.cfg');
    const lines = [
      `dataDir=${join(folder, 'data')}`,
      `clientPort=${client}`,
      'initLimit=5\nsyncLimit=2\nelectionPortBindRetry=1',
      `server.1=127.0.0.1:${quorum}:${election}`,
      'server.2=127.0.0.1:2:3\nserver.3=127.0.0.1:4:5',
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    const { exitCode } = await cliProcess(['start', file]);
    assert.equal(exitCode, 14);
  });
});
