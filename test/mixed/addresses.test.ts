// Several addresses a server, in ensembles of both kinds: servers tell each other theirs, and find each other by them, also when
// nothing comes through at one of them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { canIsolate } from '../chaos/lab.js';
import { run } from '../cli/harness.js';
import { writesThrough } from '../support/writes-through.js';
import { type Kind, MixedEnsemble } from './mixed-ensemble.js';

const LIMIT_MS = 60_000;
const MIXES: readonly (readonly [leader: Kind, kinds: readonly Kind[]])[] = [
  ['zk-server', ['zk-server', 'Apache ZooKeeper', 'zk-server']],
  ['Apache ZooKeeper', ['zk-server', 'zk-server', 'Apache ZooKeeper']],
];
const IS_LONG = process.env['ZK_TEST_LONG'] !== undefined;
const DROPPED_ADDRESS = new URL('dropped-address.ts', import.meta.url).pathname;
type Dropped = readonly [what: string, kinds: readonly Kind[]];
const DROPPED: readonly Dropped[] = [
  ['all of zk-server', ['zk-server', 'zk-server', 'zk-server']],
  ...MIXES.map(([leader, kinds]): Dropped => [`led by ${leader} first`, kinds]).slice(IS_LONG ? 0 : -1),
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

describe('servers with two addresses each, of which the first is dropped', { timeout: 300_000 }, () => {
  // Name spaces want a right that root has.
  if (!canIsolate()) return;

  for (const [what, kinds] of DROPPED) {
    it(`start by the second, and go on by it when the first is lost: ${what}`, async () => {
      const { exitCode, out, err } = await run(process.execPath, ['--import', 'tsx', DROPPED_ADDRESS, ...kinds]);
      assert.equal(exitCode, 0, out + err);
    });
  }
});
