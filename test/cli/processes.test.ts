// The command line as processes: exit codes, the launcher, stopping by pid file.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { cli, cliProcess, fakeServer, run, scratch } from './harness.js';

const LAUNCHER = new URL('../../bin/zk-server', import.meta.url).pathname;

describe('exit codes of start', () => {
  const LIST = 'initLimit=10\nsyncLimit=5\nserver.1=a:2888:3888\nserver.2=b:2888:3888\nserver.3=c:2888:3888\n';
  const CASES: readonly (readonly [what: string, exitCode: number, text: string | null, says: RegExp])[] = [
    ['no configuration', 2, null, /there is no file/],
    ['a bad configuration', 2, 'clientPort=x\n', /zoo\.cfg:1: error: clientPort/],
    ['no myid', 2, `dataDir=DATA/none\nclientPort=2181\n${LIST}`, /myid: there is no folder/],
    ['a myid that is not in the list', 1, `dataDir=DATA\nclientPort=2181\n${LIST}`, /this is server 9/],
    ['a data folder that is a file', 3, 'dataDir=DATA/myid\nclientPort=2181\n', /is not a folder/],
  ];
  for (const [what, exitCode, text, says] of CASES) {
    it(`${exitCode}: ${what}`, async (t) => {
      const folder = await scratch(t);
      const data = join(folder, 'data');
      await mkdir(data);
      await writeFile(join(data, 'myid'), '9\n');
      const file = join(folder, 'zoo.cfg');
      if (text !== null) await writeFile(file, text.replace('DATA', data));
      const result = await cliProcess(['start', file]);
      assert.equal(result.exitCode, exitCode);
      assert.match(result.err, says);
    });
  }
});

/** A copy of the launcher in an installation of its own, whose launch.cjs is `script`. */
async function installation(t: TestContext, script: string | null): Promise<{ home: string; launcher: string }> {
  const home = await scratch(t);
  const launcher = join(home, 'bin', 'zk-server');
  await mkdir(join(home, 'bin'));
  await copyFile(LAUNCHER, launcher);
  await chmod(launcher, 0o755);
  if (script !== null) {
    await mkdir(join(home, 'dist', 'bundle'), { recursive: true });
    await writeFile(join(home, 'dist', 'bundle', 'launch.cjs'), script);
  }
  return { home, launcher };
}

describe('the launcher', () => {
  const PRINT =
    'console.log(JSON.stringify({ args: process.argv.slice(2), pid: process.pid, exec: process.execArgv }))';

  it('says what to do when nothing is built', async (t) => {
    const { home, launcher } = await installation(t, null);
    const { exitCode, err } = await run(launcher, ['start']);
    assert.equal(exitCode, 1);
    assert.match(err, new RegExp(`not built yet.*cd ${home} && npm ci && npm run build`));
  });

  it('passes its arguments on, as they are', async (t) => {
    const { launcher } = await installation(t, PRINT);
    const { out } = await run(launcher, ['start', 'a b', '*', '']);
    assert.deepEqual((JSON.parse(out) as { args: unknown }).args, ['start', 'a b', '*', '']);
  });

  it('works through symbolic links, relative ones, too', async (t) => {
    const { home, launcher } = await installation(t, PRINT);
    await mkdir(join(home, 'links'));
    await symlink('../bin/zk-server', join(home, 'links', 'first'));
    await symlink(join(home, 'links', 'first'), join(home, 'links', 'second'));
    assert.ok(existsSync(launcher));
    const { exitCode, out } = await run(join(home, 'links', 'second'), ['version']);
    assert.equal(exitCode, 0);
    assert.deepEqual((JSON.parse(out) as { args: unknown }).args, ['version']);
  });

  it('becomes the server: its pid is the server’s', async (t) => {
    const { launcher } = await installation(t, PRINT);
    const child = spawn(launcher, [], { stdio: ['ignore', 'pipe', 'ignore'] });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')));
    await once(child, 'close');
    assert.equal((JSON.parse(out) as { pid: number }).pid, child.pid);
  });

  it('tells the server that nohup started it', async (t) => {
    const { launcher } = await installation(t, 'console.log(process.env.ZK_SERVER_NOHUP ?? "none")');
    assert.equal((await run(launcher, [])).out, 'none\n');
    assert.equal((await run('nohup', [launcher])).out, '1\n');
  });

  it('hands ZK_SERVER_NODE_OPTIONS to node', async (t) => {
    const { launcher } = await installation(t, PRINT);
    const { out } = await run(launcher, [], { ZK_SERVER_NODE_OPTIONS: '--no-warnings --max-old-space-size=200' });
    // Behind its own, so that what the operator says counts.
    const expected = ['--max-semi-space-size=4', '--no-warnings', '--max-old-space-size=200'];
    assert.deepEqual((JSON.parse(out) as { exec: unknown }).exec, expected);
  });
});

describe('stop', () => {
  async function withPid(t: TestContext, pid: number | string): Promise<() => ReturnType<typeof cli>> {
    const folder = await scratch(t);
    await mkdir(join(folder, 'data'));
    await writeFile(join(folder, 'zoo.cfg'), 'dataDir=./data\nclientPort=2181\n');
    await writeFile(join(folder, 'data', 'zookeeper_server.pid'), `${pid}\n`);
    return () => cli(['stop', 'zoo.cfg', '--timeout', '5'], { workingDir: folder });
  }

  it('ends the server of the pid file with SIGTERM and waits for it', async (t) => {
    const mark = join(await scratch(t), 'mark');
    const child = await fakeServer(t, mark);
    const { exitCode, out } = await (await withPid(t, child.pid ?? 0))();
    assert.equal(exitCode, 0);
    assert.equal(out, `Stopped server ${child.pid ?? 0}.`);
    assert.equal(await readFile(mark, 'utf8'), 'SIGTERM');
  });

  it('is content when nothing runs', async (t) => {
    const child = spawn('true');
    await once(child, 'exit');
    const { exitCode, out } = await (await withPid(t, child.pid ?? 0))();
    assert.equal(exitCode, 0);
    assert.match(out, /^No server to stop \(nothing runs under pid/);
  });

  it('is content when there is no pid', async (t) => {
    const { exitCode, out } = await (await withPid(t, 'none'))();
    assert.equal(exitCode, 0);
    assert.match(out, /^No server to stop \(no pid in/);
  });

  it('spares a process that is something else', async (t) => {
    const child = spawn('sleep', ['60']);
    t.after(() => child.kill('SIGKILL'));
    const { exitCode, err } = await (await withPid(t, child.pid ?? 0))();
    assert.equal(exitCode, 1);
    assert.match(err, /belongs to something else now/);
    assert.equal(child.exitCode, null);
  });
});
