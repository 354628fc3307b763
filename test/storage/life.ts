import assert from 'node:assert/strict';
import type { TxnEntry } from '../../src/protocol/index.js';
import { makeZxid, zxidEpoch } from '../../src/protocol/index.js';
import { Database } from '../../src/storage/index.js';
import type { Fingerprint, Machine } from './support.js';
import { fingerprint, Story, TEST_OPTIONS } from './support.js';

export const OPTIONS = { snapCount: 12, preAllocBytes: 700 };

export type CrashMode = 'lose' | 'tear' | 'keep';

/** What a start may find, kept up to date by the one who writes. */
export class Ledger {
  /** The history as it was appended; everything from `durable` on may be the newest. */
  private history: Fingerprint[] = [];
  private durable = 0;
  /** States that a change under way may leave behind. */
  private others: Fingerprint[] = [];
  current: readonly number[] = [0];
  accepted: readonly number[] = [0];

  begin(state: Fingerprint): void {
    this.history = [state];
    this.durable = 0;
    this.others = [];
  }

  appended(state: Fingerprint): void {
    this.history.push(state);
  }

  durableAt(zxid: number): void {
    this.durable = this.history.findIndex((state) => state.zxid === zxid);
  }

  /** Cutting back to `zxid` begins: any state from there on may be left. */
  truncating(zxid: number): void {
    this.durable = this.history.findLastIndex((state) => state.zxid <= zxid);
  }

  truncated(): void {
    this.history = this.history.slice(0, this.durable + 1);
  }

  /** A leader's state may take the place of all; the own log beyond it goes first. */
  receiving(state: Fingerprint): void {
    const kept = this.history.findLastIndex((one) => one.zxid <= state.zxid);
    // A snapshot that the history began with may be all that is left of it.
    if (kept < this.history.length - 1) this.durable = Math.max(0, kept);
    this.others = [state];
  }

  check(found: Fingerprint, current: number, accepted: number): void {
    const legal = [...this.history.slice(this.durable), ...this.others];
    assert.ok(
      legal.some((state) => show(state) === show(found)),
      `found ${show(found)}, but only these may be:\n${legal.map(show).join('\n')}`,
    );
    // A log that is ahead of currentEpoch says the epoch itself.
    const currents = this.current.map((epoch) => Math.max(epoch, zxidEpoch(found.zxid)));
    assert.ok(
      [...this.current, ...currents].includes(current),
      `current epoch ${current} of ${this.current.join(' or ')}`,
    );
    assert.ok(current >= zxidEpoch(found.zxid));
    assert.ok(this.accepted.includes(accepted), `accepted epoch ${accepted} of ${this.accepted.join(' or ')}`);
  }
}

function show({ zxid, digest, sessions }: Fingerprint): string {
  return `${zxid.toString(16)} ${digest} ${sessions}`;
}

/** Everything a server does to its disk, in one short life. */
export async function live(machine: Machine, ledger: Ledger): Promise<void> {
  const story = new Story(makeZxid(0, 0));
  ledger.begin(story.state(0));
  const database = await openWith(machine, ledger);
  const { epochs } = database;

  // A follower of epoch 1: a first history, group commits, a roll with its snapshot.
  await accept(database, ledger, 1);
  story.newEpoch(1);
  await commit(database, ledger, story, story.variety());
  await setCurrent(database, ledger, 1);
  for (let round = 0; round < 4; round++) await commit(database, ledger, story, story.grow(4));

  // A leader of epoch 2 cuts three transactions off and adds its own.
  await accept(database, ledger, 2);
  const cutTo = story.lastZxid - 3;
  ledger.truncating(cutTo);
  await database.truncate(cutTo);
  ledger.truncated();
  const second = Story.after(story, cutTo);
  second.newEpoch(2);
  await commit(database, ledger, second, second.grow(2));
  await setCurrent(database, ledger, 2);
  await Promise.all([database.takeSnapshot(), commit(database, ledger, second, second.grow(5, 'd'.repeat(300)))]);

  // A leader of epoch 3 sends everything, once from its start, once in the middle of its epoch.
  await accept(database, ledger, 3);
  const third = new Story(makeZxid(2, 0));
  third.grow(20, 'third');
  third.newEpoch(3);
  await receive(database, ledger, third, makeZxid(3, 0));
  await commit(database, ledger, third, third.grow(2));
  await setCurrent(database, ledger, 3);
  third.grow(6);
  await receive(database, ledger, third, third.lastZxid);
  await database.purge(3);
  await commit(database, ledger, third, third.grow(3));

  // Another one of epoch 4, whose history is shorter than ours.
  await accept(database, ledger, 4);
  const fourth = new Story(makeZxid(2, 0));
  fourth.grow(8, 'fourth');
  fourth.newEpoch(3);
  fourth.grow(4);
  await receive(database, ledger, fourth, fourth.lastZxid);
  fourth.newEpoch(4);
  await commit(database, ledger, fourth, fourth.grow(2));
  await setCurrent(database, ledger, 4);
  assert.deepEqual([epochs.current, epochs.accepted], [4, 4]);
  await database.close();
}

export async function openWith(machine: Machine, ledger: Ledger): Promise<Database> {
  const database = await Database.open(machine.host, machine.metrics, { ...TEST_OPTIONS, ...OPTIONS });
  database.onDurable = (zxid) => ledger.durableAt(zxid);
  return database;
}

async function commit(database: Database, ledger: Ledger, story: Story, entries: readonly TxnEntry[]): Promise<void> {
  for (const entry of entries) {
    ledger.appended(story.state(entry.header.zxid));
    database.append(entry);
  }
  await database.settle();
}

async function accept(database: Database, ledger: Ledger, epoch: number): Promise<void> {
  ledger.accepted = [...ledger.accepted, epoch];
  await database.epochs.setAccepted(epoch);
  ledger.accepted = [epoch];
}

async function setCurrent(database: Database, ledger: Ledger, epoch: number): Promise<void> {
  ledger.current = [...ledger.current, epoch];
  await database.epochs.setCurrent(epoch);
  ledger.current = [epoch];
}

async function receive(database: Database, ledger: Ledger, story: Story, zxid: number): Promise<void> {
  ledger.receiving(story.state(zxid));
  const receiving = database.receiveSnapshot(zxid);
  receiving.push(story.wireSnapshot());
  await receiving.finish();
  ledger.begin(story.state(zxid));
}

export function end(machine: Machine, mode: CrashMode): void {
  if (mode === 'keep') machine.world.kill(machine.name);
  else machine.world.powerOff(machine.name, mode);
}

/** Starts again, checks, goes on a little, and starts once more. */
export async function checkAfter(how: object, machine: Machine, ledger: Ledger): Promise<void> {
  const note = `replay with ${JSON.stringify(how)}`;
  try {
    const database = await machine.open(OPTIONS);
    const found = fingerprint(database);
    ledger.check(found, database.epochs.current, database.epochs.accepted);
    assert.equal(database.lastLoggedZxid, found.zxid);
    assert.equal(machine.metrics.counter('digest_mismatches_count').value, 0);
    end(machine, 'lose');
    const again = await machine.open(OPTIONS);
    assert.deepEqual(fingerprint(again), found, 'what was recovered once is durable');
    const more = new Story(found.zxid);
    await machine.commit(again, more.grow(2));
    await machine.settle(again.takeSnapshot());
    end(machine, 'lose');
    const third = await machine.open(OPTIONS);
    assert.equal(third.lastAppliedZxid, found.zxid + 2);
  } catch (error) {
    throw new Error(`${note}; files: ${machine.names().join(' ')}`, { cause: error });
  }
}
