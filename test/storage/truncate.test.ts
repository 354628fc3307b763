// Cutting the log back to an exact transaction, as a leader's TRUNC asks.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeZxid } from '../../src/protocol/index.js';
import type { Database } from '../../src/storage/index.js';
import { DIR, fails, fingerprint, Machine, Story } from './support.js';

/** Logs 1-10, 11-20, 21-30; snapshots 0, 10, 20; the database open at 30. */
async function write(): Promise<{ machine: Machine; story: Story; database: Database }> {
  const machine = new Machine();
  const story = new Story();
  for (const more of [true, true, false]) {
    const database = await machine.open();
    await machine.commit(database, story.grow(10));
    if (!more) return { machine, story, database };
    await machine.settle(database.takeSnapshot());
    await machine.close(database);
  }
  throw new Error('unreachable');
}

interface TruncateCase {
  readonly to: number;
  readonly logs: readonly string[];
  readonly snapshots: readonly string[];
}

const CASES: readonly TruncateCase[] = [
  { to: 30, logs: ['log.1', 'log.15', 'log.b'], snapshots: ['snapshot.0', 'snapshot.14', 'snapshot.a'] },
  { to: 29, logs: ['log.1', 'log.15', 'log.b'], snapshots: ['snapshot.0', 'snapshot.14', 'snapshot.a'] },
  { to: 21, logs: ['log.1', 'log.15', 'log.b'], snapshots: ['snapshot.0', 'snapshot.14', 'snapshot.a'] },
  { to: 20, logs: ['log.1', 'log.b'], snapshots: ['snapshot.0', 'snapshot.14', 'snapshot.a'] },
  { to: 19, logs: ['log.1', 'log.b'], snapshots: ['snapshot.0', 'snapshot.a'] },
  { to: 11, logs: ['log.1', 'log.b'], snapshots: ['snapshot.0', 'snapshot.a'] },
  { to: 10, logs: ['log.1'], snapshots: ['snapshot.0', 'snapshot.a'] },
  { to: 9, logs: ['log.1'], snapshots: ['snapshot.0'] },
  { to: 1, logs: ['log.1'], snapshots: ['snapshot.0'] },
  { to: 0, logs: [], snapshots: ['snapshot.0'] },
];

describe('truncate', () => {
  for (const { to, logs, snapshots } of CASES) {
    it(`to ${to} leaves ${[...logs, ...snapshots].join(' ')}, and nothing else of the history`, async () => {
      const { machine, story, database } = await write();
      await machine.settle(database.truncate(to));
      assert.deepEqual(fingerprint(database), story.state(to));
      assert.equal(database.lastLoggedZxid, to);
      assert.equal(database.durableZxid, to);
      assert.equal(database.nextUnappliedZxid, -1);
      assert.equal(database.committedLog.maxZxid, database.committedLog.entries.at(-1)?.header.zxid ?? 0);
      assert.ok(database.committedLog.maxZxid <= to);
      assert.deepEqual(
        machine.names().filter((name) => !name.endsWith('Epoch')),
        [...logs, ...snapshots],
      );
      machine.world.powerOff('local', 'lose');
      assert.deepEqual(fingerprint(await machine.open()), story.state(to), 'durable at once');
    });

    it(`to ${to} lets another history follow`, async () => {
      const { machine, story, database } = await write();
      await machine.settle(database.epochs.setAccepted(2));
      await machine.settle(database.truncate(to));
      const next = Story.after(story, to);
      next.newEpoch(2);
      await machine.commit(database, next.grow(3));
      await machine.close(database);
      const again = await machine.open();
      assert.equal(again.lastAppliedZxid, makeZxid(2, 3));
      assert.equal(again.tree.childCount(again.tree.find('/')), 1 + to + 3);
    });
  }

  it('takes what is appended but not durable into account', async () => {
    const { machine, story, database } = await write();
    for (const entry of story.grow(5)) database.append(entry);
    await machine.settle(database.truncate(33));
    assert.deepEqual(fingerprint(database), story.state(33));
  });

  it('to an epoch’s first number, which is no transaction, keeps what was before it', async () => {
    const { machine, story, database } = await write();
    await machine.settle(database.epochs.setAccepted(3));
    await machine.settle(database.epochs.setCurrent(3));
    const next = new Story(makeZxid(3, 0));
    await machine.commit(database, next.grow(2));
    await machine.settle(database.truncate(makeZxid(3, 0)));
    assert.deepEqual(fingerprint(database), story.state(30));
  });

  it('to a number that is not in the log changes nothing (ZOOKEEPER-1156)', async () => {
    const { machine, story, database } = await write();
    const before = machine.disk.files();
    await assert.rejects(machine.settle(database.truncate(makeZxid(4, 7))), fails('CANNOT_TRUNCATE'));
    assert.deepEqual(machine.disk.files(), before);
    assert.deepEqual(fingerprint(database), story.state(30));
    await machine.commit(database, story.grow(1));
  });

  it('changes nothing when no snapshot leads there', async () => {
    const { machine, database } = await write();
    await machine.settle(machine.host.disk.remove(`${DIR}/snapshot.0`));
    await machine.settle(machine.host.disk.remove(`${DIR}/snapshot.a`));
    const before = machine.disk.files();
    await assert.rejects(machine.settle(database.truncate(15)), fails('CANNOT_TRUNCATE'));
    assert.deepEqual(machine.disk.files(), before);
  });

  it('changes nothing when a log on the way is damaged', async () => {
    const { machine, database } = await write();
    machine.disk.flipBit(`${DIR}/log.b`, 100);
    const before = machine.disk.files();
    await assert.rejects(machine.settle(database.truncate(15)), fails('LOG_CORRUPT', 'log.b'));
    assert.deepEqual(machine.disk.files(), before);
  });

  it('does not care for damage behind the cut', async () => {
    const { machine, story, database } = await write();
    machine.disk.flipBit(`${DIR}/log.15`, 500);
    machine.disk.flipBit(`${DIR}/snapshot.14`, 500);
    await machine.settle(database.truncate(15));
    assert.deepEqual(fingerprint(database), story.state(15));
    assert.deepEqual(fingerprint(await machine.open()), story.state(15));
  });

  it('ends a snapshot that is under way, which would hold what was cut off (ZOOKEEPER-1549)', async () => {
    const { machine, story, database } = await write();
    machine.disk.hang('write');
    const taking = database.takeSnapshot();
    const truncating = database.truncate(25);
    await machine.world.run(100);
    machine.disk.release();
    await machine.settle(Promise.all([taking, truncating]));
    assert.ok(!machine.names().some((name) => name.includes('snapshot.1e')), machine.names().join(' '));
    assert.deepEqual(fingerprint(database), story.state(25));
  });

  it('lets nothing else change the data meanwhile', async () => {
    const { machine, story, database } = await write();
    const truncating = database.truncate(25);
    const purging = database.purge(3);
    assert.throws(() => database.append(story.create('/no')), fails('BUSY'));
    assert.throws(() => database.receiveSnapshot(99), fails('BUSY'));
    await assert.rejects(database.takeSnapshot(), fails('BUSY'));
    await assert.rejects(database.truncate(3), fails('BUSY'));
    await machine.settle(Promise.all([truncating, purging]));
  });

  it('is fatal when the disk fails in the middle of it', async () => {
    for (const kind of ['truncate', 'sync', 'remove', 'syncDir'] as const) {
      const { machine, database } = await write();
      let fatal = 0;
      database.onFatal = () => fatal++;
      machine.disk.fail({ kind, code: 'IO' });
      await assert.rejects(machine.settle(database.truncate(15)), fails('IO'), kind);
      assert.equal(fatal, 1, kind);
      assert.throws(() => database.append(new Story(30).create('/x')), fails('IO'), kind);
    }
  });

  /** Crashes at every operation of a truncation to 5 and hands each recovered database to `check`. */
  async function crashEverywhere(
    prepare: (machine: Machine, database: Database) => Promise<void>,
    check: (zxid: number) => void,
  ) {
    const run = { over: false, crashed: false };
    const note = () => {
      run.over = true;
    };
    const isOver = () => run.over;
    for (let at = 0; !isOver(); at++) {
      const { machine, story, database } = await write();
      await prepare(machine, database);
      const crashAt = machine.disk.operationCount + at;
      run.crashed = false;
      machine.disk.onOperation = ({ index }) => {
        if (index !== crashAt) return;
        run.crashed = true;
        machine.world.powerOff('local', 'lose');
      };
      database.truncate(5).then(note, note);
      await machine.world.until(() => run.over || run.crashed);
      machine.disk.onOperation = null;
      if (isOver()) machine.world.powerOff('local', 'lose');
      const again = await machine.open();
      assert.deepEqual(fingerprint(again), story.state(again.lastAppliedZxid), `crash at operation ${at}`);
      check(again.lastAppliedZxid);
    }
  }

  it('removes logs so that what is left after a crash is always a beginning', async () => {
    await crashEverywhere(
      async (machine) => {
        for (const name of ['snapshot.a', 'snapshot.14'])
          await machine.settle(machine.host.disk.remove(`${DIR}/${name}`));
        await machine.settle(machine.host.disk.syncDir(DIR));
      },
      (zxid) => assert.ok(zxid >= 5 && zxid <= 30, `${zxid}`),
    );
  });

  it('needs no snapshot beyond the cut after a crash, not even to see that it is damaged', async () => {
    await crashEverywhere(
      async (machine, database) => {
        await machine.settle(database.takeSnapshot());
        machine.disk.flipBit(`${DIR}/snapshot.14`, 500);
        machine.disk.flipBit(`${DIR}/snapshot.a`, 500);
      },
      (zxid) => assert.ok(zxid === 5 || zxid === 30, `${zxid}`),
    );
  });
});
