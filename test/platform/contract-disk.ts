import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Disk, DiskError } from '../../src/host/index.js';
import { inEnv, type MakeEnv } from './contract-env.js';

export async function writeFile(disk: Disk, path: string, bytes: Buffer): Promise<void> {
  const file = await disk.create(path);
  await file.write(bytes, 0);
  await file.sync();
  await file.close();
}

/** What must fail, by name, with the code it must fail with. */
const FAILURES: readonly [what: string, code: string, attempt: (disk: Disk, dir: string) => Promise<unknown>][] = [
  ['reading a missing file', 'NOT_FOUND', (disk, dir) => disk.readFile(`${dir}/missing`)],
  ['opening a missing file for reading', 'NOT_FOUND', (disk, dir) => disk.openRead(`${dir}/missing`)],
  ['opening a missing file for writing', 'NOT_FOUND', (disk, dir) => disk.openWrite(`${dir}/missing`)],
  ['the stat of a missing file', 'NOT_FOUND', (disk, dir) => disk.stat(`${dir}/missing`)],
  ['creating in a missing folder', 'NOT_FOUND', (disk, dir) => disk.create(`${dir}/missing/file`)],
  [
    'appending in a missing folder',
    'NOT_FOUND',
    (disk, dir) => disk.openAppend(`${dir}/missing/file`, { position: 0, preallocateBytes: 0, allocatedBytes: 0 }),
  ],
  ['listing a missing folder', 'NOT_FOUND', (disk, dir) => disk.list(`${dir}/missing`)],
  ['listing a file', 'OTHER', (disk, dir) => disk.list(`${dir}/file`)],
  ['syncing a missing folder', 'NOT_FOUND', (disk, dir) => disk.syncDir(`${dir}/missing`)],
  ['removing a missing file', 'NOT_FOUND', (disk, dir) => disk.remove(`${dir}/missing`)],
  ['removing a folder that is not empty', 'OTHER', (disk, dir) => disk.remove(`${dir}/folder`)],
  ['renaming a missing file', 'NOT_FOUND', (disk, dir) => disk.rename(`${dir}/missing`, `${dir}/other`)],
  ['renaming into a missing folder', 'NOT_FOUND', (disk, dir) => disk.rename(`${dir}/file`, `${dir}/missing/file`)],
  ['renaming a file onto a folder', 'OTHER', (disk, dir) => disk.rename(`${dir}/file`, `${dir}/folder`)],
  ['creating a file where a folder is', 'OTHER', (disk, dir) => disk.create(`${dir}/folder`)],
  ['reading a folder', 'OTHER', (disk, dir) => disk.readFile(`${dir}/folder`)],
  ['making a folder where a file is', 'EXISTS', (disk, dir) => disk.makeDir(`${dir}/file`)],
  ['making a folder below a file', 'OTHER', (disk, dir) => disk.makeDir(`${dir}/file/folder`)],
  ['a path through a file', 'OTHER', (disk, dir) => disk.readFile(`${dir}/file/file`)],
];

export function diskContract(name: string, make: MakeEnv): void {
  describe(`${name}: disk`, () => {
    it(
      'writes at positions, reads back, truncates',
      inEnv(make, async ({ host: { disk }, dir }) => {
        const path = `${dir}/file`;
        const file = await disk.create(path);
        await file.write(Buffer.from('hello world'), 0);
        await file.write(Buffer.from('W'), 6);
        await file.write(Buffer.from('!'), 13);
        await file.sync();
        assert.equal((await disk.readFile(path)).toString('latin1'), 'hello World\0\0!');
        await file.truncate(5);
        assert.equal((await disk.readFile(path)).toString(), 'hello');
        await file.truncate(7);
        assert.equal((await disk.readFile(path)).toString('latin1'), 'hello\0\0');
        await file.close();
        await file.close();
      }),
    );

    it(
      'reads pieces of a file, fewer bytes only at its end',
      inEnv(make, async ({ host: { disk }, dir }) => {
        await writeFile(disk, `${dir}/file`, Buffer.from('0123456789'));
        const file = await disk.openRead(`${dir}/file`);
        assert.equal(file.sizeBytes, 10);
        assert.equal((await file.read(2, 3)).toString(), '234');
        assert.equal((await file.read(8, 100)).toString(), '89');
        assert.equal((await file.read(10, 1)).length, 0);
        assert.equal((await file.read(50, 1)).length, 0);
        await file.close();
      }),
    );

    it(
      'empties a file that is created again, but not one that is opened',
      inEnv(make, async ({ host: { disk }, dir }) => {
        const path = `${dir}/file`;
        await writeFile(disk, path, Buffer.from('abc'));
        const opened = await disk.openWrite(path);
        await opened.write(Buffer.from('X'), 1);
        await opened.close();
        assert.equal((await disk.readFile(path)).toString(), 'aXc');
        await (await disk.create(path)).close();
        assert.equal((await disk.readFile(path)).length, 0);
      }),
    );

    it(
      'refuses to use a closed file',
      inEnv(make, async ({ host: { disk }, dir }) => {
        await writeFile(disk, `${dir}/file`, Buffer.from('abc'));
        const writer = await disk.openWrite(`${dir}/file`);
        await writer.close();
        await assert.rejects(writer.write(Buffer.from('x'), 0), { name: 'DiskError', code: 'CLOSED' });
        await assert.rejects(writer.sync(), { name: 'DiskError', code: 'CLOSED' });
        await assert.rejects(writer.truncate(0), { name: 'DiskError', code: 'CLOSED' });
        const reader = await disk.openRead(`${dir}/file`);
        await reader.close();
        await assert.rejects(reader.read(0, 1), { name: 'DiskError', code: 'CLOSED' });
      }),
    );

    it(
      'lists folders with kind and size',
      inEnv(make, async ({ host: { disk, clock }, dir }) => {
        assert.deepEqual(await disk.list(dir), []);
        await disk.makeDir(`${dir}/b/c`);
        await disk.makeDir(`${dir}/b/c`);
        await writeFile(disk, `${dir}/a`, Buffer.alloc(321));
        const entries = [...(await disk.list(dir))].sort((one, other) => (one.name < other.name ? -1 : 1));
        assert.deepEqual(
          entries.map(({ name: entryName, kind, sizeBytes }) => ({ entryName, kind, sizeBytes })),
          [
            { entryName: 'a', kind: 'file', sizeBytes: 321 },
            { entryName: 'b', kind: 'dir', sizeBytes: 0 },
          ],
        );
        const { name: statName, kind, sizeBytes, modifiedMs } = await disk.stat(`${dir}/a`);
        assert.deepEqual([statName, kind, sizeBytes], ['a', 'file', 321]);
        assert.ok(Number.isInteger(modifiedMs) && Math.abs(modifiedMs - clock.wallMs()) < 60_000, `${modifiedMs}`);
        await disk.syncDir(dir);
      }),
    );

    it(
      'renames over an existing file, and removes files and empty folders',
      inEnv(make, async ({ host: { disk }, dir }) => {
        await writeFile(disk, `${dir}/new`, Buffer.from('new'));
        await writeFile(disk, `${dir}/old`, Buffer.from('old'));
        await disk.rename(`${dir}/new`, `${dir}/old`);
        await disk.syncDir(dir);
        assert.equal((await disk.readFile(`${dir}/old`)).toString(), 'new');
        await disk.makeDir(`${dir}/folder`);
        await disk.rename(`${dir}/old`, `${dir}/folder/moved`);
        assert.deepEqual(
          (await disk.list(dir)).map((entry) => entry.name),
          ['folder'],
        );
        await disk.remove(`${dir}/folder/moved`);
        await disk.remove(`${dir}/folder`);
        assert.deepEqual(await disk.list(dir), []);
      }),
    );

    it(
      'lets an open file live on when its name is gone',
      inEnv(make, async ({ host: { disk }, dir }) => {
        await writeFile(disk, `${dir}/file`, Buffer.from('abc'));
        const reader = await disk.openRead(`${dir}/file`);
        await disk.remove(`${dir}/file`);
        assert.equal((await reader.read(0, 3)).toString(), 'abc');
        await reader.close();
      }),
    );

    it(
      'knows how much room is left',
      inEnv(make, async ({ host: { disk }, dir }) => {
        assert.ok((await disk.freeBytes(dir)) > 1_000_000);
        await assert.rejects(disk.freeBytes(`${dir}/missing`), { code: 'NOT_FOUND' });
      }),
    );

    for (const [what, code, attempt] of FAILURES) {
      it(
        `answers ${code} to ${what}`,
        inEnv(make, async ({ host: { disk }, dir }) => {
          await disk.makeDir(`${dir}/folder/inner`);
          await writeFile(disk, `${dir}/file`, Buffer.from('abc'));
          await assert.rejects(attempt(disk, dir), (error) => {
            assert.ok(error instanceof DiskError, String(error));
            assert.equal(error.code, code);
            assert.ok(error.path.startsWith(dir));
            return true;
          });
        }),
      );
    }
  });
}
