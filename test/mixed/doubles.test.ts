// A second server with the myid of another, as if on a machine of its own: its own line has other ports than the others know.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertNothingLost, progress } from '../ensemble/nothing-lost.js';
import { RecordingWriter } from '../ensemble/recording-writer.js';
import type { Member } from '../support/ensemble.js';
import { writesThrough } from '../support/writes-through.js';
import { LongestPause } from './longest-pause.js';
import { type Kind, MixedEnsemble } from './mixed-ensemble.js';

const FOLDER = '/written';
/** So many writes go through while the double is there: it has time to try all that it tries. */
const WRITES = 300;
const LIVES = 3;
/** Less than any server waits before it gives another one up, and long enough for a busy machine. */
const LONGEST_PAUSE_MS = 4000;

const CASES: readonly (readonly [name: string, kinds: readonly Kind[], sid: number])[] = [
  ['of a follower', ['zk-server', 'zk-server', 'zk-server'], 1],
  ['of the leader', ['zk-server', 'zk-server', 'zk-server'], 3],
  ['of a follower beside Apache ZooKeeper', ['Apache ZooKeeper', 'zk-server', 'zk-server'], 2],
  ['of a follower of Apache ZooKeeper', ['zk-server', 'zk-server', 'Apache ZooKeeper'], 1],
];

for (const [name, kinds, sid] of CASES) {
  describe(`a double ${name}`, { timeout: 240_000 }, () => {
    let mixed: MixedEnsemble;
    let double: Member | undefined;

    before(async () => {
      mixed = await MixedEnsemble.create(kinds);
      await mixed.start();
      await writesThrough(mixed.member(3), FOLDER);
    });
    after(async () => {
      await double?.kill();
      await mixed.remove();
    });

    it('serves nobody, and nobody else is disturbed, however often it comes back', async (t) => {
      const { ensemble, members } = mixed;
      const leader = await ensemble.leader();
      const writer = new RecordingWriter(FOLDER, members, 0, { depth: 2, pauseMs: 5 });
      const pauses = new LongestPause([writer]);
      try {
        await progress([writer], 20);
        pauses.takeMs();
        for (let life = 0; life < LIVES; life++) {
          double = await ensemble.imitate(mixed.member(sid), 'own ports');
          await progress([writer], WRITES);
          assert.equal(double.running, true);
          assert.equal(await double.mode(), '', 'it serves nobody');
          await double.kill();
        }
        const longestMs = pauses.takeMs();
        t.diagnostic(`the longest time without a write: ${longestMs} ms`);
        if (longestMs >= LONGEST_PAUSE_MS) {
          assert.fail(
            `${longestMs} ms without a write\n${await mixed.lastWords()}\nthe double:\n${await double?.log()}`,
          );
        }
      } finally {
        pauses.end();
        await writer.stop();
      }
      assert.equal(await ensemble.leader(), leader);
      await assertNothingLost(ensemble, [writer]);
      await mixed.sameTrees();
      await mixed.noQuarrels();
    });
  });
}
