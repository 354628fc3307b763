// No acknowledged write is lost: three real servers, kill -9 of leader or follower at random under load, and of all three.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Member } from '../support/ensemble.js';
import { Ensemble } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { WireClient } from '../support/wire-client.js';
import { RecordingWriter } from './recording-writer.js';

const KILLS = 20;
const KILLS_OF_ALL = 3;
const SEED = Number(process.env['DURABILITY_SEED'] ?? Date.now() % 1_000_000);

/** A small generator, so that a failing run's choices can be repeated. */
function chooser(seed: number): (bound: number) => number {
  let state = seed >>> 0 || 1;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

/** Waits until every writer got at least `more` further acknowledgements: the load is on. */
async function progress(writers: readonly RecordingWriter[], more: number): Promise<void> {
  const wanted = writers.map((writer) => writer.acknowledged.length + more);
  await eventually(`${more} more writes by each writer`, 60_000, () =>
    Promise.resolve(writers.every((writer, i) => writer.acknowledged.length >= (wanted[i] ?? 0))),
  );
}

/** The zxid that created each child of `folder`, as this server tells it after a sync. */
async function createdBy(member: Member, folder: string): Promise<Map<string, number>> {
  const client = await WireClient.connect(member.clientPort);
  await client.sync(folder);
  const names = await client.getChildren(folder);
  const found = new Map<string, number>();
  for (let from = 0; from < names.length; from += 500) {
    const slice = names.slice(from, from + 500);
    const stats = await Promise.all(slice.map((name) => client.exists(`${folder}/${name}`)));
    slice.forEach((name, i) => found.set(name, stats[i]?.czxid ?? -1));
  }
  await client.close();
  return found;
}

async function assertNothingLost(ensemble: Ensemble, writers: readonly RecordingWriter[]): Promise<void> {
  for (const writer of writers) {
    const views = await Promise.all(ensemble.members.map((member) => createdBy(member, writer.folder)));
    const [first] = views;
    assert.ok(first);
    for (const view of views) {
      assert.deepEqual([...view].sort(), [...first].sort(), `every server shows the same ${writer.folder}`);
    }
    let last = -1;
    for (const number of writer.acknowledged.toSorted((a, b) => a - b)) {
      const zxid = first.get(writer.nodeOf(number));
      assert.ok(zxid !== undefined, `acknowledged ${writer.folder}/${writer.nodeOf(number)} is there`);
      assert.ok(zxid > last, `${writer.folder}/${writer.nodeOf(number)} was created in order`);
      last = zxid;
    }
  }
}

describe(`durability under kill -9 (DURABILITY_SEED=${SEED})`, () => {
  const choose = chooser(SEED);
  let ensemble: Ensemble;
  let writers: RecordingWriter[];

  before(async () => {
    ensemble = await Ensemble.create({ config: { tickTime: 300, snapCount: 2000 } });
    await ensemble.start();
    const folders = Array.from({ length: 6 }, (_, i) => `/writer-${i}`);
    const client = await WireClient.connect((await ensemble.leader()).clientPort);
    for (const folder of folders) await client.create(folder);
    await client.close();
    writers = folders.map((folder, i) => new RecordingWriter(folder, ensemble.members, i));
  });
  after(async () => {
    await Promise.all(writers.map((writer) => writer.stop()));
    await ensemble.remove();
  });

  it(`finds every acknowledged write after ${KILLS} kills of leader or follower`, { timeout: 600_000 }, async () => {
    for (let kill = 0; kill < KILLS; kill++) {
      await progress(writers, 5);
      await delay(choose(300));
      const leader = await ensemble.leader();
      const followers = await ensemble.followers();
      const victim = choose(2) === 0 ? leader : (followers[choose(followers.length)] ?? leader);
      await victim.kill();
      await delay(choose(200));
      await victim.start();
      await victim.serving();
    }
    await Promise.all(writers.map((writer) => writer.stop()));
    await assertNothingLost(ensemble, writers);
  });

  it(
    `finds every acknowledged write after all three were killed at once, ${KILLS_OF_ALL} times`,
    { timeout: 300_000 },
    async () => {
      const folders = Array.from({ length: 6 }, (_, i) => `/all-${i}`);
      const client = await WireClient.connect((await ensemble.leader()).clientPort);
      for (const folder of folders) await client.create(folder);
      await client.close();
      writers = folders.map((folder, i) => new RecordingWriter(folder, ensemble.members, i));
      for (let kill = 0; kill < KILLS_OF_ALL; kill++) {
        await progress(writers, 50);
        await delay(choose(300));
        await Promise.all(ensemble.members.map((member) => member.kill()));
        for (const member of ensemble.members) await member.start();
        await Promise.all(ensemble.members.map((member) => member.serving()));
      }
      await Promise.all(writers.map((writer) => writer.stop()));
      await assertNothingLost(ensemble, writers);
    },
  );
});
