// An observer of one kind under voters of the other.
import assert from 'node:assert/strict';
import { appendFile, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PATIENT } from '../support/at-server.js';
import type { Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { WireClient } from '../support/wire-client.js';
import { addSome, moved } from './clients.js';
import { MixedEnsemble, otherKind } from './mixed-ensemble.js';

const EPHEMERAL = 1;
const OBSERVER = 3;

/** Logs and snapshots of a server. */
async function dataOf({ dataDir }: Member): Promise<ReadonlyMap<string, string>> {
  const dir = join(dataDir, 'version-2');
  const names = (await readdir(dir)).filter((name) => /^(log|snapshot)\./.test(name)).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(dir, name), 'latin1')));
  return new Map(names.map((name, i) => [name, texts[i] ?? '']));
}

for (const voters of ['zk-server', 'Apache ZooKeeper'] as const) {
  const kind = otherKind(voters);
  describe(`${kind} observes ${voters}`, { timeout: 200_000 }, () => {
    let mixed: MixedEnsemble;
    let observer: Member;
    let seed = 0;

    async function same(): Promise<void> {
      await mixed.sameTrees();
      await mixed.sameDigests();
    }

    before(async () => {
      mixed = await MixedEnsemble.create([voters, voters, kind], { observers: [OBSERVER] });
      observer = mixed.member(OBSERVER);
      await mixed.start();
    });
    after(() => mixed.remove());

    it('takes part without a vote', async () => {
      assert.equal(await observer.mode(), 'observer');
      for (const member of mixed.members) await addSome(`/some-${++seed}`, member);
      await same();
    });

    it('tells watches of what the voters write', async () => {
      const [watching, writing] = [
        await WireClient.connect(observer.clientPort, PATIENT),
        await WireClient.connect(mixed.member(1).clientPort, PATIENT),
      ];
      await watching.exists('/watched', true).catch(() => undefined);
      await writing.create('/watched');
      const event = await watching.nextEvent();
      assert.deepEqual([event.type, event.path], [1, '/watched']);
      await Promise.all([watching.close(), writing.close()]);
    });

    for (const [plan, prepare] of [
      ['DIFF', () => Promise.resolve()],
      ['SNAP', () => rm(join(observer.dataDir, 'version-2'), { recursive: true })],
    ] as const) {
      it(`comes back by ${plan}`, async () => {
        await observer.kill();
        await prepare();
        await addSome(`/some-${++seed}`, mixed.member(1));
        assert.equal(await mixed.restart(OBSERVER), 'observer');
        assert.equal(await mixed.lastSync(observer, await mixed.ensemble.leader()), plan);
        await same();
      });
    }

    it('keeps the session of its client while the leader dies and comes back', async () => {
      const before = await moved(observer, await WireClient.connect(mixed.member(1).clientPort, PATIENT));
      await before.create('/mine', null, EPHEMERAL);
      const leader = await mixed.ensemble.leader();
      await leader.kill();
      await mixed.restart(leader.sid);
      const client = await eventually('the observer serves', 30_000, async () =>
        (await observer.mode()) === 'observer' ? moved(observer, before) : undefined,
      );
      assert.equal((await client.exists('/mine')).ephemeralOwner, before.sessionId);
      await client.setData('/mine', Buffer.from('still'));
      await same();
      await client.close();
      await eventually('the ephemeral goes', 10_000, async () => !(await mixed.everywhere('/mine')).includes(true));
    });

    it('writes nothing of what it is told with syncEnabled=false', async () => {
      await observer.stop();
      await appendFile(observer.configFile, 'syncEnabled=false\nsnapCount=10\n');
      assert.equal(await mixed.restart(OBSERVER), 'observer');
      const files = await dataOf(observer);
      for (let i = 0; i < 5; i++) await addSome(`/some-${++seed}`, mixed.member(1));
      await addSome(`/some-${++seed}`, observer);
      await same();
      assert.deepEqual(await dataOf(observer), files);
      await observer.kill();
      assert.equal(await mixed.restart(OBSERVER), 'observer');
      await same();
    });
  });
}
