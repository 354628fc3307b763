// A real server in an installation as Java servers have it: env files and a log configuration beside zoo.cfg, or no zoo.cfg
// but the variables of the container image.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { serverMode } from '../support/four-letter.js';
import { freePorts } from '../support/ports.js';
import { cli, MAIN, scratch } from './harness.js';

const START_LIMIT_MS = 30_000;

describe('an installation', () => {
  it('has its pid file and log level where its files say', async (t) => {
    const folder = await scratch(t);
    const [port = 0] = await freePorts(1);
    const file = join(folder, 'zoo.cfg');
    const pidFile = join(folder, 'run.pid');
    await writeFile(file, `dataDir=${join(folder, 'data')}\nclientPort=${port}\ntickTme=2000\n`);
    await writeFile(join(folder, 'zookeeper-env.sh'), `export ZOOPIDFILE="${folder}/run.pid"\n`);
    await writeFile(join(folder, 'java.env'), 'SERVER_JVMFLAGS="-Xmx512m -Dzookeeper.root.logger=WARN,CONSOLE"\n');
    await writeFile(join(folder, 'log4j.properties'), 'log4j.rootLogger=${zookeeper.root.logger}\n');
    const server = spawn(process.execPath, [...MAIN, 'start', file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => server.kill('SIGKILL'));
    let log = '';
    server.stdout.on('data', (chunk: Buffer) => (log += chunk.toString('utf8')));
    await eventually('the server serves', START_LIMIT_MS, async () => (await serverMode(port)) === 'standalone');
    await eventually('the pid file is written', START_LIMIT_MS, () => Promise.resolve(existsSync(pidFile)));
    const exit = once(server, 'close');
    const stopped = await cli(['stop', file]);
    assert.equal(stopped.exitCode, 0, stopped.err);
    assert.deepEqual(await exit, [0, null]);
    const lines = log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { level: string; message: string });
    assert.deepEqual(
      lines.map(({ level }) => level),
      ['warn'],
    );
    assert.match(lines[0]?.message ?? '', /zoo\.cfg:3: tickTme: no ZooKeeper release knows this key/);
  });

  it('of the container image needs no zoo.cfg', async (t) => {
    const folder = await scratch(t);
    const env = { ZOO_CONF_DIR: folder, ZOO_DATA_DIR: join(folder, 'data'), ZOO_TICK_TIME: '1234' };
    const printed = await cli(['print-config'], { env });
    assert.match(printed.out, /tickTime=1234 +# \$ZOO_TICK_TIME/);
    assert.equal(printed.exitCode, 0);
    const checked = await cli(['check'], { env });
    assert.equal(checked.exitCode, 0);
    assert.match(
      checked.out,
      /there is no file .*zoo\.cfg, so the configuration is made from ZOO_DATA_DIR, ZOO_TICK_TIME/,
    );
  });
});
