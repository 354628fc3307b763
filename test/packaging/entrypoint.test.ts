// The container's entry point, run as it runs there: its own shell, its variables, its folders (in a temporary place).
import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type ChildProcess, spawn } from 'node:child_process';
import { cli, type CliResult, run, scratch } from '../cli/harness.js';
import { eventually } from '../support/eventually.js';
import { serverMode } from '../support/four-letter.js';
import { freePorts } from '../support/ports.js';

const ROOT = new URL('../../', import.meta.url).pathname;
const ENTRYPOINT = join(ROOT, 'conf/docker/docker-entrypoint.sh');
type Variables = Readonly<Record<string, string>>;

class Container {
  private constructor(readonly folder: string) {}

  /** With a command zk-server that only tells who runs it, or the real one. */
  static async make(t: TestContext, command: 'telling' | 'real' = 'telling'): Promise<Container> {
    const container = new Container(await scratch(t));
    await chmod(container.folder, 0o755);
    await mkdir(container.path('bin'));
    const text = command === 'real' ? `exec ${join(ROOT, 'bin/zk-server')} "$@"` : 'echo "$(id -un): $*"';
    await writeFile(container.path('bin/zk-server'), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return container;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  env(more: Variables): Record<string, string> {
    return {
      PATH: `${this.path('bin')}:${process.env['PATH'] ?? ''}`,
      ZOO_USER: 'root',
      ZOO_CONF_DIR: this.path('conf'),
      ZOO_DATA_DIR: this.path('data'),
      ZOO_DATA_LOG_DIR: this.path('datalog'),
      ZOO_LOG_DIR: this.path('logs'),
      ...more,
    };
  }

  enter(more: Variables = {}, command: readonly string[] = ['zk-server', 'start']): Promise<CliResult> {
    return run('env', ['-i', ...Object.entries(this.env(more)).map(([k, v]) => `${k}=${v}`), ENTRYPOINT, ...command]);
  }

  spawn(more: Variables): ChildProcess {
    return spawn(ENTRYPOINT, ['zk-server', 'start'], { env: this.env(more), stdio: 'ignore' });
  }

  read(name: string): Promise<string> {
    return readFile(this.path(name), 'utf8');
  }
}

const SERVERS = 'server.1=a:2888:3888;2181 server.2=b:2888:3888;2181 server.3=c:2888:3888;2181';

/** What print-config says, but for where each value comes from. */
async function understood(args: readonly string[], env: Variables): Promise<unknown> {
  const { exitCode, out, err } = await cli(['print-config', '--json', ...args], { env });
  assert.equal(exitCode, 0, err);
  const places = new Set(['from', 'configFile', 'faults']);
  return JSON.parse(out, (key, value: unknown) => (places.has(key) ? undefined : value));
}

describe('the entry point of the container', () => {
  for (const [what, env] of [
    ['nothing set', {}],
    ['three servers', { ZOO_SERVERS: SERVERS, ZOO_MY_ID: '2' }],
    [
      'everything set',
      {
        ZOO_SERVERS: SERVERS,
        ZOO_MY_ID: '3',
        ZOO_TICK_TIME: '500',
        ZOO_INIT_LIMIT: '7',
        ZOO_SYNC_LIMIT: '3',
        ZOO_AUTOPURGE_PURGEINTERVAL: '12',
        ZOO_AUTOPURGE_SNAPRETAINCOUNT: '9',
        ZOO_MAX_CLIENT_CNXNS: '0',
        ZOO_STANDALONE_ENABLED: 'false',
        ZOO_ADMINSERVER_ENABLED: 'false',
        ZOO_4LW_COMMANDS_WHITELIST: 'srvr, ruok',
        ZOO_CFG_EXTRA: 'globalOutstandingLimit=77 maxSessionTimeout=90000',
      },
    ],
  ] as readonly (readonly [string, Variables])[]) {
    it(`writes what the variables say, as the server itself reads them: ${what}`, async (t) => {
      const container = await Container.make(t);
      const { exitCode, out } = await container.enter(env);
      assert.equal(exitCode, 0);
      assert.equal(out, 'root: start\n');
      assert.equal(await container.read('data/myid'), `${env['ZOO_MY_ID'] ?? '1'}\n`);
      const fromFile = await understood([container.path('conf/zoo.cfg')], {});
      const inMemory = await understood([], { ...container.env(env), ZOO_CONF_DIR: container.path('nothing-there') });
      assert.deepEqual(fromFile, inMemory);
    });
  }

  it('leaves a configuration and a myid that are there', async (t) => {
    const container = await Container.make(t);
    await mkdir(container.path('conf'));
    await mkdir(container.path('data'));
    await writeFile(container.path('conf/zoo.cfg'), 'mine\n');
    await writeFile(container.path('data/myid'), '7\n');
    assert.equal((await container.enter({ ZOO_MY_ID: '2', ZOO_SERVERS: SERVERS })).exitCode, 0);
    assert.equal(await container.read('conf/zoo.cfg'), 'mine\n');
    assert.equal(await container.read('data/myid'), '7\n');
  });

  it('takes values from files', async (t) => {
    const container = await Container.make(t);
    await writeFile(container.path('id'), '3\n');
    await writeFile(container.path('extra'), 'globalOutstandingLimit=77');
    const env = {
      ZOO_MY_ID_FILE: container.path('id'),
      ZOO_CFG_EXTRA_FILE: container.path('extra'),
      ZOO_SERVERS: SERVERS,
    };
    assert.equal((await container.enter(env)).exitCode, 0);
    assert.equal(await container.read('data/myid'), '3\n');
    assert.match(await container.read('conf/zoo.cfg'), /^globalOutstandingLimit=77$/m);
  });

  for (const [what, env, words] of [
    ['a value and a file for it', { ZOO_MY_ID: '1', ZOO_MY_ID_FILE: '/etc/hostname' }, /both set/],
    ['a file that is not there', { ZOO_MY_ID_FILE: '/nowhere/id' }, /ZOO_MY_ID_FILE names \/nowhere\/id/],
    ['a folder that cannot be made', { ZOO_CONF_DIR: '/proc/conf' }, /\/proc\/conf\/zoo\.cfg cannot be written/],
  ] as readonly (readonly [string, Variables, RegExp])[]) {
    it(`refuses ${what}`, async (t) => {
      const { exitCode, err, out } = await (await Container.make(t)).enter(env);
      assert.equal(exitCode, 2);
      assert.match(err, words);
      assert.equal(out, '');
    });
  }

  it('gives the folders to the user of the container and becomes that user', async (t) => {
    const container = await Container.make(t);
    await mkdir(container.path('data'));
    await writeFile(container.path('data/old'), '');
    const { exitCode, out, err } = await container.enter({ ZOO_USER: 'nobody' });
    assert.equal(exitCode, 0, err);
    assert.equal(out, 'nobody: start\n');
    const owners = await run('stat', [
      '-c',
      '%U',
      ...['data', 'data/old', 'data/myid', 'conf'].map((p) => container.path(p)),
    ]);
    assert.equal(owners.out, 'nobody\n'.repeat(4));
  });

  it('runs any other command as it is', async (t) => {
    const container = await Container.make(t);
    const { out } = await container.enter({}, ['echo', 'hello  world']);
    assert.equal(out, 'hello  world\n');
    assert.equal((await run('ls', [container.path('conf')])).exitCode, 2);
  });

  it('starts an ensemble of three from nothing but variables', async (t) => {
    const ports = await freePorts(9);
    const line = (id: number) => {
      const [client = 0, quorum = 0, election = 0] = ports.slice((id - 1) * 3);
      return `server.${id}=127.0.0.1:${quorum}:${election};127.0.0.1:${client}`;
    };
    const children: ChildProcess[] = [];
    t.after(() => children.forEach((child) => child.kill('SIGKILL')));
    for (const id of [1, 2, 3]) {
      const container = await Container.make(t, 'real');
      const child = container.spawn({
        ZOO_MY_ID: String(id),
        ZOO_SERVERS: [1, 2, 3].map(line).join(' '),
        ZOO_TICK_TIME: '500',
        ZOO_ADMINSERVER_ENABLED: 'false',
        ZOO_CFG_EXTRA: 'metricsProvider.className=org.apache.zookeeper.metrics.impl.DefaultMetricsProvider',
      });
      children.push(child);
    }
    const modes = async () => {
      const all = await Promise.all([0, 3, 6].map((i) => serverMode(ports[i] ?? 0)));
      return all.sort().join() === 'follower,follower,leader';
    };
    await eventually('one leads, two follow', 60_000, modes);
  });
});
