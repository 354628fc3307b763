// Servers in the background, started, restarted and stopped by the built program.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { holderOf } from '../../src/cli/pid-file.js';
import { isRunning } from '../../src/cli/process-facts.js';
import { eventually } from '../support/eventually.js';
import { serverMode } from '../support/four-letter.js';
import { HTTP_OFF_LINES } from '../support/http-off.js';
import { freePorts } from '../support/ports.js';
import { type CliResult, fakeServer, run, scratch } from './harness.js';

const LAUNCHER = new URL('../../bin/zk-server', import.meta.url).pathname;
const LOG_NAME = `zookeeper-${userInfo().username}-server-${hostname()}.out`;

/** A server that may run in the background; it is gone when the test ends. */
class Installation {
  private constructor(
    readonly folder: string,
    readonly port: number,
    readonly env: Readonly<Record<string, string>>,
  ) {}

  static async make(t: TestContext, text?: string, env: Readonly<Record<string, string>> = {}): Promise<Installation> {
    const folder = await mkdtemp(join(tmpdir(), 'zk-server-daemon-'));
    const [port = 0] = await freePorts(1);
    const made = new Installation(folder, port, env);
    t.after(async () => {
      const pid = made.pid();
      if (pid !== null && holderOf(made.pidFile, made.file).kind === 'running') {
        process.kill(pid, 'SIGKILL');
        await eventually('the server is gone', 30_000, () => Promise.resolve(!isRunning(pid)));
      }
      await rm(folder, { recursive: true, force: true });
    });
    await made.configure(text ?? '');
    return made;
  }

  configure(more: string): Promise<void> {
    const own = `tickTime=500\ndataDir=${this.data}\nclientPortAddress=127.0.0.1\nclientPort=${this.port}\n`;
    return writeFile(this.file, `${own}${more}\n${HTTP_OFF_LINES}`);
  }

  get file(): string {
    return join(this.folder, 'zoo.cfg');
  }

  get data(): string {
    return join(this.folder, 'data');
  }

  get pidFile(): string {
    return this.env['ZOOPIDFILE'] ?? join(this.data, 'zookeeper_server.pid');
  }

  get log(): string {
    return join(this.env['ZOO_LOG_DIR'] ?? this.data, LOG_NAME);
  }

  pid(): number | null {
    return existsSync(this.pidFile) ? Number(readFileSync(this.pidFile, 'utf8')) : null;
  }

  run(command: string, ...options: string[]): Promise<CliResult> {
    return run(LAUNCHER, [command, this.file, ...options], this.env);
  }

  async start(...options: string[]): Promise<number> {
    const { err, exitCode } = await this.run('start', '--daemon', ...options);
    assert.equal(exitCode, 0, err);
    const pid = this.pid();
    assert.ok(pid);
    return pid;
  }
}

async function occupied(t: TestContext): Promise<number> {
  const [port = 0] = await freePorts(1);
  const other = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => {
    other.listen({ host: '127.0.0.1', port }, resolve);
  });
  t.after(() => other.close());
  return port;
}

/** The session that a process belongs to: field 6 of /proc/PID/stat. */
function sessionOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[3]);
}

/** Lines that make server 1 of three that are not there. */
async function lonely(t: TestContext): Promise<Installation> {
  const ports = await freePorts(6);
  const lines = [0, 1, 2].map((i) => `server.${i + 1}=127.0.0.1:${ports[2 * i] ?? 0}:${ports[2 * i + 1] ?? 0}`);
  const made = await Installation.make(t, `initLimit=10\nsyncLimit=5\n${lines.join('\n')}\n`);
  await mkdir(made.data);
  await writeFile(join(made.data, 'myid'), '1\n');
  return made;
}

describe('start --daemon', { concurrency: 3 }, () => {
  it('serves when it says so, in a session of its own, with pid file and log', async (t) => {
    const server = await Installation.make(t);
    const { err, exitCode, out } = await server.run('start', '--daemon');
    assert.equal(err, '');
    assert.equal(exitCode, 0);
    assert.equal(await serverMode(server.port), 'standalone');
    const pid = server.pid();
    assert.ok(pid);
    assert.equal(out, `The server serves on 127.0.0.1:${server.port} as standalone: pid ${pid}, log ${server.log}\n`);
    assert.equal(sessionOf(pid), pid);
    assert.match(await readFile(server.log, 'utf8'), /"code":"STARTING"/);
    assert.equal((await server.run('status')).exitCode, 0);

    for (const options of [['--daemon'], []]) {
      const again = await server.run('start', ...options);
      assert.equal(again.exitCode, 1);
      assert.match(again.err, new RegExp(`^A server runs already: pid ${pid}, says ${server.pidFile}\\.`));
    }
    assert.equal(server.pid(), pid);
    assert.equal(await serverMode(server.port), 'standalone');

    assert.deepEqual(await server.run('stop'), { exitCode: 0, out: `Stopped server ${pid}.\n`, err: '' });
    assert.ok(!isRunning(pid));
    assert.ok(!existsSync(server.pidFile));
    assert.equal((await server.run('status')).exitCode, 1);
  });

  it('honours ZOO_LOG_DIR and ZOOPIDFILE, makes their folders and keeps an earlier log', async (t) => {
    const place = await scratch(t);
    const env = { ZOO_LOG_DIR: join(place, 'a', 'logs'), ZOOPIDFILE: join(place, 'b', 'run.pid') };
    const server = await Installation.make(t, '', env);
    await mkdir(env.ZOO_LOG_DIR, { recursive: true });
    await writeFile(server.log, 'an earlier life\n');
    await server.start('--log-format', 'text', '--log-level', 'warn');
    await server.run('stop');
    await server.start('--log-format', 'text');
    await server.run('stop');
    const log = await readFile(server.log, 'utf8');
    assert.match(log, /^an earlier life\n\d\S+ INFO {2}zk-server .* starts alone/);
    assert.equal(log.match(/starts alone/g)?.length, 1);
    assert.deepEqual(await readdir(server.data), ['version-2']);
  });

  it('starts over a pid that a crash left behind', async (t) => {
    const server = await Installation.make(t);
    const first = await server.start();
    process.kill(first, 'SIGKILL');
    const second = await server.start();
    assert.notEqual(second, first);
    assert.equal(await serverMode(server.port), 'standalone');
  });

  for (const [what, text] of [
    ['no number', 'none\n'],
    ['the pid of something else', `${process.pid}\n`],
  ] as const) {
    it(`starts over a pid file with ${what}`, async (t) => {
      const server = await Installation.make(t);
      await mkdir(server.data);
      await writeFile(server.pidFile, text);
      assert.ok(isRunning(await server.start()));
    });
  }

  it('1: tells why when the client port is taken, and leaves nothing behind', async (t) => {
    const server = await Installation.make(t);
    const port = await occupied(t);
    await writeFile(server.file, `dataDir=${server.data}\nclientPortAddress=127.0.0.1\nclientPort=${port}\n`);
    const { err, exitCode, out } = await server.run('start', '--daemon');
    assert.equal(exitCode, 1);
    assert.equal(out, '');
    assert.match(
      err,
      new RegExp(`^The server failed to start \\(exit code 1\\): cannot listen for clients on 127\\.0\\.0\\.1:${port}`),
    );
    assert.ok(err.includes(`Its log is ${server.log}`));
    assert.ok(!existsSync(server.pidFile));
  });

  it('14: tells why when the election port is taken', async (t) => {
    const port = await occupied(t);
    const server = await lonely(t);
    const text = await readFile(server.file, 'utf8');
    await writeFile(server.file, `${text.replace(/(server\.1=.*):\d+$/m, `$1:${port}`)}electionPortBindRetry=1\n`);
    const { err, exitCode } = await server.run('start', '--daemon');
    assert.equal(exitCode, 14);
    assert.match(err, /^Server 1 failed to start \(exit code 14\): /);
  });

  it('2: starts nothing with a bad configuration', async (t) => {
    const server = await Installation.make(t, 'tickTime=soon\n');
    const { err, exitCode } = await server.run('start', '--daemon');
    assert.equal(exitCode, 2);
    assert.match(err, /zoo\.cfg:5: error: tickTime/);
    assert.ok(!existsSync(server.data));
  });

  it('1: says that the log or the pid file cannot be written', async (t) => {
    const place = await scratch(t);
    const file = join(place, 'file');
    await writeFile(file, '');
    const noLog = await (await Installation.make(t, '', { ZOO_LOG_DIR: file })).run('start', '--daemon');
    assert.equal(noLog.exitCode, 1);
    assert.match(noLog.err, /^The log \S+ cannot be written: .*set ZOO_LOG_DIR to another folder\.$/m);
    const noPid = await (await Installation.make(t, '', { ZOOPIDFILE: join(file, 'pid') })).run('start', '--daemon');
    assert.equal(noPid.exitCode, 1);
    assert.match(noPid.err, /failed to start \(exit code 1\): The pid file \S+ cannot be written/);
  });

  it('1: says that it does not serve in time, and lets it go on', async (t) => {
    const server = await lonely(t);
    const { err, exitCode } = await server.run('start', '--daemon', '--timeout', '0.01');
    assert.equal(exitCode, 1);
    const [, pid] =
      /^Server 1 does not serve yet \((?:starting|looking)\)\. It goes on: pid (\d+), log /m.exec(err) ?? [];
    assert.ok(pid, err);
    await eventually('it has its pid file', 30_000, () => Promise.resolve(server.pid() === Number(pid)));
    assert.equal((await server.run('stop')).out, `Stopped server ${pid}.\n`);
  });

  it('0: says that the first server of an ensemble waits for the others', async (t) => {
    const server = await lonely(t);
    const { exitCode, out } = await server.run('start', '--daemon');
    assert.equal(exitCode, 0);
    assert.match(
      out,
      /^Server 1 runs but does not serve yet \(looking\): it waits for a quorum of the other servers\./,
    );
    const pid = server.pid();
    const status = await server.run('status');
    assert.equal(status.exitCode, 1);
    assert.match(
      status.out,
      new RegExp(`runs \\(pid ${pid ?? 0}\\) but does not serve: it has looked for a leader for`),
    );
    assert.match(status.out, /no other server was heard\.$/m);
    const stopped = await server.run('stop');
    assert.equal(stopped.out, `Stopped server ${pid ?? 0}.\n`);
  });
});

describe('restart', { concurrency: 2 }, () => {
  it('ends the running server and starts another one', async (t) => {
    const server = await Installation.make(t);
    const first = await server.start();
    const { err, exitCode, out } = await server.run('restart');
    assert.equal(exitCode, 0, err);
    const second = server.pid();
    assert.notEqual(second, first);
    assert.match(
      out,
      new RegExp(`^Stopped server ${first}\\.\nThe server serves on \\S+ as standalone: pid ${second ?? 0},`),
    );
    assert.ok(!isRunning(first));
  });

  it('leaves the running server alone when the configuration is bad', async (t) => {
    const server = await Installation.make(t);
    const first = await server.start();
    await server.configure('tickTime=soon\n');
    const { err, exitCode } = await server.run('restart');
    assert.equal(exitCode, 2);
    assert.match(err, /^The configuration cannot be used; nothing was stopped\.\n.*zoo\.cfg:5: error: tickTime/);
    assert.equal(await serverMode(server.port), 'standalone');
    assert.equal(server.pid(), first);
  });

  it('starts a server when none runs', async (t) => {
    const server = await Installation.make(t);
    const { exitCode, out } = await server.run('restart');
    assert.equal(exitCode, 0);
    assert.match(out, /^No server to stop \(no pid in \S+\)\.\nThe server serves /);
  });
});

describe('whose pid a pid file holds', () => {
  async function world(t: TestContext): Promise<{ file: string; mark: string; pid: number }> {
    const folder = await scratch(t);
    const mark = join(folder, 'mark');
    const file = join(folder, 'pid');
    const { pid = 0 } = await fakeServer(t, mark);
    await writeFile(file, `${pid}\n`);
    return { file, mark, pid };
  }

  it('that of the server that wrote it', async (t) => {
    const { file, pid } = await world(t);
    assert.deepEqual(holderOf(file, null), { kind: 'running', pid });
  });

  it('not that of a server that began later, such as after a reboot', async (t) => {
    const { file, pid } = await world(t);
    const hourAgo = Date.now() / 1000 - 3600;
    await utimes(file, hourAgo, hourAgo);
    assert.deepEqual(holderOf(file, null), { kind: 'something else', pid });
  });

  it('not that of a program that has to do with a folder called zk-server', async (t) => {
    const folder = join(await scratch(t), 'zk-server');
    await mkdir(folder);
    const file = join(folder, 'zookeeper_server.pid');
    const words = ['-e', 'setInterval(() => undefined, 1000)', join(folder, 'zk-server.log')];
    const reader = spawn(process.execPath, words, { stdio: 'ignore' });
    t.after(() => reader.kill('SIGKILL'));
    await once(reader, 'spawn');
    const pid = reader.pid ?? 0;
    await writeFile(file, `${pid}\n`);
    assert.deepEqual(holderOf(file, null), { kind: 'something else', pid });
  });

  it('that of a server that was started with the same configuration, whatever the clocks say', async (t) => {
    const { file, mark, pid } = await world(t);
    const hourAgo = Date.now() / 1000 - 3600;
    await utimes(file, hourAgo, hourAgo);
    assert.deepEqual(holderOf(file, mark), { kind: 'running', pid });
  });

  it('the own pid is no other server’s', async (t) => {
    const { file } = await world(t);
    await writeFile(file, `${process.pid}\n`);
    assert.deepEqual(holderOf(file, null), { kind: 'gone', pid: process.pid });
  });
});
