// Logs that overlap: two servers wrote into one folder, or files of another server were copied into it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeZxid } from '../../src/protocol/index.js';
import type { Database } from '../../src/storage/index.js';
import { DIR, fails, fingerprint, Machine, Story } from './support.js';

const HEADER_BYTES = 16;
const FRAME_BYTES = 13;

/** Transactions 1 to 30, as they stand in logs. */
const story = new Story();
story.grow(30);

interface Rot {
  readonly at: number;
  readonly how: 'flip' | 'zeros';
}

/** A log with the transactions from `from` to `to`; `rotten`: with one wrong byte, or zeros, in that one. */
function log(from: number, to: number, rotten?: Rot): Buffer {
  const parts = [written.subarray(0, HEADER_BYTES)];
  for (let zxid = from; zxid <= to; zxid++) {
    const record = Buffer.from(written.subarray(offsetOf(1, zxid), offsetOf(1, zxid + 1)));
    if (rotten?.at === zxid && rotten.how === 'flip') record[FRAME_BYTES + 30] = (record[FRAME_BYTES + 30] ?? 0) ^ 1;
    if (rotten?.at === zxid && rotten.how === 'zeros') record.fill(0);
    parts.push(record);
  }
  return Buffer.concat(parts);
}

/** Where transaction `zxid` begins in a log that begins with `from`. */
function offsetOf(from: number, zxid: number): number {
  return story.entries
    .slice(from - 1, zxid - 1)
    .reduce((at, { bytes }) => at + bytes.length + FRAME_BYTES, HEADER_BYTES);
}

const { written, snapshot0 } = await writeAll();

async function writeAll(): Promise<{ written: Buffer; snapshot0: Buffer }> {
  const machine = new Machine();
  const database = await machine.open();
  await machine.commit(database, story.entries);
  await machine.close(database);
  return { written: machine.file('log.1'), snapshot0: machine.file('snapshot.0') };
}

function machineWith(files: Readonly<Record<string, Buffer>>): Machine {
  return Machine.with({ 'snapshot.0': snapshot0, ...files });
}

describe('the helpers of these tests', () => {
  it('write logs as the server does', () => {
    assert.deepEqual(log(1, 30), written.subarray(0, offsetOf(1, 31)));
  });
});

type Files = Readonly<Record<string, Buffer>>;

/** What there is, and what may be left of it by a truncation to 8. */
const OVERLAPS: readonly (readonly [what: string, files: Files, left: Files])[] = [
  ['none', { 'log.1': log(1, 5), 'log.6': log(6, 20) }, { 'log.1': log(1, 5), 'log.6': log(6, 8) }],
  [
    'the earlier reaches into the later',
    { 'log.1': log(1, 12), 'log.6': log(6, 20) },
    { 'log.1': log(1, 8), 'log.6': log(6, 8) },
  ],
  [
    'the earlier reaches beyond the later',
    { 'log.1': log(1, 20), 'log.6': log(6, 10) },
    { 'log.1': log(1, 8), 'log.6': log(6, 8) },
  ],
  [
    'the later ends before the cut',
    { 'log.1': log(1, 20), 'log.6': log(6, 7) },
    { 'log.1': log(1, 8), 'log.6': log(6, 7) },
  ],
  ['the later begins at the cut', { 'log.1': log(1, 12), 'log.9': log(9, 20) }, { 'log.1': log(1, 8) }],
  [
    'three at once',
    { 'log.1': log(1, 12), 'log.3': log(3, 30), 'log.6': log(6, 20), 'log.f': log(15, 30) },
    { 'log.1': log(1, 8), 'log.3': log(3, 8), 'log.6': log(6, 8) },
  ],
  [
    'one reaches over one that does not',
    { 'log.1': log(1, 20), 'log.3': log(3, 4), 'log.7': log(7, 20) },
    { 'log.1': log(1, 8), 'log.3': log(3, 4), 'log.7': log(7, 8) },
  ],
  ...(['flip', 'zeros'] as const).flatMap(damaged),
  [
    'what lies behind zeros had been written anew',
    { 'log.1': log(1, 12, { at: 9, how: 'zeros' }), 'log.9': log(9, 20) },
    { 'log.1': log(1, 8) },
  ],
];

/** The earlier is damaged, which is none of its start's business while later ones have all that. */
function damaged(how: Rot['how']): readonly (readonly [what: string, files: Files, left: Files])[] {
  return [
    [
      `damage before the cut (${how})`,
      { 'log.1': log(1, 12, { at: 7, how }), 'log.6': log(6, 20) },
      { 'log.1': log(1, 6), 'log.6': log(6, 8) },
    ],
    [
      `damage right behind the cut (${how})`,
      { 'log.1': log(1, 12, { at: 9, how }), 'log.6': log(6, 20) },
      { 'log.1': log(1, 8), 'log.6': log(6, 8) },
    ],
    [
      `damage, and all behind it before the cut (${how})`,
      { 'log.1': log(1, 7, { at: 6, how }), 'log.6': log(6, 20) },
      { 'log.1': log(1, 7, { at: 6, how }), 'log.6': log(6, 8) },
    ],
    [
      `damage in the first transaction of a log (${how})`,
      { 'log.1': log(1, 10), 'log.3': log(3, 12, { at: 3, how }), 'log.4': log(4, 20) },
      { 'log.1': log(1, 8), 'log.4': log(4, 8) },
    ],
    [
      `damage in two logs (${how})`,
      { 'log.1': log(1, 12, { at: 5, how }), 'log.4': log(4, 14, { at: 8, how }), 'log.6': log(6, 20) },
      { 'log.1': log(1, 4), 'log.4': log(4, 7), 'log.6': log(6, 8) },
    ],
  ];
}

async function receive(machine: Machine, database: Database, zxid: number): Promise<void> {
  const receiving = database.receiveSnapshot(zxid);
  receiving.push(Story.after(story, zxid).wireSnapshot());
  await machine.settle(receiving.finish());
}

/** Two transactions of the next epoch after `zxid`, and a start from all that. */
async function goOn(machine: Machine, database: Database, zxid: number): Promise<void> {
  const next = Story.after(story, zxid);
  next.newEpoch(1);
  await machine.settle(database.epochs.setAccepted(1));
  await machine.commit(database, next.grow(2));
  await machine.close(database);
  assert.deepEqual(fingerprint(await machine.open()), next.state(makeZxid(1, 2)));
}

describe('truncation of logs that overlap', () => {
  for (const [what, files, left] of OVERLAPS) {
    it(`lasts: ${what}`, async () => {
      const machine = machineWith(files);
      const database = await machine.open();
      await machine.settle(database.truncate(8));
      assert.deepEqual(fingerprint(database), story.state(8));
      const logs = machine.names().filter((name) => name.startsWith('log.'));
      assert.deepEqual(Object.fromEntries(logs.map((name) => [name, machine.file(name)])), left);
      machine.world.powerOff('local', 'lose');
      const again = await machine.open();
      assert.deepEqual(fingerprint(again), story.state(8));
      await goOn(machine, again, 8);
    });

    it(`leaves a beginning after a power cut at any operation: ${what}`, async () => {
      const run = { isOver: false, isCut: false };
      const isOver = (): boolean => run.isOver;
      const wasCut = (): boolean => run.isCut;
      for (let at = 0; !isOver(); at++) {
        const machine = machineWith(files);
        const database = await machine.open();
        const { lastLoggedZxid } = database;
        const crashAt = machine.disk.operationCount + at;
        run.isCut = false;
        machine.disk.onOperation = ({ index }) => {
          if (index !== crashAt) return;
          run.isCut = true;
          machine.world.powerOff('local', 'lose');
        };
        database.truncate(8).then(
          () => (run.isOver = true),
          () => undefined,
        );
        await machine.world.until(() => run.isOver || run.isCut);
        machine.disk.onOperation = null;
        if (!wasCut()) machine.world.powerOff('local', 'lose');
        const again = await machine.open();
        assert.ok(again.lastLoggedZxid >= 8 && again.lastLoggedZxid <= lastLoggedZxid, `crash at operation ${at}`);
        assert.deepEqual(fingerprint(again), story.state(again.lastLoggedZxid), `crash at operation ${at}`);
      }
    });
  }

  it('reaches back over the snapshot that the state is built on, for what a learner is sent', async () => {
    const machine = machineWith({ 'log.1': log(1, 20), 'log.6': log(6, 20), 'log.f': log(15, 30) });
    const database = await machine.open();
    await machine.settle(database.truncate(16));
    await machine.settle(database.takeSnapshot());
    for (const name of ['log.1', 'log.6', 'log.f']) {
      const from = Number.parseInt(name.slice(4), 16);
      assert.deepEqual(machine.file(name), log(from, 16), name);
    }
    // From a snapshot of 16 on only log.f is read.
    machine.disk.install(`${DIR}/log.1`, log(1, 20));
    machine.disk.install(`${DIR}/log.6`, log(6, 20));
    machine.disk.install(`${DIR}/log.f`, log(15, 18));
    machine.world.powerOff('local', 'lose');
    const again = await machine.open();
    await machine.settle(again.truncate(17));
    assert.deepEqual(machine.file('log.6'), log(6, 17));
    assert.deepEqual(machine.file('log.1'), log(1, 17));
  });

  for (const how of ['flip', 'zeros'] as const) {
    it(`leaves damage alone where only that log has what lies behind it (${how})`, async () => {
      const machine = machineWith({ 'log.1': log(1, 8) });
      const writing = await machine.open();
      await machine.settle(writing.takeSnapshot());
      await machine.close(writing);
      const rotten = log(1, 12, { at: 7, how });
      machine.disk.install(`${DIR}/log.1`, rotten);
      machine.disk.install(`${DIR}/log.9`, log(9, 20));
      const database = await machine.open();
      await machine.settle(database.truncate(9));
      assert.deepEqual(machine.file('log.1'), rotten);
      assert.deepEqual(machine.file('log.9'), log(9, 9));
      await goOn(machine, database, 9);
    });

    it(`ends the log at its damage where a snapshot has all that, and a start would read on from there (${how})`, async () => {
      const machine = machineWith({ 'log.1': log(1, 8) });
      const writing = await machine.open();
      await machine.settle(writing.takeSnapshot());
      await machine.close(writing);
      machine.disk.install(`${DIR}/log.1`, log(1, 8, { at: 7, how }));
      machine.disk.install(`${DIR}/log.9`, log(9, 20));
      const database = await machine.open();
      await machine.settle(database.truncate(8));
      assert.deepEqual(machine.file('log.1'), log(1, 6));
      await goOn(machine, database, 8);
    });

    it(`lasts where a leader’s snapshot takes the place of damaged logs (${how})`, async () => {
      const machine = machineWith({ 'log.1': log(1, 12, { at: 7, how }), 'log.6': log(6, 20) });
      const database = await machine.open();
      await receive(machine, database, 9);
      assert.deepEqual(machine.file('log.1'), log(1, 6));
      assert.deepEqual(machine.file('log.6'), log(6, 9));
      await goOn(machine, database, 9);
    });
  }

  it('cuts logs that the state is not built on, over one that ends early', async () => {
    const machine = machineWith({ 'log.1': log(1, 7) });
    const writing = await machine.open();
    await machine.settle(writing.takeSnapshot());
    await machine.close(writing);
    machine.disk.install(`${DIR}/log.1`, log(1, 20));
    machine.disk.install(`${DIR}/log.3`, log(3, 4));
    machine.disk.install(`${DIR}/log.7`, log(7, 20));
    const database = await machine.open();
    await machine.settle(database.truncate(8));
    assert.deepEqual(machine.file('log.1'), log(1, 8));
    assert.deepEqual(machine.file('log.3'), log(3, 4));
    assert.deepEqual(machine.file('log.7'), log(7, 8));
    await goOn(machine, database, 8);
  });

  it('goes before a leader’s snapshot of an earlier transaction', async () => {
    const machine = machineWith({ 'log.1': log(1, 12), 'log.6': log(6, 20) });
    const database = await machine.open();
    await receive(machine, database, 8);
    assert.deepEqual(machine.file('log.1'), log(1, 8));
    assert.deepEqual(machine.file('log.6'), log(6, 8));
    machine.world.powerOff('local', 'lose');
    assert.equal((await machine.open()).lastLoggedZxid, 8);
  });
});

describe('damage in a log that a later one repeats', () => {
  for (const how of ['flip', 'zeros'] as const) {
    const rot = (at: number): Rot => ({ at, how });
    const LOST: readonly (readonly [what: string, files: Files, file: string, offset: number])[] = [
      ['the later ends earlier', { 'log.1': log(1, 12, rot(8)), 'log.6': log(6, 9) }, 'log.1', offsetOf(1, 8)],
      [
        'the later ends one transaction earlier',
        { 'log.1': log(1, 12, rot(7)), 'log.6': log(6, 11) },
        'log.1',
        offsetOf(1, 7),
      ],
      [
        'another one follows, which ends earlier, too',
        { 'log.1': log(1, 20, rot(8)), 'log.6': log(6, 9), 'log.a': log(10, 15) },
        'log.1',
        offsetOf(1, 8),
      ],
      [
        'it is not the first',
        { 'log.1': log(1, 4), 'log.5': log(5, 20, rot(9)), 'log.6': log(6, 12) },
        'log.5',
        offsetOf(5, 9),
      ],
    ];
    for (const [what, files, file, offset] of LOST) {
      it(`is refused with file and offset where ${what} (${how})`, async () => {
        const machine = machineWith(files);
        const before = machine.disk.files();
        await assert.rejects(machine.open(), fails('LOG_CORRUPT', file, offset));
        assert.deepEqual(machine.disk.files(), before, 'nothing was changed');
      });
    }

    const WHOLE: readonly (readonly [what: string, files: Files, zxid: number])[] = [
      ['the later has all of it', { 'log.1': log(1, 12, rot(8)), 'log.6': log(6, 12) }, 12],
      ['the later has more', { 'log.1': log(1, 12, rot(8)), 'log.6': log(6, 20) }, 20],
      ['two later ones have it', { 'log.1': log(1, 12, rot(8)), 'log.6': log(6, 9), 'log.a': log(10, 12) }, 12],
    ];
    for (const [what, files, zxid] of WHOLE) {
      it(`is named where ${what}, and nothing is lost (${how})`, async () => {
        const machine = machineWith(files);
        const database = await machine.open();
        assert.deepEqual(fingerprint(database), story.state(zxid));
        const [said, ...more] = machine.host.log.withCode('LOG_DAMAGED_TWIN');
        assert.deepEqual(more, []);
        assert.match(said?.message ?? '', new RegExp(`log\\.1 is damaged at offset ${offsetOf(1, 8)}\\.`));
      });
    }
  }

  it('is none where the later log goes on at zeros, at which ZooKeeper stops', async () => {
    const machine = machineWith({ 'log.1': log(1, 12, { at: 8, how: 'zeros' }), 'log.8': log(8, 9) });
    assert.deepEqual(fingerprint(await machine.open()), story.state(9));
    assert.equal(machine.host.log.withCode('LOG_DAMAGED_TWIN').length, 0);
  });

  it('is some where it goes on at a wrong byte, at which ZooKeeper does not start', async () => {
    const machine = machineWith({ 'log.1': log(1, 12, { at: 8, how: 'flip' }), 'log.8': log(8, 9) });
    await assert.rejects(machine.open(), fails('LOG_CORRUPT', 'log.1', offsetOf(1, 8)));
  });
});
