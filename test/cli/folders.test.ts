// Folders that operators name and that cannot be made, though what is above them is there: Node's own recursion never ends.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
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
const MAKE_FOLDER = new URL('../../src/platform/make-folder.js', import.meta.url).href;

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

  it('durably: init syncs the folder of each that it made', (t) => {
    if (spawnSync('strace', ['-V']).status !== 0) {
      t.skip('there is no strace');
      return;
    }
    const trace = join(root, 'trace');
    const path = join(root, 'durable', 'version-2');
    const script = `(await import(${JSON.stringify(MAKE_FOLDER)})).makeDurableFolderSync(${JSON.stringify(path)})`;
    const args = ['-f', '-y', '-e', 'trace=fsync', '-o', trace, process.execPath, '--input-type=module', '-e', script];
    const { status, stderr } = spawnSync('strace', args, { encoding: 'utf8' });
    if (status !== 0 && /ptrace|PTRACE/.test(stderr)) {
      t.skip('strace may not look here');
      return;
    }
    assert.equal(status, 0, stderr);
    const synced = [...readFileSync(trace, 'utf8').matchAll(/fsync\(\d+<([^>]+)>/g)].map((match) => match[1]);
    assert.deepEqual(synced, [realpathSync(root), join(realpathSync(root), 'durable')]);
  });

  it('but not where a file is, or below one', () => {
    const file = join(root, 'file');
    writeFileSync(file, '');
    for (const path of [file, join(file, 'x', 'y')]) assert.throws(() => makeFolderSync(path), /EEXIST|ENOTDIR/);
  });
});
