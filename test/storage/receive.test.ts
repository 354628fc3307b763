// A leader's whole state takes the place of ours: in pieces over the wire, staged, then swapped.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JuteWriter } from '../../src/jute/index.js';
import { makeZxid, OpCode } from '../../src/protocol/index.js';
import type { Database } from '../../src/storage/index.js';
import { DIGEST_VERSION } from '../../src/tree/index.js';
import { SeededRandom } from '../fakes/index.js';
import { DIR, fails, fingerprint, Machine, Story } from './support.js';

const SIGNATURE = Buffer.from('\0\0\0\nBenWasHere');

/** A leader's history: 1 to 12 of epoch 1, 1 to 4 of epoch 2. */
function leadersStory(): Story {
  const story = new Story(makeZxid(1, 0));
  story.variety();
  story.grow(1, 'd'.repeat(3000));
  story.newEpoch(2);
  story.grow(4);
  return story;
}

/** A learner that logged 1 to 5 of epoch 1 itself. */
async function learner(): Promise<{ machine: Machine; database: Database; own: Story }> {
  const machine = new Machine();
  const database = await machine.open();
  await machine.settle(database.epochs.setAccepted(2));
  const own = new Story(makeZxid(1, 0));
  await machine.commit(database, own.grow(3));
  await machine.settle(database.takeSnapshot());
  await machine.commit(database, own.grow(2));
  return { machine, database, own };
}

describe('a received snapshot', () => {
  it('becomes the database, durably, and the log goes on after it in a file of its own', async () => {
    const { machine, database } = await learner();
    const leader = leadersStory();
    const receive = database.receiveSnapshot(leader.lastZxid);
    const rest = receive.push(Buffer.concat([leader.wireSnapshot(), SIGNATURE]));
    assert.deepEqual(rest, SIGNATURE);
    await machine.settle(receive.finish());
    assert.deepEqual(fingerprint(database), leader.state(leader.lastZxid));
    assert.equal(database.lastLoggedZxid, leader.lastZxid);
    assert.equal(database.durableZxid, leader.lastZxid);
    assert.equal(database.committedLog.entries.length, 0);
    assert.equal(database.nextUnappliedZxid, -1);
    await machine.commit(database, leader.grow(2));
    assert.ok(machine.names().includes('snapshot.200000004'));
    assert.ok(machine.names().includes('log.200000005'));
    machine.world.powerOff('local', 'lose');
    const again = await machine.open();
    assert.deepEqual(fingerprint(again), leader.state(leader.lastZxid));
    assert.equal(again.epochs.current, 2, 'the epoch was noted before the snapshot');
  });

  it('stays, though the learner had one as of the same transaction under another name', async () => {
    const { machine, database, own } = await learner();
    await machine.settle(database.takeSnapshot());
    await machine.close(database);
    const leader = new Story(makeZxid(1, 0));
    leader.grow(5, 'of the leader');
    assert.equal(leader.lastZxid, own.lastZxid);
    const compressing = await machine.open({ snapshotCompression: 'snappy' });
    const receive = compressing.receiveSnapshot(leader.lastZxid);
    receive.push(Buffer.concat([leader.wireSnapshot(), SIGNATURE]));
    await machine.settle(receive.finish());
    await machine.close(compressing);
    const again = await machine.open({ snapshotCompression: 'snappy' });
    assert.deepEqual(fingerprint(again), leader.state(leader.lastZxid));
  });

  it('may come in pieces of any size', async () => {
    const leader = leadersStory();
    const wire = Buffer.concat([leader.wireSnapshot(), SIGNATURE]);
    const random = new SeededRandom(5);
    for (const next of [() => 1, () => 7, () => 1000, () => 1 + random.below(50)]) {
      const { machine, database } = await learner();
      const receive = database.receiveSnapshot(leader.lastZxid);
      let at = 0;
      let rest: Buffer | null = null;
      while (rest === null) {
        const end = Math.min(wire.length, at + next());
        // As from a socket: the bytes are gone after the call.
        const chunk = Buffer.from(wire.subarray(at, end));
        rest = receive.push(chunk);
        chunk.fill(0xdb);
        at = end;
      }
      assert.deepEqual(Buffer.concat([rest, wire.subarray(at)]), SIGNATURE);
      await machine.settle(receive.drained());
      assert.equal(receive.backlogBytes, 0);
      await machine.settle(receive.finish());
      assert.deepEqual(fingerprint(database), leader.state(leader.lastZxid));
      await machine.close(database);
      assert.deepEqual(fingerprint(await machine.open()), leader.state(leader.lastZxid));
    }
  });

  it('leaves everything as it was until it is finished (ZOOKEEPER-2872, 3642, 5094)', async () => {
    const leader = leadersStory();
    for (const end of ['abort', 'crash'] as const) {
      const { machine, database, own } = await learner();
      const receive = database.receiveSnapshot(leader.lastZxid);
      receive.push(leader.wireSnapshot().subarray(0, 500));
      await machine.settle(receive.drained());
      assert.throws(() => database.append(own.create('/no')), fails('BUSY'));
      assert.throws(() => database.receiveSnapshot(1), fails('BUSY'));
      if (end === 'abort') {
        await machine.settle(receive.abort());
        await machine.settle(receive.abort());
        assert.ok(!machine.names().some((name) => name.startsWith('staged')));
        assert.deepEqual(fingerprint(database), own.state(makeZxid(1, 5)));
        await machine.close(database);
      } else {
        machine.world.powerOff('local', 'tear');
      }
      assert.deepEqual(fingerprint(await machine.open()), own.state(makeZxid(1, 5)));
    }
  });

  it('is refused when it is incomplete', async () => {
    const { machine, database, own } = await learner();
    const leader = leadersStory();
    const receive = database.receiveSnapshot(leader.lastZxid);
    assert.equal(receive.push(leader.wireSnapshot().subarray(0, -1)), null);
    await assert.rejects(receive.finish(), fails('CLOSED'));
    await machine.settle(receive.abort());
    await machine.commit(database, [new Story(makeZxid(1, 5)).create('/on')]);
    assert.equal(own.lastZxid, makeZxid(1, 5));
  });

  it('is refused when it has another digest than the leader says', async () => {
    const leader = leadersStory();
    const right = { version: DIGEST_VERSION, treeDigest: leader.state(leader.lastZxid).digest };
    const { machine, database, own } = await learner();
    const receive = database.receiveSnapshot(leader.lastZxid, { ...right, treeDigest: right.treeDigest + 1n });
    receive.push(leader.wireSnapshot());
    await assert.rejects(machine.settle(receive.finish()), (error: Error) => {
      assert.match(
        error.message,
        /^The leader's snapshot of 0x200000004 has the digest \d+ where the leader says \d+$/,
      );
      return fails('SNAPSHOT_CORRUPT')(error);
    });
    assert.deepEqual(fingerprint(database), own.state(makeZxid(1, 5)));
    assert.ok(!machine.names().some((name) => name.startsWith('staged')));
    const again = database.receiveSnapshot(leader.lastZxid, right);
    again.push(leader.wireSnapshot());
    await machine.settle(again.finish());
    assert.deepEqual(fingerprint(database), leader.state(leader.lastZxid));
    assert.equal(machine.host.log.withCode('SNAPSHOT_DIGEST').length, 1);
    // A digest of another kind says nothing that could be compared.
    const { machine: other, database: older } = await learner();
    const unknown = older.receiveSnapshot(leader.lastZxid, { version: 1, treeDigest: 1n });
    unknown.push(leader.wireSnapshot());
    await other.settle(unknown.finish());
    assert.deepEqual(fingerprint(older), leader.state(leader.lastZxid));
  });

  it('is taken when it is wrong by as much as the one before, and is not trusted', async () => {
    const leader = leadersStory();
    const { machine, database } = await learner();
    const right = leader.state(leader.lastZxid).digest;
    const take = async (treeDigest: bigint): Promise<void> => {
      const receive = database.receiveSnapshot(leader.lastZxid, { version: DIGEST_VERSION, treeDigest });
      receive.push(leader.wireSnapshot());
      await machine.settle(receive.finish());
    };
    await assert.rejects(take(right + 5n), fails('SNAPSHOT_CORRUPT'));
    await assert.rejects(take(right + 6n), fails('SNAPSHOT_CORRUPT'), 'changed otherwise on its way');
    await take(right + 6n);
    assert.equal(machine.host.log.withCode('SNAPSHOT_DIGEST').length, 3);
    const file = machine.file('snapshot.200000004');
    assert.equal(file.readBigInt64BE(file.length - 21 - 33), 0n, 'sealed with no digest');
    await take(right);
    await assert.rejects(take(right + 6n), fails('SNAPSHOT_CORRUPT'), 'one was right meanwhile');
  });

  it('of no transaction may be fuzzy, too, when its leader says nothing of it', async () => {
    const machine = new Machine();
    const database = await machine.open();
    const story = new Story();
    const entries = story.grow(3);
    const receive = database.receiveSnapshot(0);
    receive.push(story.wireSnapshot());
    await machine.settle(receive.finish());
    await machine.commit(database, entries);
    assert.equal(machine.host.log.withCode('DIGEST_MISMATCH').length, 0);
  });

  it('is refused when it cannot be a tree', async () => {
    const garbage: readonly (readonly [what: string, bytes: Buffer])[] = [
      ['a negative count of sessions', Buffer.from('ffffffff0000', 'hex')],
      ['a negative count of ACLs', Buffer.from('00000000ffffff00', 'hex')],
      ['a negative path length', Buffer.from('0000000000000000ffffff00', 'hex')],
      [
        'a node before the root',
        Buffer.concat([Buffer.alloc(8), Buffer.from('\0\0\0\x02/a\0\0\0\0'), Buffer.alloc(68)]),
      ],
    ];
    for (const [what, bytes] of garbage) {
      const { machine, database } = await learner();
      const receive = database.receiveSnapshot(makeZxid(2, 1));
      assert.throws(() => receive.push(bytes), fails('SNAPSHOT_CORRUPT'), what);
      await machine.settle(receive.abort());
    }
  });

  it('that the disk cannot hold is given up, with the old state untouched', async () => {
    const leader = leadersStory();
    const { machine, database, own } = await learner();
    machine.disk.fail({ kind: 'write', code: 'NO_SPACE', path: 'staged-received' });
    const receive = database.receiveSnapshot(leader.lastZxid);
    receive.push(leader.wireSnapshot());
    await assert.rejects(machine.settle(receive.finish()), fails('IO', 'staged-received-snapshot.200000004'));
    assert.equal(database.fatalError, null);
    assert.deepEqual(fingerprint(database), own.state(makeZxid(1, 5)));
    await machine.commit(database, own.grow(1));
  });

  it('older than our own log drops what is beyond it', async () => {
    const { machine, database, own } = await learner();
    await machine.settle(database.epochs.setCurrent(2));
    await machine.settle(database.epochs.setAccepted(3));
    own.newEpoch(2);
    await machine.commit(database, own.grow(3));
    await machine.settle(database.takeSnapshot());
    await machine.commit(database, own.grow(3));
    const leader = new Story(makeZxid(1, 0));
    leader.grow(4, 'theirs');
    leader.newEpoch(2);
    leader.grow(2, 'theirs');
    const receive = database.receiveSnapshot(makeZxid(2, 2));
    receive.push(leader.wireSnapshot());
    await machine.settle(receive.finish());
    assert.deepEqual(
      machine.names().filter((name) => name.startsWith('snapshot')),
      ['snapshot.0', 'snapshot.100000003', 'snapshot.200000002'],
    );
    assert.equal(database.lastLoggedZxid, makeZxid(2, 2));
    machine.world.powerOff('local', 'lose');
    assert.deepEqual(fingerprint(await machine.open()), leader.state(makeZxid(2, 2)));
  });
});

describe('a sent snapshot', () => {
  it('is sessions and tree of one moment, whatever happens while it is sent', async () => {
    const machine = new Machine();
    const database = await machine.open();
    const story = new Story();
    await machine.commit(database, [...story.variety(), ...story.grow(300, 'd'.repeat(100))]);
    const sent = database.lastAppliedZxid;
    const send = database.beginSnapshotSend();
    assert.equal(send.zxid, sent);
    const w = new JuteWriter();
    for (let more = true, slices = 0; more; slices++) {
      const before = w.length;
      more = send.write(w, 1000);
      assert.ok(w.length - before < 1500, 'about as much as asked for');
      if (slices < 20) {
        await machine.commit(database, story.variety());
        await machine.commit(database, [story.add({ type: OpCode.delete, path: `/n${slices + 11}-${slices + 11}` })]);
      }
    }
    send.close();
    const { machine: other, database: target } = await learner();
    const receive = target.receiveSnapshot(sent);
    assert.ok(receive.push(w.take(0)) !== null);
    await other.settle(receive.finish());
    assert.deepEqual(fingerprint(target), story.state(sent));
  });

  it('names no other zxid in the file it becomes', async () => {
    const { machine, database } = await learner();
    const leader = leadersStory();
    const receive = database.receiveSnapshot(leader.lastZxid);
    receive.push(leader.wireSnapshot());
    await machine.settle(receive.finish());
    const file = machine.file('snapshot.200000004');
    assert.equal(file.readBigInt64BE(file.length - 21), BigInt(leader.lastZxid));
    assert.equal(file.readBigInt64BE(file.length - 21 - 33), 0n, 'no digest: a Java leader’s tree may be fuzzy');
    assert.equal(machine.disk.peek(`${DIR}/staged-received-snapshot.200000004`), undefined);
  });

  it('has in its file the digest that its leader says', async () => {
    const { machine, database } = await learner();
    const leader = leadersStory();
    const treeDigest = leader.state(leader.lastZxid).digest;
    const receive = database.receiveSnapshot(leader.lastZxid, { version: DIGEST_VERSION, treeDigest });
    receive.push(leader.wireSnapshot());
    await machine.settle(receive.finish());
    const file = machine.file('snapshot.200000004');
    assert.equal(file.readBigInt64BE(file.length - 21 - 33), BigInt(leader.lastZxid));
    assert.equal(file.readBigInt64BE(file.length - 21 - 21), treeDigest);
  });

  it('tells its digest when that is of its last transaction', async () => {
    const machine = new Machine();
    const database = await machine.open();
    assert.equal(database.beginSnapshotSend().digest, null, 'of nothing');
    const story = new Story();
    await machine.commit(database, story.variety());
    const { digest } = database.beginSnapshotSend();
    assert.deepEqual(digest, { version: DIGEST_VERSION, treeDigest: story.state(story.lastZxid).digest });
    const without = await new Machine().open({ digestEnabled: false });
    assert.equal(without.beginSnapshotSend().digest, null, 'digests are off');
  });
});
