// Every case of bad input against three whole servers in a simulated world, while a client writes.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { CASES } from './cases.js';
import { FakeEnsemble } from './fake-ensemble.js';
import { play } from './stage.js';

describe('bad input, simulated', () => {
  let ensemble: FakeEnsemble;

  before(async () => {
    ensemble = await FakeEnsemble.start(1);
  });

  for (const bad of CASES) {
    it(`${bad.port} port: ${bad.name}`, async () => {
      await play(bad, ensemble);
      await ensemble.assertUnharmed();
    });
  }

  it('leaves nothing behind', async () => {
    await ensemble.pause(5000);
    assert.equal(ensemble.peers.get(3)?.learners.length, 2);
    const alive = ensemble.metrics.get(3)?.gauges.get('num_alive_connections')?.();
    assert.equal(alive, 0);
    for (const sid of [1, 2, 3]) {
      const errors = ensemble
        .logOf(sid)
        .filter(({ level, code }) => level === 'fatal' || (level === 'error' && code !== 'ELECTION_OWN_ID'));
      assert.deepEqual(errors, []);
    }
  });
});
