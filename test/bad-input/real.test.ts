// The same cases on real sockets against three real servers, all at once, while a client writes.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CASES } from './cases.js';
import { RealEnsemble } from './real-ensemble.js';
import { play } from './stage.js';

describe('bad input, real', () => {
  let real: RealEnsemble;

  before(async () => {
    real = await RealEnsemble.start();
  });
  after(() => real.stop());

  it(`${CASES.length} cases at once harm nobody else`, async () => {
    const results = await Promise.allSettled(CASES.map((bad) => play(bad, real)));
    const failed = results.flatMap((result, at) =>
      result.status === 'rejected' ? [`${CASES[at]?.port} port: ${CASES[at]?.name}: ${String(result.reason)}`] : [],
    );
    assert.deepEqual(failed, []);
    await real.assertUnharmed();
  });
});
