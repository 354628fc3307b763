// zk-server backup and restore beside a real server.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { barLine, ProgressBar } from '../../src/cli/progress.js';
import { parsePoint } from '../../src/cli/restore.js';
import { Ensemble, type Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { WireClient } from '../support/wire-client.js';
import { cli, MAIN } from './harness.js';

const LIMIT_MS = 60_000;

async function alone(t: TestContext, config: Readonly<Record<string, string | number>> = {}): Promise<Member> {
  const ensemble = await Ensemble.create({ servers: 1, config });
  t.after(() => ensemble.remove());
  await ensemble.start();
  return ensemble.member(1);
}

async function create(member: Member, path: string): Promise<number> {
  const client = await WireClient.connect(member.clientPort);
  await client.create(path, Buffer.from('x'));
  const { lastZxid } = client;
  await client.close();
  return lastZxid;
}

async function children(member: Member): Promise<string[]> {
  const client = await WireClient.connect(member.clientPort);
  const names = await client.getChildren('/');
  await client.close();
  return names.filter((name) => name !== 'zookeeper').sort();
}

describe('zk-server backup and restore', { timeout: LIMIT_MS }, () => {
  it('take snapshots that are compressed with snappy', async (t) => {
    const member = await alone(t, { 'snapshot.compression.method': 'snappy' });
    await create(member, '/a');
    const to = join(member.folder, 'backups');
    const { exitCode, err } = await cli(['backup', member.configFile, '--to', to]);
    assert.equal(exitCode, 0, err);
    await member.stop();
    assert.equal((await cli(['restore', member.configFile, '--from', to, '--force'])).exitCode, 0);
    await member.start();
    await member.serving();
    assert.deepEqual(await children(member), ['a']);
  });

  it('name a folder that is not there, or is none', async (t) => {
    const member = await alone(t);
    const { configFile, folder } = member;
    await symlink(join(folder, 'nowhere', 'at', 'all'), join(folder, 'dangling'));
    const targets: readonly (readonly [string, RegExp])[] = [
      [configFile, /zoo\.cfg is not a folder\. Name a folder/],
      [join(configFile, 'below'), /zoo\.cfg.*Name a folder/],
      ['/proc/x', /\/proc\/x.*Name a folder/],
      ['/proc/self/x/y', /\/proc\/self\/x.*Name a folder/],
      ['/dev/null', /\/dev\/null is not a folder\. Name a folder/],
      [join(folder, 'dangling'), /dangling.*Name a folder/],
      [join(folder, 'dangling', 'x'), /dangling.*Name a folder/],
      [join(folder, 'a'.repeat(300)), /ENAMETOOLONG.*Name a folder/],
    ];
    for (const [target, expected] of targets) {
      const { exitCode, err } = await cli(['backup', configFile, '--to', target]);
      assert.equal(exitCode, 1, target);
      assert.match(err, expected);
    }
    assert.equal((await cli(['backup', configFile, '--to', ''])).exitCode, 2);
    await member.stop();
    const absent = await cli(['restore', configFile, '--from', join(folder, 'absent')]);
    assert.equal(absent.exitCode, 1);
    assert.match(absent.err, /^Nothing was changed: .*\/absent/);
  });

  it('bring back any moment', async (t) => {
    const member = await alone(t);
    const to = join(member.folder, 'backups');
    const backUp = () => cli(['backup', member.configFile, '--to', to, '--json']);
    const early = await create(member, '/a');
    assert.equal((await backUp()).exitCode, 0);
    await create(member, '/b');
    const second = await backUp();
    assert.equal(second.exitCode, 0, second.err);
    const { lastZxid, files } = JSON.parse(second.out) as { lastZxid: string; files: unknown[] };
    assert.match(lastZxid, /^0x[0-9a-f]+$/);
    assert.ok(files.length >= 2);
    const restore = (...words: readonly string[]) => cli(['restore', member.configFile, '--from', to, ...words]);
    const refused = await restore();
    assert.deepEqual([refused.exitCode, /stop it with zk-server stop/.test(refused.err)], [1, true]);
    assert.equal((await restore('--check')).exitCode, 0);
    await member.stop();
    const occupied = await restore();
    assert.deepEqual([occupied.exitCode, /--force/.test(occupied.err)], [1, true]);
    const { exitCode, out, err } = await restore('--force', '--zxid', `0x${early.toString(16)}`);
    assert.equal(exitCode, 0, err);
    assert.match(out, /before-restore-/);
    await member.start();
    await member.serving();
    assert.deepEqual(await children(member), ['a']);
    await member.stop();
    assert.equal((await restore('--force')).exitCode, 0);
    await member.start();
    await member.serving();
    assert.deepEqual(await children(member), ['a', 'b']);
  });

  it('pass over what a backup has left that was killed', async (t) => {
    const member = await alone(t);
    const { configFile, folder } = member;
    const client = await WireClient.connect(member.clientPort);
    for (let i = 0; i < 60; i++) await client.create(`/n${i}`, Buffer.alloc(1_000_000));
    await client.close();
    const to = join(folder, 'backups');
    const remnants = () => readdir(to).then((names) => names.filter((name) => name.startsWith('incomplete-')));
    const child = spawn(process.execPath, [...MAIN, 'backup', configFile, '--to', to], {
      stdio: 'ignore',
    });
    await eventually('it copies', LIMIT_MS, async () => (await remnants().catch(() => [])).length > 0);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const [remnant = ''] = await remnants();
    assert.match(remnant, /^incomplete-backup-/, 'it was killed in time');
    const nothing = await cli(['restore', configFile, '--from', to, '--check']);
    assert.equal(nothing.exitCode, 1);
    assert.ok(nothing.err.includes(remnant), nothing.err);
    assert.equal((await cli(['backup', configFile, '--to', to])).exitCode, 0);
    assert.deepEqual(await remnants(), []);
    assert.equal((await cli(['restore', configFile, '--from', to, '--check'])).exitCode, 0);
  });

  it('say what they cannot do', async (t) => {
    const member = await alone(t);
    await member.stop();
    const failed = async (...words: readonly string[]): Promise<readonly [number, string]> => {
      const { exitCode, err } = await cli([words[0] ?? '', member.configFile, ...words.slice(1)]);
      return [exitCode, err];
    };
    assert.match((await failed('backup'))[1], /backup\.dir/);
    assert.match((await failed('restore'))[1], /backup\.dir/);
    assert.match((await failed('restore', '--from', member.folder))[1], /there is no backup/);
    assert.equal((await failed('restore', '--from', member.folder, '--zxid', 'soon'))[0], 2);
  });
});

describe('which moment', () => {
  const cases = [
    [undefined, undefined, { kind: 'newest' }],
    ['0x1f', undefined, { kind: 'zxid', zxid: 31 }],
    ['1f', undefined, { kind: 'zxid', zxid: 31 }],
    [undefined, '1700000000000', { kind: 'time', wallMs: 1_700_000_000_000 }],
    [undefined, '2026-11-27T10:00:00Z', { kind: 'time', wallMs: Date.UTC(2026, 10, 27, 10) }],
    ['xyz', undefined, null],
    [undefined, 'tomorrow', null],
    ['1', '2026-11-27', null],
  ] as const;
  for (const [zxid, time, expected] of cases) {
    it(`--zxid ${String(zxid)} --time ${String(time)}`, () => {
      assert.deepEqual(parsePoint(zxid, time), expected);
    });
  }
});

describe('the progress bar', () => {
  it('tells share, size and speed', () => {
    const line = barLine('copying', 50 * 1024 * 1024, 200 * 1024 * 1024, 1000, 200);
    assert.equal(line, `copying [${'#'.repeat(7)}${'.'.repeat(23)}]  25 %, 50 MiB of 200 MiB, 0:03 left, 50 MiB/s`);
  });

  it('takes one line of any terminal, and keeps the end of a long title', () => {
    for (let columns = 20; columns <= 200; columns++) {
      const line = barLine('/var/lib/zookeeper/version-2/snapshot.100000abc', 3e8, 5e8, 4000, columns);
      assert.ok(line.length < columns, `${columns}: ${line}`);
      assert.match(line, /100000abc.*  60 %/);
    }
    assert.equal(
      barLine('/var/lib/zookeeper/version-2/snapshot.100000abc', 3e8, 5e8, 4000, 80),
      '…2/snapshot.100000abc [####....]  60 %, 286 MiB of 477 MiB, 0:03 left, 72 MiB/s',
    );
  });

  it('is drawn on a terminal only, and not too often', () => {
    for (const isTTY of [true, false]) {
      const written: string[] = [];
      let nowMs = 0;
      const bar = new ProgressBar({ isTTY, write: (text) => written.push(text) }, 'x', () => nowMs);
      for (nowMs = 0; nowMs <= 1000; nowMs += 10) bar.update(nowMs, 1000);
      bar.hide();
      if (!isTTY) assert.deepEqual(written, []);
      else {
        assert.ok(written.length > 5 && written.length < 15, String(written.length));
        assert.equal(written.at(-1), '\r\u001b[K');
      }
    }
  });
});
