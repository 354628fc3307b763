// A mixed ensemble whose members die and come back at random under load, some as the other kind on the same data: nothing
// acknowledged is lost, and in the end all show the same tree.
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { assertNothingLost, progress } from '../ensemble/nothing-lost.js';
import { RecordingWriter } from '../ensemble/recording-writer.js';
import { chooser } from '../support/chooser.js';
import { WireClient } from '../support/wire-client.js';
import { Churn } from './churn.js';
import { MixedEnsemble, otherKind } from './mixed-ensemble.js';

const DURATION_MS = (process.env['ZK_TEST_LONG'] === undefined ? 40 : 600) * 1000;
const SEED = Number(process.env['MIXED_SEED'] ?? Date.now() % 1_000_000);

describe(`a mixed ensemble under restarts (MIXED_SEED=${SEED})`, { timeout: 3 * DURATION_MS + 120_000 }, () => {
  const choose = chooser(SEED);
  const folders = ['/writer-0', '/writer-1', '/writer-2'];
  let mixed: MixedEnsemble;

  before(async () => {
    mixed = await MixedEnsemble.create(['zk-server', 'Apache ZooKeeper', 'zk-server'], { config: { snapCount: 500 } });
    await mixed.start();
    const client = await WireClient.connect(mixed.member(1).clientPort);
    for (const folder of [...folders, '/churn']) await client.create(folder);
    await client.close();
  });
  after(() => mixed.remove());

  it('loses nothing, and all servers show the same tree', async (t) => {
    const writers = folders.map((folder, i) => new RecordingWriter(folder, mixed.members, i, { depth: 2, pauseMs: 5 }));
    const churn = new Churn('/churn', mixed.members, chooser(SEED + 1));
    const end = performance.now() + DURATION_MS;
    let restarts = 0;
    try {
      for (; performance.now() < end; restarts++) {
        await progress(writers, 3);
        await delay(choose(300));
        const victim = mixed.member(1 + choose(mixed.members.length));
        if (choose(3) > 0) await victim.kill();
        else await victim.stop();
        await delay(choose(500));
        if (choose(3) === 0) mixed.become(victim.sid, otherKind(mixed.kind(victim.sid)));
        await mixed.restart(victim.sid);
      }
    } finally {
      await Promise.all([churn.stop(), ...writers.map((writer) => writer.stop())]);
    }
    t.diagnostic(`${restarts} restarts, ${writers.reduce((sum, one) => sum + one.acknowledged.length, 0)} writes`);
    await assertNothingLost(mixed.ensemble, writers);
    await mixed.sameTrees();
    await mixed.sameDigests();
  });
});
