// Snapshots that are taken while the server works, and the purge of old ones.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OPEN_ACL_UNSAFE, OpCode, type TxnEntry } from '../../src/protocol/index.js';
import type { Database, DatabaseOptions } from '../../src/storage/index.js';
import { SnapshotSchedule } from '../../src/storage/snapshot-taking.js';
import { SeededRandom } from '../fakes/index.js';
import { DIR, fails, fingerprint, Machine, Story } from './support.js';

describe('a snapshot', () => {
  it('is of one moment, though transactions go on', async () => {
    const machine = new Machine();
    const database = await machine.open();
    const story = new Story();
    await machine.commit(database, [...story.variety(), ...story.grow(2000, 'd'.repeat(300))]);
    const zxid = database.lastAppliedZxid;
    machine.disk.latencyMs.write = 1;
    const snapshot = { taken: false };
    const taking = database.takeSnapshot().then(() => {
      snapshot.taken = true;
    });
    const during: number[] = [];
    for (let round = 0; !snapshot.taken; round++) {
      during.push(round);
      await machine.commit(database, story.variety());
      await machine.commit(database, [story.add({ type: OpCode.delete, path: `/n${round + 11}-${round + 11}` })]);
    }
    await machine.settle(taking);
    assert.ok(during.length > 3, `${during.length} rounds of transactions went on meanwhile`);
    const name = `snapshot.${zxid.toString(16)}`;
    const copy = await Machine.with({ [name]: machine.file(name) }).open({ keepEpochs: false });
    assert.deepEqual(fingerprint(copy), story.state(zxid));
    await machine.close(database);
    assert.deepEqual(fingerprint(await machine.open()), story.state(story.lastZxid));
  });

  it('is not taken for a newer one whose name it got', async () => {
    const machine = new Machine();
    const database = await machine.open();
    const story = new Story();
    await machine.commit(database, story.grow(5));
    await machine.settle(database.takeSnapshot());
    await machine.commit(database, story.grow(5));
    await machine.close(database);
    machine.disk.install(`${DIR}/snapshot.5`, machine.file('snapshot.0'));
    const again = await machine.open();
    assert.deepEqual(fingerprint(again), story.state(10), 'snapshot.0 and the whole log');
    assert.ok(machine.names().includes('damaged-snapshot.5'), machine.names().join(' '));
    const alone = Machine.with({ 'snapshot.5': machine.file('snapshot.0') });
    await assert.rejects(alone.open(), fails('SNAPSHOT_CORRUPT', 'snapshot.5'));
  });

  it('is written in slices of at most about 256 KB', async () => {
    const machine = new Machine();
    const database = await machine.open();
    await machine.commit(database, new Story().grow(30, 'd'.repeat(50_000)));
    const used: number[] = [];
    machine.disk.onOperation = ({ kind, path }) => {
      if (kind === 'write' && path.includes('staged-saving'))
        used.push(machine.file('staged-saving-snapshot.1e').length);
    };
    await machine.settle(database.takeSnapshot());
    const slices = used.slice(1).map((size, index) => size - (used[index] ?? 0));
    assert.ok(slices.length > 5 && Math.max(...slices) < 400_000, slices.join(' '));
  });

  it('is taken by itself when the log rolls, and the old log ends where the new one begins', async () => {
    const machine = new Machine();
    const database = await machine.open({ snapCount: 20 });
    const story = new Story();
    for (let round = 0; round < 20; round++) {
      await machine.commit(database, story.grow(5));
      await machine.world.run(50);
    }
    await machine.close(database);
    const snapshots = machine.names().filter((name) => name.startsWith('snapshot')).length;
    const logs = machine.names().filter((name) => name.startsWith('log')).length;
    assert.ok(snapshots >= 5 && snapshots <= 11, `${snapshots} snapshots of 100 transactions`);
    // A log for each, but for one after the last roll when nothing came.
    assert.ok(logs === snapshots || logs === snapshots - 1, `${logs} logs`);
    assert.equal(machine.metrics.summary('snapshottime').count, snapshots - 1);
    assert.deepEqual(fingerprint(await machine.open()), story.state(100));
  });

  it('counts what was replayed at the start', async () => {
    const machine = new Machine();
    const story = new Story();
    const first = await machine.open();
    await machine.commit(first, story.grow(30));
    await machine.close(first);
    const second = await machine.open({ snapCount: 20 });
    await machine.commit(second, story.grow(1));
    await machine.world.run(50);
    assert.ok(machine.names().includes('snapshot.1e'), machine.names().join(' '));
  });

  for (const kind of ['create', 'write', 'sync', 'rename', 'syncDir'] as const) {
    it(`that fails at ${kind} does no harm, and the next one is tried`, async () => {
      const machine = new Machine();
      const database = await machine.open();
      const story = new Story();
      await machine.commit(database, story.grow(3));
      machine.disk.fail({ kind, code: 'NO_SPACE', ...(kind === 'syncDir' ? {} : { path: 'staged-saving' }) });
      await assert.rejects(machine.settle(database.takeSnapshot()), fails('IO'));
      assert.equal(machine.metrics.counter('snapshot_error_count').value, 1);
      assert.equal(machine.host.log.withCode('SNAPSHOT_FAILED').length, 1);
      assert.equal(database.fatalError, null);
      assert.ok(!machine.names().some((name) => name.startsWith('staged')), machine.names().join(' '));
      await machine.commit(database, story.grow(3));
      await machine.settle(database.takeSnapshot());
      assert.ok(machine.names().includes('snapshot.6'));
    });
  }

  it('holds what was applied when it was asked for, though an older one is under way', async () => {
    const machine = new Machine();
    const database = await machine.open();
    const story = new Story();
    await machine.commit(database, story.grow(3));
    machine.disk.hang('write');
    const older = database.takeSnapshot();
    await machine.world.run(10);
    machine.disk.release();
    database.append(story.grow(1)[0] as TxnEntry);
    const { lastLoggedZxid } = database;
    const newer = database.settle().then(() => database.takeSnapshot());
    await machine.settle(Promise.all([older, newer]));
    assert.equal((await machine.settle(database.newestSnapshot()))?.zxid, lastLoggedZxid);
  });

  it('is joined by who asks while one is under way, and given up at the end', async () => {
    const machine = new Machine();
    const database = await machine.open();
    await machine.commit(database, new Story().grow(3));
    machine.disk.hang('write');
    const both = [database.takeSnapshot(), database.takeSnapshot()];
    const closing = database.close();
    await machine.world.run(10);
    machine.disk.release();
    await machine.settle(Promise.all([...both, closing]));
    assert.ok(!machine.names().some((name) => name.includes('snapshot.3')), machine.names().join(' '));
  });
});

describe('a last snapshot', () => {
  /** Many small changes of few nodes: what the next start would replay. */
  function changes(story: Story, count: number): TxnEntry[] {
    const setData = (i: number) => story.add({ type: OpCode.setData, path: '/busy', data: null, version: i + 1 });
    return Array.from({ length: count }, (_, i) => setData(i));
  }

  async function worked(count: number): Promise<{ machine: Machine; database: Database; story: Story }> {
    const machine = new Machine();
    const database = await machine.open();
    const story = new Story();
    const node = { path: '/busy', data: null, acl: OPEN_ACL_UNSAFE, ephemeral: false, parentCVersion: 1 };
    await machine.commit(database, [story.add({ type: OpCode.create, ...node }), ...changes(story, count)]);
    return { machine, database, story };
  }

  it('is taken when the next start would replay much, and nothing is replayed then', async () => {
    const { machine, database, story } = await worked(10_000);
    await machine.settle(database.saveForNextStart(1000));
    await machine.close(database);
    assert.ok(machine.names().includes(`snapshot.${story.lastZxid.toString(16)}`), machine.names().join(' '));
    const again = await machine.open();
    assert.equal(machine.metrics.summary('startup_txns_loaded').max, 0);
    assert.deepEqual(fingerprint(again), story.state(story.lastZxid));
    await machine.settle(again.saveForNextStart(1000));
    assert.equal(machine.names().filter((name) => name.startsWith('snapshot')).length, 2, 'there is nothing new');
  });

  it('counts what the start replayed, and not what a snapshot has', async () => {
    const { machine, database, story } = await worked(9000);
    await machine.close(database);
    const second = await machine.open();
    await machine.commit(second, changes(story, 1000));
    await machine.settle(second.saveForNextStart(1000));
    assert.ok(machine.names().includes(`snapshot.${story.lastZxid.toString(16)}`), machine.names().join(' '));
    await machine.commit(second, changes(story, 9000));
    const before = machine.names();
    await machine.settle(second.saveForNextStart(1000));
    assert.deepEqual(machine.names(), before, 'too little to replay');
    await machine.commit(second, changes(story, 1001));
    await machine.settle(second.saveForNextStart(1000));
    assert.equal(machine.names().length, before.length + 1);
  });

  it('is not taken of a tree that takes longer to write than the log to replay', async () => {
    const machine = new Machine();
    const database = await machine.open();
    await machine.commit(database, new Story().grow(10_000));
    Object.defineProperty(database.tree, 'nodeCount', { value: 40_001 });
    const before = machine.names();
    await machine.settle(database.saveForNextStart(1000));
    assert.deepEqual(machine.names(), before);
  });

  it('is given up when it takes too long, and leaves nothing', async () => {
    const { machine, database } = await worked(10_000);
    machine.disk.latencyMs.write = 2000;
    const before = machine.names();
    await machine.settle(database.saveForNextStart(1000));
    assert.deepEqual(machine.names(), before);
    machine.disk.latencyMs.write = 0;
    await machine.settle(database.saveForNextStart(1000));
    assert.equal(machine.names().length, before.length + 1, 'what was given up is still to be saved');
    await machine.close(database);
  });
});

describe('the time for a snapshot', () => {
  const limits = (options: Pick<DatabaseOptions, 'snapCount' | 'snapSizeLimitBytes'>, bytes: number) => {
    const found: number[] = [];
    for (let seed = 0; seed < 200; seed++) {
      const schedule = new SnapshotSchedule(new SeededRandom(seed), options, 0);
      let count = 1;
      while (!schedule.logged(bytes)) count++;
      found.push(count);
    }
    return [Math.min(...found), Math.max(...found)] as const;
  };

  it('is between half of snapCount and all of it', () => {
    const [least, most] = limits({ snapCount: 100, snapSizeLimitBytes: 0 }, 1);
    assert.ok(least >= 51 && least <= 53, `${least}`);
    assert.ok(most >= 98 && most <= 100, `${most}`);
  });

  it('is between half of the size limit and all of it', () => {
    const [least, most] = limits({ snapCount: 1_000_000, snapSizeLimitBytes: 100_000 }, 1000);
    assert.ok(least >= 50 && least <= 53, `${least}`);
    assert.ok(most >= 97 && most <= 101, `${most}`);
  });

  it('comes for the smallest snapCount as well', () => {
    assert.ok(limits({ snapCount: 1, snapSizeLimitBytes: 0 }, 1)[1] <= 2);
  });
});

describe('purge', () => {
  /** Snapshots 0, 4, 8, ... and logs 1, 5, 9, ... */
  async function write(count: number): Promise<{ machine: Machine; story: Story }> {
    const machine = new Machine();
    const story = new Story();
    for (let round = 0; round < count; round++) {
      const database = await machine.open({ keepEpochs: false });
      await machine.commit(database, story.grow(4));
      await machine.settle(database.takeSnapshot());
      await machine.close(database);
    }
    return { machine, story };
  }

  const CASES: readonly { retain: number; left: readonly string[] }[] = [
    { retain: 3, left: ['log.11', 'log.15', 'log.d', 'snapshot.10', 'snapshot.14', 'snapshot.18'] },
    {
      retain: 4,
      left: ['log.11', 'log.15', 'log.9', 'log.d', 'snapshot.10', 'snapshot.14', 'snapshot.18', 'snapshot.c'],
    },
    { retain: 1, left: ['log.11', 'log.15', 'log.d', 'snapshot.10', 'snapshot.14', 'snapshot.18'] },
  ];
  for (const { retain, left } of CASES) {
    it(`with ${retain} leaves ${left.join(' ')}`, async () => {
      const { machine, story } = await write(6);
      const database = await machine.open({ keepEpochs: false });
      const gone = await machine.settle(database.purge(retain));
      assert.deepEqual(machine.names(), [...left]);
      assert.equal(gone.length, 13 - left.length);
      await machine.close(database);
      // Every snapshot that is left still opens, with all that came after it (ZOOKEEPER-2574).
      for (const newest of ['', 'snapshot.18', 'snapshot.14']) {
        if (newest !== '') await machine.settle(machine.host.disk.remove(`${DIR}/${newest}`));
        assert.deepEqual(fingerprint(await machine.open({ keepEpochs: false })), story.state(24), newest);
      }
    });
  }

  it('keeps everything while there are no more snapshots than to be kept', async () => {
    const { machine } = await write(2);
    const before = machine.names();
    const database = await machine.open({ keepEpochs: false });
    assert.deepEqual(await machine.settle(database.purge(3)), []);
    assert.deepEqual(machine.names(), before);
  });

  it('does not count snapshots that are not whole', async () => {
    const { machine, story } = await write(6);
    machine.disk.install(`${DIR}/snapshot.18`, machine.file('snapshot.18').subarray(0, 300));
    machine.disk.install(`${DIR}/snapshot.14`, Buffer.alloc(0));
    const database = await machine.open({ keepEpochs: false });
    await machine.settle(database.purge(3));
    await machine.close(database);
    const left = machine.names().filter((name) => name.startsWith('snapshot'));
    assert.deepEqual(left, ['snapshot.10', 'snapshot.8', 'snapshot.c']);
    assert.deepEqual(fingerprint(await machine.open({ keepEpochs: false })), story.state(24));
  });

  it('removes snapshots that were set aside when they are old', async () => {
    const { machine } = await write(4);
    machine.disk.install(`${DIR}/damaged-snapshot.2`, Buffer.from('x'));
    machine.disk.install(`${DIR}/damaged-snapshot.ff`, Buffer.from('x'));
    const database = await machine.open({ keepEpochs: false });
    await machine.settle(database.purge(3));
    assert.ok(!machine.names().includes('damaged-snapshot.2'));
    assert.ok(machine.names().includes('damaged-snapshot.ff'));
  });
});
