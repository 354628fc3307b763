// No acknowledged write is lost: three real servers, kill -9 of leader or follower at random under load, and of all three.
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { atServer, createOnce } from '../support/at-server.js';
import { chooser } from '../support/chooser.js';
import { Ensemble } from '../support/ensemble.js';
import { assertNothingLost, progress } from './nothing-lost.js';
import { RecordingWriter } from './recording-writer.js';

const KILLS = 20;
const KILLS_OF_ALL = 3;
const SEED = Number(process.env['DURABILITY_SEED'] ?? Date.now() % 1_000_000);

async function makeFolders(ensemble: Ensemble, folders: readonly string[]): Promise<void> {
  await atServer(await ensemble.leader(), async (client, isAgain) => {
    for (const folder of folders) await createOnce(client, isAgain, folder);
  });
}

describe(`durability under kill -9 (DURABILITY_SEED=${SEED})`, () => {
  const choose = chooser(SEED);
  let ensemble: Ensemble;
  const writers: RecordingWriter[] = [];

  before(async () => {
    ensemble = await Ensemble.create({ config: { tickTime: 300, snapCount: 2000 } });
    await ensemble.start();
    const folders = Array.from({ length: 6 }, (_, i) => `/writer-${i}`);
    await makeFolders(ensemble, folders);
    writers.push(...folders.map((folder, i) => new RecordingWriter(folder, ensemble.members, i)));
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
      await makeFolders(ensemble, folders);
      const latest = folders.map((folder, i) => new RecordingWriter(folder, ensemble.members, i));
      writers.push(...latest);
      for (let kill = 0; kill < KILLS_OF_ALL; kill++) {
        await progress(latest, 50);
        await delay(choose(300));
        await Promise.all(ensemble.members.map((member) => member.kill()));
        for (const member of ensemble.members) await member.start();
        await Promise.all(ensemble.members.map((member) => member.serving()));
      }
      await Promise.all(latest.map((writer) => writer.stop()));
      await assertNothingLost(ensemble, latest);
    },
  );
});
