import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AppendFile, DiskError } from '../../src/host/index.js';
import { inEnv, type MakeEnv } from './contract-env.js';
import { writeFile } from './contract-disk.js';

/** Appends and waits; rejects with the error that onDone was told. */
export function appended(file: AppendFile, bytes: Buffer, sync = true): Promise<void> {
  return new Promise((resolve, reject) => {
    file.append(bytes, sync, (error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
  });
}

const EMPTY = { position: 0, preallocateBytes: 0, allocatedBytes: 0 };

export function appendContract(name: string, make: MakeEnv): void {
  describe(`${name}: append file`, () => {
    it(
      'creates the file and appends in the order of the calls, sync or not',
      inEnv(make, async ({ host: { disk }, dir }) => {
        const file = await disk.openAppend(`${dir}/log`, EMPTY);
        const done: number[] = [];
        const all: Promise<void>[] = [];
        for (let index = 0; index < 300; index++) {
          const bytes = Buffer.from(`${index},`);
          all.push(appended(file, bytes, index % 3 === 0).then(() => void done.push(index)));
        }
        await Promise.all(all);
        await file.close();
        const numbers = Array.from({ length: 300 }, (_, index) => index);
        assert.deepEqual(done, numbers);
        assert.equal((await disk.readFile(`${dir}/log`)).toString(), `${numbers.join(',')},`);
      }),
    );

    it(
      'never calls back from inside the call',
      inEnv(make, async ({ host: { disk }, dir }) => {
        const file = await disk.openAppend(`${dir}/log`, EMPTY);
        let inside = true;
        const calledInside = await new Promise<boolean>((resolve) => {
          file.append(Buffer.from('x'), true, () => resolve(inside));
          inside = false;
        });
        assert.equal(calledInside, false);
        await file.close();
        inside = true;
        const closedInside = await new Promise<boolean>((resolve) => {
          file.append(Buffer.from('x'), true, () => resolve(inside));
          inside = false;
        });
        assert.equal(closedInside, false);
      }),
    );

    it(
      'takes appends from inside a callback',
      inEnv(make, async ({ host: { disk }, dir }) => {
        const file = await disk.openAppend(`${dir}/log`, EMPTY);
        await new Promise<void>((resolve) => {
          const next = (left: number) => {
            file.append(Buffer.from(`${left}`), true, () => (left === 0 ? resolve() : next(left - 1)));
          };
          next(9);
        });
        await file.close();
        assert.equal((await disk.readFile(`${dir}/log`)).toString(), '9876543210');
      }),
    );

    it(
      'goes on at a position, over zeros that are there',
      inEnv(make, async ({ host: { disk }, dir }) => {
        await writeFile(disk, `${dir}/log`, Buffer.concat([Buffer.from('head'), Buffer.alloc(6)]));
        const file = await disk.openAppend(`${dir}/log`, { position: 4, preallocateBytes: 0, allocatedBytes: 10 });
        await appended(file, Buffer.from('tail'));
        await file.close();
        assert.equal((await disk.readFile(`${dir}/log`)).toString('latin1'), 'headtail\0\0');
      }),
    );

    it(
      'keeps zeros ahead when asked, and leaves them at close',
      inEnv(make, async ({ host: { disk }, dir }) => {
        const path = `${dir}/log`;
        const file = await disk.openAppend(path, { position: 0, preallocateBytes: 65_536, allocatedBytes: 0 });
        const text = Buffer.from('some text ');
        for (let index = 0; index < 50; index++) await appended(file, text);
        await file.close();
        const bytes = await disk.readFile(path);
        assert.ok(bytes.length >= 500 + 32_768, `${bytes.length} bytes`);
        assert.equal(bytes.subarray(0, 500).toString(), 'some text '.repeat(50));
        assert.ok(bytes.subarray(500).every((byte) => byte === 0));
      }),
    );

    it(
      'takes empty appends and very large ones',
      inEnv(make, async ({ host: { disk, random }, dir }) => {
        const file = await disk.openAppend(`${dir}/log`, EMPTY);
        const large = Buffer.alloc(20_000_001, random.bytes(1021));
        const all = [
          appended(file, Buffer.alloc(0)),
          appended(file, Buffer.from('<')),
          appended(file, large),
          appended(file, Buffer.from('>'), false),
          appended(file, Buffer.alloc(0)),
        ];
        await Promise.all(all);
        await file.close();
        const bytes = await disk.readFile(`${dir}/log`);
        assert.equal(bytes.length, large.length + 2);
        assert.equal(bytes[0], 0x3c);
        assert.equal(bytes.at(-1), 0x3e);
        assert.ok(bytes.subarray(1, -1).equals(large));
      }),
    );

    it(
      'writes several files at a time',
      inEnv(make, async ({ host: { disk }, dir }) => {
        const names = ['a', 'b', 'c'];
        const files = await Promise.all(names.map((one) => disk.openAppend(`${dir}/${one}`, EMPTY)));
        const all: Promise<void>[] = [];
        for (let index = 0; index < 200; index++) {
          const file = files[index % 3] as AppendFile;
          all.push(appended(file, Buffer.from(`${index} `), index % 7 === 0));
        }
        await Promise.all(all);
        for (const [at, one] of names.entries()) {
          const expected = Array.from({ length: 200 }, (_, index) => index).filter((index) => index % 3 === at);
          assert.equal((await disk.readFile(`${dir}/${one}`)).toString(), `${expected.join(' ')} `);
          await (files[at] as AppendFile).close();
        }
      }),
    );

    it(
      'waits at close for what is under way, and takes nothing afterwards',
      inEnv(make, async ({ host: { disk }, dir }) => {
        const file = await disk.openAppend(`${dir}/log`, EMPTY);
        const order: string[] = [];
        const under = [1, 2, 3].map((index) => appended(file, Buffer.from(`${index}`)).then(() => order.push('done')));
        const closing = file.close().then(() => order.push('closed'));
        await assert.rejects(appended(file, Buffer.from('late')), { name: 'DiskError', code: 'CLOSED' });
        await Promise.all([...under, closing]);
        await file.close();
        assert.deepEqual(order, ['done', 'done', 'done', 'closed']);
        assert.equal((await disk.readFile(`${dir}/log`)).toString(), '123');
      }),
    );

    it(
      'does not look at the bytes again after onDone',
      inEnv(make, async ({ host: { disk }, dir }) => {
        const file = await disk.openAppend(`${dir}/log`, EMPTY);
        const bytes = Buffer.alloc(4);
        for (let index = 0; index < 20; index++) {
          bytes.write(`${index}`.padStart(4));
          await appended(file, bytes);
          bytes.fill(0xff);
        }
        await file.close();
        const text = (await disk.readFile(`${dir}/log`)).toString('latin1');
        assert.equal(text, Array.from({ length: 20 }, (_, index) => `${index}`.padStart(4)).join(''));
      }),
    );
  });
}

/** Collects what each of `count` appends is told. */
export function appendMany(file: AppendFile, count: number): Promise<(DiskError | undefined)[]> {
  return Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<DiskError | undefined>((resolve) => {
          file.append(Buffer.from('abc'), true, resolve);
        }),
    ),
  );
}
