// What a service manager hears from a server: the real systemd-notify writes to a socket that stands for systemd's.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { watchdogIntervalMs } from '../../src/cli/service-manager.js';
import { cliProcess, scratch } from '../cli/harness.js';
import { HTTP_OFF_LINES } from '../support/http-off.js';
import { LineProcess } from '../support/line-process.js';
import { freePorts } from '../support/ports.js';

const LAUNCHER = new URL('../../bin/zk-server', import.meta.url).pathname;
/** Prints each datagram, with its lines in one; file descriptors that come along are closed, which ends systemd-notify's wait. */
const LISTENER = `
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('bound', flush=True)
while True:
    data, fds, _, _ = socket.recv_fds(s, 4096, 8)
    for fd in fds: os.close(fd)
    print(data.decode().strip().replace('\\n', ' '), flush=True)
`;

async function listener(t: TestContext, folder: string): Promise<{ heard: LineProcess; path: string }> {
  const path = join(folder, 'notify');
  const heard = new LineProcess('python3', ['-c', LISTENER, path]);
  t.after(() => heard.kill());
  await heard.expect(/^bound$/);
  return { heard, path };
}

async function config(folder: string): Promise<{ file: string; port: number }> {
  const [port = 0] = await freePorts(1);
  const file = join(folder, 'zoo.cfg');
  const lines = [`dataDir=${join(folder, 'data')}`, 'clientPortAddress=127.0.0.1', `clientPort=${port}`];
  await writeFile(file, `${lines.join('\n')}\n${HTTP_OFF_LINES}`);
  return { file, port };
}

describe('a server under a service manager', () => {
  it('tells when it is ready, that it is alive, and that it stops', async (t) => {
    const folder = await scratch(t);
    const { heard, path } = await listener(t, folder);
    const { file, port } = await config(folder);
    const env = { ...process.env, NOTIFY_SOCKET: path, WATCHDOG_USEC: '200000' };
    const server = spawn(LAUNCHER, ['start', file], { stdio: 'ignore', env });
    t.after(() => server.kill('SIGKILL'));
    await heard.expect(new RegExp(`READY=1.*STATUS=Listens for clients on port ${port}`));
    await heard.expect(/^WATCHDOG=1$/);
    server.kill('SIGTERM');
    await heard.expect(/STOPPING=1/);
    assert.deepEqual(await once(server, 'exit'), [0, null]);
  });

  it('says nothing about readiness when it cannot start', async (t) => {
    const folder = await scratch(t);
    const { heard, path } = await listener(t, folder);
    const file = join(folder, 'zoo.cfg');
    await writeFile(file, `dataDir=${join(folder, 'data')}\nclientPort=65536\n`);
    const { exitCode } = await cliProcess(['start', file], { NOTIFY_SOCKET: path });
    assert.equal(exitCode, 2);
    assert.deepEqual(heard.lines, ['bound']);
  });

  it('serves without systemd-notify, and says once what is missing', async (t) => {
    const folder = await scratch(t);
    const { file } = await config(folder);
    const env = { ...process.env, NOTIFY_SOCKET: join(folder, 'nobody'), WATCHDOG_USEC: '100000' };
    const server = spawn(LAUNCHER, ['start', file, '--log-format', 'json'], {
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    t.after(() => server.kill('SIGKILL'));
    let log = '';
    for await (const chunk of server.stdout) {
      log += String(chunk);
      if (log.includes('SERVICE_MANAGER')) server.kill('SIGTERM');
    }
    assert.equal(log.split('"SERVICE_MANAGER"').length - 1, 1);
  });
});

describe('the watchdog interval', () => {
  for (const [what, env, expected] of [
    ['half of what is allowed', { WATCHDOG_USEC: '3000000' }, 1500],
    ['not set', {}, null],
    ['no number', { WATCHDOG_USEC: 'soon' }, null],
    ['nothing', { WATCHDOG_USEC: '0' }, null],
    ['less than a millisecond', { WATCHDOG_USEC: '10' }, 1],
    ['of this process', { WATCHDOG_USEC: '2000', WATCHDOG_PID: '7' }, 1],
    ['of another process', { WATCHDOG_USEC: '2000', WATCHDOG_PID: '8' }, null],
  ] as const) {
    it(what, () => {
      assert.equal(watchdogIntervalMs(env, 7), expected);
    });
  }
});
