// The systemd units as systemd reads them, with the program of this checkout in place of the installed one.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { run, scratch } from '../cli/harness.js';

const ROOT = new URL('../../', import.meta.url).pathname;
const PROGRAM = join(ROOT, 'bin/zk-server');
/** What `systemd-analyze security` may say at most: 0 is locked up, 10 wide open. Times ten. */
const EXPOSURE = 20;

async function unit(folder: string, name: string, asName = name, change: (text: string) => string = (text) => text) {
  const text = await readFile(join(ROOT, 'conf/systemd', name), 'utf8');
  const file = join(folder, asName);
  await writeFile(file, change(text.replaceAll('/usr/bin/zk-server', PROGRAM)));
  return file;
}

describe('systemd units', () => {
  for (const [name, asName] of [
    ['zk-server.service', 'zk-server.service'],
    ['zk-server@.service', 'zk-server@one.service'],
  ] as const) {
    it(`${name} is a unit that systemd takes without a word`, async (t) => {
      const file = await unit(await scratch(t), name, asName);
      const { exitCode, out, err } = await run('systemd-analyze', ['verify', '--man=no', file]);
      // Documentation of an installed package is not there.
      assert.equal(`${out}${err}`, '');
      assert.equal(exitCode, 0);
    });

    it(`${name} is locked up`, async (t) => {
      const file = await unit(await scratch(t), name, asName);
      const args = ['security', '--no-pager', '--offline=true', `--threshold=${EXPOSURE}`, file];
      const { exitCode, out, err } = await run('systemd-analyze', args);
      assert.equal(exitCode, 0, `${out}${err}`);
    });
  }

  it('verify would find a mistake', async (t) => {
    const file = await unit(await scratch(t), 'zk-server.service', 'zk-server.service', (text) =>
      text.replace('Type=notify', 'Type=notifi'),
    );
    const { err } = await run('systemd-analyze', ['verify', '--man=no', file]);
    assert.match(err, /notifi/);
  });
});
