// How transactions become durable: in groups, in order, and never after an error.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OpCode } from '../../src/protocol/index.js';
import type { DiskOperation } from '../fakes/index.js';
import { DIR, fails, fingerprint, Machine, Story } from './support.js';

/** Notes the operations on log files from now on. */
function watch(machine: Machine): DiskOperation[] {
  const seen: DiskOperation[] = [];
  machine.disk.onOperation = (operation) => {
    if (operation.path.includes('log.')) seen.push(operation);
  };
  return seen;
}

const kinds = (operations: readonly DiskOperation[]) => operations.map((operation) => operation.kind).join(' ');

describe('group commit', () => {
  it('writes and syncs the transactions of one turn once, and says so once', async () => {
    const machine = new Machine();
    const database = await machine.open();
    const seen = watch(machine);
    const durable: number[] = [];
    database.onDurable = (zxid) => durable.push(zxid);
    for (const entry of new Story().grow(50)) database.append(entry);
    assert.equal(database.lastLoggedZxid, 50);
    assert.equal(database.durableZxid, 0);
    assert.deepEqual(durable, [], 'never from inside append');
    await machine.settle(database.flush());
    assert.equal(kinds(seen), 'create append sync');
    assert.deepEqual(durable, [50]);
    assert.equal(database.durableZxid, 50);
    assert.equal(machine.metrics.summary('sync_processor_batch_size').max, 50);
    assert.equal(machine.metrics.summary('fsynctime').count, 1);
  });

  it('puts all that comes while the disk is busy into the next group', async () => {
    const machine = new Machine();
    const database = await machine.open();
    const story = new Story();
    await machine.commit(database, story.grow(1));
    const seen = watch(machine);
    const durable: number[] = [];
    database.onDurable = (zxid) => durable.push(zxid);
    for (const entry of story.grow(3)) database.append(entry);
    await machine.world.until(() => kinds(seen) === 'append');
    for (let turn = 0; turn < 5; turn++) {
      database.append(story.create(`/turn-${turn}`));
      await machine.world.run(0.001);
    }
    await machine.settle(database.flush());
    assert.equal(kinds(seen), 'append sync append sync');
    assert.deepEqual(durable, [4, 9]);
  });

  it('closes a group at a megabyte', async () => {
    const machine = new Machine();
    const database = await machine.open();
    const durable: number[] = [];
    database.onDurable = (zxid) => durable.push(zxid);
    for (const entry of new Story().grow(10, 'd'.repeat(300_000))) database.append(entry);
    await machine.settle(database.flush());
    assert.deepEqual(durable, [4, 8, 10]);
    assert.ok(machine.metrics.summary('log_group_bytes').max < 1.4 * 1024 * 1024);
  });

  it('lets what is durable be applied, in order, and nothing else', async () => {
    const machine = new Machine();
    const database = await machine.open();
    const story = new Story();
    assert.throws(() => database.applyNext(), fails('NOT_DURABLE'));
    for (const entry of story.variety()) database.append(entry);
    assert.equal(database.nextUnappliedZxid, 1);
    assert.throws(() => database.applyNext(), fails('NOT_DURABLE'));
    await machine.settle(database.flush());
    for (let zxid = 1; zxid <= 11; zxid++) {
      assert.equal(database.nextUnappliedZxid, zxid);
      const { entry, result } = database.applyNext();
      assert.equal(entry.header.zxid, zxid);
      assert.equal(result.type, entry.header.type);
      assert.equal(database.lastAppliedZxid, zxid);
      assert.deepEqual(fingerprint(database), story.state(zxid));
    }
    assert.equal(database.nextUnappliedZxid, -1);
    assert.throws(() => database.applyNext(), fails('NOT_DURABLE'));
    assert.deepEqual([database.committedLog.minZxid, database.committedLog.maxZxid], [1, 11]);
  });

  it('keeps sessions as their transactions say', async () => {
    const machine = new Machine();
    const database = await machine.open();
    const story = new Story();
    story.add({ type: OpCode.createSession, timeoutMs: 4000 }, 7n);
    story.add({ type: OpCode.createSession, timeoutMs: 9000 }, -8n);
    story.add({ type: OpCode.closeSession, paths: [] }, 7n);
    await machine.commit(database, story.entries);
    assert.deepEqual([...database.sessions], [[-8n, 9000]]);
    await machine.settle(database.takeSnapshot());
    await machine.close(database);
    assert.deepEqual([...(await machine.open()).sessions], [[-8n, 9000]]);
  });

  it('refuses a number that cannot come next', async () => {
    const machine = new Machine();
    const database = await machine.open();
    const story = new Story();
    await machine.commit(database, story.grow(3));
    const wrong: readonly (readonly [after: number, what: string])[] = [
      [2, 'the same again'],
      [0, 'an old one'],
      [4, 'a gap in the epoch'],
      [0x1_0000_0001, 'a gap at the start of an epoch'],
    ];
    for (const [after, what] of wrong) {
      assert.throws(() => database.append(new Story(after).create('/w')), fails('ZXID_ORDER'), what);
    }
    await machine.commit(database, [new Story(0x1_0000_0000).create('/next')]);
    assert.equal(database.lastAppliedZxid, 0x1_0000_0001);
  });

  it('shows how long the oldest append has been waiting', async () => {
    const machine = new Machine();
    const database = await machine.open();
    const { clock } = machine.host;
    assert.equal(database.oldestUnsyncedMs(clock.monotonicMs()), 0);
    machine.disk.hang('sync');
    const story = new Story();
    for (const entry of story.grow(2)) database.append(entry);
    await machine.world.run(300);
    database.append(story.create('/later'));
    assert.equal(Math.round(database.oldestUnsyncedMs(clock.monotonicMs())), 300);
    machine.disk.release();
    await machine.settle(database.flush());
    assert.equal(database.oldestUnsyncedMs(clock.monotonicMs()), 0);
  });

  it('warns of a slow disk with one line a group', async () => {
    const machine = new Machine();
    const database = await machine.open({ fsyncWarningThresholdMs: 1000 });
    const story = new Story();
    await machine.commit(database, story.grow(1));
    assert.equal(machine.host.log.withCode('FSYNC_SLOW').length, 0);
    machine.disk.hang('sync');
    for (const entry of story.grow(5)) database.append(entry);
    await machine.world.run(1500);
    machine.disk.release();
    await machine.settle(database.flush());
    assert.equal(machine.host.log.withCode('FSYNC_SLOW').length, 1);
    assert.equal(machine.metrics.counter('fsync_threshold_exceed_count').value, 1);
  });

  it('warns of a log file that is slow to begin, before anything is handed over', async () => {
    const machine = new Machine();
    const database = await machine.open({ fsyncWarningThresholdMs: 1000 });
    machine.disk.hang('syncDir');
    database.append(new Story().create('/a'));
    await machine.world.run(1500);
    machine.disk.release();
    await machine.settle(database.flush());
    const [said, ...more] = machine.host.log.withCode('LOG_FILE_SLOW');
    assert.match(said?.message ?? '', /^Beginning \/data\/version-2\/log\.1 took 15\d\d ms/);
    assert.deepEqual(more, []);
    assert.equal(machine.host.log.withCode('FSYNC_SLOW').length, 0);
  });

  it('does not wait for the disk with forceSync=no', async () => {
    const machine = new Machine();
    const database = await machine.open({ forceSync: false });
    const seen = watch(machine);
    await machine.commit(database, new Story().grow(3));
    assert.equal(kinds(seen), 'create append');
    assert.equal(machine.metrics.summary('fsynctime').count, 0);
    machine.world.kill('local');
    assert.equal((await machine.open()).lastAppliedZxid, 3, 'a kill loses nothing');
  });

  it('makes the name of a folder durable that somebody else has made', async () => {
    const machine = new Machine();
    machine.disk.installDir('/data');
    await machine.settle(machine.host.disk.makeDir(DIR));
    const database = await machine.open();
    await machine.commit(database, new Story().grow(3));
    machine.world.powerOff('local', 'lose');
    assert.equal((await machine.open()).lastAppliedZxid, 3);
  });

  it('makes a new log’s name durable before anything in it is acknowledged', async () => {
    const machine = new Machine();
    const database = await machine.open();
    const story = new Story();
    machine.disk.hang('syncDir');
    for (const entry of story.grow(3)) database.append(entry);
    await machine.world.run(1000);
    assert.equal(database.durableZxid, 0);
    machine.disk.release();
    await machine.settle(database.flush());
    machine.world.powerOff('local', 'lose');
    assert.equal((await machine.open()).lastAppliedZxid, 3);
  });

  it('settles: what is logged becomes durable and is applied', async () => {
    const machine = new Machine();
    const database = await machine.open();
    const story = new Story();
    for (const entry of story.grow(7)) database.append(entry);
    await machine.settle(database.settle());
    assert.deepEqual(fingerprint(database), story.state(7));
    await machine.settle(database.settle());
  });
});

describe('a disk that fails', () => {
  for (const [code, kind] of [
    ['IO', 'append'],
    ['NO_SPACE', 'append'],
    ['IO', 'sync'],
  ] as const) {
    it(`at ${kind} with ${code} ends all promises, once`, async () => {
      const machine = new Machine();
      const database = await machine.open();
      const story = new Story();
      await machine.commit(database, story.grow(3));
      const durable: number[] = [];
      const fatal: unknown[] = [];
      database.onDurable = (zxid) => durable.push(zxid);
      database.onFatal = (error) => fatal.push(error);
      machine.disk.fail({ kind, code, path: 'log.' });
      const [one, two, three] = story.grow(3);
      assert.ok(one !== undefined && two !== undefined && three !== undefined);
      database.append(one);
      const flushed = database.flush();
      flushed.catch(() => undefined);
      await machine.world.until(() => database.fatalError !== null);
      await assert.rejects(machine.settle(flushed), fails('IO', 'log.1'));
      machine.disk.repair();
      assert.throws(() => database.append(two), fails('IO'));
      await assert.rejects(database.flush(), fails('IO'));
      await assert.rejects(machine.settle(database.settle()), fails('IO'));
      await machine.world.run(1000);
      assert.deepEqual(durable, []);
      assert.equal(fatal.length, 1);
      assert.equal(database.durableZxid, 3);
      assert.throws(() => database.applyNext(), fails('NOT_DURABLE'));
      assert.equal(machine.host.log.withCode('STORAGE_FAILED').length, 1);
      assert.equal(machine.metrics.counter('unrecoverable_error_count').value, 1);
      await machine.close(database);
    });
  }

  for (const kind of ['create', 'syncDir'] as const) {
    it(`at ${kind} of a new log ends all promises`, async () => {
      const machine = new Machine();
      const database = await machine.open();
      machine.disk.fail({ kind, code: 'NO_SPACE' });
      let fatal = 0;
      database.onFatal = () => fatal++;
      for (const entry of new Story().grow(3)) database.append(entry);
      await assert.rejects(machine.settle(database.flush()), fails('IO'));
      assert.equal(fatal, 1);
      assert.equal(database.durableZxid, 0);
    });
  }

  it('is found again after a restart with everything that was acknowledged', async () => {
    const machine = new Machine();
    const database = await machine.open();
    const story = new Story();
    await machine.commit(database, story.grow(4));
    machine.disk.fail({ kind: 'sync', code: 'IO', path: 'log.' });
    for (const entry of story.grow(2)) database.append(entry);
    await machine.world.until(() => database.fatalError !== null);
    machine.world.powerOff('local', 'tear');
    machine.disk.repair();
    const again = await machine.open();
    assert.ok(again.lastAppliedZxid >= 4 && again.lastAppliedZxid <= 6);
    assert.deepEqual(fingerprint(again), story.state(again.lastAppliedZxid));
  });

  it('rewrites the end of the log at a start: pages of a failed fsync may be in memory only', async () => {
    const machine = new Machine();
    const database = await machine.open();
    const story = new Story();
    await machine.commit(database, story.grow(4));
    machine.world.kill('local');
    const written: string[] = [];
    machine.disk.onOperation = ({ kind, path }) => {
      if (path === `${DIR}/log.1`) written.push(kind);
    };
    await machine.open();
    assert.deepEqual(written.slice(-3), ['open', 'write', 'sync']);
  });

  it('leaves no log, whenever it is killed, that Java 3.8 refuses to open: there is none, or it has its header', async () => {
    for (let at = 0, killed = true; killed; at++) {
      killed = false;
      const machine = new Machine();
      const database = await machine.open();
      const first = machine.disk.operationCount;
      machine.disk.onOperation = ({ index }) => {
        if (index !== first + at) return;
        killed = true;
        machine.world.kill('local');
      };
      database.append(new Story().create('/a'));
      await machine.world.until(() => killed || database.durableZxid === 1);
      machine.disk.onOperation = null;
      const log = machine.disk.peek(`${DIR}/log.1`);
      if (log !== undefined) assert.equal(log.toString('latin1', 0, 4), 'ZKLG', `killed at operation ${at}`);
      await machine.open();
      assert.ok(!machine.names().includes('staged-log'), `killed at operation ${at}`);
    }
  });
});
