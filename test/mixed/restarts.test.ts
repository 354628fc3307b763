// A mixed ensemble whose members die, stand still and come back at random under load, some as the other kind on the same data:
// nothing acknowledged is lost, and in the end all show the same tree.
//
// One server at the most is Apache ZooKeeper's at a time: with two or three of its 3.8.0 servers (which log what they are
// sent for synchronization only after they acknowledged NEWLEADER, and whose committed log may get holes: ZOOKEEPER-4643,
// 4646, 4925) such an ensemble loses acknowledged writes by itself, with none of ours in it.
import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { assertNothingLost, progress } from '../ensemble/nothing-lost.js';
import { RecordingWriter } from '../ensemble/recording-writer.js';
import { chooser } from '../support/chooser.js';
import type { Member } from '../support/ensemble.js';
import { writesThrough } from '../support/writes-through.js';
import { Churn } from './churn.js';
import { type Kind, MixedEnsemble, otherKind } from './mixed-ensemble.js';

const IS_LONG = process.env['ZK_TEST_LONG'] !== undefined;
const DURATION_MS = (IS_LONG ? 600 : 40) * 1000;
const HEADER_BYTES = 16;
const SEED = Number(process.env['MIXED_SEED'] ?? Date.now() % 1_000_000);

describe(`a mixed ensemble under restarts (MIXED_SEED=${SEED})`, { timeout: 3 * DURATION_MS + 120_000 }, () => {
  const choose = chooser(SEED);
  const folders = ['/writer-0', '/writer-1', '/writer-2'];
  let mixed: MixedEnsemble;
  let emptyLogs = 0;
  /** How often the leader was seen to be of a kind. */
  const led = new Map<Kind, number>();

  before(async () => {
    mixed = await MixedEnsemble.create(['zk-server', 'Apache ZooKeeper', 'zk-server'], {
      config: { snapCount: 500, tickTime: 100 },
    });
    await mixed.start();
    for (const folder of [...folders, '/churn']) await writesThrough(mixed.member(1), folder);
  });
  after(() => mixed.remove());

  async function noteLeader(): Promise<void> {
    const leader = await mixed.ensemble.leader();
    const kind = mixed.kind(leader.sid);
    led.set(kind, (led.get(kind) ?? 0) + 1);
  }

  /** It dies, is stopped or stands still for a while, and comes back, perhaps as the other kind. */
  async function disturb(victim: Member): Promise<void> {
    const how = choose(5);
    if (how === 0) {
      victim.send('SIGSTOP');
      await delay(choose(1500));
      victim.send('SIGCONT');
      await victim.serving();
      return;
    }
    await (how === 1 ? victim.stop() : victim.kill());
    await delay(choose(500));
    const before = mixed.kind(victim.sid);
    if (choose(2) === 0) change(victim.sid);
    await passOverEmptyLog(victim, before);
    await mixed.restart(victim.sid);
  }

  /**
   * Apache ZooKeeper 3.8 gives a log its name before its header. Killed in between, it does not start again (mended in 3.9);
   * a server of ours does in its place, and never leaves such a log.
   */
  async function passOverEmptyLog(victim: Member, before: Kind): Promise<void> {
    const files = await readdir(join(victim.dataDir, 'version-2'));
    const sizes = files
      .filter((name) => name.startsWith('log.'))
      .map((name) => stat(join(victim.dataDir, 'version-2', name)));
    if ((await Promise.all(sizes)).every(({ size }) => size >= HEADER_BYTES)) return;
    assert.equal(before, 'Apache ZooKeeper', `${files.join(' ')}: one of them has no header`);
    mixed.become(victim.sid, 'zk-server');
    emptyLogs++;
  }

  function change(sid: number): void {
    const kind = otherKind(mixed.kind(sid));
    const isFree = mixed.members.every((member) => mixed.kind(member.sid) === 'zk-server');
    if (kind === 'zk-server' || isFree) mixed.become(sid, kind);
  }

  it('loses nothing, and all servers show the same tree', async (t) => {
    const writers = folders.map((folder, i) => new RecordingWriter(folder, mixed.members, i, { depth: 2, pauseMs: 5 }));
    const churn = new Churn('/churn', mixed.members, chooser(SEED + 1));
    const end = performance.now() + DURATION_MS;
    let disturbances = 0;
    try {
      for (; performance.now() < end; disturbances++) {
        await progress(writers, 3);
        await noteLeader();
        await delay(choose(300));
        await disturb(mixed.member(1 + choose(mixed.members.length)));
      }
    } finally {
      await Promise.all([churn.stop(), ...writers.map((writer) => writer.stop())]);
    }
    t.diagnostic(
      `${disturbances} disturbances, ${writers.reduce((sum, one) => sum + one.acknowledged.length, 0)} writes, ` +
        `${emptyLogs} logs without a header`,
    );
    t.diagnostic(`led by ${[...led].map(([kind, times]) => `${kind} ${times} times`).join(', ')}`);
    // In a minute chance may leave one of them out.
    if (IS_LONG) assert.deepEqual([...led.keys()].sort(), ['Apache ZooKeeper', 'zk-server']);
    await assertNothingLost(mixed.ensemble, writers);
    await mixed.sameTrees();
    await mixed.sameDigests();
    await mixed.noQuarrels();
  });
});
