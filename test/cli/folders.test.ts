// Folders that operators name and that cannot be made, though what is above them is there: Node's own recursion never ends.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { CliContext } from '../../src/cli/context.js';
import { DaemonLog } from '../../src/cli/daemon-log.js';
import { claimPid } from '../../src/cli/pid-file.js';
import { createRealHost, makeFolderSync, RealAuditLog } from '../../src/platform/index.js';
import { HistoryFile } from '../../src/shell/edge/history-file.js';
import { cli, scratch } from './harness.js';

const NOWHERE = '/proc/not/made';
const LAUNCHER = new URL('../../bin/zk-server', import.meta.url).pathname;
const TOLD_SYNCS = new URL('../support/told-syncs.c', import.meta.url).pathname;

describe('folders that cannot be made', () => {
  it('a pid file there', () => {
    assert.throws(() => claimPid(`${NOWHERE}/server.pid`, '/etc/zoo.cfg'), /mkdir '\/proc\/not'/);
  });

  it('the log of a server in the background there', () => {
    const context = { env: { ZOO_LOG_DIR: NOWHERE }, workingDir: '/' } as unknown as CliContext;
    const log = DaemonLog.open(context, '/data');
    assert.ok(typeof log === 'string');
    assert.match(log, /^The log \/proc\/not\/made\/.* cannot be written: .*mkdir '\/proc\/not'/);
  });

  it('an audit log there', async () => {
    const host = createRealHost({ log: { level: 'fatal' } });
    try {
      const opening = RealAuditLog.open({ file: `${NOWHERE}/audit.log`, format: 'text' }, host.log);
      await assert.rejects(opening, /mkdir '\/proc\/not'/);
    } finally {
      await host.close();
    }
  });

  it('the history of zk-cli there costs the history only', () => {
    const history = new HistoryFile(`${NOWHERE}/history`);
    history.add('ls /');
    assert.deepEqual(history.lines, ['ls /']);
  });

  it('a data folder there: init says so', async (t) => {
    const folder = await scratch(t);
    writeFileSync(join(folder, 'zoo.cfg'), `dataDir=${NOWHERE}\nclientPort=2181\n`);
    const { err, exitCode } = await cli(['init', 'zoo.cfg'], { workingDir: folder });
    assert.equal(exitCode, 3);
    assert.match(err, /\/proc\/not\/made\/version-2 cannot be made \(.*|this user cannot write to \/proc\./);
    assert.doesNotMatch(err, /Unexpected/);
  });
});

describe('folders that can be made', () => {
  const root = mkdtempSync(join(tmpdir(), 'zk-folders-'));
  after(() => {
    rmSync(root, { recursive: true });
  });

  it('with those above them, and again', () => {
    const path = join(root, 'a', 'b', 'c');
    assert.deepEqual(makeFolderSync(path), [join(root, 'a'), join(root, 'a', 'b'), path], 'what is to be made durable');
    assert.deepEqual(makeFolderSync(path), []);
    assert.ok(statSync(path).isDirectory());
  });

  it('durably: init syncs what it makes, and the folder of each', () => {
    const shim = join(root, 'told-syncs.so');
    execFileSync('cc', ['-O2', '-shared', '-fPIC', '-o', shim, TOLD_SYNCS, '-ldl']);
    const data = join(realpathSync(root), 'made', 'data');
    const config = join(root, 'zoo.cfg');
    const told = join(root, 'synced');
    writeFileSync(config, `dataDir=${data}\nclientPort=2181\n`);
    const env = { ...process.env, LD_PRELOAD: shim, SYNCED_FILE: told };
    execFileSync(LAUNCHER, ['init', config, '--myid', '1'], { env });
    assert.deepEqual(readFileSync(told, 'utf8').trim().split('\n'), [
      realpathSync(root),
      join(realpathSync(root), 'made'),
      data,
      join(data, 'myid'),
      join(data, 'initialize'),
      data,
    ]);
  });

  it('but not where a file is, or below one', () => {
    const file = join(root, 'file');
    writeFileSync(file, '');
    for (const path of [file, join(file, 'x', 'y')]) assert.throws(() => makeFolderSync(path), /EEXIST|ENOTDIR/);
  });
});
