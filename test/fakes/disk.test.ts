import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DiskError, Host } from '../../src/host/index.js';
import { type CrashMode, type DiskOperation, World } from './index.js';

const MODES: readonly CrashMode[] = ['lose', 'tear', 'keep'];

/** Runs `body` on host a, cuts its power (or kills it), and gives the files that the next process finds. */
async function filesAfterCrash(
  mode: CrashMode,
  body: (host: Host) => Promise<unknown>,
  seed = 1,
): Promise<Map<string, string>> {
  const world = new World(seed);
  world.disk('a').installDir('/data');
  await world.settle(body(world.host('a')));
  if (mode === 'keep') world.kill('a');
  else world.powerOff('a', mode);
  const found = new Map<string, string>();
  for (const [path, bytes] of world.disk('a').files()) found.set(path, bytes.toString('latin1'));
  return found;
}

async function writeUnsynced(host: Host, path: string, text: string) {
  const file = await host.disk.create(path);
  await file.write(Buffer.from(text), 0);
  return file;
}

async function writeSynced(host: Host, path: string, text: string) {
  const file = await writeUnsynced(host, path, text);
  await file.sync();
  await file.close();
}

/** What a power cut leaves when nothing unsynced survives: [what was done, what is found]. */
const LOSSES: readonly [what: string, body: (host: Host) => Promise<unknown>, found: Record<string, string>][] = [
  [
    'a file synced with its folder',
    async (host) => {
      await writeSynced(host, '/data/file', 'text');
      await host.disk.syncDir('/data');
    },
    { '/data/file': 'text' },
  ],
  ['a synced file in an unsynced folder', (host) => writeSynced(host, '/data/file', 'text'), {}],
  [
    'an unsynced file in a synced folder',
    async (host) => {
      await writeUnsynced(host, '/data/file', 'text');
      await host.disk.syncDir('/data');
    },
    { '/data/file': '' },
  ],
  [
    'what was written after the sync',
    async (host) => {
      const file = await writeUnsynced(host, '/data/file', 'text');
      await file.sync();
      await host.disk.syncDir('/data');
      await file.write(Buffer.from('TEXT and more'), 0);
      await file.truncate(2);
    },
    { '/data/file': 'text' },
  ],
  [
    'a rename without syncDir',
    async (host) => {
      await writeSynced(host, '/data/file', 'old');
      await host.disk.syncDir('/data');
      await writeSynced(host, '/data/file.tmp', 'new');
      await host.disk.rename('/data/file.tmp', '/data/file');
    },
    { '/data/file': 'old' },
  ],
  [
    'a rename with syncDir',
    async (host) => {
      await writeSynced(host, '/data/file', 'old');
      await host.disk.syncDir('/data');
      await writeSynced(host, '/data/file.tmp', 'new');
      await host.disk.rename('/data/file.tmp', '/data/file');
      await host.disk.syncDir('/data');
    },
    { '/data/file': 'new' },
  ],
  [
    'a removal without syncDir',
    async (host) => {
      await writeSynced(host, '/data/file', 'text');
      await host.disk.syncDir('/data');
      await host.disk.remove('/data/file');
    },
    { '/data/file': 'text' },
  ],
  [
    'a folder whose parent was not synced',
    async (host) => {
      await host.disk.makeDir('/data/inner');
      await writeSynced(host, '/data/inner/file', 'text');
      await host.disk.syncDir('/data/inner');
    },
    {},
  ],
  [
    'appends, the last one without sync',
    async (host) => {
      const options = { position: 0, preallocateBytes: 0, allocatedBytes: 0 };
      const file = await host.disk.openAppend('/data/log', options);
      await host.disk.syncDir('/data');
      await new Promise<void>((resolve) => file.append(Buffer.from('one'), true, () => resolve()));
      await new Promise<void>((resolve) => file.append(Buffer.from('two'), false, () => resolve()));
    },
    { '/data/log': 'one' },
  ],
];

describe('FakeDisk after a power cut', () => {
  for (const [what, body, found] of LOSSES) {
    it(`knows of ${what}: ${JSON.stringify(found)}`, async () => {
      assert.deepEqual(Object.fromEntries(await filesAfterCrash('lose', body)), found);
    });
  }

  it('keeps everything when only the process died', async () => {
    const found = await filesAfterCrash('keep', (host) => writeUnsynced(host, '/data/file', 'text'));
    assert.deepEqual(Object.fromEntries(found), { '/data/file': 'text' });
  });

  it('forgets at a later power cut what a killed process had not synced', async () => {
    const world = new World();
    world.disk('a').installDir('/data');
    await world.settle(writeUnsynced(world.host('a'), '/data/file', 'text'));
    world.kill('a');
    world.host('a');
    world.powerOff('a', 'lose');
    assert.deepEqual([...world.disk('a').files()], []);
  });

  it('tears unsynced writes in every way, but never touches synced bytes', async () => {
    const outcomes = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const found = await filesAfterCrash(
        'tear',
        async (host) => {
          const file = await writeUnsynced(host, '/data/file', 'S'.repeat(700));
          await file.sync();
          await host.disk.syncDir('/data');
          await file.write(Buffer.alloc(2000, 'u'), 700);
        },
        seed,
      );
      const text = found.get('/data/file') ?? '';
      assert.match(text, /^S{700}[u\0]*$/);
      const tail = text.slice(700);
      if (tail === '') outcomes.add('lost');
      else if (tail === 'u'.repeat(2000)) outcomes.add('whole');
      else outcomes.add(tail.includes('\0') ? 'holes' : 'short');
    }
    assert.deepEqual([...outcomes].sort(), ['holes', 'lost', 'short', 'whole']);
  });

  it('keeps the order of names that were not synced', async () => {
    const counts = new Set<number>();
    for (let seed = 0; seed < 40; seed++) {
      const found = await filesAfterCrash(
        'tear',
        async (host) => {
          for (const name of ['1', '2', '3']) await writeSynced(host, `/data/${name}`, name);
        },
        seed,
      );
      const names = [...found.keys()].sort();
      assert.deepEqual(names, ['/data/1', '/data/2', '/data/3'].slice(0, names.length));
      counts.add(names.length);
    }
    assert.deepEqual([...counts].sort(), [0, 1, 2, 3]);
  });

  it('does not trust a later sync after one that failed: the kernel may have dropped the bytes', async () => {
    const world = new World();
    const disk = world.disk('a');
    disk.installDir('/data');
    disk.fail({ kind: 'sync', code: 'IO' });
    const { disk: mounted } = world.host('a');
    const work = async () => {
      const file = await writeUnsynced(world.host('a'), '/data/file', 'text');
      await mounted.syncDir('/data');
      await assert.rejects(file.sync(), { code: 'IO' });
      await file.write(Buffer.from('more'), 4);
      await file.sync();
    };
    await world.settle(work());
    world.powerOff('a', 'lose');
    assert.equal(disk.peek('/data/file')?.toString('latin1'), '\0\0\0\0more');
  });
});

describe('FakeDisk faults', () => {
  function machine(seed = 1) {
    const world = new World(seed);
    const disk = world.disk('a');
    disk.installDir('/data');
    return { world, disk, host: world.host('a') };
  }

  it('fails the n-th operation of a kind on a path, once or for ever', async () => {
    const { world, disk, host } = machine();
    disk.fail({ kind: 'write', path: 'file', code: 'NO_SPACE', nth: 2 });
    disk.fail({ kind: 'sync', code: 'IO', forever: true });
    await world.settle(
      (async () => {
        const file = await host.disk.create('/data/file');
        const other = await host.disk.create('/data/other');
        const bytes = Buffer.from('x');
        await file.write(bytes, 0);
        await other.write(bytes, 0);
        await assert.rejects(file.write(bytes, 1), { code: 'NO_SPACE' });
        await file.write(bytes, 1);
        await assert.rejects(file.sync(), { code: 'IO' });
        await assert.rejects(other.sync(), { code: 'IO' });
        disk.repair();
        await other.sync();
      })(),
    );
  });

  it('makes a failed append stick', async () => {
    const { world, disk, host } = machine();
    const options = { position: 0, preallocateBytes: 0, allocatedBytes: 0 };
    const file = await world.settle(host.disk.openAppend('/data/log', options));
    const told: (DiskError | undefined)[] = [];
    const append = () => file.append(Buffer.from('x'), true, (error) => void told.push(error));
    append();
    await world.run(10);
    disk.fail({ kind: 'sync', code: 'IO' });
    append();
    append();
    await world.run(10);
    append();
    await world.run(10);
    assert.deepEqual(
      told.map((error) => error?.code),
      [undefined, 'IO', 'IO', 'IO'],
    );
    assert.equal(told[1], told[3]);
  });

  it('runs out of space', async () => {
    const { world, disk, host } = machine();
    disk.capacityBytes = 1000;
    await world.settle(writeSynced(host, '/data/file', 'x'.repeat(900)));
    assert.equal(await world.settle(host.disk.freeBytes('/data')), 100);
    await assert.rejects(world.settle(writeSynced(host, '/data/more', 'x'.repeat(101))), { code: 'NO_SPACE' });
    await world.settle(writeSynced(host, '/data/fits', 'x'.repeat(100)));
  });

  it('lets a hung sync wait until it is released, while reads go on', async () => {
    const { world, disk, host } = machine();
    disk.hang('sync');
    let synced = false;
    const file = await world.settle(writeUnsynced(host, '/data/file', 'text'));
    const syncing = file.sync().then(() => {
      synced = true;
    });
    await world.run(100_000);
    assert.equal(synced, false);
    assert.equal((await world.settle(host.disk.readFile('/data/file'))).toString(), 'text');
    disk.release();
    await world.settle(syncing, 1);
    assert.ok(synced);
  });

  it('denies access by path', async () => {
    const { world, disk, host } = machine();
    await world.settle(writeSynced(host, '/data/file', 'text'));
    disk.deny('/data', 'write');
    await assert.rejects(world.settle(host.disk.create('/data/new')), { code: 'PERMISSION' });
    assert.equal((await world.settle(host.disk.readFile('/data/file'))).toString(), 'text');
    disk.deny('/data/file', 'read');
    await assert.rejects(world.settle(host.disk.readFile('/data/file')), { code: 'PERMISSION' });
  });

  it('turns bits, durably', async () => {
    const { world, disk, host } = machine();
    await world.settle(writeSynced(host, '/data/file', 'abc'));
    await world.settle(host.disk.syncDir('/data'));
    disk.flipBit('/data/file', 1, 3);
    assert.equal(disk.peek('/data/file')?.toString(), 'ajc');
    world.powerOff('a', 'lose');
    assert.equal(disk.peek('/data/file')?.toString(), 'ajc');
  });

  it('counts operations, so that a test can crash at each of them in turn', async () => {
    const outcomes: string[] = [];
    for (let crashAt = 0; ; crashAt++) {
      const { world, disk, host } = machine(crashAt);
      let last: DiskOperation | undefined;
      disk.onOperation = (operation) => {
        last = operation;
        if (operation.index === crashAt) world.powerOff('a', 'lose');
      };
      let finished = false;
      const work = async () => {
        await writeSynced(host, '/data/file', 'text');
        await host.disk.syncDir('/data');
        finished = true;
      };
      work().catch((error: unknown) => assert.fail(String(error)));
      await world.run(1000);
      outcomes.push(`${last?.kind ?? ''} ${disk.peek('/data/file')?.toString() ?? 'nothing'}`);
      const crashed = disk.operationCount > crashAt;
      assert.equal(finished, !crashed);
      if (!crashed) break;
    }
    assert.deepEqual(outcomes, ['create nothing', 'write nothing', 'sync nothing', 'syncDir nothing', 'syncDir text']);
  });
});

describe('FakeDisk under any crash', () => {
  it('keeps a write-rename-syncDir replacement atomic at every operation, in every mode', async () => {
    for (const mode of MODES) {
      for (let crashAt = 0; crashAt < 5; crashAt++) {
        const world = new World(`${mode}/${crashAt}`);
        const disk = world.disk('a');
        disk.install('/data/epoch', Buffer.from('1'));
        const host = world.host('a');
        disk.onOperation = ({ index }) => {
          if (index !== crashAt) return;
          if (mode === 'keep') world.kill('a');
          else world.powerOff('a', mode);
        };
        const replace = async () => {
          await writeSynced(host, '/data/epoch.tmp', '2');
          await host.disk.rename('/data/epoch.tmp', '/data/epoch');
          await host.disk.syncDir('/data');
        };
        replace().catch((error: unknown) => assert.fail(String(error)));
        await world.run(100);
        const found = disk.peek('/data/epoch')?.toString() ?? 'nothing';
        assert.ok(found === '1' || found === '2', `${mode} at ${crashAt}: ${found}`);
      }
    }
  });
});
