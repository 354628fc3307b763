// Java servers and ours in one ensemble that changes: one joins, one leaves, the leader leaves; each kind leads.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GrowingEnsemble } from './growing-ensemble.js';

const MIXES = [
  { name: 'Apache ZooKeeper leads', java: [2, 3], leader: 3, joins: [4, 5] },
  { name: 'zk-server leads', java: [1, 2, 4], leader: 3, joins: [4, 5] },
] as const;

function idsOf(config: string | undefined): string {
  return [...(config ?? '').matchAll(/^server\.(\d+)=/gm)].map(([, sid]) => sid).join(' ');
}

function versionOf(config: string | undefined): string {
  return /^version=(.*)$/m.exec(config ?? '')?.[1] ?? '';
}

describe('a mixed ensemble that is reconfigured', () => {
  for (const { name, java, leader, joins } of MIXES) {
    it(name, { timeout: 240_000 }, async () => {
      const ensemble = await GrowingEnsemble.create(5, {}, java);
      try {
        // Server 3 is there from the beginning and has the largest id of the first quorum.
        for (const sid of [2, 3]) await ensemble.start(sid, [1, 2, 3]);
        for (const sid of [2, 3]) await ensemble.member(sid).serving(60_000);
        await ensemble.start(1, [1, 2, 3]);
        await ensemble.member(1).serving(60_000);
        assert.equal(await ensemble.leader([1, 2, 3]), leader);
        const present = [1, 2, 3];
        for (const sid of joins) {
          await ensemble.join(sid, present);
          present.push(sid);
          const answer = await ensemble.reconfig(1, { joining: ensemble.line(sid) });
          assert.equal(idsOf(answer.config), present.join(' '), answer.error);
        }
        const all = await ensemble.config(1);
        for (const sid of present) {
          assert.equal(versionOf((await ensemble.config(sid)).config), versionOf(all.config), `server ${sid}`);
        }
        assert.equal((await ensemble.reconfig(1, { leaving: '1' })).error ?? '', '');
        // Where the leader goes, a Java follower closes its clients' connections before it answers.
        const { error } = await ensemble.reconfig(2, { leaving: String(leader) });
        assert.ok(error === undefined || error === 'ConnectionLoss', error);
        const rest = present.filter((sid) => sid !== 1 && sid !== leader);
        const next = await ensemble.leader(rest);
        assert.equal((await ensemble.write('/after', ...rest)).ok, '/after');
        for (const sid of [1, leader]) await ensemble.member(sid).kill();
        for (const sid of rest) await ensemble.becomes(sid, sid === next ? 'leader' : 'follower');
        assert.equal(idsOf((await ensemble.config(next)).config), rest.join(' '));
      } finally {
        await ensemble.remove();
      }
    });
  }
});
