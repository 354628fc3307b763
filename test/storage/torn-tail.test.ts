// Where does a log end? Every way in which power loss can leave its last group, and the damage that looks similar.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeZxid } from '../../src/protocol/index.js';
import { DIR, fails, fingerprint, Machine, Story } from './support.js';

interface WrittenLog {
  readonly story: Story;
  readonly snapshot0: Buffer;
  /** Header and records, without padding. */
  readonly log: Buffer;
  /** Offset of each record, and the end of the last. */
  readonly offsets: readonly number[];
}

async function writeLog(count: number, data = 'x'): Promise<WrittenLog> {
  const machine = new Machine();
  const story = new Story();
  const database = await machine.open({ keepEpochs: false });
  await machine.commit(database, story.grow(count, data));
  await machine.close(database);
  const file = machine.file('log.1');
  const offsets = [16];
  for (const { bytes } of story.entries) offsets.push((offsets.at(-1) ?? 0) + 13 + bytes.length);
  return { story, snapshot0: machine.file('snapshot.0'), log: file.subarray(0, offsets.at(-1)), offsets };
}

function padded(log: Buffer, zeros = 3000): Buffer {
  return Buffer.concat([log, Buffer.alloc(zeros)]);
}

/** The log opens at `zxid`, and goes on from there as if nothing had been behind it. */
async function opensAt(written: WrittenLog, files: Record<string, Buffer>, zxid: number): Promise<Machine> {
  const machine = Machine.with({ 'snapshot.0': written.snapshot0, ...files });
  const database = await machine.open({ keepEpochs: false });
  assert.deepEqual(fingerprint(database), written.story.state(zxid));
  const more = new Story(zxid);
  await machine.commit(database, more.grow(2));
  await machine.close(database);
  machine.world.powerOff('local', 'lose');
  const again = await machine.open({ keepEpochs: false });
  assert.equal(again.lastLoggedZxid, zxid + 2);
  return machine;
}

describe('a torn last record', async () => {
  const written = await writeLog(3);
  const { log, offsets } = written;
  const from = offsets[2] as number;

  it('is cut off wherever the file ends in it', async () => {
    for (let cut = from; cut < log.length; cut++) {
      await opensAt(written, { 'log.1': log.subarray(0, cut) }, 2);
    }
  });

  it('is cut off wherever its bytes turn into zeros', async () => {
    // The last byte but the end mark may be a zero anyway.
    for (let cut = from; cut < log.length; cut++) {
      await opensAt(written, { 'log.1': padded(log.subarray(0, cut)) }, 2);
    }
  });

  it('is cut off whichever byte is wrong', async () => {
    for (let at = from; at < log.length; at++) {
      for (const file of [Buffer.from(log), padded(log)]) {
        file[at] = (file[at] as number) ^ 0xff;
        await opensAt(written, { 'log.1': file }, 2);
      }
    }
  });

  it('is cut off in place, and said so', async () => {
    const machine = await opensAt(written, { 'log.1': padded(log.subarray(0, from + 20)) }, 2);
    assert.equal(machine.file('log.1').length, from, 'the torn bytes are gone');
    assert.equal(machine.host.log.withCode('LOG_TORN_END').length, 1);
  });

  it('that is whole after all is kept', async () => {
    await opensAt(written, { 'log.1': log }, 3);
    await opensAt(written, { 'log.1': padded(log) }, 3);
  });
});

describe('damage in front of good records', async () => {
  const written = await writeLog(5);
  const { log, offsets } = written;
  const [, second, third] = offsets as [number, number, number];

  it('is refused with file and offset, whichever byte of a record in the middle it is', async () => {
    for (let at = second; at < third; at++) {
      const file = padded(log);
      file[at] = (file[at] as number) ^ 0x41;
      const machine = Machine.with({ 'snapshot.0': written.snapshot0, 'log.1': file });
      await assert.rejects(machine.open(), fails('LOG_CORRUPT', 'version-2/log.1', second), `byte ${at - second}`);
      assert.deepEqual(machine.file('log.1'), file, 'and nothing is changed');
    }
  });

  it('is refused when the record became zeros', async () => {
    const file = padded(log).fill(0, second, third);
    const machine = Machine.with({ 'snapshot.0': written.snapshot0, 'log.1': file });
    await assert.rejects(machine.open(), fails('LOG_CORRUPT', 'log.1', second));
  });

  it('says how to mend it', async () => {
    const file = padded(log).fill(0x55, second + 3, third - 3);
    const machine = Machine.with({ 'snapshot.0': written.snapshot0, 'log.1': file });
    await assert.rejects(machine.open(), /Bring back an intact copy of the file\./);
  });

  it('is refused in the file header', async () => {
    const file = padded(log).fill(0x55, 0, 4);
    const machine = Machine.with({ 'snapshot.0': written.snapshot0, 'log.1': file });
    await assert.rejects(machine.open(), fails('LOG_CORRUPT', 'log.1', 0));
  });

  it('is refused when whole sectors are gone further away than one group reaches', async () => {
    const long = await writeLog(40, 'd'.repeat(100_000));
    const file = Buffer.from(long.log);
    file.fill(0, 512 * 200, 512 * 201);
    const hit = long.offsets.findLast((offset) => offset < 512 * 200) ?? 0;
    const machine = Machine.with({ 'snapshot.0': long.snapshot0, 'log.1': file });
    await assert.rejects(machine.open(), fails('LOG_CORRUPT', 'log.1', hit));
  });
});

describe('a torn group, of which some sectors reached the disk', async () => {
  const written = await writeLog(40);
  const { log, offsets, story } = written;
  const sectors = Math.ceil(log.length / 512);

  /** The records before the first that lies in a lost sector; what is zero anyway is not lost. */
  function wholeBefore(lostAt: number): number {
    return offsets.findLastIndex((offset) => offset <= lostAt);
  }

  for (let sector = 1; sector < sectors - 1; sector++) {
    it(`is cut off before lost sector ${sector} of ${sectors}`, async () => {
      const file = padded(log);
      file.fill(0, sector * 512, sector * 512 + 512);
      const machine = await opensAt(written, { 'log.1': file }, wholeBefore(sector * 512));
      assert.match(machine.host.log.withCode('LOG_TORN_END')[0]?.message ?? '', /never acknowledged/);
    });
  }

  it('is cut off when it began inside the lost sector', async () => {
    for (let record = 3; record < 12; record++) {
      const start = offsets[record] as number;
      const sectorEnd = Math.ceil(start / 512) * 512;
      // Four bytes of a record are zeros anyway; so little is lost with them that the record is whole.
      if (sectorEnd - start <= 4) continue;
      const file = padded(log).fill(0, start, sectorEnd);
      await opensAt(written, { 'log.1': file }, record);
    }
  });

  it('is cut off when the next record begins with the last bytes of the lost sector, which are zeros anyway', async () => {
    for (let size = 1; size <= 512; size++) {
      const two = await writeLog(2, 'd'.repeat(size));
      const second = two.offsets[1] as number;
      const behindSector = second % 512;
      if (behindSector < 509) continue;
      const lost = second - behindSector;
      const file = padded(two.log).fill(0, lost, lost + 512);
      await opensAt(two, { 'log.1': file }, 0);
      return;
    }
    assert.fail('no record began there');
  });

  it('goes with its file when the file header is lost', async () => {
    const file = padded(log).fill(0, 0, 512);
    await opensAt(written, { 'log.1': file }, 0);
  });

  it('is no excuse in a log that a later one follows', async () => {
    const file = padded(log).fill(0, 512, 1024);
    const rest = new Story(40);
    const machine = new Machine();
    const database = await machine.open({ keepEpochs: false });
    await machine.commit(database, story.entries);
    await machine.close(database);
    const second = await machine.open({ keepEpochs: false });
    await machine.commit(second, rest.grow(2));
    await machine.close(second);
    machine.disk.install(`${DIR}/log.1`, file);
    const hit = offsets.findLast((offset) => offset <= 512) ?? 0;
    await assert.rejects(machine.open({ keepEpochs: false }), fails('LOG_CORRUPT', 'log.1', hit));
  });
});

describe('the end of a log that a later one follows', async () => {
  const written = await writeLog(6);
  const { log, offsets, snapshot0, story } = written;
  const cutAt = (offset: number | undefined, ...behind: Buffer[]) =>
    Buffer.concat([log.subarray(0, offset), ...behind]);

  /** A log that begins with transaction 5 (or `entries`). */
  function later(entries = story.entries.slice(4)): Buffer {
    const records = entries.map(({ bytes }) => {
      const at = story.entries.findIndex((entry) => entry.bytes === bytes);
      return log.subarray(offsets[at], offsets[at + 1]);
    });
    return Buffer.concat([log.subarray(0, 16), ...records]);
  }

  const legal: readonly (readonly [what: string, end: Buffer])[] = [
    ['its last record', cutAt(offsets[4])],
    ['zeros', cutAt(offsets[4], Buffer.alloc(500))],
    ['a torn record', cutAt((offsets[4] ?? 0) + 30)],
    ['a torn record and zeros', cutAt((offsets[4] ?? 0) + 30, Buffer.alloc(500))],
    [
      'records that were never read because zeros came first',
      cutAt(offsets[4], Buffer.alloc(500), log.subarray(offsets[4])),
    ],
    ['records that are in the next one again', log],
  ];
  for (const [what, end] of legal) {
    it(`may be ${what}, as long as the next number comes next`, async () => {
      await opensAt(written, { 'log.1': end, 'log.5': padded(later()) }, 6);
    });
  }

  it('must not lack records', async () => {
    const machine = Machine.with({ 'snapshot.0': snapshot0, 'log.1': cutAt(offsets[3]), 'log.5': later() });
    await assert.rejects(machine.open(), fails('LOG_GAP', 'log.5', 16));
  });

  it('must not hide records of its epoch from the next epoch', async () => {
    const at = offsets[5] as number;
    const whole = padded(log);
    const torn = padded(log).fill(0, at + 9);
    const holed = padded(log).fill(0, offsets[4], at);
    const cases: readonly (readonly [what: string, known: number, bytes: Buffer, code: string | null])[] = [
      ['nothing wrong', 6, whole, null],
      ['the last record torn to zeros: it was cut off before the next epoch', 5, torn, null],
      ['the last record torn to zeros, and the next epoch knew it', 6, torn, 'LOG_MISSING'],
      ['the last record with a wrong byte', 6, flip(whole, at + 20), 'LOG_CORRUPT'],
      ['the fifth record as zeros, the sixth whole', 6, holed, 'LOG_CORRUPT'],
    ];
    for (const [what, known, bytes, code] of cases) {
      const machine = await inTwoEpochs(known);
      machine.disk.install(`${DIR}/log.1`, bytes);
      const opening = machine.open({ keepEpochs: false });
      if (code !== null) {
        const file = code === 'LOG_MISSING' ? 'log.100000001' : 'log.1';
        await assert.rejects(opening, fails(code, file), what);
        continue;
      }
      const database = await opening;
      assert.equal(database.lastLoggedZxid, makeZxid(1, 2), what);
      await machine.close(database);
    }
  });
});

/** A server that has logged the first `known` transactions of `story`, and two of the next epoch in a log of its own. */
async function inTwoEpochs(known: number): Promise<Machine> {
  const machine = new Machine();
  const two = new Story();
  const first = await machine.open({ keepEpochs: false });
  await machine.commit(first, two.grow(known));
  await machine.close(first);
  two.newEpoch(1);
  const second = await machine.open({ keepEpochs: false });
  await machine.commit(second, two.grow(2));
  await machine.close(second);
  assert.ok(machine.names().includes('log.100000001'));
  return machine;
}

function flip(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] as number) ^ 1;
  return copy;
}

describe('a torn group with a record that is larger than groups are', () => {
  it('is cut off as others are', async () => {
    const machine = new Machine();
    const story = new Story();
    const database = await machine.open({ keepEpochs: false });
    await machine.commit(database, [...story.grow(2, 'x'.repeat(1500)), story.create('/large', 'y'.repeat(3_000_000))]);
    await machine.close(database);
    const log = machine.file('log.1');
    const second = 16 + 13 + (story.entries[0]?.bytes.length ?? 0);
    const sector = Math.ceil((second + 64) / 512) * 512;
    log.fill(0, sector, sector + 512);
    const torn = Machine.with({ 'snapshot.0': machine.file('snapshot.0'), 'log.1': log });
    assert.equal((await torn.open({ keepEpochs: false })).lastLoggedZxid, 1);
  });
});
