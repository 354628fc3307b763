// Hierarchical groups, and a server whose vote weighs nothing, in ensembles of both kinds: other servers than a majority are a
// quorum, and three of four may be none.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { writesThrough } from '../support/writes-through.js';
import { type Kind, MixedEnsemble } from './mixed-ensemble.js';

const LIMIT_MS = 60_000;
/** Server 2 weighs nothing, so that server 1 alone is a majority of its group; two groups of three decide. */
const GROUPS = { 'group.1': '1:2', 'group.2': '3', 'group.3': '4', 'weight.2': 0 };

const MIXES: readonly (readonly [leader: Kind, kinds: readonly Kind[]])[] = [
  ['zk-server', ['zk-server', 'zk-server', 'Apache ZooKeeper', 'zk-server']],
  ['Apache ZooKeeper', ['zk-server', 'zk-server', 'zk-server', 'Apache ZooKeeper']],
];

for (const [kind, kinds] of MIXES) {
  describe(`groups and weights, led by ${kind}`, { timeout: 240_000 }, () => {
    it('two of four go on, and three of four stand still when one of them weighs nothing', async () => {
      const mixed = await MixedEnsemble.create(kinds, { config: { ...GROUPS, initLimit: 20, syncLimit: 10 } });
      try {
        await mixed.start();
        const [first, weightless, third, leader] = mixed.members;
        assert.ok(first && weightless && third && leader);
        assert.equal((await mixed.ensemble.leader()).sid, leader.sid);
        for (const member of mixed.members) await writesThrough(member, `/by-${member.sid}`, LIMIT_MS);
        await Promise.all([first.kill(), weightless.kill()]);
        await writesThrough(third, '/two-of-four', LIMIT_MS);
        assert.equal(await leader.mode(), 'leader');
        await mixed.restart(weightless.sid);
        await leader.kill();
        await eventually('nobody serves', LIMIT_MS, async () =>
          (await Promise.all([weightless.mode(), third.mode()])).every((mode) => mode === ''),
        );
        await mixed.restart(first.sid);
        await Promise.all([weightless.serving(LIMIT_MS), third.serving(LIMIT_MS)]);
        assert.equal(await weightless.mode(), 'follower', 'who weighs nothing leads nobody');
        await writesThrough(weightless, '/three-of-four', LIMIT_MS);
        await mixed.restart(leader.sid);
        await mixed.sameTrees();
        await mixed.sameDigests();
        await mixed.noQuarrels();
      } finally {
        await mixed.remove();
      }
    });
  });
}
