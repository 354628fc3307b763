import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakePort } from './fake-port.js';
import { FOLLOWER_SID, Pair, startStandalone, TICK_MS } from './servers.js';
import { parseRequest } from './validator-scenario.js';

/** Where the client is connected. */
const PLACES = ['leader', 'follower'] as const;

async function openAt(place: (typeof PLACES)[number], localSessionsUpgrading: boolean) {
  const pair = await Pair.start({ localSessions: true, localSessionsUpgrading });
  const pipeline = place === 'leader' ? pair.leaderPipeline : pair.followerPipeline;
  const port = new FakePort(pipeline).open();
  await pair.settle();
  assert.deepEqual(port.heard(), ['opened 4000']);
  return { pair, pipeline, port };
}

describe('local sessions', () => {
  it('at a follower stay there when an observer behind it asks for them in vain, until they are global', async () => {
    const { pair, port } = await openAt('follower', true);
    pair.followerPipeline.sessionMoved(port.sessionId);
    port.send('create /e mode=ephemeral');
    await pair.settle();
    assert.deepEqual(port.heard(), ['1 create /e']);
    pair.followerPipeline.sessionMoved(port.sessionId);
    assert.deepEqual(port.heard(), ['closed sessionMoved']);
  });

  for (const place of PLACES) {
    it(`at a ${place} are made and closed without a transaction, and may write`, async () => {
      const { pair, pipeline, port } = await openAt(place, true);
      assert.deepEqual(pair.leader.applied, []);
      assert.deepEqual(pipeline.stats.localSessions, 1);
      port.send('create /a', 'sync', 'set /a', 'multi create /a/b; check /a');
      await pair.settle();
      assert.deepEqual(port.heard(), [
        '1 create /a',
        '2 sync',
        '3 setData /a version=1',
        '4 multi [create /a/b; check /a]',
      ]);
      port.send('create /c', 'closeSession');
      await pair.settle();
      assert.deepEqual(port.heard(), ['5 create /c', '6 closeSession']);
      assert.equal(pipeline.stats.localSessions, 0);
      assert.deepEqual(
        pair.leader.applied.filter((txn) => /session/i.test(txn)),
        [],
      );
    });

    it(`at a ${place} become global with the first ephemeral node`, async () => {
      const { pair, pipeline, port } = await openAt(place, true);
      port.send('create /a', 'create /e mode=ephemeral', 'create /f mode=ephemeral');
      await pair.settle();
      assert.deepEqual(port.heard(), ['1 create /a', '2 create /e', '3 create /f']);
      assert.equal(pair.leader.applied.filter((txn) => txn.startsWith('createSession')).length, 1);
      assert.equal(pipeline.stats.localSessions, 0);
      assert.equal(pair.leaderPipeline.stats.globalSessions, 1);
      assert.deepEqual([...pair.follower.database.tree.ephemeralsOf(port.sessionId)].sort(), ['/e', '/f']);
      // From now on the other server knows it, too.
      const elsewhere = new FakePort(place === 'leader' ? pair.followerPipeline : pair.leaderPipeline).takeUp(port);
      await pair.settle();
      assert.deepEqual(elsewhere.heard(), ['opened 4000']);
      elsewhere.restartNumbers().send('closeSession');
      await pair.settle();
      assert.deepEqual([...pair.follower.database.tree.ephemeralsOf(port.sessionId)], []);
    });

    it(`at a ${place} become global with a multi that makes an ephemeral node`, async () => {
      const { pair, pipeline, port } = await openAt(place, true);
      port.send('multi create /a; create /a/e mode=ephemeral');
      await pair.settle();
      assert.equal(pipeline.stats.localSessions, 0);
      assert.equal(pair.leaderPipeline.stats.globalSessions, 1);
    });

    it(`at a ${place} are refused ephemeral nodes where they may not become global`, async () => {
      const { pair, pipeline, port } = await openAt(place, false);
      port.send('create /a', 'create /a/e mode=ephemeral', 'create /b');
      await pair.settle();
      assert.deepEqual(port.heard(), ['1 create /a', '2 create ephemeralOnLocalSession', '3 create /b']);
      assert.equal(pipeline.stats.localSessions, 1);
    });

    it(`at a ${place} can be taken up there, and nowhere else`, async () => {
      const { pair, pipeline, port } = await openAt(place, true);
      port.hangUp();
      const again = new FakePort(pipeline).takeUp(port);
      const elsewhere = new FakePort(place === 'leader' ? pair.followerPipeline : pair.leaderPipeline).takeUp(port);
      await pair.settle();
      assert.deepEqual([again.heard(), elsewhere.heard()], [['opened 4000'], ['refused']]);
      again.send('create /a');
      await pair.settle();
      assert.deepEqual(again.heard(), ['1 create /a']);
    });

    it(`at a ${place} expire there when nothing is heard of them`, async () => {
      const { pair, pipeline, port } = await openAt(place, true);
      for (let i = 0; i < 6; i++) {
        await pair.world.run(TICK_MS / 2);
        assert.equal(port.touch(), true);
      }
      assert.deepEqual(port.heard(), []);
      await pair.world.run(4000 + 2 * TICK_MS);
      assert.deepEqual(port.heard(), ['closed sessionExpired']);
      assert.equal(pipeline.stats.localSessions, 0);
      assert.deepEqual(pair.leader.applied, []);
    });
  }

  it('are none where a server stands alone', async () => {
    const { world, machine, pipeline } = await startStandalone({ localSessions: true });
    const port = new FakePort(pipeline).open();
    await world.run(50);
    assert.deepEqual(port.heard(), ['opened 4000']);
    assert.equal(machine.applied.length, 1);
    assert.equal(pipeline.stats.localSessions, 0);
  });

  it('that became global and ended writes no more, though a learner that stood still passes it on', async () => {
    const { pair, port } = await openAt('follower', true);
    port.send('create /e mode=ephemeral', 'create /data');
    await pair.settle();
    const { sessionId } = port;
    // The follower says nothing of it.
    await pair.world.run(8000);
    assert.equal(pair.leader.stat('/e'), 'absent');
    const { type, body } = parseRequest('set /data data=late');
    pair.leaderPipeline.forwarded({ sessionId, cxid: 9, type, body, auth: [] }, FOLLOWER_SID);
    const local = { ...{ sessionId: 77n, cxid: 1, auth: [] }, ...parseRequest('create /local') };
    pair.leaderPipeline.forwarded(local, FOLLOWER_SID);
    await pair.settle();
    assert.deepEqual(
      pair.leader.applied.slice(-2).map((txn) => txn.split(' ').slice(0, 2).join(' ')),
      ['error sessionExpired', 'create /local'],
    );
  });
});
