import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import type { DiskError } from '../../src/host/index.js';
import { createRealHost, type RealHost } from '../../src/platform/index.js';
import { appended, appendMany } from './contract-append.js';

const MEGABYTE = 1024 * 1024;

describe('append thread', () => {
  let dir: string;
  let host: RealHost;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'zk-append-'));
    host = createRealHost({ log: { level: 'fatal' } });
  });

  after(async () => {
    await host.close();
    await rm(dir, { recursive: true });
  });

  it('survives more appends at once than the ring has slots, in order', async () => {
    const file = await host.disk.openAppend(join(dir, 'many'), { position: 0, preallocateBytes: 0, allocatedBytes: 0 });
    const count = 20_000;
    let done = 0;
    let inOrder = true;
    await new Promise<void>((resolve, reject) => {
      for (let index = 0; index < count; index++) {
        file.append(Buffer.from(`${index}\n`), true, (error) => {
          if (error !== undefined) reject(error);
          inOrder &&= done === index;
          if (++done === count) resolve();
        });
      }
    });
    await file.close();
    assert.ok(inOrder);
    const lines = (await readFile(join(dir, 'many'), 'utf8')).split('\n');
    assert.equal(lines.length, count + 1);
    assert.ok(lines.slice(0, count).every((line, index) => line === `${index}`));
  });

  it('tells of every append, wherever in a turn it becomes durable', async () => {
    const file = await host.disk.openAppend(join(dir, 'turns'), {
      position: 0,
      preallocateBytes: 0,
      allocatedBytes: 0,
    });
    const rounds = 400;
    for (let round = 0; round < rounds; round++) {
      await new Promise<void>((resolve, reject) => {
        const done = (error: DiskError | undefined): void => (error === undefined ? resolve() : reject(error));
        // The turn goes on for a while behind the append, so that its end falls before, into and behind the disk's.
        host.clock.defer(() => undefined);
        host.clock.deferFirst(() => {
          file.append(Buffer.from('x'), true, done);
          const untilMs = performance.now() + (round % 40) / 100;
          while (performance.now() < untilMs);
        });
      });
    }
    await file.close();
    assert.equal((await stat(join(dir, 'turns'))).size, rounds);
  });

  it('writes zeros ahead while nothing is to do, and appends over them', async () => {
    const path = join(dir, 'ahead');
    const file = await host.disk.openAppend(path, {
      position: 0,
      preallocateBytes: 4 * MEGABYTE,
      allocatedBytes: 0,
    });
    await appended(file, Buffer.from('first'));
    while ((await stat(path)).size < 4 * MEGABYTE) await new Promise((resolve) => setTimeout(resolve, 5));
    const grown = (await stat(path)).size;
    assert.ok(grown <= 5 * MEGABYTE, `${grown}`);
    await appended(file, Buffer.from('second'));
    assert.equal((await readFile(path)).subarray(0, 12).toString('latin1'), 'firstsecond\0');
    await file.close();
  });

  it('tells every append of a full disk, at once and for ever, and can be closed', async () => {
    const file = await host.disk.openAppend('/dev/full', { position: 0, preallocateBytes: 4096, allocatedBytes: 0 });
    const errors = await appendMany(file, 5);
    const [first] = errors;
    assert.equal(first?.code, 'NO_SPACE');
    assert.ok(errors.every((error) => error === first));
    assert.deepEqual(await appendMany(file, 1), [first]);
    await file.close();
  });

  it('tells of a sync that fails, and keeps the error', async () => {
    // This device takes every write and refuses every sync.
    const file = await host.disk.openAppend('/dev/null', { position: 0, preallocateBytes: 0, allocatedBytes: 0 });
    await appended(file, Buffer.from('written'), false);
    await assert.rejects(appended(file, Buffer.from('synced'), true), { name: 'DiskError', code: 'OTHER' });
    await assert.rejects(appended(file, Buffer.from('written'), false), { name: 'DiskError', code: 'OTHER' });
    await file.close();
  });

  it('fails what is open when its thread is gone', async () => {
    const other = createRealHost({ log: { level: 'fatal' } });
    const file = await other.disk.openAppend(join(dir, 'gone'), {
      position: 0,
      preallocateBytes: 0,
      allocatedBytes: 0,
    });
    const pending = new Promise<DiskError | undefined>((resolve) => {
      file.append(Buffer.alloc(40 * MEGABYTE), true, resolve);
    });
    await other.close();
    assert.equal((await pending)?.code, 'IO');
    assert.equal((await appendMany(file, 1))[0]?.code, 'IO');
    await file.close();
  });
});

/** Appends with the compiled host, from a process that must end by itself when its files are closed. */
const COMPILED_MAIN = `
  import { createRealHost } from './platform/index.js';
  const { disk } = createRealHost({ log: { level: 'fatal' } });
  const file = await disk.openAppend(process.argv[2], { position: 0, preallocateBytes: 65536, allocatedBytes: 0 });
  await new Promise((resolve, reject) => {
    file.append(Buffer.from('compiled'), true, (error) => (error === undefined ? resolve() : reject(error)));
  });
  await file.close();
`;

describe('compiled host', () => {
  it('finds its append thread beside it', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'zk-compiled-'));
    const root = fileURLToPath(new URL('../../', import.meta.url));
    try {
      for (const folder of ['host', 'platform']) await transpile(join(root, 'src', folder), join(dir, folder));
      await symlink(join(root, 'node_modules'), join(dir, 'node_modules'));
      await writeFile(join(dir, 'package.json'), '{"type":"module"}');
      await writeFile(join(dir, 'main.js'), COMPILED_MAIN);
      await promisify(execFile)(process.execPath, [join(dir, 'main.js'), join(dir, 'log')], { timeout: 30_000 });
      assert.equal((await readFile(join(dir, 'log'))).subarray(0, 9).toString('latin1'), 'compiled\0');
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});

async function transpile(from: string, to: string): Promise<void> {
  mkdirSync(to);
  for (const name of await readdir(from)) {
    const source = await readFile(join(from, name), 'utf8');
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
    });
    await writeFile(join(to, name.replace(/\.ts$/, '.js')), outputText);
  }
}
