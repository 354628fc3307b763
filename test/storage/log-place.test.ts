// A server whose folder of logs is another one, or was emptied, must not start without what it has acknowledged.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeZxid } from '../../src/protocol/index.js';
import { Database, type DatabaseOptions } from '../../src/storage/index.js';
import { World } from '../fakes/index.js';
import { DIR, fails, fingerprint, Machine, Story, TEST_OPTIONS } from './support.js';

const ONE: Partial<DatabaseOptions> = {};
const APART: Partial<DatabaseOptions> = { dataLogDir: '/logs' };
const PLACE = `${DIR}/place-of-logs`;

async function remove(machine: Machine, ...paths: string[]): Promise<void> {
  for (const path of paths) await machine.settle(machine.host.disk.remove(path));
}

/** Every log file of the machine goes. */
async function removeLogs(machine: Machine): Promise<void> {
  await remove(machine, ...[...machine.disk.files().keys()].filter((path) => path.includes('/log.')));
}

/** Three transactions of epoch 1; `snapshot`: and a snapshot of the second. */
async function written(options: Partial<DatabaseOptions>, snapshot = false): Promise<Machine> {
  const machine = new Machine();
  const story = new Story(makeZxid(1, 0));
  const database = await machine.open(options);
  await machine.settle(database.epochs.setAccepted(1));
  await machine.commit(database, story.grow(2));
  await machine.settle(database.epochs.setCurrent(1));
  if (snapshot) await machine.settle(database.takeSnapshot());
  await machine.commit(database, story.grow(1));
  await machine.close(database);
  return machine;
}

async function receive(machine: Machine, database: Database, story: Story): Promise<void> {
  const receiving = database.receiveSnapshot(story.lastZxid);
  receiving.push(story.wireSnapshot());
  await machine.settle(receiving.finish());
}

const told = (machine: Machine): number => machine.host.log.withCode('LOG_ABSENT').length;

describe('a folder of logs that had some and has none', () => {
  const LOST: readonly (readonly [
    what: string,
    before: Partial<DatabaseOptions>,
    after: Partial<DatabaseOptions>,
    hit: (machine: Machine) => Promise<void>,
    file: string,
    said: RegExp,
  ])[] = [
    [
      'another dataLogDir',
      APART,
      { dataLogDir: '/new' },
      async () => {},
      '/new/version-2',
      /one was in \/logs.*1 log files are/,
    ],
    ['none, so that it is dataDir', APART, ONE, async () => {}, DIR, /one was in \/logs/],
    ['the same, emptied', APART, APART, removeLogs, '/logs/version-2', /one was there:/],
    ['dataDir, without its logs', ONE, ONE, removeLogs, DIR, /one was there:/],
  ];
  for (const [what, before, after, hit, file, said] of LOST) {
    for (const snapshot of [true, false]) {
      it(`is refused: ${what}, ${snapshot ? 'with a snapshot' : 'with snapshot.0 only'}`, async () => {
        const machine = await written(before, snapshot);
        await hit(machine);
        const files = machine.disk.files();
        await assert.rejects(
          machine.open(after),
          (error: Error) => fails('LOGS_GONE', file)(error) && said.test(error.message),
        );
        await assert.rejects(machine.open(after), fails('LOGS_GONE', file), 'each time');
        assert.deepEqual(machine.disk.files(), files, 'nothing was changed');
      });

      it(`is warned of where it is an observer's: ${what}, ${snapshot ? 'with a snapshot' : 'with snapshot.0 only'}`, async () => {
        const machine = await written(before, snapshot);
        await hit(machine);
        const observer = { ...after, isLogPromised: false };
        const database = await machine.open(observer);
        assert.equal(database.lastLoggedZxid, snapshot ? makeZxid(1, 2) : 0);
        const [warning] = machine.host.log.withCode('LOG_ABSENT');
        assert.match(
          warning?.message ?? '',
          /one was (?:in \/logs\/version-2|there)\. As an observer,.*from the leader\.$/,
        );
        assert.equal(machine.disk.peek(PLACE)?.toString(), '');
        await machine.close(database);
        await machine.close(await machine.open(after));
        assert.equal(told(machine), 1, 'once, and it may become a voter');
      });
    }
  }

  it('may be mended: by the old setting, by moving the files, by removing the note', async () => {
    const back = await written(APART, true);
    await assert.rejects(back.open({ dataLogDir: '/new' }), fails('LOGS_GONE'));
    assert.equal((await back.open(APART)).lastLoggedZxid, makeZxid(1, 3));

    const moved = await written(APART, true);
    const log = moved.disk.peek('/logs/version-2/log.100000001') ?? Buffer.alloc(0);
    moved.disk.install('/new/version-2/log.100000001', log);
    await remove(moved, '/logs/version-2/log.100000001');
    assert.equal((await moved.open({ dataLogDir: '/new' })).lastLoggedZxid, makeZxid(1, 3));
    assert.equal(moved.disk.peek(PLACE)?.toString(), '/new/version-2\n', 'that is where it is now');

    const forced = await written(APART, true);
    await remove(forced, PLACE);
    assert.equal((await forced.open({ dataLogDir: '/new' })).lastLoggedZxid, makeZxid(1, 2));
    assert.equal(told(forced), 1);
  });
});

describe('a folder of logs that may be empty', () => {
  const cases: readonly (readonly [what: string, prepare: (machine: Machine) => Promise<Database>])[] = [
    ['of a new server', (machine) => machine.open(APART)],
    [
      'after a leader’s snapshot',
      async (machine) => {
        const database = await machine.open(APART);
        const leader = new Story();
        leader.grow(5);
        await receive(machine, database, leader);
        return database;
      },
    ],
    [
      'after one that took the place of the logs',
      async (machine) => {
        const database = await machine.open(APART);
        await machine.commit(database, new Story().grow(3));
        const leader = new Story();
        leader.grow(2, 'other');
        await machine.settle(database.truncate(0));
        await receive(machine, database, leader);
        return database;
      },
    ],
    [
      'after all was cut off',
      async (machine) => {
        const database = await machine.open(APART);
        await machine.commit(database, new Story().grow(3));
        await machine.settle(database.truncate(0));
        return database;
      },
    ],
    [
      'after a restore',
      async (machine) => {
        const story = new Story();
        const database = await machine.open(APART);
        await machine.commit(database, story.grow(3));
        await machine.settle(database.takeSnapshot());
        const bytes = machine.file('snapshot.3');
        const staged = await machine.settle(
          database.stageRestore(
            (async function* () {
              yield await Promise.resolve(bytes);
            })(),
          ),
        );
        await machine.settle(database.restore(staged));
        return database;
      },
    ],
    [
      'of an observer that logs nothing',
      async (machine) => {
        const database = await machine.open(APART);
        await machine.settle(database.stopLogging());
        const leader = new Story();
        leader.grow(5);
        await receive(machine, database, leader);
        await machine.commit(database, leader.grow(2));
        await machine.settle(database.takeSnapshot());
        return database;
      },
    ],
  ];
  for (const [what, prepare] of cases) {
    it(`${what}, is fine after a power cut, without a word, and is remembered when it has a log`, async () => {
      const machine = new Machine();
      await prepare(machine);
      machine.world.powerOff('local', 'lose');
      const again = await machine.open(APART);
      const { zxid } = fingerprint(again);
      assert.equal(told(machine), 0);
      assert.ok(![...machine.disk.files().keys()].some((path) => path.startsWith('/logs/version-2/log.')));
      await machine.commit(again, new Story(zxid).grow(1));
      machine.world.powerOff('local', 'lose');
      await removeLogs(machine);
      await assert.rejects(machine.open(APART), fails('LOGS_GONE'));
    });
  }

  it('is warned of once where nobody knows: data of Apache ZooKeeper', async () => {
    const machine = await written(ONE, true);
    await removeLogs(machine);
    await remove(machine, PLACE);
    await machine.close(await machine.open());
    assert.equal(told(machine), 1);
    await machine.close(await machine.open());
    assert.equal(told(machine), 1);
  });

  it('is taken for a new one when the snapshots are gone, too', async () => {
    const machine = await written(ONE, true);
    await remove(
      machine,
      ...machine
        .names()
        .filter((name) => !name.endsWith('Epoch'))
        .map((name) => `${DIR}/${name}`),
    );
    await machine.close(await machine.open());
    await machine.close(await machine.open());
    assert.equal(told(machine), 0);
  });

  it('is no reason to refuse after a power cut at any operation, while the first log comes and the last one goes', async () => {
    for (const mode of ['lose', 'tear'] as const) {
      const run = { isOver: false, isCut: false };
      const live = async (machine: Machine): Promise<void> => {
        const database = await Database.open(machine.host, machine.metrics, { ...TEST_OPTIONS, ...APART });
        const story = new Story();
        database.append(story.create('/a'));
        await database.settle();
        await database.takeSnapshot();
        await database.truncate(0);
        database.append(new Story().create('/b'));
        await database.close();
        run.isOver = true;
      };
      const isOver = (): boolean => run.isOver;
      const wasCut = (): boolean => run.isCut;
      for (let at = 0; !isOver(); at++) {
        const machine = new Machine(new World(`${mode} ${at}`));
        run.isCut = false;
        machine.disk.onOperation = ({ index }) => {
          if (index !== at) return;
          run.isCut = true;
          machine.world.powerOff(machine.name, mode);
        };
        live(machine).catch(() => undefined);
        await machine.world.until(() => run.isOver || run.isCut);
        machine.disk.onOperation = null;
        if (!wasCut()) machine.world.powerOff(machine.name, mode);
        // Removes a log without a record, if that is what was left.
        const { lastLoggedZxid } = await machine.open(APART);
        assert.ok(lastLoggedZxid <= 1, `crash at operation ${at}`);
        machine.world.powerOff(machine.name, 'lose');
        assert.equal((await machine.open(APART)).lastLoggedZxid, lastLoggedZxid, `crash at operation ${at}`);
      }
    }
  });

  it('is no reason to refuse after a power cut at any operation of a start that removes the last log, an empty one', async () => {
    const sample = await written(ONE);
    const files = {
      'snapshot.0': sample.file('snapshot.0'),
      'log.1': sample.file('log.100000001').subarray(0, 16),
      'place-of-logs': Buffer.from(`${DIR}\n`),
    };
    const run = { isOpen: false, isCut: false };
    const isOpen = (): boolean => run.isOpen;
    const wasCut = (): boolean => run.isCut;
    for (let at = 0; !isOpen(); at++) {
      const machine = Machine.with(files);
      run.isCut = false;
      const crashAt = machine.disk.operationCount + at;
      machine.disk.onOperation = ({ index }) => {
        if (index !== crashAt) return;
        run.isCut = true;
        machine.world.powerOff(machine.name, 'lose');
      };
      Database.open(machine.host, machine.metrics, TEST_OPTIONS).then(
        () => (run.isOpen = true),
        () => undefined,
      );
      await machine.world.until(() => run.isOpen || run.isCut);
      machine.disk.onOperation = null;
      if (!wasCut()) machine.world.powerOff(machine.name, 'lose');
      assert.equal((await machine.open()).lastLoggedZxid, 0, `crash at operation ${at}`);
    }
  });
});
