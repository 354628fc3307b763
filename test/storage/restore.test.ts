// A snapshot from elsewhere becomes the state of a database, at once and for good, or nothing changes.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeZxid } from '../../src/protocol/index.js';
import type { Database } from '../../src/storage/index.js';
import { fails, fingerprint, Machine, Story } from './support.js';

async function* inPieces(bytes: Buffer, size = 700): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

/** A snapshot of `story` after `zxid`, as bytes. */
async function snapshotOf(story: Story, zxid: number): Promise<Buffer> {
  const machine = new Machine();
  const database = await machine.open();
  await machine.commit(
    database,
    story.entries.filter(({ header }) => header.zxid <= zxid),
  );
  await machine.settle(database.takeSnapshot());
  return machine.file(`snapshot.${zxid.toString(16)}`);
}

async function restored(machine: Machine, database: Database, bytes: Buffer): Promise<number> {
  const staged = await machine.settle(database.stageRestore(inPieces(bytes)));
  return machine.settle(database.restore(staged));
}

/** All but the zxid, which goes on. */
function content(database: Database): Omit<ReturnType<typeof fingerprint>, 'zxid'> {
  const { digest, sessions } = fingerprint(database);
  return { digest, sessions };
}

describe('restore', () => {
  it('brings back an earlier state, which outlives a restart, and goes on behind the log', async () => {
    const story = new Story();
    story.variety();
    const early = story.lastZxid;
    story.grow(10);
    const bytes = await snapshotOf(story, early);
    const machine = new Machine();
    let database = await machine.open();
    await machine.commit(database, story.entries);
    assert.equal(await restored(machine, database, bytes), story.lastZxid);
    const { digest, sessions } = story.state(early);
    assert.deepEqual(content(database), { digest, sessions });
    assert.equal(database.lastLoggedZxid, story.lastZxid);
    machine.world.powerOff('local', 'lose');
    database = await machine.open();
    assert.deepEqual(content(database), { digest, sessions });
    // Another future.
    const nodes = database.tree.nodeCount;
    await machine.commit(database, new Story(story.lastZxid).grow(3));
    await machine.close(database);
    database = await machine.open();
    assert.equal(database.lastAppliedZxid, story.lastZxid + 3);
    assert.equal(database.tree.nodeCount, nodes + 3);
  });

  for (const [before, after] of [
    ['none', 'snappy'],
    ['snappy', 'none'],
  ] as const) {
    it(`outlives a restart beside an old snapshot (${before}) of the same zxid when ${after} is written`, async () => {
      const story = new Story();
      story.grow(10);
      const bytes = await snapshotOf(story, 5);
      const machine = new Machine();
      let database = await machine.open({ snapshotCompression: before });
      await machine.commit(database, story.entries);
      await machine.settle(database.takeSnapshot());
      await machine.close(database);
      database = await machine.open({ snapshotCompression: after });
      assert.equal(await restored(machine, database, bytes), 10);
      await machine.close(database);
      database = await machine.open({ snapshotCompression: after });
      assert.equal(database.tree.digest, story.state(5).digest);
    });
  }

  it('sets aside what was there, so that nobody is brought up to date from it', async () => {
    const story = new Story();
    story.grow(10);
    const bytes = await snapshotOf(story, 5);
    const machine = new Machine();
    const database = await machine.open();
    await machine.commit(database, story.entries);
    await restored(machine, database, bytes);
    const names = machine.names();
    assert.deepEqual(
      names.filter((name) => !name.includes('/') && !name.endsWith('Epoch')),
      ['snapshot.a'],
    );
    assert.ok(
      names.some((name) => /^before-restore-a-\d+\/log\.1$/.test(name)),
      names.join(' '),
    );
    assert.ok(
      names.some((name) => /^before-restore-a-\d+\/snapshot\.0$/.test(name)),
      names.join(' '),
    );
    assert.equal(await machine.settle(database.firstLoggedZxid()), -1);
  });

  it('from a later time moves the zxid and the epochs forward', async () => {
    const story = new Story(makeZxid(7, 0));
    story.grow(3);
    const bytes = await snapshotOf(story, story.lastZxid);
    const machine = new Machine();
    let database = await machine.open();
    await machine.commit(database, new Story().grow(5));
    assert.equal(await restored(machine, database, bytes), story.lastZxid);
    for (let life = 0; life < 2; life++) {
      assert.deepEqual(fingerprint(database), story.state(story.lastZxid));
      assert.deepEqual([database.epochs.current, database.epochs.accepted], [7, 7]);
      machine.world.powerOff('local', 'lose');
      database = await machine.open();
    }
  });

  for (const [what, damage] of [
    ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length - 20)],
    ['changed in the middle', (bytes: Buffer) => flipped(bytes, Math.floor(bytes.length / 2))],
    ['empty', () => Buffer.alloc(0)],
    ['no snapshot', () => Buffer.from('hello, this is no snapshot at all')],
  ] as const) {
    it(`refuses a file that is ${what}, and nothing has changed`, async () => {
      const story = new Story();
      story.variety();
      const bytes = await snapshotOf(story, story.lastZxid);
      const machine = new Machine();
      const database = await machine.open();
      await machine.commit(database, story.entries);
      const before = machine.names();
      await assert.rejects(machine.settle(database.stageRestore(inPieces(damage(bytes)))), fails('SNAPSHOT_CORRUPT'));
      assert.deepEqual(machine.names(), before);
      assert.deepEqual(fingerprint(database), story.state(story.lastZxid));
    });
  }

  it('leaves the old state or the new one when the power fails at any step', async () => {
    const story = new Story();
    story.grow(10);
    const bytes = await snapshotOf(story, 5);
    for (let step = 1; ; step++) {
      const machine = new Machine();
      const database = await machine.open();
      await machine.commit(database, story.entries);
      const staged = await machine.settle(database.stageRestore(inPieces(bytes)));
      let operations = 0;
      machine.disk.onOperation = () => {
        if (++operations === step) machine.world.powerOff('local', 'tear');
      };
      const outcome = { isDone: false };
      database.restore(staged).then(
        () => (outcome.isDone = true),
        () => undefined,
      );
      await machine.world.run(1000);
      machine.disk.onOperation = null;
      const reopened = await machine.open();
      const { digest } = fingerprint(reopened);
      assert.ok([story.state(5).digest, story.state(10).digest].includes(digest), `step ${step}`);
      assert.equal(reopened.lastAppliedZxid, 10);
      if (outcome.isDone) {
        assert.equal(digest, story.state(5).digest);
        return;
      }
      assert.ok(step < 100);
    }
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(at) ^ 0x55, at);
  return copy;
}
