import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PhaseTrace } from '../../src/zab/index.js';
import { FakeClock, World } from '../fakes/index.js';
import { membership, ZabServer } from './harness.js';

describe('the trace of phases', () => {
  it('tells how a server came to lead and another to follow, with durations', async () => {
    const world = new World(1);
    const verifier = membership([1, 2]);
    const leader = await world.settle(ZabServer.boot(world, 1, verifier));
    const follower = await world.settle(ZabServer.boot(world, 2, verifier));
    leader.lead().catch((error: unknown) => assert.fail(String(error)));
    follower.follow(1).catch((error: unknown) => assert.fail(String(error)));
    await world.until(() => leader.isServing && follower.isServing);
    await world.run(1000);
    await world.settle(leader.stop('the test ends'));
    await world.until(() => follower.lastEnd !== null);
    const told = (server: ZabServer) =>
      server.trace.records.map(({ role, phase, epoch, note }) => `${role} ${phase} ${String(epoch)} ${note}`.trim());
    assert.deepEqual(told(leader), [
      'leading discovery null',
      'leading synchronization 1',
      'leading broadcast 1 the test ends',
    ]);
    assert.deepEqual(told(follower).slice(0, 2), [
      'following discovery null',
      'following synchronization 1 DIFF 0x0 at 0x0',
    ]);
    for (const { durationMs } of [...leader.trace.records, ...follower.trace.records])
      assert.ok((durationMs ?? -1) > 0);
    assert.ok((leader.trace.records[2]?.durationMs ?? 0) >= 1000);
  });

  it('is bounded', () => {
    const trace = new PhaseTrace(new FakeClock());
    for (let n = 0; n < 1000; n++) trace.begin('leading', 'discovery', n);
    assert.equal(trace.records.length, 128);
    assert.equal(trace.records.at(-1)?.epoch, 999);
  });
});
