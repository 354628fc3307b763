// Observers that followers serve (observerMasterPort), with whole servers on simulated machines.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { line, SimulatedServers } from '../reconfig/simulated.js';
import { hostTransport } from '../support/wire-transport.js';
import { WireClient } from '../support/wire-client.js';

const EPHEMERAL = 1;
const VOTERS = [1, 2, 3];
const OBSERVERS = [4, 5];
const SETTINGS = ['observerMasterPort=2191', 'maxSessionTimeout=60000'];

/** Three voters and two observers; all serve. */
async function five(seed: string, settings: readonly string[] = SETTINGS): Promise<SimulatedServers> {
  const servers = new SimulatedServers(seed, settings);
  const list = [...VOTERS.map((sid) => line(sid)), ...OBSERVERS.map((sid) => line(sid, 'observer'))];
  for (const sid of VOTERS) servers.install(sid, list);
  for (const sid of OBSERVERS) servers.install(sid, list, 'observer');
  for (const sid of [...VOTERS, ...OBSERVERS]) await servers.boot(sid);
  await servers.serving(...VOTERS, ...OBSERVERS);
  return servers;
}

/** Which voter serves this observer; 0: none. */
function masterOf(servers: SimulatedServers, observer: number): number {
  return VOTERS.find((sid) => servers.peers.get(sid)?.learners.some((one) => one.sid === observer && one.isLive)) ?? 0;
}

async function resume(servers: SimulatedServers, sid: number, old: WireClient): Promise<WireClient> {
  const { sessionId, password, lastZxid: lastZxidSeen } = old;
  const socket = await servers.world.settle(
    servers.world.host('client').network.dial({ host: `s${sid}`, port: 2181 }, 1000),
  );
  const client = WireClient.over(hostTransport(socket));
  await servers.world.settle(client.open({ sessionId, password, lastZxidSeen }));
  return client;
}

describe('observers with observer masters', () => {
  it('come to followers, and see and make writes through them', async () => {
    const servers = await five('come');
    const leader = servers.leader();
    for (const observer of OBSERVERS) {
      const master = masterOf(servers, observer);
      assert.ok(master !== 0 && master !== leader, `observer ${observer} is served by ${master}, ${leader} leads`);
    }
    assert.ok(!servers.peer(leader).learners.some(({ isObserver }) => isObserver), 'the leader serves none');
    const [watching, writing] = [await servers.client(4), await servers.client(5)];
    await servers.world.settle(watching.exists('/a', true).catch(() => undefined));
    await servers.world.settle(writing.create('/a', Buffer.from('x')));
    const event = await servers.world.settle(watching.nextEvent());
    assert.deepEqual([event.type, event.path], [1, '/a']);
    // What was written anywhere before a sync is there after it.
    const elsewhere = await servers.client(leader);
    for (let i = 0; i < 20; i++) {
      await servers.world.settle(elsewhere.setData('/a', Buffer.from(String(i))));
      await servers.world.settle(watching.sync('/a'));
      assert.equal(String((await servers.world.settle(watching.getData('/a'))).data), String(i));
    }
    // A refused request is answered, too.
    await assert.rejects(servers.world.settle(writing.create('/a')), /node_?exists/i);
    assert.deepEqual(servers.ends, []);
  });

  it('keep sessions alive and move them', async () => {
    const servers = await five('sessions');
    const client = await servers.client(4);
    await servers.world.settle(client.create('/mine', null, EPHEMERAL));
    for (let i = 0; i < 20; i++) {
      await servers.world.run(1000);
      await servers.world.settle(client.ping());
    }
    const moved = await resume(servers, 5, client);
    assert.equal(moved.sessionId, client.sessionId);
    assert.equal((await servers.world.settle(moved.exists('/mine'))).ephemeralOwner, client.sessionId);
    const back = await resume(servers, 1, moved);
    await servers.world.settle(back.setData('/mine', Buffer.from('still')));
    client.destroy();
    moved.destroy();
    back.destroy();
    await servers.world.run(120_000);
    await assert.rejects(servers.world.settle((await servers.client(4)).exists('/mine')), /no_?node/i);
  });

  it('go to another follower when theirs is gone, and the leader stays', async () => {
    const servers = await five('failover');
    const leader = servers.leader();
    const master = masterOf(servers, 4);
    servers.kill(master);
    await servers.world.until(() => ![0, master].includes(masterOf(servers, 4)));
    assert.equal(servers.leader(), leader);
    await servers.serving(4);
    await servers.write(4, '/after');
    await servers.boot(master);
    await servers.serving(master, ...OBSERVERS);
    const client = await servers.client(5);
    await servers.world.settle(client.sync('/'));
    await servers.world.settle(client.exists('/after'));
  });

  it('survive the leader, and what it left behind is the same everywhere', async () => {
    const servers = await five('leader');
    const leader = servers.leader();
    await servers.write(4, '/before');
    servers.kill(leader);
    await servers.world.until(() => servers.leaders.length === 1 && servers.leader() !== leader);
    // Their only follower left serves them.
    await servers.world.until(() => OBSERVERS.every((sid) => ![0, leader].includes(masterOf(servers, sid))));
    await servers.serving(...OBSERVERS);
    await servers.write(5, '/after');
    for (const sid of OBSERVERS) {
      const client = await servers.client(sid);
      await servers.world.settle(client.sync('/'));
      const names = await servers.world.settle(client.getChildren('/'));
      assert.deepEqual(names.sort(), ['after', 'before', 'zookeeper']);
    }
  });

  it('learn new configurations through their master', async () => {
    const servers = await five('reconfig');
    const leader = servers.leader();
    const gone = VOTERS.find((sid) => sid !== leader && sid !== masterOf(servers, 4)) ?? 0;
    assert.equal(await servers.reconfig(leader, { leaving: String(gone) }), 0);
    const rest = [...VOTERS, ...OBSERVERS].filter((sid) => sid !== gone);
    await servers.world.until(() => rest.every((sid) => servers.version(sid) === servers.version(leader)));
    assert.equal(servers.members(4), servers.members(leader));
    await servers.serving(...rest);
    await servers.write(4, '/after');
  });

  it('become voters', async () => {
    const servers = await five('promoted');
    const leader = servers.leader();
    assert.equal(await servers.reconfig(leader, { joining: line(4) }), 0);
    await servers.world.until(() => servers.isServing(4) && servers.peer(4).state() === 'FOLLOWING');
    await servers.write(4, '/after');
  });

  it('go to the leader when no port is named', async () => {
    const servers = await five('plain', []);
    assert.equal(masterOf(servers, 4), servers.leader());
    assert.equal(masterOf(servers, 5), servers.leader());
  });

  it('are not let in as followers', async () => {
    const servers = await five('wrong');
    const follower = VOTERS.find((sid) => sid !== servers.leader()) ?? 0;
    const { network } = servers.world.host('stranger');
    const socket = await servers.world.settle(network.dial({ host: `s${follower}`, port: 2191 }, 1000));
    let closed = false;
    const ended = (): void => {
      closed = true;
      socket.destroy();
    };
    socket.start({ onData: () => undefined, onEnd: ended, onDrain: () => undefined, onClose: () => (closed = true) });
    // FOLLOWERINFO: type 11, zxid 0, 20 bytes: id 9, protocol 0x10000, configuration 0; no authinfo.
    socket.write(
      Buffer.from('0000000b000000000000000000000014000000000000000900010000' + '0000000000000000ffffffff', 'hex'),
    );
    await servers.world.until(() => closed);
    const said = servers.world.host(`s${follower}`).log.atLeast('info');
    assert.ok(said.some(({ message }) => /only observers are served/.test(message)));
  });
});

describe('observers that come back', () => {
  it('wait for a random time, so that not all come at once', async () => {
    const servers = await five('delays', [
      ...SETTINGS,
      'observer.reconnectDelayMs=4000',
      'observer.election.DelayMs=3000',
    ]);
    const leader = servers.leader();
    const since = servers.world.nowMs;
    servers.kill(leader);
    await servers.world.until(() => OBSERVERS.every((sid) => !servers.isServing(sid)));
    await servers.serving(...OBSERVERS);
    const tookMs = servers.world.nowMs - since;
    assert.ok(tookMs > 100 && tookMs < 12_000, `${tookMs} ms`);
  });

  it('stop at once while they wait', async () => {
    const servers = await five('stopped', [...SETTINGS, 'observer.election.DelayMs=3600000']);
    for (const sid of VOTERS) servers.kill(sid);
    await servers.world.until(() => OBSERVERS.every((sid) => !servers.isServing(sid)));
    await servers.world.run(100);
    const since = servers.world.nowMs;
    await servers.world.settle(Promise.all(OBSERVERS.map((sid) => servers.peer(sid).stop())));
    assert.ok(servers.world.nowMs - since < 1000);
  });
});

/** Where a client of a session goes when the server that it was at stands still. */
const MOVES: readonly { readonly name: string; readonly to: 'its master' | 'another observer of its master' }[] = [
  { name: 'to the master', to: 'its master' },
  { name: 'to another observer of the master', to: 'another observer of its master' },
];

/** Two voters, so that both observers have the same master. */
async function oneMaster(seed: string): Promise<{ servers: SimulatedServers; master: number }> {
  const servers = new SimulatedServers(seed, SETTINGS);
  const list = [line(1), line(2), ...OBSERVERS.map((sid) => line(sid, 'observer'))];
  for (const sid of [1, 2]) servers.install(sid, list);
  for (const sid of OBSERVERS) servers.install(sid, list, 'observer');
  for (const sid of [1, 2, ...OBSERVERS]) await servers.boot(sid);
  await servers.serving(1, 2, ...OBSERVERS);
  const master = servers.leader() === 1 ? 2 : 1;
  assert.deepEqual(
    OBSERVERS.map((sid) => masterOf(servers, sid)),
    [master, master],
  );
  return { servers, master };
}

async function dataAt(servers: SimulatedServers, sid: number): Promise<string> {
  const client = await servers.client(sid);
  await servers.world.settle(client.sync('/a'));
  const { data } = await servers.world.settle(client.getData('/a'));
  client.destroy();
  return String(data);
}

describe('a session that moves behind one master', () => {
  for (const { name, to } of MOVES) {
    it(`from an observer that stands still ${name}: what it wrote there before is not written late`, async () => {
      const { servers, master } = await oneMaster(`late ${to}`);
      const { world } = servers;
      const client = await servers.client(4);
      const bystander = await servers.client(4);
      await world.settle(client.create('/a', Buffer.from('old')));
      world.pause('s4');
      const late = client.setData('/a', Buffer.from('late')).then(
        () => 'answered',
        () => 'closed',
      );
      await world.run(10);
      const target = to === 'its master' ? master : 5;
      const moved = await resume(servers, target, client);
      await world.settle(moved.setData('/a', Buffer.from('new')));
      world.resume('s4');
      assert.equal(await world.settle(late), 'closed');
      const said = world.host(`s${master}`).log.withCode('LATE_REQUEST');
      const where = target === master ? `this server, ${master}` : 'server 5';
      const message = new RegExp(
        `^A late request of session 0x[0-9a-f]+, which has moved to ${where}, came from server 4;`,
      );
      assert.ok(
        said.some((one) => message.test(one.message)),
        said.map((one) => one.message).join('\n'),
      );
      // The observer's other clients have noticed nothing.
      assert.equal(String((await world.settle(bystander.getData('/a'))).data), 'new');
      for (const sid of [1, 2, 4, 5]) assert.equal(await dataAt(servers, sid), 'new', `server ${sid}`);
      // And it may come back.
      const back = await resume(servers, 4, moved);
      await world.settle(back.setData('/a', Buffer.from('back')));
      assert.equal(await dataAt(servers, target), 'back');
      assert.deepEqual(servers.ends, []);
    });
  }

  it('from the master to an observer: its connection there is closed, and what comes on it is not heard', async () => {
    const { servers, master } = await oneMaster('own');
    const { world } = servers;
    const client = await servers.client(master);
    await world.settle(client.create('/a', Buffer.from('old')));
    const moved = await resume(servers, 4, client);
    const late = client.setData('/a', Buffer.from('late')).then(
      () => 'answered',
      () => 'closed',
    );
    assert.equal(await world.settle(late), 'closed');
    await world.settle(moved.setData('/a', Buffer.from('new')));
    for (const sid of [1, 2, 4, 5]) assert.equal(await dataAt(servers, sid), 'new', `server ${sid}`);
    const back = await resume(servers, master, moved);
    await world.settle(back.setData('/a', Buffer.from('back')));
    assert.equal(await dataAt(servers, 4), 'back');
  });
});
