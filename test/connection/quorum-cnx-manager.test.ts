import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeInitialMessage } from '../../src/protocol/index.js';
import { parseMembership } from '../../src/membership/index.js';
import { QuorumAuthenticator } from '../../src/connection/index.js';
import type { Socket } from '../../src/host/index.js';
import { type FakeHost, World } from '../fakes/index.js';
import { dialAs, frame, managerOn, members, Player, startAll, takeAll } from './fixtures.js';
import type { TestManager } from './fixtures.js';

function get(managers: Map<number, TestManager>, sid: number): TestManager {
  return managers.get(sid) ?? assert.fail(`no manager ${sid}`);
}

/** What listens at a server's address and is not the server. */
const STRANGE: Readonly<Record<string, (socket: Socket) => void>> = {
  'says nothing': (socket) => new Player(socket),
  'closes at once': (socket) => socket.destroy(),
  'talks of other things': (socket) => {
    new Player(socket).socket.write(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
  },
};

const USERS = new Map([['zk', 'secret']]);

describe('QuorumCnxManager', () => {
  it('tells once a minute of an address that takes connections and ends them', async () => {
    const world = new World();
    const { manager, host } = managerOn(world, 2, { verifier: () => members(1, 2) });
    await world.settle(manager.start());
    const { network } = world.host('s1');
    await world.settle(
      network.listen({ endpoint: { host: 's1', port: 3888 } }, (socket) => {
        socket.destroy();
      }),
    );
    for (let second = 0; second < 300; second += 5) {
      manager.renew(1, 0);
      await world.run(5000);
    }
    for (const code of ['ELECTION_CONNECTED', 'ELECTION_DISCONNECTED']) {
      const lines = host.log.withCode(code).filter(({ level }) => level === 'info');
      assert.equal(lines.length, 5, code);
    }
  });

  it('closes a connection before it dials only when that has been silent', async () => {
    const world = new World();
    const managers = await startAll(world, [1, 2]);
    const [one, two] = [get(managers, 1), get(managers, 2)];
    two.manager.renew(1, 0);
    await world.run(1000);
    const ended = (): number => one.host.log.withCode('ELECTION_DISCONNECTED').length;
    one.manager.send(2, Buffer.from('here'));
    await world.run(1000);
    two.manager.renew(1, two.host.clock.monotonicMs() - 1500);
    await world.run(1000);
    assert.equal(ended(), 0, 'heard of a second ago');
    two.manager.renew(1, two.host.clock.monotonicMs());
    await world.run(1000);
    assert.equal(ended(), 1);
    assert.ok(two.manager.isConnected(1));
  });

  it('keeps one connection between two servers, whoever begins', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const world = new World(seed);
      const managers = await startAll(world, [1, 2, 3]);
      // All at once, so that knocks and dials cross.
      for (const [from, { manager }] of managers) {
        for (const to of [1, 2, 3]) manager.send(to, Buffer.from(`${from} to ${to}`));
      }
      await world.run(2000);
      for (const [sid, { manager }] of managers) {
        const got = [...new Set(takeAll(manager))].sort();
        assert.deepEqual(
          got,
          [1, 2, 3].map((from) => `${from}: ${from} to ${sid}`),
          `seed ${seed}, server ${sid}`,
        );
        for (const other of [1, 2, 3]) {
          if (other !== sid) assert.equal(manager.isConnected(other), true, `seed ${seed}: ${sid} and ${other}`);
        }
      }
      // And it works in both directions afterwards.
      get(managers, 1).manager.send(3, Buffer.from('more'));
      get(managers, 3).manager.send(1, Buffer.from('more'));
      await world.run(5);
      assert.deepEqual(takeAll(get(managers, 3).manager), ['1: more'], `seed ${seed}`);
      assert.deepEqual(takeAll(get(managers, 1).manager), ['3: more'], `seed ${seed}`);
    }
  });

  it('delivers to itself at once', () => {
    const world = new World();
    const verifier = members(1, 2);
    const { manager } = managerOn(world, 1, { verifier: () => verifier });
    manager.send(1, Buffer.from('me'));
    assert.deepEqual(takeAll(manager), ['1: me']);
  });

  it('keeps only the newest message for a server that is not there yet', async () => {
    const world = new World();
    const verifier = members(1, 2);
    const one = managerOn(world, 1, { verifier: () => verifier });
    await world.settle(one.manager.start());
    world.host('s2');
    for (const vote of ['first', 'second', 'third']) {
      one.manager.send(2, Buffer.from(vote));
      await world.run(300);
    }
    assert.equal(one.manager.allDelivered(), false);
    const two = managerOn(world, 2, { verifier: () => verifier });
    await world.settle(two.manager.start());
    one.manager.connectAll();
    await world.run(20);
    assert.deepEqual(takeAll(two.manager), ['1: third']);
    assert.equal(one.manager.allDelivered(), true);
  });

  it('keeps the newest message while a full socket takes none', async () => {
    const world = new World();
    const verifier = members(1, 2);
    const one = managerOn(world, 1, { verifier: () => verifier });
    await world.settle(one.manager.start());
    const slow = await dialAs(world, 's2', 's1');
    slow.socket.write(encodeInitialMessage({ sid: 2, addresses: ['s2:3888'] }, false));
    await world.run(10);
    slow.socket.pause();
    for (let count = 0; count < 100; count++) {
      one.manager.send(2, Buffer.alloc(100_000, count));
      await world.run(1);
    }
    slow.socket.resume();
    await world.run(1000);
    const counts = slow.messages().map((message) => message.charCodeAt(0));
    assert.ok(counts.length < 20, `${counts.length} messages were written`);
    assert.equal(counts[counts.length - 1], 99);
  });

  it('sends the last message again on a new connection, since the old one may have lost it', async () => {
    const world = new World();
    const verifier = members(1, 2);
    const one = managerOn(world, 1, { verifier: () => verifier });
    await world.settle(one.manager.start());
    const greeting = encodeInitialMessage({ sid: 2, addresses: ['s2:3888'] }, false);
    const before = await dialAs(world, 's2', 's1');
    before.socket.write(greeting);
    one.manager.send(2, Buffer.from('vote'));
    await world.run(10);
    const after = await dialAs(world, 's2', 's1');
    after.socket.write(greeting);
    await world.run(10);
    assert.deepEqual([before.messages(), before.ended || before.closed], [['vote'], true]);
    assert.deepEqual(after.messages(), ['vote']);
    // What waits is newer than what was sent last.
    after.socket.destroy();
    await world.run(10);
    one.manager.send(2, Buffer.from('newer'));
    const third = await dialAs(world, 's2', 's1');
    third.socket.write(greeting);
    await world.run(10);
    assert.deepEqual(third.messages(), ['newer']);
  });

  it('ends a connection whose packet is too long, and says so', async () => {
    const world = new World();
    const verifier = members(1, 2, 3);
    const one = managerOn(world, 1, { verifier: () => verifier });
    await world.settle(one.manager.start());
    const players = new Map<number, Player>();
    for (const sid of [2, 3]) {
      const player = await dialAs(world, `s${sid}`, 's1');
      player.socket.write(encodeInitialMessage({ sid, addresses: [`s${sid}:3888`] }, false));
      players.set(sid, player);
    }
    await world.run(10);
    const head = Buffer.alloc(4);
    head.writeInt32BE(512 * 1024 + 1);
    players.get(2)?.socket.write(head);
    await world.until(() => players.get(2)?.closed === true);
    assert.equal(one.manager.isConnected(2), false);
    assert.match(
      one.host.log.withCode('ELECTION_PACKET')[0]?.message ?? '',
      /server 2 at 10\.0\.0\.\d+:\d+ ended: .* 524289 bytes/,
    );
    players.get(3)?.socket.write(frame('fine'));
    await world.run(10);
    assert.deepEqual(takeAll(one.manager), ['3: fine']);
  });

  it('holds a hundred received messages and drops the oldest', async () => {
    const world = new World();
    const verifier = members(1, 2);
    const one = managerOn(world, 1, { verifier: () => verifier });
    await world.settle(one.manager.start());
    const player = await dialAs(world, 's2', 's1');
    player.socket.write(encodeInitialMessage({ sid: 2, addresses: ['s2:3888'] }, false));
    for (let count = 0; count < 150; count++) player.socket.write(frame(String(count)));
    await world.run(50);
    const got = takeAll(one.manager);
    assert.deepEqual([got.length, got[0], got[99]], [100, '2: 50', '2: 149']);
  });

  it('resolves names anew at every dial', async () => {
    const world = new World();
    const verifier = parseMembership({ 'server.1': 's1:2888:3888', 'server.2': 'two:2888:3888' });
    const one = managerOn(world, 1, { verifier: () => verifier });
    const two = managerOn(world, 2, { verifier: () => members(1, 2) });
    await world.settle(one.manager.start());
    await world.settle(two.manager.start());
    one.manager.send(2, Buffer.from('hello'));
    await world.run(1000);
    assert.match(one.host.log.withCode('ELECTION_DIAL')[0]?.message ?? '', /no address for two/);
    world.network.setName('two', 's2');
    one.manager.connectOne(2);
    await world.run(20);
    assert.deepEqual(takeAll(two.manager), ['1: hello']);
  });

  it('dials where the proposed configuration says when the committed one does not know or fails', async () => {
    const world = new World();
    const committed = members(1, 2);
    const proposed = parseMembership({
      'server.1': 's1:2888:3888',
      'server.2': 'moved:2888:3999',
      'server.3': 's3:2888:3888',
    });
    const three = managerOn(world, 3, { verifier: () => proposed }, {});
    const one = managerOn(world, 1, { verifier: () => committed, lastSeenVerifier: () => proposed });
    await world.settle(one.manager.start());
    await world.settle(three.manager.start());
    const moved: Player[] = [];
    const listening = world
      .host('moved')
      .network.listen({ endpoint: { host: 'moved', port: 3999 } }, (socket) => moved.push(new Player(socket)));
    await world.settle(listening);
    world.host('s2');
    one.manager.send(3, Buffer.from('you are new'));
    one.manager.send(2, Buffer.from('you have moved'));
    await world.run(1000);
    assert.deepEqual(takeAll(three.manager), ['1: you are new']);
    assert.equal(moved.length, 1);
  });

  it('tries the next of several addresses when one fails or keeps quiet', async () => {
    for (const fault of ['silent', 'reset', 'refused'] as const) {
      const world = new World();
      const verifier = parseMembership({ 'server.1': 's1:2888:3888', 'server.2': 'east:2888:3888|west:2888:3888' });
      world.host('east');
      const two = managerOn(world, 1, { verifier: () => verifier });
      await world.settle(two.manager.start());
      const west: Player[] = [];
      const listening = world
        .host('west')
        .network.listen({ endpoint: { host: 'west', port: 3888 } }, (socket) => west.push(new Player(socket)));
      await world.settle(listening);
      if (fault !== 'refused') world.network.cut('s1', 'east', { mode: fault });
      two.manager.send(2, Buffer.from('vote'));
      await world.run(400);
      assert.equal(west.length, 1, fault);
      assert.equal(two.manager.refused(2, 0), false, fault);
      await world.settle(two.manager.shutdown());
    }
  });

  for (const [what, answer] of Object.entries(STRANGE)) {
    for (const [from, to] of [
      [2, 1],
      [1, 2],
    ] as const) {
      it(`passes over an address where somebody ${what}: server ${from} dials server ${to}`, async () => {
        const world = new World();
        const line = `east:2888:3888|s${to}:2888:3888`;
        const verifier = parseMembership({ [`server.${from}`]: `s${from}:2888:3888`, [`server.${to}`]: line });
        const east = { endpoint: { host: 'east', port: 3888 } };
        await world.settle(world.host('east').network.listen(east, answer));
        const [one, other] = [from, to].map((sid) => managerOn(world, sid, { verifier: () => verifier }));
        if (one === undefined || other === undefined) return assert.fail('there are two');
        // The other one listens at the one of its addresses that it can have.
        for (const { manager } of [one, other]) await world.settle(manager.start());
        for (let i = 0; i < 15; i++) {
          one.manager.send(to, Buffer.from('vote'));
          for (const got of takeAll(other.manager)) {
            assert.equal(got, `${from}: vote`);
            other.manager.send(from, Buffer.from('answer'));
          }
          await world.run(200);
        }
        assert.ok(takeAll(one.manager).includes(`${to}: answer`));
        const before = one.host.log.withCode('ELECTION_CONNECTED').length;
        await world.run(10_000);
        one.manager.send(to, Buffer.from('vote'));
        await world.run(200);
        assert.deepEqual(takeAll(other.manager).at(-1), `${from}: vote`);
        assert.equal(one.host.log.withCode('ELECTION_CONNECTED').length, before, 'they stay connected');
      });
    }
  }

  for (const latencyMs of [0.2, 30, 110]) {
    // The line that server 1 has of itself means another machine to server 2 (a name of its own network).
    it(`goes where the configuration says, however knocks cross dials at ${latencyMs} ms`, async () => {
      const world = new World();
      const own = parseMembership({ 'server.1': 'wrong:2888:3888', 'server.2': 's2:2888:3888' });
      const one = managerOn(world, 1, { verifier: () => own }, { listenOnAllIPs: true });
      const two = managerOn(world, 2, { verifier: () => members(1, 2) });
      const wrong: Player[] = [];
      const elsewhere = { endpoint: { host: 'wrong', port: 3888 } };
      await world.settle(world.host('wrong').network.listen(elsewhere, (socket) => wrong.push(new Player(socket))));
      for (const { manager } of [one, two]) await world.settle(manager.start());
      for (const [a, b] of [['s1', 's2'] as const, ['s2', 's1'] as const])
        world.network.link(a, b).latencyMs = latencyMs;
      const heard = [0, 0];
      for (let round = 0; round < 20; round++) {
        one.manager.send(2, Buffer.from('vote'));
        two.manager.send(1, Buffer.from('vote'));
        await world.run(1000);
        for (const [at, { manager }] of [one, two].entries()) heard[at] = (heard[at] ?? 0) + takeAll(manager).length;
      }
      assert.ok(
        heard.every((count) => count > 10),
        `heard: ${heard.join(', ')}`,
      );
      assert.equal(wrong.length, 0);
    });
  }

  it('takes a server from another address for a double, unless it has several', async () => {
    for (const [line, doubles] of [
      ['east:2888:3888', 1],
      ['east:2888:3888|west:2888:3888', 0],
    ] as const) {
      const world = new World();
      const verifier = parseMembership({ 'server.1': 's1:2888:3888', 'server.2': line });
      const one = managerOn(world, 1, { verifier: () => verifier });
      await world.settle(one.manager.start());
      const greeting = encodeInitialMessage({ sid: 2, addresses: ['east:3888'] }, false);
      for (const from of ['east', 'west']) {
        const player = await dialAs(world, from, 's1');
        player.socket.write(greeting);
        await world.run(20);
      }
      assert.equal(one.host.log.withCode('ELECTION_DOUBLE').length, doubles, line);
    }
  });

  it('knows a refused dial from every other failure', async () => {
    const world = new World();
    const managers = await startAll(world, [1, 2, 3]);
    const { manager } = get(managers, 3);
    const down: number[] = [];
    manager.onPeerDown = (sid) => down.push(sid);
    manager.send(1, Buffer.from('vote'));
    manager.send(2, Buffer.from('vote'));
    await world.run(50);
    assert.equal(manager.refused(1, 0), false);
    world.kill('s1');
    world.powerOff('s2');
    await world.run(50);
    assert.deepEqual(down, [1], 'the connection of a killed process ends');
    const sinceMs = world.nowMs;
    assert.equal(manager.refused(1, 0), false, 'no new dial yet');
    world.host('s1');
    manager.connectOne(1);
    manager.connectOne(2);
    await world.run(50);
    assert.deepEqual(down, [1, 1]);
    assert.equal(manager.refused(1, sinceMs), true);
    assert.equal(manager.refused(1, world.nowMs), false, 'the dial is older than that');
    assert.equal(manager.refused(2, 0), false, 'a machine without power refuses nothing');
    const again = managerOn(world, 1, { verifier: () => members(1, 2, 3) });
    await world.settle(again.manager.start());
    manager.connectOne(1);
    await world.run(50);
    assert.equal(manager.refused(1, sinceMs), false, 'connected again');
  });

  it('tries the election port as often as it may, then reports that it is lost', async () => {
    const world = new World();
    const verifier = members(1, 2);
    const blocker = await world.settle(
      world.host('s1').network.listen({ endpoint: { host: 's1', port: 3888 } }, () => undefined),
    );
    const one = managerOn(world, 1, { verifier: () => verifier }, { electionPortBindRetry: 3 });
    await world.settle(one.manager.start());
    await world.run(1900);
    assert.equal(one.lost, 0);
    await world.run(200);
    assert.equal(one.lost, 1);
    assert.equal(one.host.log.withCode('ELECTION_PORT').length, 3);
    await world.settle(one.manager.shutdown());

    const endless = managerOn(world, 1, { verifier: () => verifier }, { electionPortBindRetry: 0 });
    await world.settle(endless.manager.start());
    await world.run(100_000);
    assert.equal(endless.lost, 0);
    await world.settle(blocker.close());
    await world.run(1100);
    assert.equal(endless.host.log.withCode('ELECTION_LISTENING').length, 1);
    await world.settle(endless.manager.shutdown());
  });

  it('takes part as long as one of several election addresses can be had', async () => {
    const world = new World();
    const verifier = parseMembership({ 'server.1': 's1:2888:3888|s1:2889:3889' });
    await world.settle(world.host('s1').network.listen({ endpoint: { host: 's1', port: 3888 } }, () => undefined));
    const one = managerOn(world, 1, { verifier: () => verifier });
    await world.settle(one.manager.start());
    await world.run(10_000);
    assert.equal(one.lost, 0);
    await dialAs(world, 's2', 's1', 3889);
  });

  it('listens on all addresses of the machine when told to', async () => {
    const world = new World();
    const verifier = parseMembership({ 'server.1': 'no-such-name:2888:3888', 'server.2': 's2:2888:3888' });
    const one = managerOn(world, 1, { verifier: () => verifier }, { listenOnAllIPs: true });
    await world.settle(one.manager.start());
    await dialAs(world, 's2', 's1');
    await dialAs(world, 's1', '127.0.0.1');
  });

  it('greets with all addresses only when they are enabled', async () => {
    for (const multiAddress of [false, true]) {
      const world = new World();
      const verifier = parseMembership({ 'server.1': 's1:2888:3888', 'server.2': 's2:2888:3888|s2:2889:3889' });
      const two = managerOn(world, 2, { verifier: () => verifier }, { multiAddress });
      const players: Player[] = [];
      const listening = world
        .host('s1')
        .network.listen({ endpoint: { host: 's1', port: 3888 } }, (socket) => players.push(new Player(socket)));
      await world.settle(listening);
      two.manager.connectOne(1);
      await world.run(20);
      const message = { sid: 2, addresses: ['s2:3888', 's2:3889'] };
      assert.deepEqual(players[0]?.bytes, encodeInitialMessage(message, multiAddress));
    }
  });

  it('is gone after shutdown: no timer, no socket, no dial, and the port is free', async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const world = new World(seed);
      const verifier = members(1, 2, 3, 4);
      const managers = await startAll(world, [1, 2, 3]);
      const three = managerOn(world, 4, { verifier: () => verifier });
      await world.settle(three.manager.start());
      world.network.cut('s4', 's1');
      await dialAs(world, 'stranger', 's4');
      for (const sid of [1, 2, 3]) three.manager.send(sid, Buffer.from('vote'));
      for (const sid of [2, 3]) get(managers, sid).manager.send(4, Buffer.from('vote'));
      // Somewhere in the middle of dials, knocks and greetings.
      await world.run(world.random.below(30) / 10);
      await world.settle(three.manager.shutdown(), 6000);
      assert.equal(three.manager.received.isClosed, true);
      const again = world.host('s4').network.listen({ endpoint: { host: 's4', port: 3888 } }, () => undefined);
      await world.settle((await world.settle(again)).close());
      for (const { manager } of managers.values()) await world.settle(manager.shutdown(), 6000);
      world.network.healAll();
      await world.run(5000);
      assert.equal(world.scheduler.nextDueMs(), undefined, `seed ${seed}: something is still scheduled`);
    }
  });

  it('is gone after shutdown, too, where servers prove themselves, in the middle of that and long after it', async () => {
    const prover = ({ clock, random }: FakeHost): QuorumAuthenticator =>
      new QuorumAuthenticator(
        { login: { user: 'zk', password: 'secret' }, proof: { users: USERS }, serverRequires: true },
        clock,
        random,
      );
    for (let seed = 1; seed <= 40; seed++) {
      const world = new World(seed);
      const verifier = members(1, 2, 3);
      const managers = [1, 2, 3].map((sid) => managerOn(world, sid, { verifier: () => verifier }, {}, prover).manager);
      for (const manager of managers) await world.settle(manager.start());
      // The larger id dials, and is knocked at by the smaller one.
      for (const [at, manager] of managers.entries()) {
        for (const sid of [1, 2, 3]) if (sid !== at + 1) manager.send(sid, Buffer.from('vote'));
      }
      await world.run(seed % 2 === 0 ? world.random.below(80) / 10 : 1000);
      // A message may come twice, when a connection took the place of another.
      if (seed % 2 === 1) for (const one of managers) assert.equal(new Set(takeAll(one)).size, 2, `seed ${seed}`);
      const sinceMs = world.nowMs;
      for (const manager of managers) await world.settle(manager.shutdown());
      assert.ok(world.nowMs - sinceMs < 100, `seed ${seed}: ${world.nowMs - sinceMs} ms`);
      await world.run(5000);
      assert.equal(world.scheduler.nextDueMs(), undefined, `seed ${seed}: something is still scheduled`);
    }
  });

  it('gives up dials that go nowhere when it is shut down', async () => {
    const world = new World();
    const verifier = members(1, 2);
    world.host('s1');
    const two = managerOn(world, 2, { verifier: () => verifier });
    await world.settle(two.manager.start());
    world.network.cut('s2', 's1');
    two.manager.send(1, Buffer.from('vote'));
    await world.run(1000);
    await world.settle(two.manager.shutdown());
    assert.ok(world.nowMs < 1010, `it took until ${world.nowMs} ms, as if the dial had its whole cnxTimeout`);
    world.network.heal('s2', 's1');
    await world.run(10);
    assert.equal(world.scheduler.nextDueMs(), undefined);
  });

  it('dials many servers at once without a warning of node', async () => {
    const warnings: string[] = [];
    const warned = (warning: Error): number => warnings.push(warning.message);
    process.on('warning', warned);
    try {
      const world = new World();
      const others = Array.from({ length: 20 }, (_, at) => at + 2);
      const verifier = members(1, ...others);
      const one = managerOn(world, 1, { verifier: () => verifier });
      await world.settle(one.manager.start());
      for (const sid of others) {
        world.host(`s${sid}`);
        world.network.cut('s1', `s${sid}`);
        one.manager.send(sid, Buffer.from('vote'));
      }
      await world.run(1000);
      await world.settle(one.manager.shutdown());
      assert.ok(world.nowMs < 1010, `it took until ${world.nowMs} ms`);
      // Warnings are emitted behind the turn that causes them.
      await new Promise(setImmediate);
      assert.deepEqual(warnings, []);
    } finally {
      process.off('warning', warned);
    }
  });

  it('does not let a dial into nowhere delay the answer to a knock', async () => {
    const world = new World();
    const verifier = members(1, 2);
    const two = managerOn(world, 2, { verifier: () => verifier });
    await world.settle(two.manager.start());
    world.host('s1');
    world.powerOff('s1');
    two.manager.send(1, Buffer.from('vote'));
    await world.run(500);
    // The machine comes back and knocks, while the dial to its former life is still waiting for an answer.
    const one = managerOn(world, 1, { verifier: () => verifier });
    await world.settle(one.manager.start());
    one.manager.send(2, Buffer.from('hello'));
    await world.run(50);
    assert.deepEqual([takeAll(one.manager), takeAll(two.manager)], [['2: vote'], ['1: hello']]);
    // What the old dial brings later is nothing to anybody.
    await world.run(10_000);
    assert.deepEqual([one.manager.isConnected(2), two.manager.isConnected(1)], [true, true]);
  });

  it('does not dial a server while a dial is under way or it was just knocked at', async () => {
    const world = new World();
    const verifier = members(1, 2);
    const one = managerOn(world, 1, { verifier: () => verifier });
    await world.settle(one.manager.start());
    const knocks: Player[] = [];
    const listening = world
      .host('s2')
      .network.listen({ endpoint: { host: 's2', port: 3888 } }, (socket) => knocks.push(new Player(socket)));
    await world.settle(listening);
    for (let count = 0; count < 50; count++) {
      one.manager.send(2, Buffer.from('vote'));
      await world.run(1);
    }
    assert.equal(knocks.length, 1);
    await world.run(100);
    one.manager.send(2, Buffer.from('vote'));
    await world.run(5);
    assert.equal(knocks.length, 2);
  });
});
