// An observer that a follower serves (observerMasterPort), with Apache ZooKeeper in each of the three parts.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { PATIENT } from '../support/at-server.js';
import type { Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { fourLetter } from '../support/four-letter.js';
import { freePorts } from '../support/ports.js';
import { WireClient } from '../support/wire-client.js';
import { addSome, moved } from './clients.js';
import { type Kind, MixedEnsemble } from './mixed-ensemble.js';

const EPHEMERAL = 1;
const JAVA = 'Apache ZooKeeper';
const OURS = 'zk-server';

interface Arrangement {
  readonly follower: Kind;
  readonly leader: Kind;
  readonly observer: Kind;
}

const ALWAYS: readonly Arrangement[] = [
  { follower: OURS, leader: JAVA, observer: JAVA },
  { follower: JAVA, leader: OURS, observer: OURS },
];
const LONG: readonly Arrangement[] = [
  { follower: OURS, leader: OURS, observer: JAVA },
  { follower: OURS, leader: JAVA, observer: OURS },
  { follower: JAVA, leader: JAVA, observer: OURS },
  { follower: OURS, leader: OURS, observer: OURS },
];

async function metric(member: Member, name: string): Promise<number> {
  const text = await fourLetter(member.clientPort, 'mntr');
  return Number(new RegExp(`^zk_${name}\\t(\\S+)`, 'm').exec(text)?.[1] ?? Number.NaN);
}

for (const { follower, leader, observer } of process.env['ZK_TEST_LONG'] === undefined
  ? ALWAYS
  : [...ALWAYS, ...LONG]) {
  describe(`${observer} observes through ${follower}, which follows ${leader}`, { timeout: 300_000 }, () => {
    let mixed: MixedEnsemble;
    const [serving, leading, observing] = [
      (): Member => mixed.member(1),
      (): Member => mixed.member(2),
      (): Member => mixed.member(3),
    ];

    before(async () => {
      // All have the same address, so that the port is the follower's, whichever voter the observer chooses.
      const [port = 0] = await freePorts(1);
      mixed = await MixedEnsemble.create([follower, leader, observer], {
        observers: [3],
        config: { observerMasterPort: port },
      });
      await mixed.start();
    });
    after(() => mixed.remove());

    it('serves it in place of the leader', async () => {
      assert.equal(await mixed.ensemble.leader(), leading());
      assert.equal(await observing().mode(), 'observer');
      assert.equal(await metric(serving(), 'synced_observers'), 1);
      assert.equal(await metric(leading(), 'synced_observers'), 0);
    });

    it('passes writes, reads, syncs and watches both ways', async () => {
      for (const [i, member] of mixed.members.entries()) await addSome(`/some-${i}`, member);
      const [here, there] = [
        await WireClient.connect(observing().clientPort, PATIENT),
        await WireClient.connect(leading().clientPort, PATIENT),
      ];
      await here.exists('/watched', true).catch(() => undefined);
      await there.create('/watched');
      assert.equal((await here.nextEvent()).path, '/watched');
      for (let i = 0; i < 10; i++) {
        await there.setData('/watched', Buffer.from(String(i)));
        await here.sync('/watched');
        assert.equal(String((await here.getData('/watched')).data), String(i));
      }
      await Promise.all([here.close(), there.close()]);
      await mixed.sameTrees();
      await mixed.sameDigests();
    });

    it('keeps sessions, and lets them move', async () => {
      const first = await WireClient.connect(observing().clientPort, { timeoutMs: 2000 });
      await first.create('/mine', null, EPHEMERAL);
      const endMs = performance.now() + 5000;
      await eventually('more than twice its time-out', 30_000, async () => {
        await first.ping();
        return performance.now() > endMs;
      });
      const second = await moved(leading(), first);
      const third = await moved(observing(), second);
      assert.equal((await third.exists('/mine')).ephemeralOwner, first.sessionId);
      await third.close();
      first.destroy();
      second.destroy();
      await eventually('the ephemeral goes', 15_000, async () => !(await mixed.everywhere('/mine')).includes(true));
    });

    it('has it back after it died, and after the follower did', async () => {
      await observing().kill();
      await addSome('/while-away', leading());
      assert.equal(await mixed.restart(3), 'observer');
      await serving().kill();
      await mixed.restart(1);
      await eventually('the observer serves', 60_000, async () => (await observing().mode()) === 'observer');
      await addSome('/in-the-end', observing());
      await mixed.sameTrees();
      await mixed.sameDigests();
      await mixed.noQuarrels();
    });
  });
}
