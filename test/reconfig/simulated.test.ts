// Whole servers on simulated machines: who takes part, who leads, what is on disk, and what a crash leaves behind.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ErrorCode } from '../../src/protocol/index.js';
import { line, SimulatedServers } from './simulated.js';

async function three(seed: string): Promise<SimulatedServers> {
  const servers = new SimulatedServers(seed);
  await servers.found(1, 2, 3);
  return servers;
}

describe('simulated servers that are reconfigured', () => {
  it('replace their leader without an election', async () => {
    const servers = await three('replace');
    await servers.come(4, [1, 2, 3]);
    const old = servers.leader();
    assert.equal(await servers.reconfig(1, { joining: line(4), leaving: String(old) }), 0);
    await servers.world.until(() => servers.leaders.length === 1 && servers.leader() !== old);
    const rest = [1, 2, 3, 4].filter((sid) => sid !== old);
    await servers.serving(...rest);
    const next = servers.leader();
    const appointed = servers.world.host(`s${next}`).log.withCode('LEADER_APPOINTED');
    assert.equal(appointed.length, 1);
    await servers.write(next, '/after');
    for (const sid of rest) assert.equal(servers.members(sid), rest.map((other) => `${other}p`).join(' '));
    // The removed one follows without a vote.
    await servers.serving(old);
    assert.equal(servers.peer(old).state(), 'FOLLOWING');
    assert.deepEqual(servers.ends, []);
  });

  it('make the leader an observer', async () => {
    const servers = await three('demote');
    const old = servers.leader();
    assert.equal(await servers.reconfig(1, { joining: line(old, 'observer') }), 0);
    await servers.world.until(() => servers.isServing(old) && servers.peer(old).state() === 'OBSERVING');
    await servers.write(old, '/observed');
  });

  it('answer the second of two requests that one is on its way, and conditions by version', async () => {
    const servers = await three('second');
    const leader = servers.leader();
    const client = await servers.client(leader);
    const both = Promise.all([
      servers.ask(client, { joining: line(1, 'observer') }),
      servers.ask(client, { joining: line(1) }),
    ]);
    assert.deepEqual(await servers.world.settle(both), [0, ErrorCode.reconfigInProgress]);
    client.destroy();
    await servers.serving(1, 2, 3);
    assert.equal(await servers.reconfig(2, { joining: line(1), from: 0x100000000 }), ErrorCode.badVersion);
    const version = Number.parseInt(servers.version(2), 16);
    assert.equal(await servers.reconfig(2, { joining: line(1), from: version }), 0);
  });

  it('refuse a configuration of which nobody is there', async () => {
    const servers = await three('absent');
    const members = [line(1), line(4), line(5)].join(',');
    assert.equal(await servers.reconfig(1, { members }), ErrorCode.newConfigNoQuorum);
    await servers.write(1, '/still');
  });

  it('move: client port, election port, quorum port', async () => {
    const servers = await three('move');
    const follower = servers.leader() === 1 ? 2 : 1;
    const moved = line(follower, 'participant', '2889:3889').replace(':2181', ':2182');
    assert.equal(await servers.reconfig(servers.leader(), { joining: moved }), 0);
    await servers.world.run(5000);
    const client = await servers.client(follower, 2182);
    await servers.world.settle(client.create('/moved'));
    client.destroy();
    // It is found there for elections and leads there, too.
    for (const sid of [1, 2, 3]) if (sid !== follower) servers.kill(sid);
    const other = [1, 2, 3].find((sid) => sid !== follower) ?? 0;
    await servers.boot(other);
    await servers.serving(other, follower);
  });

  it('move the quorum port of the leader: another leads', async () => {
    const servers = await three('move the leader');
    const old = servers.leader();
    assert.equal(await servers.reconfig(old, { joining: line(old, 'participant', '2889:3889') }), 0);
    await servers.world.until(() => servers.leaders.length === 1 && servers.leader() !== old);
    await servers.serving(1, 2, 3);
  });

  it('tell a server that was away of what it missed, by their votes', async () => {
    const servers = await three('away');
    const away = servers.leader() === 1 ? 2 : 1;
    servers.kill(away);
    const there = [1, 2, 3].filter((sid) => sid !== away);
    for (const sid of [4, 5]) {
      await servers.come(sid, [1, 2, 3]);
      assert.equal(await servers.reconfig(there[0] ?? 0, { joining: line(sid) }), 0);
    }
    const before = servers.version(there[0] ?? 0);
    // Of those whom it knows one is left: it could not be elected or join by its own list.
    await servers.boot(away);
    await servers.serving(away);
    assert.equal(servers.version(away), before);
    assert.equal(servers.members(away), '1p 2p 3p 4p 5p');
  });

  for (const way of ['killed', 'without power', 'without power twice'] as const) {
    it(`find one that was ${way} while all others moved: it knows none of their addresses`, async () => {
      const servers = await three(`moved ${way}`);
      const away = servers.leader() === 1 ? 2 : 1;
      const there = [1, 2, 3].filter((sid) => sid !== away);
      if (way === 'killed') servers.kill(away);
      else servers.powerOff(away);
      for (const sid of there) {
        await servers.serving(...there);
        const led = servers.leader() === sid;
        assert.equal(await servers.reconfig(sid, { joining: line(sid, 'participant', '2889:3889') }), 0);
        // It has answered, and gives its clients up a moment later.
        if (led) await servers.world.until(() => servers.leaders.length === 1 && servers.leader() !== sid);
      }
      await servers.serving(...there);
      await servers.world.run(8000);
      await servers.boot(away);
      if (way === 'without power twice') {
        // Before it has introduced itself: to the leader the connection looks as before.
        const { log } = servers.world.host(`s${away}`);
        const before = log.withCode('ELECTION_CONNECTED').length;
        await servers.world.until(() => log.withCode('ELECTION_CONNECTED').length > before, 60_000);
        servers.powerOff(away);
        await servers.world.run(5000);
        await servers.boot(away);
      }
      await servers.serving(away);
      assert.equal(servers.version(away), servers.version(servers.leader()));
    });
  }

  for (const way of ['without power', 'cut off', 'standing still'] as const) {
    it(`find one that was ${way} while all others were replaced: whom it knows is gone`, async () => {
      const servers = await three(`replaced ${way}`);
      const away = servers.leader() === 1 ? 2 : 1;
      const gone = [1, 2, 3].filter((sid) => sid !== away);
      const { network } = servers.world;
      for (const sid of [4, 5]) await servers.come(sid, [1, 2, 3]);
      if (way === 'without power') servers.powerOff(away);
      else if (way === 'standing still') {
        servers.world.pause(`s${away}`);
        // Nor does it find what they had to say to it when it goes on.
        for (const sid of gone) network.cut(`s${away}`, `s${sid}`);
      } else network.partition([[`s${away}`], [...gone, 4, 5].map((sid) => `s${sid}`)]);
      const members = [away, 4, 5].map((sid) => line(sid)).join(',');
      assert.equal(await servers.reconfig(4, { members }), 0);
      await servers.world.until(() => [4, 5].includes(servers.leaders[0] ?? 0));
      for (const sid of gone) servers.powerOff(sid);
      await servers.world.run(15_000);
      if (way === 'without power') await servers.boot(away);
      else if (way === 'standing still') servers.world.resume(`s${away}`);
      else network.healAll();
      // Who stood still does not know at once that it follows nobody.
      await servers.world.until(() => servers.version(away) === servers.version(4), 60_000);
      await servers.serving(away, 4, 5);
    });
  }

  it('keep removed servers from making an ensemble of their own', async () => {
    const servers = await three('removed');
    for (const sid of [4, 5]) await servers.come(sid, [1, 2, 3]);
    const members = [3, 4, 5].map((sid) => line(sid)).join(',');
    assert.equal(await servers.reconfig(3, { members }), 0);
    await servers.world.run(10_000);
    assert.equal(servers.members(servers.leader()), '3p 4p 5p');
    for (const sid of [1, 2, 3, 4, 5]) servers.kill(sid);
    for (const sid of [1, 2]) await assert.rejects(servers.boot(sid), /this is server [12], but the list has only/);
  });

  it('keep one that missed a change and one that it removed, and that comes anew, from leading by the old list', async () => {
    const servers = await three('old list');
    const [missed = 0, removed = 0] = [1, 2, 3].filter((sid) => sid !== servers.leader());
    const leader = servers.leader();
    await servers.come(4, [1, 2, 3]);
    servers.kill(missed);
    const members = [missed, leader, 4].map((sid) => line(sid)).join(',');
    assert.equal(await servers.reconfig(leader, { members }), 0);
    await servers.write(leader, '/by-the-new-list');
    await servers.serving(removed);
    for (const sid of [removed, leader, 4]) servers.kill(sid);
    // The operator gives it the present list and itself; its data stay.
    servers.install(removed, [...[missed, leader, 4].map((sid) => line(sid)), line(removed)]);
    await servers.boot(missed);
    await servers.boot(removed);
    await servers.world.run(20_000);
    assert.deepEqual(servers.leaders, [], 'the two are a quorum of the old list only');
    for (const sid of [leader, 4]) await servers.boot(sid);
    await servers.serving(missed, leader, 4);
    assert.equal(
      servers.members(missed),
      [missed, leader, 4]
        .sort()
        .map((sid) => `${sid}p`)
        .join(' '),
    );
  });

  it('go on when their files cannot be written, and say so once', async () => {
    const servers = await three('read-only');
    const sid = servers.leader() === 1 ? 2 : 1;
    servers.world.disk(`s${sid}`).deny('/etc', 'write');
    assert.equal(await servers.reconfig(sid, { joining: line(3, 'observer') }), 0);
    await servers.world.run(5000);
    assert.equal(await servers.reconfig(sid, { joining: line(3) }), 0);
    await servers.world.run(5000);
    const told = servers.world.host(`s${sid}`).log.withCode('CONFIG_FILES');
    assert.equal(told.length, 1);
    servers.kill(sid);
    servers.world.disk(`s${sid}`).repair();
    await servers.boot(sid);
    await servers.serving(sid);
    assert.equal(servers.version(sid), servers.version(3));
  });
});

/** Every operation in the long run; else every seventh. */
const STEP = process.env['ZK_TEST_LONG'] === undefined ? 7 : 1;

/** What is asked while one of the servers crashes. */
const CHANGES = [
  { name: 'one joins', wish: () => ({ joining: line(4) }) },
  { name: 'the leader leaves, another joins', wish: (leader: number) => ({ joining: line(4), leaving: `${leader}` }) },
] as const;

/** Crashes a server at its disk operation number `point` after the request; false when there are not so many. */
async function crashAt(change: (typeof CHANGES)[number], victim: 'leader' | 'follower' | 'joiner', point: number) {
  const servers = await three(`crash ${change.name} ${victim} ${point}`);
  await servers.come(4, [1, 2, 3]);
  const leader = servers.leader();
  const follower = [1, 2, 3].find((sid) => sid !== leader) ?? 0;
  const third = [1, 2, 3].find((sid) => sid !== leader && sid !== follower) ?? 0;
  const sid = { leader, follower, joiner: 4 }[victim];
  const client = await servers.client(third);
  const disk = servers.world.disk(`s${sid}`);
  const first = disk.operationCount;
  const seen: { hasCrashed: boolean; answer: number | null } = { hasCrashed: false, answer: null };
  disk.onOperation = ({ index }) => {
    if (index !== first + point || seen.hasCrashed) return;
    seen.hasCrashed = true;
    servers.powerOff(sid);
  };
  servers.ask(client, change.wish(leader)).then(
    (err) => (seen.answer = err),
    () => undefined,
  );
  await servers.world.run(3000);
  disk.onOperation = null;
  client.destroy();
  if (!seen.hasCrashed) return false;
  // Everybody else loses power, too: what is left is what is on the disks.
  for (const other of [1, 2, 3, 4]) if (servers.peers.has(other)) servers.powerOff(other);
  const started: number[] = [];
  for (const other of [1, 2, 3, 4]) {
    try {
      await servers.boot(other);
      started.push(other);
    } catch (error) {
      // A removed leader that knows it.
      assert.match(String(error), /NOT_A_MEMBER/);
      assert.equal(other, leader);
    }
  }
  const members = started.filter((other) => other !== leader && other !== 4);
  await servers.serving(...members);
  await servers.world.run(5000);
  await servers.write(members[0] ?? 0, '/after');
  assert.equal(servers.leaders.length, 1, `leaders ${servers.leaders.join()}`);
  const versions = new Set(members.map((other) => servers.version(other)));
  assert.equal(versions.size, 1, [...versions].join());
  if (seen.answer === 0) assert.match(servers.members(members[0] ?? 0), /4p/);
  return true;
}

describe('a crash at every disk operation of a reconfiguration', () => {
  for (const change of CHANGES) {
    for (const victim of ['leader', 'follower', 'joiner'] as const) {
      it(`${change.name}: the ${victim} loses power, then all`, async () => {
        let point = 0;
        while (await crashAt(change, victim, point)) point += STEP;
        assert.ok(point > 10, `only ${point} operations`);
      });
    }
  }
});
