// currentEpoch and acceptedEpoch: ZooKeeper's text files, its rules for what they say, and crashes between the steps.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeZxid } from '../../src/protocol/index.js';
import { DIR, fails, Machine, Story } from './support.js';

/** A directory whose last zxid is (epoch, 2). */
async function directory(epoch: number): Promise<Record<string, Buffer>> {
  const machine = new Machine();
  const database = await machine.open({ keepEpochs: false });
  const story = new Story();
  if (epoch > 0) story.newEpoch(epoch);
  await machine.commit(database, story.grow(2));
  await machine.close(database);
  return Object.fromEntries(machine.names().map((name) => [name, machine.file(name)]));
}

interface EpochCase {
  readonly what: string;
  readonly zxidsEpoch: number;
  readonly files: Readonly<Record<string, string>>;
  readonly expected: readonly [current: number, accepted: number] | string;
}

const CASES: readonly EpochCase[] = [
  { what: 'neither file exists', zxidsEpoch: 5, files: {}, expected: [5, 5] },
  { what: 'both agree', zxidsEpoch: 5, files: { currentEpoch: '5', acceptedEpoch: '5' }, expected: [5, 5] },
  {
    what: 'a newer epoch was accepted',
    zxidsEpoch: 5,
    files: { currentEpoch: '5', acceptedEpoch: '9' },
    expected: [5, 9],
  },
  {
    what: 'nothing was logged in the current epoch',
    zxidsEpoch: 3,
    files: { currentEpoch: '5', acceptedEpoch: '6' },
    expected: [5, 6],
  },
  {
    what: 'the text ends in a line break',
    zxidsEpoch: 5,
    files: { currentEpoch: '5\n', acceptedEpoch: '12\r\n' },
    expected: [5, 12],
  },
  { what: 'only the current one exists', zxidsEpoch: 5, files: { currentEpoch: '5' }, expected: [5, 5] },
  { what: 'only the accepted one exists', zxidsEpoch: 5, files: { acceptedEpoch: '7' }, expected: [5, 7] },
  {
    what: 'the accepted one is older than the current',
    zxidsEpoch: 5,
    files: { currentEpoch: '6', acceptedEpoch: '5' },
    expected: 'EPOCH_ORDER',
  },
  {
    what: 'only the current one exists, beyond the zxid',
    zxidsEpoch: 5,
    files: { currentEpoch: '6' },
    expected: 'EPOCH_ORDER',
  },
  {
    what: 'the current one is older than the zxid',
    zxidsEpoch: 5,
    files: { currentEpoch: '4', acceptedEpoch: '5' },
    expected: 'EPOCH_BEHIND_LOG',
  },
  {
    what: 'the staged one holds the zxid’s',
    zxidsEpoch: 5,
    files: { currentEpoch: '4', acceptedEpoch: '5', 'currentEpoch.tmp': '5' },
    expected: [5, 5],
  },
  {
    what: 'the staged one is beyond the zxid’s',
    zxidsEpoch: 5,
    files: { currentEpoch: '4', acceptedEpoch: '6', 'currentEpoch.tmp': '6' },
    expected: [5, 6],
  },
  {
    what: 'the staged one is old',
    zxidsEpoch: 5,
    files: { currentEpoch: '3', acceptedEpoch: '5', 'currentEpoch.tmp': '4' },
    expected: 'EPOCH_BEHIND_LOG',
  },
  {
    what: 'the staged one is torn',
    zxidsEpoch: 5,
    files: { currentEpoch: '3', acceptedEpoch: '5', 'currentEpoch.tmp': '' },
    expected: 'EPOCH_BEHIND_LOG',
  },
  {
    what: 'the staged one is left over',
    zxidsEpoch: 5,
    files: { currentEpoch: '5', acceptedEpoch: '6', 'currentEpoch.tmp': '6' },
    expected: [5, 6],
  },
  {
    what: 'the current one is empty',
    zxidsEpoch: 5,
    files: { currentEpoch: '', acceptedEpoch: '5' },
    expected: 'EPOCH_FILE',
  },
  {
    what: 'the accepted one is no number',
    zxidsEpoch: 5,
    files: { currentEpoch: '5', acceptedEpoch: '5x' },
    expected: 'EPOCH_FILE',
  },
  {
    what: 'the accepted one is zeros',
    zxidsEpoch: 5,
    files: { currentEpoch: '5', acceptedEpoch: '\0\0' },
    expected: 'EPOCH_FILE',
  },
];

describe('epoch files', () => {
  for (const { what, zxidsEpoch, files, expected } of CASES) {
    const name = typeof expected === 'string' ? expected : `${expected[0]} and ${expected[1]}`;
    it(`say ${name} when ${what}`, async () => {
      const texts = Object.entries(files).map(([file, text]) => [file, Buffer.from(text)] as const);
      const machine = Machine.with({ ...(await directory(zxidsEpoch)), ...Object.fromEntries(texts) });
      if (typeof expected === 'string') {
        await assert.rejects(machine.open(), fails(expected, /(current|accepted)Epoch$/));
        return;
      }
      const database = await machine.open();
      assert.deepEqual([database.epochs.current, database.epochs.accepted], expected);
      machine.world.powerOff('local', 'lose');
      const again = await machine.open();
      assert.deepEqual([again.epochs.current, again.epochs.accepted], expected, 'durable');
    });
  }

  it('are plain decimal text, durable when the call is back', async () => {
    const machine = new Machine();
    const database = await machine.open();
    await machine.settle(database.epochs.setAccepted(41));
    await machine.settle(database.epochs.setCurrent(40));
    machine.world.powerOff('local', 'lose');
    assert.equal(machine.file('currentEpoch').toString(), '40');
    assert.equal(machine.file('acceptedEpoch').toString(), '41');
    assert.deepEqual(machine.names(), ['acceptedEpoch', 'currentEpoch', 'snapshot.0']);
  });

  it('are not written where no ensemble is', async () => {
    const machine = Machine.with(await directory(3));
    const database = await machine.open({ keepEpochs: false });
    assert.equal(database.epochs.current, 3);
    const story = new Story(makeZxid(3, 2));
    await machine.commit(database, story.grow(2));
    assert.deepEqual(machine.names(), ['log.300000001', 'log.300000003', 'snapshot.0']);
  });

  it('keep their order when several are set at once', async () => {
    const machine = new Machine();
    const { epochs } = await machine.open();
    await machine.settle(
      Promise.all([epochs.setAccepted(1), epochs.setAccepted(2), epochs.setCurrent(1), epochs.setCurrent(2)]),
    );
    assert.deepEqual([epochs.current, epochs.accepted], [2, 2]);
    assert.equal(machine.file('currentEpoch').toString(), '2');
  });

  it('that cannot be written are the server’s end', async () => {
    const machine = new Machine();
    const database = await machine.open();
    const fatal: string[] = [];
    const durable: number[] = [];
    database.onFatal = (error) => fatal.push(error.code);
    database.onDurable = (zxid) => durable.push(zxid);
    machine.disk.fail({ kind: 'sync', code: 'IO', path: 'Epoch' });
    machine.disk.latencyMs.sync = 50;
    for (const entry of new Story().grow(3)) database.append(entry);
    const flushed = assert.rejects(database.flush(), fails('IO'));
    await machine.world.run(10);
    await assert.rejects(machine.settle(database.epochs.setAccepted(3)), fails('IO', 'acceptedEpoch.tmp'));
    assert.equal(database.epochs.accepted, 0);
    assert.deepEqual(fatal, ['IO']);
    await machine.settle(flushed);
    await machine.world.run(1000);
    assert.deepEqual(durable, [], 'not even what was on its way is acknowledged');
    assert.throws(() => database.append(new Story().create('/a')), fails('IO'));
  });
});

describe('transactions of a new epoch, durable before currentEpoch', () => {
  it('note the epoch first, so that a crash in between does not lock the server out', async () => {
    const machine = new Machine();
    const database = await machine.open();
    await machine.settle(database.epochs.setAccepted(6));
    const story = new Story();
    story.newEpoch(5);
    await machine.commit(database, story.grow(2));
    assert.equal(machine.file('currentEpoch.tmp').toString(), '5');
    story.newEpoch(6);
    await machine.commit(database, story.grow(1));
    assert.equal(machine.file('currentEpoch.tmp').toString(), '6');
    assert.equal(machine.file('currentEpoch').toString(), '0');
    machine.world.powerOff('local', 'lose');
    const again = await machine.open();
    assert.equal(again.epochs.current, 6);
    assert.equal(again.lastAppliedZxid, makeZxid(6, 1));
  });

  it('note it once, and not at all when currentEpoch is there already', async () => {
    const machine = new Machine();
    const database = await machine.open();
    await machine.settle(database.epochs.setAccepted(5));
    const noted: string[] = [];
    machine.disk.onOperation = ({ kind, path }) => {
      if (kind === 'create' && path.includes('Epoch')) noted.push(path.slice(DIR.length + 1));
    };
    const story = new Story();
    story.newEpoch(4);
    await machine.commit(database, story.grow(1));
    await machine.commit(database, story.grow(1));
    assert.deepEqual(noted, ['staged-currentEpoch']);
    await machine.settle(database.epochs.setCurrent(4));
    assert.deepEqual(noted, ['staged-currentEpoch'], 'what was noted is only renamed');
    await machine.commit(database, story.grow(1));
    await machine.settle(database.epochs.setCurrent(5));
    story.newEpoch(5);
    await machine.commit(database, story.grow(1));
    assert.deepEqual(noted, ['staged-currentEpoch', 'staged-currentEpoch']);
    assert.ok(!machine.names().includes('currentEpoch.tmp'));
  });
});
