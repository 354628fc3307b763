// Apache ZooKeeper's servers and ours in one ensemble, each kind leading the other: elections, synchronization by DIFF, SNAP
// and TRUNC, forwarded writes, sessions that move, pings, and the death of the leader.
import assert from 'node:assert/strict';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { assertNothingLost, progress } from '../ensemble/nothing-lost.js';
import { RecordingWriter } from '../ensemble/recording-writer.js';
import { PATIENT } from '../support/at-server.js';
import type { Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import type { LineProcess } from '../support/line-process.js';
import { WireClient, WireError } from '../support/wire-client.js';
import { writesThrough } from '../support/writes-through.js';
import { fill } from '../zab/java-dump.js';
import { ADDED, addSome, moved } from './clients.js';
import { type Kind, MixedEnsemble, otherKind } from './mixed-ensemble.js';

const EPHEMERAL = 1;
const SHORT_SESSION_MS = 1000;
/** A log is sent as long as its files are no larger than the newest snapshot. */
const LOGS_ARE_SENT = { snapshotSizeFactor: 1, snapCount: 300, preAllocSize: 16 };
const LARGE_BYTES = 800_000;
/** So many writes only the leader before logged. */
const DEAD = 5;
/** More transactions than either kind keeps in memory (500). */
const BEYOND_COMMITTED_LOG = 600;

/** Server 3 leads first, server 2 after it; the server that is synchronized is always of the other kind than its leader. */
function arrange(firstLeader: Kind): readonly Kind[] {
  return [firstLeader, otherKind(firstLeader), firstLeader];
}

/** All bytes of a server's logs of transactions. */
async function logOf({ dataDir }: Member): Promise<string> {
  const folder = join(dataDir, 'version-2');
  const names = (await readdir(folder)).filter((name) => name.startsWith('log.'));
  return (await Promise.all(names.map((name) => readFile(join(folder, name), 'latin1')))).join('');
}

for (const first of ['Apache ZooKeeper', 'zk-server'] as const) {
  const second = otherKind(first);
  describe(`${first} leads ${second}, then the other way round`, { timeout: 400_000 }, () => {
    const clients: LineProcess[] = [];
    let mixed: MixedEnsemble;
    let seed = 0;

    async function addTo(member: Member): Promise<void> {
      clients.push(await fill(member, ++seed));
    }

    async function same(): Promise<void> {
      await mixed.sameTrees();
      await mixed.sameDigests();
    }

    before(async () => {
      mixed = await MixedEnsemble.create(arrange(first), { config: LOGS_ARE_SENT });
      await mixed.start();
      await writesThrough(mixed.member(1), '/large', undefined, Buffer.alloc(LARGE_BYTES));
    });
    after(async () => {
      await Promise.all(clients.map((client) => client.kill()));
      await mixed.remove();
    });

    describe(`${first} leads`, () => {
      // Of the other kind.
      const learner = (): Member => mixed.member(2);
      const leader = (): Member => mixed.member(3);

      beforeEach(() => mixed.startAnewUnlessLed());

      it('elects', async () => {
        assert.equal(await mixed.ensemble.leader(), leader());
      });

      it('takes writes at every server, and all show the same tree', async () => {
        await Promise.all(mixed.members.map(addTo));
        await same();
      });

      it('moves a session between servers of both kinds, with its ephemerals', async () => {
        let client = await WireClient.connect(leader().clientPort, PATIENT);
        const { sessionId } = client;
        await client.create('/moves', null, EPHEMERAL);
        for (const member of [learner(), leader(), ...mixed.members]) {
          const old = client;
          client = await moved(member, old);
          assert.equal(client.sessionId, sessionId);
          assert.equal((await client.exists('/moves')).ephemeralOwner, sessionId);
          await client.setData('/moves', Buffer.from(String(member.sid)));
          // The session is somewhere else now: what the connection before still writes is refused.
          if (!old.isClosed) await assert.rejects(old.setData('/moves', Buffer.from('late')));
          old.destroy();
          // Its number may be that of the next request here, which comes after it, so that the two cannot be mistaken.
          await client.sync('/moves');
        }
        await assert.rejects(
          WireClient.connect(learner().clientPort, { sessionId, password: Buffer.alloc(16, 1) }),
          WireError,
        );
        await client.close();
        await eventually('the ephemeral goes', 10_000, async () => !(await mixed.everywhere('/moves')).includes(true));
      });

      it('keeps the session of an idle client that pings, and ends the one that stays away', async () => {
        const homes = await Promise.all(
          mixed.members.map((one) => WireClient.connect(one.clientPort, { timeoutMs: SHORT_SESSION_MS })),
        );
        await Promise.all(homes.map((client, i) => client.create(`/pings-${i}`, null, EPHEMERAL)));
        const end = performance.now() + 2.5 * SHORT_SESSION_MS;
        let isChecked = false;
        const pings = Promise.all(
          homes.map((client) =>
            eventually('the end of the check', 60_000, async () => {
              await client.ping();
              return isChecked;
            }),
          ),
        );
        try {
          await eventually('the end of the wait', 30_000, () => Promise.resolve(performance.now() > end));
          for (const i of homes.keys())
            assert.ok(!(await mixed.everywhere(`/pings-${i}`)).includes(false), `session ${i} lives`);
        } finally {
          isChecked = true;
          await pings;
        }
        for (const client of homes) client.destroy();
        for (const i of homes.keys()) {
          await eventually('its end', 15_000, async () => !(await mixed.everywhere(`/pings-${i}`)).includes(true));
        }
      });

      it('tells watches at one kind of writes at the other', async () => {
        for (const [at, from] of [
          [leader(), learner()],
          [learner(), leader()],
        ] as const) {
          const [watching, writing] = [
            await WireClient.connect(at.clientPort, PATIENT),
            await WireClient.connect(from.clientPort, PATIENT),
          ];
          await writing.create('/watched');
          await watching.sync('/watched');
          await watching.getData('/watched', true);
          await writing.delete('/watched');
          const event = await watching.nextEvent();
          assert.deepEqual([event.type, event.path], [2, '/watched']);
          await Promise.all([watching.close(), writing.close()]);
        }
      });

      it('takes a server back by DIFF', async () => {
        await learner().kill();
        await addSome(`/some-${++seed}`, leader());
        await mixed.restart(2);
        assert.equal(await mixed.lastSync(learner(), leader()), 'DIFF');
        await same();
      });

      it('takes a server back by DIFF from its log on disk', async () => {
        await learner().kill();
        const told = (await leader().log()).length;
        for (let added = 0; added < BEYOND_COMMITTED_LOG; added += ADDED) await addSome(`/some-${++seed}`, leader());
        await mixed.restart(2);
        assert.equal(await mixed.lastSync(learner(), leader()), 'DIFF');
        assert.match((await leader().log()).slice(told), /from the log on disk|Use txnlog and committedLog for peer/);
        await same();
      });

      it('takes a server without data back by SNAP', async () => {
        await learner().kill();
        await rm(join(learner().dataDir, 'version-2'), { recursive: true });
        await addSome(`/some-${++seed}`, leader());
        await mixed.restart(2);
        assert.equal(await mixed.lastSync(learner(), leader()), 'SNAP');
        await same();
      });
    });

    describe(`${second} leads`, () => {
      before(async () => {
        await leaveDeadTail();
        await mixed.restart(3);
      });

      it('cuts off what the leader before had logged alone, by TRUNC', async () => {
        assert.equal(await mixed.ensemble.leader(), mixed.member(2));
        assert.equal(await mixed.lastSync(mixed.member(3), mixed.member(2)), 'TRUNC');
        assert.deepEqual(await mixed.everywhere('/dead-0'), [false, false, false]);
        await same();
      });

      it('takes writes at every server, and all show the same tree', async () => {
        for (const member of mixed.members) await addSome(`/some-${++seed}`, member);
        await same();
      });
    });

    it('loses nothing when leaders die under load', async () => {
      const folders = mixed.members.map((member) => `/load-${member.sid}`);
      for (const folder of folders) await writesThrough(mixed.member(1), folder);
      const writers = folders.map(
        (folder, i) => new RecordingWriter(folder, mixed.members, i, { depth: 2, pauseMs: 2 }),
      );
      try {
        for (let round = 0; round < 2; round++) {
          await progress(writers, 20);
          const leader = await mixed.ensemble.leader();
          await leader.kill();
          await progress(writers, 20);
          await mixed.restart(leader.sid);
        }
      } finally {
        await Promise.all(writers.map((writer) => writer.stop()));
      }
      await assertNothingLost(mixed.ensemble, writers);
      await same();
      await mixed.noQuarrels();
    });

    /** Server 3 logs writes that nobody else gets, and dies; servers 1 and 2 come back without it. */
    async function leaveDeadTail(): Promise<void> {
      await mixed.startAnewUnlessLed();
      const leader = mixed.member(3);
      const client = await WireClient.connect(leader.clientPort, PATIENT);
      await same();
      // What server 1 misses server 2 has logged, so that of the two only server 2 can lead: sessions may end at any time, and
      // the end of one may be logged by either alone.
      await mixed.member(1).freeze();
      await client.create('/not-at-1');
      // They stand still first: a leader that sees its followers gone may not log anything more.
      await mixed.member(2).freeze();
      for (let i = 0; i < DEAD; i++) client.create(`/dead-${i}`).catch(() => undefined);
      await eventually('the leader logs them', 30_000, async () => (await logOf(leader)).includes(`/dead-${DEAD - 1}`));
      await eventually('the leader gives up', 30_000, async () => (await leader.mode()) !== 'leader');
      client.destroy();
      await leader.kill();
      await Promise.all([mixed.member(1).kill(), mixed.member(2).kill()]);
      await Promise.all([mixed.member(1).start(), mixed.member(2).start()]);
      await Promise.all([mixed.member(1).serving(60_000), mixed.member(2).serving(60_000)]);
      // A leader of Apache ZooKeeper truncates only as long as its epoch has no transactions; ours sends them behind TRUNC.
      if (second === 'zk-server') await addSome(`/some-${++seed}`, mixed.member(1));
    }
  });
}
