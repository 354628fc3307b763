import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { QuorumVerifier } from '../../src/membership/index.js';
import { makeZxid } from '../../src/protocol/index.js';
import { LearnerPromises } from '../../src/zab/learner-promises.js';
import { membership } from './harness.js';

const EPOCH = 3;
const at = (counter: number): number => makeZxid(EPOCH, counter);

function promisesOf(verifier: () => QuorumVerifier): LearnerPromises {
  return new LearnerPromises(() => EPOCH, { verifier, lastSeenVerifier: () => null });
}

describe('what voters acknowledged to a leader', () => {
  const cases: readonly [
    what: string,
    acked: number,
    claim: readonly [epoch: number, zxid: number],
    told: RegExp | null,
  ][] = [
    ['is there again', at(7), [EPOCH, at(7)], null],
    ['is there with more', at(7), [EPOCH, at(9)], null],
    [
      'is gone in part',
      at(7),
      [EPOCH, at(5)],
      /^it acknowledged 0x300000007, and now its history ends at 0x300000005$/,
    ],
    ['is there but for the epoch', at(7), [2, at(7)], /^it promised epoch 3, and now says that it accepted 2$/],
    ['is gone', at(7), [0, 0], /acknowledged 0x300000007.* ends at 0x0; it promised epoch 3, .* accepted 0$/],
  ];
  for (const [what, acked, [acceptedEpoch, lastZxid], told] of cases) {
    it(`${told === null ? 'breaks nothing' : 'is broken'} when it ${what}`, () => {
      const promises = promisesOf(() => membership([1, 2, 3]));
      promises.acknowledged(2, acked - 1);
      promises.acknowledged(2, acked);
      const broken = promises.broken(2, { acceptedEpoch, lastZxid });
      if (told === null) assert.equal(broken, null);
      else assert.match(broken ?? '', told);
      assert.equal(promises.broken(2, { acceptedEpoch, lastZxid }), null, 'it is told once');
    });
  }

  it('is kept of voters alone, and forgotten when the configuration changes', () => {
    let verifier = membership([1, 2, 3], [4]);
    const promises = promisesOf(() => verifier);
    const nothing = { acceptedEpoch: 0, lastZxid: 0 };
    for (const sid of [4, 9]) {
      promises.acknowledged(sid, at(7));
      assert.equal(promises.broken(sid, nothing), null);
    }
    promises.acknowledged(2, at(7));
    verifier = verifier.withVersion(at(8));
    assert.equal(promises.broken(2, nothing), null);
  });
});
