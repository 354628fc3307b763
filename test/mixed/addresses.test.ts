// Several addresses a server, in ensembles of both kinds: servers tell each other theirs, and find each other by them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { writesThrough } from '../support/writes-through.js';
import { type Kind, MixedEnsemble } from './mixed-ensemble.js';

const LIMIT_MS = 60_000;
const MIXES: readonly (readonly [leader: Kind, kinds: readonly Kind[]])[] = [
  ['zk-server', ['zk-server', 'Apache ZooKeeper', 'zk-server']],
  ['Apache ZooKeeper', ['zk-server', 'zk-server', 'Apache ZooKeeper']],
];

for (const [kind, kinds] of MIXES) {
  describe(`servers with two addresses each, led by ${kind}`, { timeout: 180_000 }, () => {
    it('find each other, and again after a restart', async () => {
      // Java's servers of 3.8.0 do not find it in zoo.cfg.
      const mixed = await MixedEnsemble.create(kinds, { config: { 'multiAddress.enabled': 'true' } }, [
        'zookeeper.multiAddress.enabled=true',
      ]);
      try {
        const lines: Record<string, string> = {};
        for (const { sid } of mixed.members) {
          const [, ports = ''] =
            new RegExp(`^server\\.${sid}=127\\.0\\.0\\.1:(.*)$`, 'm').exec(await mixed.member(sid).config()) ?? [];
          lines[`server.${sid}`] = `127.0.0.1:${ports}|127.0.1.${sid}:${ports}`;
        }
        for (const member of mixed.members) await member.configure(lines);
        await mixed.start();
        const leader = await mixed.ensemble.leader();
        assert.equal(leader.sid, 3);
        for (const member of mixed.members) await writesThrough(member, `/by-${member.sid}`, LIMIT_MS);
        await leader.kill();
        await Promise.all([1, 2].map((sid) => mixed.member(sid).serving(LIMIT_MS)));
        await mixed.restart(leader.sid);
        await writesThrough(leader, '/back', LIMIT_MS);
        await mixed.sameTrees();
        await mixed.noQuarrels();
      } finally {
        await mixed.remove();
      }
    });
  });
}
