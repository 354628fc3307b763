import assert from 'node:assert/strict';
import { JuteWriter } from '../../src/jute/index.js';
import type { CreateTxn, Txn } from '../../src/protocol/index.js';
import { OpCode, OPEN_ACL_UNSAFE } from '../../src/protocol/index.js';
import type { DataTree, TreeSnapshot } from '../../src/tree/index.js';
import * as mutants from '../sim/mutants/known-bugs/snapshots.js';
import { fingerprint, Machine, Story } from '../storage/support.js';
import { Driver, load, START_MS } from '../tree/support.js';
import type { KnownBug } from './known-bug.js';

const ALONE = { keepEpochs: false };
const SESSION = 0x7n;

function create(path: string, parentCVersion: number, ephemeral = false): CreateTxn {
  return { type: OpCode.create, path, data: null, acl: OPEN_ACL_UNSAFE, ephemeral, parentCVersion };
}

/** What a node is, by its own words. */
function nodeText(tree: DataTree, path: string): string {
  const row = tree.find(path);
  if (row < 0) return `${path}: none`;
  const text = { ...tree.stat(row), acl: tree.acl(row), children: [...tree.children(row)].sort() };
  return `${path}: ${JSON.stringify(text, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`;
}

interface Fuzzy {
  readonly before: readonly Txn[];
  /** The snapshot is written up to this node when `during` happens; the rest of it is written behind. */
  readonly until: string;
  readonly during: readonly Txn[];
}

/** Writes on until the bytes hold `text`. */
function writeUntil(snapshot: TreeSnapshot, w: JuteWriter, text: string): void {
  while (!w.view().includes(text)) assert.ok(snapshot.write(w, 1), `${text} is in the snapshot`);
}

/**
 * A snapshot as Java takes it, while transactions go on, and the log of these: replayed over it they lead to the tree that
 * they led to at first, and never back from what was there.
 */
function replayOverFuzzy({ before, until, during }: Fuzzy): Promise<void> {
  const driver = new Driver(undefined, SESSION);
  for (const txn of before) driver.run(txn);
  const { tree: live, zxid: snapshotZxid } = driver;
  const bringBack = mutants.FUZZY_SNAPSHOTS.install();
  const w = new JuteWriter();
  try {
    const snapshot = live.beginSnapshot();
    writeUntil(snapshot, w, until);
    for (const txn of during) driver.run(txn);
    while (snapshot.write(w, 1 << 20));
    snapshot.close();
  } finally {
    bringBack();
  }
  const tree = load(w.copy());
  tree.lastProcessedZxid = snapshotZxid;
  let newest = tree.pzxid(tree.find('/p'));
  for (const [at, txn] of during.entries()) {
    const zxid = snapshotZxid + 1 + at;
    tree.apply({ clientId: SESSION, cxid: zxid, zxid, time: START_MS + zxid, type: txn.type }, txn, null);
    const pzxid = tree.pzxid(tree.find('/p'));
    assert.ok(pzxid >= newest, `the pzxid of /p went back from ${newest} to ${pzxid}`);
    newest = pzxid;
  }
  for (const path of ['/', '/p', '/p/a', '/p/b', '/q']) assert.equal(nodeText(tree, path), nodeText(live, path));
  return Promise.resolve();
}

/** An image is sent while transactions go on; its receiver loses power before any of these comes. */
async function imageOfOneMoment(): Promise<void> {
  const leader = new Machine();
  const database = await leader.open();
  const story = new Story();
  await leader.commit(database, story.grow(300, 'd'.repeat(100)));
  const sent = database.beginSnapshotSend();
  const w = new JuteWriter();
  sent.write(w, 1000);
  for (const n of [200, 250, 299]) {
    await leader.commit(database, [story.add({ type: OpCode.delete, path: `/n${n}-${n}` })]);
  }
  while (sent.write(w, 1000));
  sent.close();
  const learner = new Machine();
  const received = await learner.open();
  const receive = received.receiveSnapshot(sent.zxid);
  assert.ok(receive.push(w.take(0)) !== null);
  await learner.settle(receive.finish());
  learner.world.powerOff(learner.name, 'lose');
  const found = fingerprint(await learner.open());
  assert.deepEqual(found, story.state(300), 'the image is the state of its zxid');
}

/** A snapshot begins right behind a createSession. */
async function sessionInSnapshot(): Promise<void> {
  const machine = new Machine();
  const database = await machine.open(ALONE);
  const story = new Story();
  await machine.commit(database, story.grow(3));
  database.append(story.add({ type: OpCode.createSession, timeoutMs: 4000 }, SESSION));
  await machine.settle(database.flush());
  database.applyNext();
  await machine.settle(database.takeSnapshot());
  machine.world.powerOff(machine.name, 'lose');
  const again = await machine.open(ALONE);
  assert.deepEqual(fingerprint(again), story.state(4), 'the session is known after a restart');
}

/** A watch is told of one part of a multi, and a snapshot begins at that moment. */
function snapshotAmidMulti(): Promise<void> {
  const driver = new Driver();
  driver.run(create('/p', 1));
  const seen: TreeSnapshot[] = [];
  const watcher = { process: () => void seen.push(driver.tree.beginSnapshot()) };
  driver.tree.addDataWatch('/p/a', watcher);
  driver.run({ type: OpCode.multi, txns: [create('/p/a', 1), create('/p/b', 2)] });
  const [snapshot] = seen;
  assert.ok(snapshot !== undefined);
  assert.equal(snapshot.zxid, 1, 'the zxid of a snapshot that has half of a multi');
  snapshot.close();
  return Promise.resolve();
}

/** Snapshots that are taken while transactions go on: ours are of one moment, and Java's are replayed to the right end. */
export const SNAPSHOT_BUGS: readonly KnownBug[] = [
  {
    bug: 'ZOOKEEPER-3104',
    name: 'an image is whole by itself: who crashes right behind NEWLEADER has the state of its zxid',
    history: imageOfOneMoment,
    mutants: [{ mutant: mutants.FUZZY_SNAPSHOTS, shows: /the image is the state of its zxid/ }],
  },
  {
    bug: 'ZOOKEEPER-3125',
    name: 'the pzxid is right after a delete whose node a snapshot has no more',
    history: () =>
      replayOverFuzzy({
        before: [create('/p', 1), create('/p/a', 1)],
        until: '/p',
        during: [{ type: OpCode.delete, path: '/p/a' }],
      }),
    mutants: [{ mutant: mutants.PZXID_OF_THE_MISSING, shows: /\/p: / }],
  },
  {
    bug: 'ZOOKEEPER-3127',
    name: 'a snapshot with a part of a multi does not count as having it',
    history: snapshotAmidMulti,
    mutants: [{ mutant: mutants.ZXID_BEFORE_ITS_PARTS, shows: /half of a multi/ }],
  },
  {
    bug: 'ZOOKEEPER-3144',
    name: 'a snapshot has the sessions of its zxid',
    history: sessionInSnapshot,
    mutants: [{ mutant: mutants.SESSIONS_LATER, shows: /the session is known after a restart/ }],
  },
  {
    bug: 'ZOOKEEPER-3145',
    name: 'the pzxid is right after a closeSession whose nodes a snapshot has no more',
    history: () =>
      replayOverFuzzy({
        before: [create('/p', 1), create('/p/a', 1, true)],
        until: '/p',
        during: [{ type: OpCode.closeSession, paths: ['/p/a'] }],
      }),
    mutants: [{ mutant: mutants.UNLISTED_PATHS_ONLY, shows: /\/p: / }],
  },
  {
    bug: 'ZOOKEEPER-3249',
    name: 'replay does not turn cversion and pzxid back',
    history: () =>
      replayOverFuzzy({
        before: [create('/p', 1)],
        until: '/zookeeper',
        during: [create('/p/a', 1), create('/p/b', 2)],
      }),
    mutants: [{ mutant: mutants.CVERSION_REVERTED, shows: /the pzxid of \/p went back/ }],
  },
  {
    bug: 'ZOOKEEPER-4846',
    name: 'a snapshot with a node whose ACL was made while it was written can be loaded',
    history: () =>
      replayOverFuzzy({
        before: [create('/p', 1), create('/q', 2)],
        until: '/p',
        during: [
          { type: OpCode.setACL, path: '/q', acl: [{ perms: 3, id: { scheme: 'world', id: 'anyone' } }], version: 1 },
        ],
      }),
    mutants: [{ mutant: mutants.UNKNOWN_ACL_REFUSED, shows: /no ACL list has the number/ }],
  },
];
