import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type {
  Broadcast,
  FollowerPipeline,
  LeaderLink,
  LeaderPipeline,
  TransactionLog,
} from '../../src/pipeline/index.js';
import type { Database } from '../../src/storage/index.js';
import type * as zab from '../../src/zab/index.js';

/** `Given` can stand where `Wanted` is asked for: compiles or not. */
type Fits<Given extends Wanted, Wanted> = [Given, Wanted] extends [never, never] ? never : true;

describe('the pipelines fit their neighbours', () => {
  it('in the eyes of the compiler', () => {
    const leader: Fits<LeaderPipeline, zab.LeaderServer> = true;
    const learner: Fits<FollowerPipeline, zab.LearnerServer> = true;
    const broadcast: Fits<zab.Broadcast, Broadcast> = true;
    const link: Fits<zab.LeaderLink, LeaderLink> = true;
    const store: Fits<Database, TransactionLog> = true;
    assert.deepEqual([leader, learner, broadcast, link, store], [true, true, true, true, true]);
  });
});
