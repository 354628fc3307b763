// What a start makes of what it finds: snapshots missing or damaged, logs that do not fit, folders that are wrong.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeZxid } from '../../src/protocol/index.js';
import { DIR, fails, fingerprint, Machine, Story } from './support.js';

const ALONE = { keepEpochs: false };

/** Four snapshots (0, 10, 20, 30) and logs (1, 11, 21, 31), the last with five transactions. */
async function writeDirectory(): Promise<{ story: Story; files: Record<string, Buffer> }> {
  const machine = new Machine();
  const story = new Story();
  for (const count of [10, 10, 10, 5]) {
    const database = await machine.open(ALONE);
    await machine.commit(database, story.grow(count));
    if (count === 10) await machine.settle(database.takeSnapshot());
    await machine.close(database);
  }
  return { story, files: Object.fromEntries(machine.names().map((name) => [name, machine.file(name)])) };
}

describe('recovery', async () => {
  const { story, files } = await writeDirectory();
  const without = (...names: string[]) =>
    Object.fromEntries(Object.entries(files).filter(([name]) => !names.includes(name)));
  const cut = (name: string, keep: number) => ({ [name]: (files[name] ?? Buffer.alloc(0)).subarray(0, keep) });
  const flip = (name: string, at: number) => {
    const bytes = Buffer.from(files[name] ?? Buffer.alloc(0));
    bytes[at] = (bytes[at] as number) ^ 0x10;
    return { [name]: bytes };
  };

  it('has the files of this test', () => {
    assert.deepEqual(Object.keys(files), [
      ...['log.1', 'log.15', 'log.1f', 'log.b', 'snapshot.0', 'snapshot.14', 'snapshot.1e', 'snapshot.a'],
    ]);
  });

  const opens: readonly (readonly [what: string, files: Record<string, Buffer>, zxid: number])[] = [
    ['everything is there', files, 35],
    ['the newest snapshot is missing', without('snapshot.1e'), 35],
    ['all snapshots but the first are missing', without('snapshot.1e', 'snapshot.14', 'snapshot.a'), 35],
    ['the newest snapshot is empty', { ...files, ...cut('snapshot.1e', 0) }, 35],
    ['the newest snapshot is cut in its tree', { ...files, ...cut('snapshot.1e', 700) }, 35],
    [
      'the newest snapshot is cut in its seal',
      { ...files, ...cut('snapshot.1e', (files['snapshot.1e']?.length ?? 0) - 60) },
      35,
    ],
    ['a bit of the newest snapshot turned', { ...files, ...flip('snapshot.1e', 900) }, 35],
    [
      'a bit of the newest snapshot’s digest turned',
      { ...files, ...flip('snapshot.1e', (files['snapshot.1e']?.length ?? 0) - 48) },
      35,
    ],
    ['the two newest snapshots are damaged', { ...files, ...cut('snapshot.1e', 33), ...flip('snapshot.14', 100) }, 35],
    [
      'all snapshots are damaged, but the first',
      { ...files, ...cut('snapshot.1e', 1), ...cut('snapshot.14', 9), ...cut('snapshot.a', 100) },
      35,
    ],
    [
      'even the first is damaged, whose content is known',
      {
        ...files,
        ...cut('snapshot.1e', 1),
        ...cut('snapshot.14', 9),
        ...cut('snapshot.a', 100),
        ...cut('snapshot.0', 0),
      },
      35,
    ],
    [
      'old snapshots are damaged',
      { ...files, ...cut('snapshot.14', 1), ...cut('snapshot.a', 1), ...cut('snapshot.0', 0) },
      35,
    ],
    ['logs that are not needed are missing', without('log.1', 'log.b', 'log.15'), 35],
    ['all logs are missing', without('log.1', 'log.b', 'log.15', 'log.1f'), 30],
    ['the newest log is missing', without('log.1f'), 30],
    ['the newest log is empty', { ...files, ...cut('log.1f', 0) }, 30],
    ['the newest log has half a header', { ...files, ...cut('log.1f', 7) }, 30],
    ['the newest log has only a header', { ...files, ...cut('log.1f', 16) }, 30],
    ['the newest log is all zeros', { ...files, 'log.1f': Buffer.alloc(4096) }, 30],
    ['an empty log lies behind', { ...files, 'log.24': Buffer.alloc(0) }, 35],
    ['two empty logs lie behind', { ...files, 'log.24': Buffer.alloc(0), 'log.25': Buffer.alloc(100) }, 35],
    ['logs that are not needed are damaged', { ...files, ...flip('log.1', 40), ...cut('log.b', 3) }, 35],
    [
      'foreign files lie around',
      {
        ...files,
        'log.txt': Buffer.from('x'),
        'snapshot.old': Buffer.from('y'),
        'log.1f.fixed': Buffer.from('z'),
        'snapshot.99.tmp': Buffer.from('Java died here'),
        'snapshot.ffffffffffffffff': Buffer.from('of no transaction, says Java'),
        README: Buffer.from('hi'),
      },
      35,
    ],
    ['files of an unfinished write lie around', { ...files, 'staged-saving-snapshot.23': Buffer.from('half') }, 35],
  ];
  for (const [what, given, zxid] of opens) {
    it(`opens at ${zxid} when ${what}`, async () => {
      const machine = Machine.with(given);
      const database = await machine.open(ALONE);
      assert.deepEqual(fingerprint(database), story.state(zxid));
      assert.equal(database.lastLoggedZxid, zxid);
      assert.equal(database.durableZxid, zxid);
      assert.equal(database.nextUnappliedZxid, -1);
      assert.equal(machine.metrics.counter('digest_mismatches_count').value, 0);
      const more = new Story(zxid);
      await machine.commit(database, more.grow(3));
      await machine.close(database);
      machine.world.powerOff('local', 'lose');
      const again = await machine.open(ALONE);
      assert.equal(again.lastLoggedZxid, zxid + 3, 'goes on after that, and is found again');
      assert.ok(!machine.names().some((name) => name.startsWith('staged-')), 'no unfinished files');
    });
  }

  const refuses: readonly (readonly [what: string, files: Record<string, Buffer>, code: string, file: string])[] = [
    ['a log in the middle is missing', without('snapshot.1e', 'snapshot.14', 'log.15'), 'LOG_GAP', 'log.1f'],
    ['the log behind the snapshot is missing', without('snapshot.1e', 'log.15'), 'LOG_GAP', 'log.1f'],
    [
      'a log in the middle is empty',
      { ...without('snapshot.1e', 'snapshot.14'), ...cut('log.15', 0) },
      'LOG_GAP',
      'log.1f',
    ],
    [
      'the newest snapshot is damaged and its log gone',
      { ...without('log.15', 'log.1f'), ...cut('snapshot.1e', 5) },
      'LOG_GAP',
      'version-2',
    ],
    [
      'there are logs but no snapshot',
      without('snapshot.0', 'snapshot.a', 'snapshot.14', 'snapshot.1e'),
      'NO_SNAPSHOT',
      'version-2',
    ],
    [
      'the only snapshot is damaged',
      { 'snapshot.1e': Buffer.from('garbage'), 'log.1f': files['log.1f'] ?? Buffer.alloc(0) },
      'SNAPSHOT_CORRUPT',
      'snapshot.1e',
    ],
    [
      'the only snapshot is damaged and there is no log',
      { 'snapshot.1e': Buffer.alloc(0) },
      'SNAPSHOT_CORRUPT',
      'snapshot.1e',
    ],
    [
      'a log has an epoch beyond all that are counted',
      { ...files, 'log.20000000000001': Buffer.from('whatever') },
      'ZXID_RANGE',
      'log.20000000000001',
    ],
    [
      'a snapshot has one',
      { ...files, 'snapshot.7fffffffffffffff.gz': Buffer.from('whatever') },
      'ZXID_RANGE',
      'snapshot.7fffffffffffffff.gz',
    ],
    [
      'a log holds something else',
      { ...files, 'log.24': Buffer.from('Dear diary, this is no log at all') },
      'LOG_CORRUPT',
      'log.24',
    ],
  ];
  for (const [what, given, code, file] of refuses) {
    it(`refuses with ${code} when ${what}, and changes nothing`, async () => {
      const machine = Machine.with(given);
      await assert.rejects(machine.open(ALONE), fails(code, file));
      for (const [name, bytes] of Object.entries(given)) assert.deepEqual(machine.file(name), bytes, name);
      assert.deepEqual(machine.names(), Object.keys(given).sort());
    });
  }

  it('sets a damaged snapshot aside, so that it counts for nothing any more', async () => {
    const machine = Machine.with({ ...files, ...cut('snapshot.1e', 50) });
    await machine.close(await machine.open(ALONE));
    assert.ok(machine.names().includes('damaged-snapshot.1e'));
    assert.ok(!machine.names().includes('snapshot.1e'));
    assert.equal(machine.host.log.withCode('SNAPSHOT_UNUSABLE').length, 1);
  });

  it('says that an older snapshot is tried only where there is one', async () => {
    const damaged = { ...cut('snapshot.1e', 5), ...cut('snapshot.0', 0) };
    const machine = Machine.with({ ...without('snapshot.14', 'snapshot.a'), ...damaged });
    assert.equal((await machine.open(ALONE)).lastLoggedZxid, 35);
    const said = machine.host.log.withCode('SNAPSHOT_UNUSABLE').map(({ message }) => message);
    assert.deepEqual(
      said.map((message) => message.endsWith('An older snapshot is tried.')),
      [true, false],
    );
    assert.equal(machine.host.log.withCode('SNAPSHOT_ZERO').length, 1);
  });

  it('tries an older snapshot when the disk cannot read the newest', async () => {
    const machine = Machine.with(files);
    machine.disk.fail({ kind: 'read', path: 'snapshot.1e', code: 'IO', forever: true });
    assert.deepEqual(fingerprint(await machine.open(ALONE)), story.state(35));
  });

  it('does not take a snapshot it may not read for a damaged one', async () => {
    const machine = Machine.with(files);
    machine.disk.deny(`${DIR}/snapshot.1e`, 'read');
    await assert.rejects(machine.open(ALONE), fails('IO', 'snapshot.1e'));
  });

  it('fills the committed log with the newest transactions it replayed', async () => {
    const machine = Machine.with(without('snapshot.1e', 'snapshot.14'));
    const database = await machine.open({ ...ALONE, commitLogCount: 8 });
    assert.deepEqual(
      database.committedLog.entries.map((entry) => entry.header.zxid),
      [28, 29, 30, 31, 32, 33, 34, 35],
    );
    assert.equal(database.committedLog.minZxid, 28);
    assert.equal(database.committedLog.maxZxid, 35);
  });

  it('measures itself by ZooKeeper’s names', async () => {
    const machine = Machine.with(without('snapshot.1e'));
    await machine.open(ALONE);
    assert.equal(machine.metrics.summary('startup_txns_loaded').max, 15);
    assert.equal(machine.metrics.summary('dbinittime').count, 1);
    assert.equal(machine.metrics.summary('startup_snap_load_time').count, 1);
  });

  it('refuses a transaction of an unknown type by name, not as damage', async () => {
    const machine = new Machine();
    const database = await machine.open(ALONE);
    const [entry] = story.entries;
    assert.ok(entry !== undefined);
    const bytes = Buffer.from(entry.bytes);
    bytes.writeInt32BE(77, 28);
    database.append({ ...entry, bytes });
    await machine.settle(database.flush());
    await machine.close(database);
    await assert.rejects(machine.open(ALONE), fails('LOG_UNREADABLE', 'log.1', 16));
  });
});

describe('the jump that a received snapshot leaves in the log', () => {
  /** A learner logs 1 to 3 of epoch 1, gets the tree of epoch 2's start, and logs 1 and 2 of epoch 2. */
  async function write(): Promise<Machine> {
    const machine = new Machine();
    const story = new Story();
    const database = await machine.open();
    await machine.settle(database.epochs.setAccepted(2));
    story.newEpoch(1);
    await machine.commit(database, story.grow(3));
    const leader = new Story(makeZxid(1, 0));
    leader.grow(9);
    leader.newEpoch(2);
    const receive = database.receiveSnapshot(makeZxid(2, 0));
    assert.ok(receive.push(leader.wireSnapshot()) !== null);
    await machine.settle(receive.finish());
    await machine.commit(database, leader.grow(2));
    await machine.close(database);
    return machine;
  }

  it('is not bridged when that snapshot cannot be read (ZOOKEEPER-2099, 2846)', async () => {
    const machine = await write();
    const snapshot = machine.file('snapshot.200000000');
    machine.disk.install(`${DIR}/snapshot.200000000`, snapshot.subarray(0, 100));
    await assert.rejects(machine.open(), fails('LOG_GAP', 'log.200000001'));
  });

  it('is not bridged before anything was logged after it', async () => {
    const machine = await write();
    await machine.settle(machine.host.disk.remove(`${DIR}/log.200000001`));
    machine.disk.install(`${DIR}/snapshot.200000000`, Buffer.from('garbage'));
    await assert.rejects(machine.open(), fails('LOG_GAP'));
  });

  it('is no obstacle as long as the snapshot is there', async () => {
    const machine = await write();
    const database = await machine.open();
    assert.equal(database.lastAppliedZxid, makeZxid(2, 2));
    assert.equal(database.tree.childCount(database.tree.find('/')), 1 + 9 + 2);
  });
});

describe('an empty data directory', () => {
  const INITIALIZE = '/data/initialize';
  const exists = (machine: Machine, path: string) => machine.disk.peek(path) !== undefined;

  it('becomes an empty database, whose snapshot.0 comes first', async () => {
    const machine = new Machine();
    const database = await machine.open(ALONE);
    assert.equal(database.lastAppliedZxid, 0);
    assert.deepEqual(machine.names(), ['snapshot.0']);
  });

  it('stays at -1 when db.autocreate is false, and logs nothing without a snapshot', async () => {
    const machine = new Machine();
    const database = await machine.open({ ...ALONE, dbAutoCreate: false });
    assert.equal(database.lastAppliedZxid, -1);
    assert.deepEqual(machine.names(), []);
    assert.throws(() => database.append(new Story().create('/a')), fails('ZXID_ORDER'));
    await machine.settle(database.takeSnapshot());
    assert.deepEqual(machine.names(), []);
  });

  it('becomes one when `initialize` says so, once', async () => {
    const machine = new Machine();
    machine.disk.install(INITIALIZE, Buffer.alloc(0));
    const database = await machine.open({ ...ALONE, dbAutoCreate: false });
    assert.equal(database.lastAppliedZxid, 0);
    assert.ok(!exists(machine, INITIALIZE));
    assert.equal((await machine.open({ ...ALONE, dbAutoCreate: false })).lastAppliedZxid, 0);
  });

  it('loses `initialize` also when it was not needed', async () => {
    const machine = new Machine();
    await machine.close(await machine.open(ALONE));
    machine.disk.install(INITIALIZE, Buffer.alloc(0));
    await machine.open(ALONE);
    assert.ok(!exists(machine, INITIALIZE));
  });

  it('with logs alone is taken when snapshot.trust.empty says so, and has a snapshot afterwards', async () => {
    const machine = new Machine();
    const story = new Story();
    const database = await machine.open(ALONE);
    await machine.commit(database, story.grow(4));
    await machine.close(database);
    const logOnly = Machine.with({ 'log.1': machine.file('log.1') });
    await assert.rejects(logOnly.open(ALONE), fails('NO_SNAPSHOT'));
    const trusting = await logOnly.open({ ...ALONE, trustEmptySnapshot: true });
    assert.deepEqual(fingerprint(trusting), story.state(4));
    assert.ok(logOnly.names().includes('snapshot.4'));
    await logOnly.close(trusting);
    assert.deepEqual(fingerprint(await logOnly.open(ALONE)), story.state(4));
  });

  it('is not made when zookeeper.datadir.autocreate is false', async () => {
    const machine = new Machine();
    await assert.rejects(machine.open({ dataDirAutoCreate: false }), fails('DATA_DIR', DIR));
    machine.disk.installDir(DIR);
    await machine.open({ dataDirAutoCreate: false });
  });

  it('survives a power failure with its folder', async () => {
    const machine = new Machine();
    const deep = { ...ALONE, dataDir: '/var/lib/zk', dataLogDir: '/log/zk' };
    const database = await machine.open(deep);
    const story = new Story();
    await machine.commit(database, story.grow(3));
    machine.world.powerOff('local', 'lose');
    assert.deepEqual(fingerprint(await machine.open(deep)), story.state(3));
  });

  it('that may not be used is a DATA_DIR error', async () => {
    const machine = new Machine();
    machine.disk.install('/data', Buffer.from('a file'));
    await assert.rejects(machine.open(), fails('DATA_DIR'));
    const denied = new Machine();
    denied.disk.installDir('/data');
    denied.disk.deny('/data', 'write');
    await assert.rejects(denied.open(), fails('DATA_DIR', DIR));
    const unreadable = new Machine();
    unreadable.disk.installDir(DIR);
    unreadable.disk.fail({ kind: 'list', path: DIR, code: 'PERMISSION', forever: true });
    await assert.rejects(unreadable.open(), fails('DATA_DIR', DIR));
  });
});

describe('dataDir and dataLogDir', () => {
  const APART = { ...ALONE, dataLogDir: '/logs' };

  it('keep each kind of file in its own folder', async () => {
    const machine = new Machine();
    const database = await machine.open({ dataLogDir: '/logs' });
    await machine.commit(database, new Story().grow(3));
    await machine.settle(database.takeSnapshot());
    await machine.close(database);
    assert.deepEqual(
      [...machine.disk.files().keys()],
      [
        ...['/data/version-2/acceptedEpoch', '/data/version-2/currentEpoch', '/data/version-2/place-of-logs'],
        ...['/data/version-2/snapshot.0', '/data/version-2/snapshot.3', '/logs/version-2/log.1'],
      ],
    );
  });

  it('are refused when they are swapped or were one before (ZOOKEEPER-2967)', async () => {
    const machine = new Machine();
    const database = await machine.open(APART);
    await machine.commit(database, new Story().grow(3));
    await machine.close(database);
    const swapped = { ...ALONE, dataDir: '/logs', dataLogDir: '/data' };
    await assert.rejects(machine.open(swapped), fails('LOG_DIR_HAS_SNAPSHOTS', 'snapshot.0'));
    const one = new Machine();
    const first = await one.open(ALONE);
    await one.commit(first, new Story().grow(3));
    await one.close(first);
    await assert.rejects(one.open(APART), fails('SNAP_DIR_HAS_LOGS', 'log.1'));
  });
});
