// A database that keeps what is new in memory only, as an observer with syncEnabled=false does.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeZxid } from '../../src/protocol/index.js';
import type { Database } from '../../src/storage/index.js';
import { checkBackup } from '../../src/storage/index.js';
import { fails, fingerprint, Machine, Story, TEST_OPTIONS } from './support.js';

interface Scene {
  readonly machine: Machine;
  readonly story: Story;
  readonly database: Database;
}

/** Five transactions of epoch 1 on disk. */
async function fiveLogged(): Promise<Scene> {
  const machine = new Machine();
  const database = await machine.open({ snapCount: 4 });
  await machine.settle(database.epochs.setAccepted(1));
  await machine.settle(database.epochs.setCurrent(1));
  const story = new Story(makeZxid(1, 0));
  await machine.commit(database, story.grow(5));
  await machine.world.run(100);
  return { machine, database, story };
}

/** The same, and twenty of epoch 2 in memory only. */
async function twentyUnlogged(): Promise<Scene & { readonly files: ReadonlyMap<string, Buffer> }> {
  const scene = await fiveLogged();
  const { machine, database, story } = scene;
  await machine.settle(database.stopLogging());
  const files = filesOf(machine);
  await machine.settle(database.epochs.setAccepted(2));
  story.newEpoch(2);
  await machine.commit(database, story.grow(10));
  await machine.settle(database.epochs.setCurrent(2));
  await machine.commit(database, story.grow(10));
  await machine.world.run(1000);
  return { ...scene, files };
}

/** Logs and snapshots. */
function filesOf(machine: Machine): ReadonlyMap<string, Buffer> {
  const names = machine.names().filter((name) => /^(log|snapshot)\./.test(name));
  return new Map(names.map((name) => [name, Buffer.from(machine.file(name))]));
}

describe('a database that does not log', () => {
  it('writes no log and takes no snapshot, and what is appended is told to be durable once a turn', async () => {
    const { machine, database, story } = await fiveLogged();
    await machine.settle(database.stopLogging());
    const files = filesOf(machine);
    const told: number[] = [];
    database.onDurable = (zxid) => told.push(zxid);
    for (const entry of story.grow(20)) database.append(entry);
    assert.deepEqual(told, [], 'not within the append');
    assert.equal(database.nextUnappliedZxid, makeZxid(1, 6));
    await machine.world.run(0);
    assert.deepEqual(told, [makeZxid(1, 25)]);
    await machine.settle(database.settle());
    assert.deepEqual(fingerprint(database), story.state(makeZxid(1, 25)));
    assert.equal(database.oldestUnsyncedMs(machine.host.clock.monotonicMs()), 0);
    await machine.world.run(1000);
    assert.deepEqual(filesOf(machine), files);
  });

  it('begins again where the disk is, with the epoch of that', async () => {
    const { machine, database, story, files } = await twentyUnlogged();
    assert.equal(database.epochs.current, 2);
    assert.deepEqual(fingerprint(database), story.state(makeZxid(2, 20)));
    assert.deepEqual(filesOf(machine), files);
    machine.world.powerOff('local', 'lose');
    const again = await machine.open();
    assert.deepEqual(fingerprint(again), story.state(makeZxid(1, 5)));
    assert.deepEqual([again.epochs.current, again.epochs.accepted], [1, 2]);
  });

  it('still refuses what cannot follow', async () => {
    const { database } = await twentyUnlogged();
    const other = new Story(makeZxid(2, 30)).grow(1)[0];
    assert.ok(other !== undefined);
    assert.throws(() => database.append(other), fails('ZXID_ORDER'));
  });

  it('has all of it on disk once it logs again', async () => {
    const { machine, database, story } = await twentyUnlogged();
    await machine.settle(database.resumeLogging());
    machine.world.powerOff('local', 'lose');
    const again = await machine.open();
    assert.deepEqual(fingerprint(again), story.state(makeZxid(2, 20)), 'before anything is logged');
    assert.equal(again.epochs.current, 2);
    await machine.commit(again, story.grow(3));
    assert.ok(machine.names().includes('log.200000015'), machine.names().join(' '));
    machine.world.powerOff('local', 'lose');
    assert.deepEqual(fingerprint(await machine.open()), story.state(makeZxid(2, 23)));
  });

  it('goes on in a log of its own when nothing came meanwhile', async () => {
    const { machine, database, story } = await fiveLogged();
    await machine.settle(database.stopLogging());
    const files = filesOf(machine);
    await machine.settle(database.resumeLogging());
    assert.deepEqual(filesOf(machine), files, 'no snapshot for nothing');
    await machine.commit(database, story.grow(3));
    machine.world.powerOff('local', 'lose');
    assert.deepEqual(fingerprint(await machine.open()), story.state(makeZxid(1, 8)));
  });

  it('keeps the epoch of a history that was begun when the leader was lost', async () => {
    const { machine, database, story } = await fiveLogged();
    await machine.settle(database.stopLogging());
    await machine.settle(database.epochs.setAccepted(2));
    story.newEpoch(2);
    await machine.commit(database, story.grow(2));
    await machine.settle(database.resumeLogging());
    machine.world.powerOff('local', 'lose');
    const again = await machine.open();
    assert.deepEqual(fingerprint(again), story.state(makeZxid(2, 2)));
    assert.equal(again.epochs.current, 2);
  });

  for (const [what, power] of [
    ['a snapshot that is asked for', (database: Database) => database.takeSnapshot()],
    ['a backup', (database: Database) => database.backUp('/backups', { serverId: 1, retainCount: 3 })],
  ] as const) {
    it(`has ${what}, with which it can start`, async () => {
      const { machine, database, story } = await twentyUnlogged();
      await machine.settle<unknown>(power(database));
      machine.world.powerOff('local', 'lose');
      const again = await machine.open();
      assert.deepEqual(fingerprint(again), story.state(makeZxid(2, 20)));
      assert.equal(again.epochs.current, 2);
    });
  }

  it('has whole backups, though moments between them are missing', async () => {
    const { machine, database, story } = await fiveLogged();
    await machine.settle(database.backUp('/backups', { serverId: 1, retainCount: 9 }));
    await machine.settle(database.stopLogging());
    await machine.commit(database, story.grow(5));
    await machine.world.run(1000);
    const second = await machine.settle(database.backUp('/backups', { serverId: 1, retainCount: 9 }));
    assert.equal(second.manifest.lastZxid, '0x10000000a');
    const newest = await machine.settle(checkBackup(machine.host, '/backups', { kind: 'newest' }, TEST_OPTIONS));
    assert.equal(newest.zxid, makeZxid(1, 10));
  });

  it("writes a leader's image, and stands where that is", async () => {
    const { machine, database } = await twentyUnlogged();
    const leader = new Story(makeZxid(2, 0));
    leader.grow(40);
    const receive = database.receiveSnapshot(leader.lastZxid);
    receive.push(leader.wireSnapshot());
    await machine.settle(receive.finish());
    await machine.settle(database.epochs.setCurrent(2));
    const files = filesOf(machine);
    const { lastZxid } = leader;
    await machine.commit(database, leader.grow(3));
    assert.deepEqual(filesOf(machine), files);
    machine.world.powerOff('local', 'lose');
    const again = await machine.open();
    assert.deepEqual(fingerprint(again), leader.state(lastZxid));
    assert.equal(again.epochs.current, 2, 'the disk has that whole epoch');
  });

  it('is cut back to what the disk has', async () => {
    const { machine, database, story } = await twentyUnlogged();
    await machine.settle(database.truncate(makeZxid(1, 4)));
    assert.deepEqual(fingerprint(database), story.state(makeZxid(1, 4)));
    machine.world.powerOff('local', 'lose');
    assert.deepEqual(fingerprint(await machine.open()), story.state(makeZxid(1, 4)));
  });

  it('falls back to the disk where it cannot be cut, for the leader to be asked again', async () => {
    const { machine, database, story } = await twentyUnlogged();
    await assert.rejects(machine.settle(database.truncate(makeZxid(2, 7))), fails('CANNOT_TRUNCATE'));
    assert.deepEqual(fingerprint(database), story.state(makeZxid(1, 5)));
    assert.equal(database.lastLoggedZxid, makeZxid(1, 5));
    await machine.commit(database, story.entries.slice(5, 8));
    assert.deepEqual(fingerprint(database), story.state(makeZxid(2, 3)));
  });

  it('ends when what it has cannot be written', async () => {
    const { machine, database } = await twentyUnlogged();
    const fatal: string[] = [];
    database.onFatal = (error) => fatal.push(error.code);
    machine.disk.fail({ kind: 'create', path: 'snapshot', code: 'NO_SPACE' });
    await assert.rejects(machine.settle(database.resumeLogging()));
    assert.equal(fatal.length, 1);
  });
});
