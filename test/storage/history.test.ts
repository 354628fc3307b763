// What a learner that is behind can be sent from the log on disk.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeZxid } from '../../src/protocol/index.js';
import type { Database } from '../../src/storage/index.js';
import { DIR, fails, Machine, Story } from './support.js';

/** (1,1)..(1,10) | (1,11)..(1,20) | (2,1)..(2,5), each | a new file; everything applied. */
async function write(options = {}): Promise<{ machine: Machine; database: Database; story: Story }> {
  const machine = new Machine();
  const story = new Story(makeZxid(1, 0));
  for (const count of [10, 10]) {
    const database = await machine.open({ keepEpochs: false, ...options });
    await machine.commit(database, story.grow(count));
    await machine.close(database);
  }
  story.newEpoch(2);
  const database = await machine.open({ keepEpochs: false, ...options });
  await machine.commit(database, story.grow(5));
  return { machine, database, story };
}

async function read(machine: Machine, database: Database, afterZxid: number): Promise<number[]> {
  const zxids: number[] = [];
  const reading = async () => {
    for await (const entry of database.readLog(afterZxid)) zxids.push(entry.header.zxid);
  };
  await machine.settle(reading());
  return zxids;
}

const range = (epoch: number, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => makeZxid(epoch, from + index));

describe('readLog', () => {
  const cases: readonly (readonly [what: string, after: number, expected: readonly number[]])[] = [
    ['the last zxid', makeZxid(2, 5), [makeZxid(2, 5)]],
    ['one in the newest log', makeZxid(2, 3), range(2, 3, 5)],
    ['the first of a log', makeZxid(1, 11), [...range(1, 11, 20), ...range(2, 1, 5)]],
    ['the last of a log', makeZxid(1, 10), [...range(1, 10, 20), ...range(2, 1, 5)]],
    ['the first of all', makeZxid(1, 1), [...range(1, 1, 20), ...range(2, 1, 5)]],
    ['the number before the first', makeZxid(1, 0), [...range(1, 1, 20), ...range(2, 1, 5)]],
    ['one that another leader made: from the last common one', makeZxid(1, 33), [makeZxid(1, 20), ...range(2, 1, 5)]],
    ['the first number of an epoch, which is no transaction', makeZxid(2, 0), range(2, 1, 5)],
  ];
  for (const [what, after, expected] of cases) {
    it(`after ${what}`, async () => {
      const { machine, database } = await write();
      assert.deepEqual(await read(machine, database, after), expected);
    });
  }

  it('gives whole transactions', async () => {
    const { machine, database, story } = await write();
    const entries: unknown[] = [];
    const reading = async () => {
      for await (const entry of database.readLog(makeZxid(2, 1))) entries.push(entry);
    };
    await machine.settle(reading());
    assert.deepEqual(entries, story.entries.slice(-5));
  });

  it('ends at what is applied, though more is logged', async () => {
    const { machine, database, story } = await write();
    for (const entry of story.grow(3)) database.append(entry);
    await machine.settle(database.flush());
    assert.deepEqual(await read(machine, database, makeZxid(2, 4)), range(2, 4, 5));
  });

  it('is not disturbed by what is being written meanwhile', async () => {
    const { machine, database, story } = await write();
    machine.disk.hang('sync');
    for (const entry of story.grow(3)) database.append(entry);
    assert.deepEqual(await read(machine, database, makeZxid(2, 4)), range(2, 4, 5));
    machine.disk.release();
    await machine.settle(database.flush());
  });

  const gaps: readonly (readonly [
    what: string,
    damage: (machine: Machine) => Promise<void>,
    after: number,
    code: string,
  ])[] = [
    ['the log begins later', (m) => m.settle(m.host.disk.remove(`${DIR}/log.100000001`)), makeZxid(1, 5), 'LOG_GAP'],
    [
      'a log ends too early',
      (m) => {
        const log = m.file('log.100000001');
        return Promise.resolve(m.disk.install(`${DIR}/log.100000001`, log.subarray(0, log.length / 8)));
      },
      makeZxid(1, 1),
      'LOG_GAP',
    ],
    ['nothing so old was ever here', () => Promise.resolve(), 7, 'LOG_GAP'],
    [
      'a record is damaged',
      (m) => Promise.resolve(m.disk.flipBit(`${DIR}/log.10000000b`, 200)),
      makeZxid(1, 5),
      'LOG_CORRUPT',
    ],
    [
      // A snapshot that is no transaction of the log came from a leader: what it skipped is not here.
      'a received snapshot lies in between',
      (m) => Promise.resolve(m.disk.install(`${DIR}/snapshot.200000000`, Buffer.from('any'))),
      makeZxid(1, 5),
      'LOG_GAP',
    ],
  ];
  for (const [what, damage, after, code] of gaps) {
    it(`gives nothing at all when ${what}`, async () => {
      const { machine, database } = await write();
      await damage(machine);
      const seen: unknown[] = [];
      const reading = async () => {
        for await (const entry of database.readLog(after)) seen.push(entry);
      };
      await assert.rejects(machine.settle(reading()), fails(code));
      assert.deepEqual(seen, []);
    });
  }

  it('does not reach over a received snapshot (ZOOKEEPER-2099, 2846)', async () => {
    const { machine, database } = await write();
    const leader = new Story(makeZxid(2, 0));
    leader.grow(8);
    leader.newEpoch(3);
    const receive = database.receiveSnapshot(makeZxid(3, 0));
    receive.push(leader.wireSnapshot());
    await machine.settle(receive.finish());
    await assert.rejects(read(machine, database, makeZxid(2, 5)), fails('LOG_GAP'));
    await assert.rejects(read(machine, database, makeZxid(3, 0)), fails('LOG_GAP'));
    await machine.commit(database, leader.grow(3));
    await assert.rejects(read(machine, database, makeZxid(2, 5)), fails('LOG_GAP'));
    assert.deepEqual(await read(machine, database, makeZxid(3, 0)), range(3, 1, 3));
    assert.deepEqual(await read(machine, database, makeZxid(3, 1)), range(3, 1, 3));
  });
});

describe('the log as a whole', () => {
  it('says where it begins', async () => {
    const { machine, database } = await write();
    assert.equal(await machine.settle(database.firstLoggedZxid()), makeZxid(1, 1));
    await machine.settle(machine.host.disk.remove(`${DIR}/log.100000001`));
    assert.equal(await machine.settle(database.firstLoggedZxid()), makeZxid(1, 11));
    assert.equal(
      await machine.settle((await new Machine().open()).firstLoggedZxid().catch(() => -1)).catch(() => -1),
      -1,
    );
  });

  it('says what a learner would cost', async () => {
    const { machine, database } = await write();
    const all = await machine.settle(database.syncSizes(makeZxid(1, 1)));
    const less = await machine.settle(database.syncSizes(makeZxid(2, 1)));
    const sizes = ['log.100000001', 'log.10000000b', 'log.200000001'].map((name) => machine.file(name).length);
    assert.equal(
      all.logBytes,
      sizes.reduce((sum, size) => sum + size, 0),
    );
    assert.equal(less.logBytes, sizes[2]);
    assert.equal(all.snapshotBytes, machine.file('snapshot.0').length);
  });
});
