// Backups hold every moment, and only whole ones are restored.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  checkBackup,
  type Database,
  restoreBackup,
  type RestorePoint,
  type StoredBackup,
} from '../../src/storage/index.js';
import { fails, fingerprint, Machine, Story, TEST_OPTIONS } from './support.js';

const BACKUPS = '/backups';
const KEEP_ALL = { serverId: 1, retainCount: 100 };
/** What `Story` gives its transactions. */
const timeOf = (zxid: number): number => 1_700_000_000_000 + zxid;

interface Scene {
  readonly machine: Machine;
  readonly story: Story;
  readonly database: Database;
  readonly backups: readonly StoredBackup[];
}

/** 10 transactions, a backup, 10 more with a snapshot among them, a second backup. */
async function twoBackups(): Promise<Scene> {
  const machine = new Machine();
  const story = new Story();
  const database = await machine.open();
  await machine.commit(database, story.variety());
  await machine.commit(database, story.grow(20 - story.lastZxid));
  const first = await machine.settle(database.backUp(BACKUPS, KEEP_ALL));
  await machine.commit(database, story.grow(5));
  await machine.settle(database.takeSnapshot());
  await machine.commit(database, story.grow(5));
  await machine.world.run(1000);
  const second = await machine.settle(database.backUp(BACKUPS, KEEP_ALL));
  return { machine, story, database, backups: [first, second] };
}

function check(machine: Machine, point: RestorePoint, dir = BACKUPS) {
  return machine.settle(checkBackup(machine.host, dir, point, TEST_OPTIONS));
}

/** A file of a backup, from outside. */
function tamper(machine: Machine, path: string, change: (bytes: Buffer) => Buffer): void {
  const bytes = machine.disk.peek(path);
  assert.ok(bytes !== undefined, path);
  machine.disk.install(path, change(Buffer.from(bytes)));
}

describe('backup', () => {
  it('holds every transaction since the first one, wherever the snapshots are', async () => {
    const { machine, story, backups } = await twoBackups();
    assert.deepEqual(
      backups.map(({ manifest }) => [manifest.snapshotZxid, manifest.lastZxid]),
      [
        ['0x0', '0x14'],
        ['0x0', '0x1e'],
      ],
    );
    for (let zxid = 0; zxid <= 30; zxid++) {
      const { state } = await check(machine, { kind: 'zxid', zxid });
      assert.deepEqual(fingerprint(state), story.state(zxid), `0x${zxid.toString(16)}`);
    }
    const { zxid } = await check(machine, { kind: 'newest' });
    assert.equal(zxid, 30);
  });

  it('is found by time', async () => {
    const { machine, story } = await twoBackups();
    for (const zxid of [1, 7, 20, 21, 29]) {
      const { state } = await check(machine, { kind: 'time', wallMs: timeOf(zxid) });
      assert.deepEqual(fingerprint(state), story.state(zxid));
    }
    const far = timeOf(1) - 1_000_000;
    await assert.rejects(check(machine, { kind: 'time', wallMs: far }), fails('BACKUP_RANGE'));
    await assert.rejects(check(machine, { kind: 'zxid', zxid: 31 }), fails('BACKUP_RANGE'));
    await assert.rejects(check(machine, { kind: 'newest' }, '/data'), fails('BACKUP_RANGE'));
  });

  it('keeps the newest ones', async () => {
    const { machine, database } = await twoBackups();
    await machine.world.run(1000);
    const third = await machine.settle(database.backUp(BACKUPS, { serverId: 1, retainCount: 2 }));
    const left = new Set([...machine.disk.files().keys()].filter((path) => path.startsWith(BACKUPS)));
    const folders = new Set([...left].map((path) => path.split('/')[2]));
    assert.equal(folders.size, 2);
    assert.ok(left.has(`${third.path}/manifest.json`));
    // Those of another server are not its business.
    await machine.settle(database.backUp(BACKUPS, { serverId: 2, retainCount: 1 }));
    const all = [...machine.disk.files().keys()].filter((path) => path.endsWith('manifest.json'));
    assert.equal(all.length, 3);
  });

  it('is the newest when it leads furthest, whatever the clocks said', async () => {
    const machine = new Machine();
    const story = new Story();
    const database = await machine.open();
    await machine.commit(database, story.variety());
    const clock = machine.host.clock;
    clock.jumpWall(86_400_000);
    const options = { serverId: 1, retainCount: 2 };
    await machine.settle(database.backUp(BACKUPS, options));
    clock.jumpWall(-86_400_000);
    for (let i = 0; i < 3; i++) {
      await machine.commit(database, story.grow(5));
      await machine.world.run(2000);
      await machine.settle(database.backUp(BACKUPS, options));
    }
    const { zxid } = await check(machine, { kind: 'newest' });
    assert.equal(zxid, story.lastZxid);
    // The oldest went, not those that were just written.
    const { state } = await check(machine, { kind: 'zxid', zxid: story.lastZxid - 3 });
    assert.deepEqual(fingerprint(state), story.state(story.lastZxid - 3));
  });

  const DAMAGES: readonly (readonly [string, (scene: Scene) => void])[] = [
    [
      'a flipped bit in the log',
      ({ machine, backups }) => machine.disk.flipBit(`${backups[1]?.path ?? ''}/log.1`, 100),
    ],
    [
      'a shortened snapshot',
      ({ machine, backups }) =>
        tamper(machine, `${backups[1]?.path ?? ''}/snapshot.0`, (bytes) => bytes.subarray(0, bytes.length - 1)),
    ],
    [
      'a changed manifest',
      ({ machine, backups }) =>
        tamper(machine, `${backups[1]?.path ?? ''}/manifest.json`, (bytes) =>
          Buffer.from(bytes.toString('utf8').replace('0x1e', '0x1f')),
        ),
    ],
  ];
  for (const [what, damage] of DAMAGES) {
    it(`with ${what} is refused before anything is written`, async () => {
      const scene = await twoBackups();
      damage(scene);
      await assert.rejects(check(scene.machine, { kind: 'newest' }), fails('BACKUP_CORRUPT'));
    });
  }

  it('without its manifest is none', async () => {
    const { machine, backups } = await twoBackups();
    await machine.settle(machine.host.disk.remove(`${backups[1]?.path ?? ''}/manifest.json`));
    const { zxid, incomplete } = await check(machine, { kind: 'newest' });
    assert.equal(zxid, 20);
    assert.deepEqual(incomplete, [backups[1]?.path]);
  });

  it('begins with a compressed snapshot, too', async () => {
    const machine = new Machine();
    const story = new Story();
    const database = await machine.open({ snapshotCompression: 'snappy' });
    await machine.commit(database, story.grow(5));
    await machine.settle(database.backUp(BACKUPS, KEEP_ALL));
    const { state } = await check(machine, { kind: 'newest' });
    assert.deepEqual(fingerprint(state), story.state(5));
  });

  for (const [what, fault] of [
    ['cannot be written', { kind: 'write', path: BACKUPS, code: 'NO_SPACE', nth: 2 }],
    ['cannot be made durable', { kind: 'sync', path: BACKUPS, code: 'IO', nth: 2 }],
  ] as const) {
    it(`leaves nothing behind when it ${what}`, async () => {
      const { machine, database } = await twoBackups();
      const stored = (): string[] => [...machine.disk.files().keys()].filter((path) => path.startsWith(BACKUPS));
      const before = stored();
      await machine.world.run(1000);
      machine.disk.fail(fault);
      await assert.rejects(machine.settle(database.backUp(BACKUPS, KEEP_ALL)), fails('IO'));
      machine.disk.repair();
      assert.deepEqual(stored(), before);
    });
  }

  it('is whole or none when the power fails at any step, and the next one clears away what is left', async () => {
    const foldersOf = (machine: Machine): string[] => [
      ...new Set(
        [...machine.disk.files().keys()]
          .filter((path) => path.startsWith(BACKUPS))
          .map((path) => path.split('/')[2] ?? ''),
      ),
    ];
    let remnants = 0;
    const outcome = { isDone: false };
    for (let step = 1; !outcome.isDone; step++) {
      assert.ok(step < 200);
      const { machine, database } = await twoBackups();
      await machine.world.run(1000);
      let operations = 0;
      machine.disk.onOperation = () => {
        if (++operations === step) machine.world.powerOff('local', 'tear');
      };
      database.backUp(BACKUPS, { serverId: 1, retainCount: 2 }).then(
        () => (outcome.isDone = true),
        () => undefined,
      );
      await machine.world.run(1000);
      machine.disk.onOperation = null;
      const { zxid, incomplete } = await check(machine, { kind: 'newest' });
      assert.equal(zxid, 30, `step ${step}`);
      remnants += incomplete.length;
      const reopened = await machine.open();
      await machine.world.run(1000);
      await machine.settle(reopened.backUp(BACKUPS, { serverId: 1, retainCount: 2 }));
      const left = foldersOf(machine);
      assert.deepEqual([left.length, left.filter((name) => !name.startsWith('backup-'))], [2, []], `step ${step}`);
      assert.deepEqual((await check(machine, { kind: 'zxid', zxid: 25 })).incomplete, []);
    }
    assert.ok(remnants > 5, `${remnants}`);
  });

  it('does not touch what another server, or another process of this one, is just writing', async () => {
    const { machine, database } = await twoBackups();
    const { disk } = machine.host;
    const other = `${BACKUPS}/incomplete-backup-20261127T002000Z-2-1e`;
    await machine.settle(disk.makeDir(other));
    await machine.settle(disk.makeDir(`${BACKUPS}/incomplete-backup-20261127T002000Z-1-1e`));
    await machine.world.run(1000);
    await machine.settle(database.backUp(BACKUPS, KEEP_ALL));
    assert.deepEqual((await check(machine, { kind: 'newest' })).incomplete, [other]);
  });

  it('gets a name of its own when there are two in a second', async () => {
    const { machine, database } = await twoBackups();
    const [one, two] = [
      await machine.settle(database.backUp(BACKUPS, KEEP_ALL)),
      await machine.settle(database.backUp(BACKUPS, KEEP_ALL)),
    ];
    assert.notEqual(one.path, two.path);
  });

  it('gives way when the log is to be cut back, and when it is told to', async () => {
    const { machine, story, database } = await twoBackups();
    await machine.world.run(1000);
    const beside = assert.rejects(database.backUp(BACKUPS, KEEP_ALL), fails('BUSY'));
    await machine.settle(database.truncate(29));
    await machine.settle(beside);
    assert.deepEqual(fingerprint(database), story.state(29));
    const unwanted = assert.rejects(database.backUp(BACKUPS, KEEP_ALL), fails('BUSY'));
    database.giveUpBackups('nobody wants it');
    await machine.settle(unwanted);
    const { manifest } = await machine.settle(database.backUp(BACKUPS, KEEP_ALL));
    assert.equal(manifest.lastZxid, '0x1d');
  });

  it('leaves out what is logged but not applied', async () => {
    const machine = new Machine();
    const story = new Story();
    const database = await machine.open();
    await machine.commit(database, story.grow(4));
    for (const entry of story.grow(3)) database.append(entry);
    await machine.settle(database.flush());
    const { manifest } = await machine.settle(database.backUp(BACKUPS, KEEP_ALL));
    assert.equal(manifest.lastZxid, '0x4');
  });
});

describe('restoring a backup', () => {
  it('makes it what the next start finds, and sets the old data aside only when it is told to', async () => {
    const { machine, story, database } = await twoBackups();
    const checked = await check(machine, { kind: 'zxid', zxid: 12 });
    const restore = (force: boolean) => machine.settle(restoreBackup(machine.host, checked, TEST_OPTIONS, force));
    await machine.close(database);
    const before = machine.names();
    await assert.rejects(restore(false), fails('NOT_EMPTY'));
    assert.deepEqual(machine.names(), before);
    const aside = await restore(true);
    assert.match(aside ?? '', /^before-restore-/);
    machine.world.powerOff('local', 'lose');
    const reopened = await machine.open();
    assert.deepEqual(fingerprint(reopened), story.state(12));
    assert.equal(reopened.lastLoggedZxid, 12);
  });

  it('never leaves data that would go on without its epochs, when the power fails at any step', async () => {
    const outcome = { isDone: false };
    let refused = 0;
    for (let step = 1; !outcome.isDone; step++) {
      assert.ok(step < 200);
      const { machine, story, database } = await twoBackups();
      await machine.settle(database.epochs.setAccepted(3));
      const checked = await check(machine, { kind: 'zxid', zxid: 12 });
      await machine.close(database);
      let operations = 0;
      machine.disk.onOperation = () => {
        if (++operations === step) machine.world.powerOff('local', 'tear');
      };
      restoreBackup(machine.host, checked, TEST_OPTIONS, true).then(
        () => (outcome.isDone = true),
        () => undefined,
      );
      await machine.world.run(1000);
      machine.disk.onOperation = null;
      const reopened = await machine.open().catch((error: unknown) => error);
      if (reopened instanceof Error) {
        fails('RESTORE_UNFINISHED')(reopened);
        // Doing it again brings it to its end, whatever is there.
        await machine.settle(restoreBackup(machine.host, checked, TEST_OPTIONS, true));
        assert.equal((await machine.open()).tree.lastProcessedZxid, 12, `step ${step}`);
        refused++;
        continue;
      }
      const { tree, epochs } = reopened as Database;
      const zxid = tree.lastProcessedZxid;
      assert.ok([12, 30].includes(zxid), `step ${step}: ${zxid}`);
      assert.deepEqual(tree.digest, story.state(zxid).digest, `step ${step}`);
      if (zxid === 30) assert.equal(epochs.accepted, 3, `step ${step}`);
    }
    assert.ok(refused > 0);
  });

  it('fills an empty folder', async () => {
    const { machine, story } = await twoBackups();
    const checked = await check(machine, { kind: 'newest' });
    const options = { ...TEST_OPTIONS, dataDir: '/other', dataLogDir: '/other-log' };
    assert.equal(await machine.settle(restoreBackup(machine.host, checked, options, false)), null);
    const reopened = await machine.open(options);
    assert.deepEqual(fingerprint(reopened), story.state(30));
  });
});
