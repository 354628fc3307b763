import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LeaderPipeline } from '../../src/pipeline/index.js';
import { OpCode } from '../../src/protocol/index.js';
import { FakePort } from './fake-port.js';
import { FOLLOWER_SID, Pair } from './servers.js';
import { parseRequest } from './validator-scenario.js';

async function openPair(): Promise<{ pair: Pair; atLeader: FakePort; atFollower: FakePort }> {
  const pair = await Pair.start();
  const atLeader = new FakePort(pair.leaderPipeline).open();
  const atFollower = new FakePort(pair.followerPipeline).open();
  await pair.settle();
  assert.deepEqual([atLeader.heard(), atFollower.heard()], [['opened 4000'], ['opened 4000']]);
  return { pair, atLeader, atFollower };
}

function sameTrees({ leader, follower }: Pair): void {
  assert.deepEqual(follower.applied, leader.applied);
  assert.equal(follower.database.tree.digest, leader.database.tree.digest);
}

describe('a leader and a follower', () => {
  it('log a create2 in a multi as a create, which servers before 3.9 apply, too, and answer it with a Stat (4026)', async () => {
    const { pair, atLeader, atFollower } = await openPair();
    atLeader.send('multi create2 /a; create /a/b');
    await pair.settle();
    atFollower.send('multi create /c; create2 /c/d; set /c', 'multi create2 /e; delete /none');
    await pair.settle();
    assert.deepEqual(atLeader.heard(), ['1 multi [create2 /a version=0; create /a/b]']);
    assert.deepEqual(atFollower.heard(), [
      '1 multi [create /c; create2 /c/d version=0; setData /c version=1]',
      '2 multi [error ok; error noNode]',
    ]);
    assert.deepEqual(
      pair.leader.applied.filter((text) => text.includes('create2')),
      [],
    );
    sameTrees(pair);
  });

  it('decide writes of both in one order and answer each where it came from', async () => {
    const { pair, atLeader, atFollower } = await openPair();
    assert.equal(atFollower.sessionId >> 56n, BigInt(FOLLOWER_SID));
    atFollower.send(
      'create /f',
      'sync',
      'create2 /f',
      'create2 /f/x',
      'raw 5 00',
      'sync',
      'multi check /f/x; delete /f/x',
    );
    atLeader.send('create /l', 'sync', 'set /f', 'create2 /l/x');
    await pair.settle();
    atLeader.send('set /f data=x version=0');
    atFollower.send('set /f data=y version=0');
    await pair.settle();
    assert.deepEqual(atFollower.heard(), [
      '1 create /f',
      '2 sync',
      '3 create2 nodeExists',
      '4 create2 /f/x version=0',
      '5 setData marshallingError',
      '6 sync',
      '7 multi [check /f/x; delete /f/x]',
      '8 setData badVersion',
    ]);
    assert.deepEqual(atLeader.heard(), [
      '1 create /l',
      '2 sync',
      '3 setData noNode',
      '4 create2 /l/x version=0',
      '5 setData /f version=1',
    ]);
    assert.equal(pair.leaderPipeline.stats.outstandingRequests, 0);
    assert.equal(pair.followerPipeline.stats.outstandingRequests, 0);
    sameTrees(pair);
  });

  it('do not send garbage to the leader', async () => {
    const { pair, atFollower } = await openPair();
    const before = pair.forwarded.length;
    atFollower.send('raw 1 00', 'raw 5 0000', 'raw 7 00');
    await pair.settle();
    assert.equal(pair.forwarded.length, before);
    const answers = ['1 create marshallingError', '2 setData marshallingError', '3 setACL marshallingError'];
    assert.deepEqual(atFollower.heard(), answers);
  });

  it('answer garbage that another learner forwards with a transaction', async () => {
    const { pair, atFollower } = await openPair();
    const { sessionId } = atFollower;
    const before = pair.lastProposed;
    pair.leaderPipeline.forwarded({ sessionId, cxid: 9, type: OpCode.setData, body: Buffer.alloc(1), auth: [] }, 2);
    pair.leaderPipeline.forwarded({ sessionId, cxid: 10, type: 9999, body: Buffer.alloc(1), auth: [] }, 2);
    await pair.settle();
    assert.equal(pair.lastProposed, before + 2);
    assert.deepEqual(pair.leader.applied.slice(-2), ['error marshallingError', 'error marshallingError']);
  });

  it('a sync at the follower waits for what was proposed before', async () => {
    const { pair, atLeader, atFollower } = await openPair();
    atLeader.send('create /a');
    atFollower.send('sync');
    await pair.world.until(() => atFollower.told.length > 0);
    assert.notEqual(pair.follower.stat('/a'), 'absent');
  });

  it('a disk that is slow at the follower delays its answers, not its truth', async () => {
    const { pair, atFollower } = await openPair();
    pair.world.disk('follower').hang('sync');
    atFollower.send('create /a', 'sync');
    await pair.settle();
    assert.deepEqual(atFollower.heard(), []);
    pair.world.disk('follower').release();
    await pair.settle();
    assert.deepEqual(atFollower.heard(), ['1 create /a', '2 sync']);
  });

  it('end with all their connections', async () => {
    const { pair, atLeader, atFollower } = await openPair();
    const resuming = new FakePort(pair.followerPipeline).takeUp(atLeader);
    atFollower.send('create /a');
    pair.followerPipeline.stop();
    pair.leaderPipeline.stop();
    await pair.settle();
    for (const port of [atLeader, atFollower, resuming]) assert.deepEqual(port.heard(), ['closed roleOver']);
    assert.equal(pair.leaderPipeline.revalidate(atLeader.sessionId, 4000, 2), false);
  });
});

describe('a session that moves', () => {
  it('from the leader to the follower and back', async () => {
    const { pair, atLeader } = await openPair();
    atLeader.send('create /e mode=ephemeral');
    await pair.settle();
    const moved = new FakePort(pair.followerPipeline).takeUp(atLeader);
    await pair.settle();
    assert.deepEqual(atLeader.heard(), ['1 create /e', 'closed sessionMoved']);
    moved.send('set /e');
    atLeader.send('set /e');
    await pair.settle();
    assert.deepEqual(moved.heard(), ['opened 4000', '1 setData /e version=1']);
    assert.deepEqual(atLeader.heard(), []);

    const back = new FakePort(pair.leaderPipeline).takeUp(moved);
    await pair.settle();
    back.send('set /e');
    moved.send('set /e', 'multi set /e; set /e');
    await pair.settle();
    assert.deepEqual(back.heard(), ['opened 4000', '1 setData /e version=2']);
    assert.deepEqual(moved.heard(), ['2 setData sessionMoved', '3 multi sessionMoved']);
    sameTrees(pair);
  });

  // Clients that count anew on each connection, as kazoo's do.
  const collisions: readonly [elsewhere: string, here: string, answer: string][] = [
    ['create /x', 'set /x data=1', 'setData /x version=1'],
    ['create /x', 'create /mine', 'create /mine'],
    ['create /x', 'create /x', 'create nodeExists'],
    ['delete /none', 'create /mine', 'create /mine'],
  ];
  for (const mode of ['follower', 'observer'] as const) {
    for (const [elsewhere, here, answer] of collisions) {
      it(`to a ${mode} is not answered with ${elsewhere}, asked on the other server, when it asks ${here} under the same number`, async () => {
        const pair = await Pair.start({}, mode);
        const atLeader = new FakePort(pair.leaderPipeline).open();
        await pair.settle();
        pair.world.disk('leader').hang('sync');
        atLeader.send(elsewhere);
        const moved = new FakePort(pair.followerPipeline).takeUp(atLeader);
        await pair.settle();
        if (mode === 'follower') moved.restartNumbers().send(here);
        await pair.settle();
        pair.world.disk('leader').release();
        await pair.settle();
        if (mode === 'observer') moved.restartNumbers().send(here);
        await pair.settle();
        assert.deepEqual(moved.heard(), ['opened 4000', `1 ${answer}`]);
        sameTrees(pair);
      });
    }
  }

  it('to an observer is opened when what was under way has come there, and not when its client has left', async () => {
    const pair = await Pair.start({}, 'observer');
    const atLeader = new FakePort(pair.leaderPipeline).open();
    await pair.settle();
    pair.world.disk('leader').hang('sync');
    atLeader.send('create /x');
    const left = new FakePort(pair.followerPipeline).takeUp(atLeader);
    const moved = new FakePort(pair.followerPipeline).takeUp(atLeader);
    await pair.settle();
    assert.deepEqual([left.heard(), moved.heard()], [['closed sessionReopened'], []]);
    pair.world.disk('leader').release();
    await pair.world.until(() => moved.told.length > 0);
    assert.equal(pair.follower.database.lastLoggedZxid, pair.lastProposed);
    await pair.settle();
    assert.deepEqual([left.heard(), moved.heard()], [[], ['opened 4000']]);
  });

  it('to an observer is refused when it ended before what was under way has come there', async () => {
    const pair = await Pair.start({}, 'observer');
    const atLeader = new FakePort(pair.leaderPipeline).open();
    await pair.settle();
    pair.world.disk('leader').hang('sync');
    const moved = new FakePort(pair.followerPipeline).takeUp(atLeader);
    // Between the word that it lives and the sync.
    await pair.world.run(1.5);
    const { type, body } = parseRequest('closeSession');
    const { sessionId } = atLeader;
    pair.leaderPipeline.forwarded({ sessionId, cxid: 7, type, body, auth: [] }, FOLLOWER_SID);
    await pair.settle();
    assert.deepEqual(moved.heard(), []);
    pair.world.disk('leader').release();
    await pair.settle();
    assert.deepEqual(moved.heard(), ['refused']);
  });

  it('within the follower closes the older connection', async () => {
    const { pair, atFollower } = await openPair();
    const fresh = new FakePort(pair.followerPipeline).takeUp(atFollower);
    const fresher = new FakePort(pair.followerPipeline).takeUp(atFollower);
    await pair.settle();
    assert.deepEqual(atFollower.heard(), ['closed sessionReopened']);
    assert.deepEqual(fresh.heard(), ['closed sessionReopened']);
    assert.deepEqual(fresher.heard(), ['opened 4000']);
  });

  for (const mode of ['follower', 'observer'] as const) {
    it(`to ${mode === 'follower' ? 'a' : 'an'} ${mode}, away from it and back is not opened there by the answer to the first question`, async () => {
      const pair = await Pair.start({}, mode);
      const { followerPipeline, leaderPipeline, world } = pair;
      const first = new FakePort(leaderPipeline).open();
      await pair.settle();
      const gone = new FakePort(followerPipeline).takeUp(first);
      // An observer asks twice: whether the session lives, and what is under way.
      await world.run(mode === 'follower' ? 1.5 : 3.5);
      gone.hangUp();
      const elsewhere = new FakePort(leaderPipeline).takeUp(first);
      await world.run(0.1);
      elsewhere.send('create /elsewhere');
      const back = new FakePort(followerPipeline).takeUp(first);
      await world.until(() => back.told.length > 0);
      assert.deepEqual(back.heard(), ['opened 4000']);
      back.send('create /here');
      await pair.settle();
      assert.deepEqual(back.heard(), ['1 create /here']);
    });
  }

  for (const mode of ['follower', 'observer'] as const) {
    it(`to ${mode === 'follower' ? 'a' : 'an'} ${mode} that hears only now that it was made is not opened by that`, async () => {
      const pair = await Pair.start({}, mode);
      const { followerPipeline, leaderPipeline, world } = pair;
      world.disk('follower').hang('sync');
      const first = new FakePort(leaderPipeline).open();
      world.disk('follower').release();
      await world.until(() => first.told.length > 0);
      const back = new FakePort(followerPipeline).takeUp(first);
      first.send('create /elsewhere');
      await world.until(() => back.told.length > 0);
      back.send('create /here');
      await pair.settle();
      assert.deepEqual(back.heard(), ['opened 4000', '1 create /here']);
    });
  }

  for (const at of ['leader', 'follower', 'observer'] as const) {
    it(`away from ${at === 'observer' ? 'an' : 'a'} ${at} and back leaves nothing to its older connection there, even before it is opened`, async () => {
      const pair = await Pair.start({}, at === 'observer' ? 'observer' : 'follower');
      const { followerPipeline, leaderPipeline } = pair;
      const [here, there] = at === 'leader' ? [leaderPipeline, followerPipeline] : [followerPipeline, leaderPipeline];
      const old = new FakePort(here).open();
      await pair.settle();
      const elsewhere = new FakePort(there).takeUp(old);
      await pair.settle();
      elsewhere.send('create /newer');
      await pair.settle();
      const back = new FakePort(here).takeUp(old);
      old.send('create /late');
      await pair.settle();
      assert.equal(old.told.at(-1), at === 'leader' ? 'closed sessionMoved' : 'closed sessionReopened');
      assert.deepEqual(back.heard(), ['opened 4000']);
      assert.deepEqual(
        pair.leader.applied.filter((text) => text.includes('/late')),
        [],
      );
    });
  }

  it('to an observer behind the follower closes its connection there, and what comes on it goes nowhere', async () => {
    const { pair, atFollower } = await openPair();
    const { followerPipeline } = pair;
    atFollower.send('create /before');
    followerPipeline.sessionMoved(atFollower.sessionId);
    atFollower.send('create /late');
    await pair.settle();
    assert.deepEqual(
      pair.forwarded.filter(({ type }) => type === OpCode.create).map(({ cxid }) => cxid),
      [1],
    );
    assert.deepEqual(atFollower.heard(), ['closed sessionMoved', 'missed 1 create /before']);
    const back = new FakePort(followerPipeline).takeUp(atFollower);
    await pair.settle();
    back.send('create /back');
    await pair.settle();
    assert.deepEqual(back.heard(), ['opened 4000', '1 create /back']);
  });

  it('to an observer behind the follower closes who waits for it there, too', async () => {
    const { pair, atLeader } = await openPair();
    const { followerPipeline } = pair;
    const waiting = new FakePort(followerPipeline).takeUp(atLeader);
    followerPipeline.sessionMoved(atLeader.sessionId);
    await pair.settle();
    assert.deepEqual(waiting.heard(), ['closed sessionMoved']);
  });

  it('is refused with a wrong password, and when it is unknown to the leader', async () => {
    const { pair, atFollower } = await openPair();
    const thief = new FakePort(pair.followerPipeline).resume(atFollower.sessionId, Buffer.alloc(16));
    atFollower.send('closeSession');
    await pair.settle();
    const late = new FakePort(pair.followerPipeline).takeUp(atFollower);
    await pair.settle();
    assert.deepEqual([thief.heard(), late.heard()], [['refused'], ['refused']]);
  });
});

describe('whoever comes with a wrong password', () => {
  for (const where of ['leaderPipeline', 'followerPipeline'] as const) {
    it(`does not disturb the connection that has the session (${where})`, async () => {
      const { pair, atLeader, atFollower } = await openPair();
      const owner = where === 'leaderPipeline' ? atLeader : atFollower;
      owner.send('create /mine mode=ephemeral');
      const thieves = [Buffer.alloc(16), Buffer.alloc(0), Buffer.alloc(17, owner.password)].flatMap((password) => [
        new FakePort(pair.leaderPipeline).resume(owner.sessionId, password),
        new FakePort(pair.followerPipeline).resume(owner.sessionId, password),
      ]);
      await pair.settle();
      owner.send('set /mine');
      await pair.settle();
      for (const thief of thieves) assert.deepEqual(thief.heard(), ['refused']);
      assert.deepEqual(owner.heard(), ['1 create /mine', '2 setData /mine version=1']);
    });
  }

  it('does not disturb a connection that is taking the session up', async () => {
    const { pair, atFollower } = await openPair();
    const fresh = new FakePort(pair.followerPipeline).takeUp(atFollower);
    const thief = new FakePort(pair.followerPipeline).resume(atFollower.sessionId, Buffer.alloc(16));
    await pair.settle();
    assert.deepEqual([fresh.heard(), thief.heard()], [['opened 4000'], ['refused']]);
  });
});

describe('sessions of the follower', () => {
  it('live as long as the follower hears of them, and die once on both servers', async () => {
    const { pair, atLeader, atFollower } = await openPair();
    atFollower.send('create /e mode=ephemeral', 'create /f mode=ephemeral');
    await pair.settle();
    for (let i = 0; i < 10; i++) {
      atFollower.touch();
      atLeader.touch();
      pair.ping();
      await pair.world.run(1000);
    }
    assert.notEqual(pair.follower.stat('/e'), 'absent');
    for (let i = 0; i < 10; i++) {
      atLeader.touch();
      pair.ping();
      await pair.world.run(1000);
    }
    assert.deepEqual(atFollower.heard(), ['1 create /e', '2 create /f', 'closed sessionExpired']);
    assert.deepEqual(atLeader.heard(), []);
    const closes = pair.follower.applied.filter((txn) => txn.startsWith('closeSession'));
    assert.deepEqual(closes, ['closeSession [/e /f]']);
    assert.equal(pair.follower.stat('/e'), 'absent');
    sameTrees(pair);
  });

  it('have their whole time-out anew under a new leader', async () => {
    const { pair, atFollower } = await openPair();
    atFollower.send('create /e mode=ephemeral');
    await pair.world.run(3500);
    pair.leaderPipeline.stop();
    pair.followerPipeline.stop();
    const next = new LeaderPipeline(pair.leader.deps);
    next.startLeading(pair);
    await pair.world.run(3500);
    assert.notEqual(pair.leader.stat('/e'), 'absent');
    assert.ok(next.touch(atFollower.sessionId, 4000));
  });
});
