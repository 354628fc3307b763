// Power failures by chance under load: large groups, torn in every way that sectors allow, life after life.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { World } from '../fakes/index.js';
import { fingerprint, Machine, Story } from './support.js';

const LIVES = 6;
const SEEDS = 12;

async function liveAndDie(seed: number): Promise<{ torn: number }> {
  const machine = new Machine(new World(`load ${seed}`));
  const random = machine.world.random.fork('load');
  let story = new Story();
  let torn = 0;
  for (let life = 0; life < LIVES; life++) {
    const database = await machine.open({ keepEpochs: false, snapCount: 60, preAllocBytes: 1 << random.below(16) });
    const found = database.lastAppliedZxid;
    assert.deepEqual(fingerprint(database), story.state(found), `seed ${seed}, life ${life}`);
    torn += machine.host.log.withCode('LOG_TORN_END').length;
    story = Story.after(story, found);
    let promised = found;
    database.onDurable = (zxid) => {
      promised = zxid;
      while (database.nextUnappliedZxid !== -1 && database.nextUnappliedZxid <= zxid) database.applyNext();
    };
    const rounds = 1 + random.below(25);
    for (let round = 0; round < rounds; round++) {
      for (let count = random.below(30); count > 0; count--) {
        database.append(story.create(`/n${story.lastZxid}`, 'd'.repeat(random.below(900))));
      }
      await machine.world.run(random.fraction() * 0.6);
    }
    machine.world.powerOff('local', 'tear');
    const again = await machine.open({ keepEpochs: false });
    const { lastAppliedZxid } = again;
    assert.ok(lastAppliedZxid >= promised, `seed ${seed}, life ${life}: ${lastAppliedZxid} of ${promised}`);
    machine.world.powerOff('local', 'tear');
  }
  return { torn };
}

describe('power failures under load', () => {
  it(`lose nothing that was promised, in ${SEEDS * LIVES} lives`, async () => {
    let torn = 0;
    for (let seed = 0; seed < SEEDS; seed++) torn += (await liveAndDie(seed)).torn;
    assert.ok(torn > 5, `${torn} torn ends were met`);
  });
});
