// A leader is asked to hand over, and one is stopped, in ensembles of ours and mixed ones: how long no write is accepted.
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { cli } from '../cli/harness.js';
import { assertNothingLost, progress } from '../ensemble/nothing-lost.js';
import { RecordingWriter } from '../ensemble/recording-writer.js';
import type { Member } from '../support/ensemble.js';
import { writesThrough } from '../support/writes-through.js';
import { type Kind, MixedEnsemble } from './mixed-ensemble.js';
import { LongestPause } from './longest-pause.js';

type Arrangement = readonly [name: string, kinds: readonly Kind[]];
const TO_JAVA: Arrangement = [
  'in which only Apache ZooKeeper can take over',
  ['Apache ZooKeeper', 'Apache ZooKeeper', 'zk-server'],
];
const MIXED: Arrangement = ['with Apache ZooKeeper', ['Apache ZooKeeper', 'zk-server', 'zk-server']];
const OURS: Arrangement = ['of ours', ['zk-server', 'zk-server', 'zk-server']];
const ARRANGEMENTS = process.env['ZK_TEST_LONG'] === undefined ? [MIXED, TO_JAVA] : [MIXED, TO_JAVA, OURS];
const WRITERS = 3;

for (const [name, kinds] of ARRANGEMENTS) {
  describe(`an ensemble ${name}`, { timeout: 240_000 }, () => {
    const folders = Array.from({ length: WRITERS }, (_, i) => `/writer-${i}`);
    let mixed: MixedEnsemble;
    let writers: RecordingWriter[] = [];
    let timed: LongestPause;

    before(async () => {
      mixed = await MixedEnsemble.create(kinds);
      await mixed.start();
      for (const folder of folders) await writesThrough(mixed.member(1), folder);
      writers = folders.map((folder, i) => new RecordingWriter(folder, mixed.members, i, { depth: 2, pauseMs: 5 }));
      timed = new LongestPause(writers);
      await progress(writers, 10);
    });
    after(async () => {
      timed.end();
      await Promise.all(writers.map((writer) => writer.stop()));
      await mixed.remove();
    });

    async function pause(t: TestContext, what: string, act: (leader: Member) => Promise<void>): Promise<Member> {
      const leader = await mixed.ensemble.leader();
      timed.takeMs();
      await act(leader);
      await progress(writers, 10);
      const pauseMs = timed.takeMs();
      t.diagnostic(`${what} of server ${leader.sid}: no write for ${pauseMs} ms`);
      if (pauseMs >= 10_000) assert.fail(`${pauseMs} ms\n${await mixed.lastWords()}`);
      return leader;
    }

    it('goes on under another leader when its own is asked to hand over', async (t) => {
      const old = await pause(t, 'hand-over', async (leader) => {
        const result = await cli(['hand-over', leader.configFile]);
        assert.equal(result.exitCode, 0, result.out + result.err);
        assert.match(result.out, /Another server leads; this one is a follower/);
      });
      assert.notEqual(await mixed.ensemble.leader(), old);
      assert.equal(await old.mode(), 'follower');
      assert.match(await old.log(), /HANDED_OVER/);
    });

    it('refuses a hand-over of a follower', async () => {
      const leader = await mixed.ensemble.leader();
      const follower = mixed.members.find((one) => one !== leader && mixed.kind(one.sid) === 'zk-server');
      assert.ok(follower);
      const result = await cli(['hand-over', follower.configFile]);
      assert.equal(result.exitCode, 1);
      assert.match(result.err, /does not lead/);
      assert.equal(await mixed.ensemble.leader(), leader);
    });

    it('goes on when its leader is stopped, and nothing is lost', async (t) => {
      const stopped = await pause(t, 'stop', (leader) => leader.stop());
      await mixed.restart(stopped.sid);
      await progress(writers, 10);
      await Promise.all(writers.map((writer) => writer.stop()));
      await assertNothingLost(mixed.ensemble, writers);
      await mixed.sameTrees();
    });
  });
}
