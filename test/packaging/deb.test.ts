// The Debian package: made, unpacked, and its server run from where it lies.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { after } from 'node:test';
import { run, scratch } from '../cli/harness.js';
import { eventually } from '../support/eventually.js';
import { serverMode } from '../support/four-letter.js';
import { HTTP_OFF_LINES } from '../support/http-off.js';
import { freePorts } from '../support/ports.js';

const ROOT = new URL('../../', import.meta.url).pathname;

describe('the Debian package', () => {
  let folder = '';
  let root = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'zk-server-deb-'));
    root = join(folder, 'root');
    const made = await run(join(ROOT, 'scripts/make-deb'), [folder]);
    assert.equal(made.exitCode, 0, made.err);
    const [deb = ''] = (await readdir(folder)).filter((name) => name.endsWith('.deb'));
    for (const option of ['-x', '-e']) {
      const target = option === '-x' ? root : join(folder, 'control');
      assert.equal((await run('dpkg-deb', [option, join(folder, deb), target])).exitCode, 0);
    }
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('has every program of bin/ on the PATH, but the drop-in scripts', async () => {
    const programs = (await readdir(join(ROOT, 'bin'))).filter((name) => !name.includes('.'));
    assert.deepEqual((await readdir(join(root, 'usr/bin'))).sort(), programs.sort());
    assert.equal(await readlink(join(root, 'usr/bin/zk-server')), '../lib/zk-server/bin/zk-server');
  });

  it('depends on the Node.js that package.json asks for', async () => {
    const control = await readFile(join(folder, 'control/control'), 'utf8');
    const { version, engines } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      version: string;
      engines: { node: string };
    };
    assert.match(control, new RegExp(`^Version: ${version}$`, 'm'));
    assert.match(control, new RegExp(`nodejs \\(>= ${engines.node.replace('>=', '')}\\)`));
  });

  for (const script of ['postinst', 'prerm']) {
    it(`${script} is a script that the shell understands`, async () => {
      const { exitCode, err } = await run('sh', ['-n', join(folder, 'control', script)]);
      assert.equal(exitCode, 0, err);
    });
  }

  it('runs from where it was unpacked', async (t) => {
    const own = await scratch(t);
    const [port = 0] = await freePorts(1);
    const sample = await readFile(join(root, 'usr/share/doc/zk-server/zoo_sample.cfg'), 'utf8');
    const config = sample
      .replace(/^dataDir=.*/m, `dataDir=${join(own, 'data')}`)
      .replace(/^clientPort=.*/m, `clientPort=${port}`);
    await writeFile(join(own, 'zoo.cfg'), config + HTTP_OFF_LINES);
    const server = spawn(join(root, 'usr/bin/zk-server'), ['start', join(own, 'zoo.cfg')], { stdio: 'ignore' });
    t.after(() => server.kill('SIGKILL'));
    await eventually('it serves', 30_000, async () => (await serverMode(port)) === 'standalone');
    server.kill('SIGTERM');
    assert.deepEqual(await once(server, 'exit'), [0, null]);
  });
});
