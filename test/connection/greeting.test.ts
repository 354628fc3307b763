import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeInitialMessage } from '../../src/protocol/index.js';
import { World } from '../fakes/index.js';
import { dialAs, frame, managerOn, members, Player, startAll, takeAll } from './fixtures.js';

const GREETING = encodeInitialMessage({ sid: 3, addresses: ['s3:3888'] }, false);

/** Server 2 of 1, 2, 3 under test; the test plays whoever dials it. */
async function serverTwo(seed = 1) {
  const world = new World(seed);
  const verifier = members(1, 2, 3);
  const two = managerOn(world, 2, { verifier: () => verifier });
  await world.settle(two.manager.start());
  return { world, ...two };
}

describe('greetings on the election port', () => {
  const REJECTED = [
    { name: 'garbage', send: [Buffer.from('GET / HTTP/1.0\r\n\r\n')], fault: 'GARBAGE', level: 'warn' },
    { name: 'an unknown version', send: [Buffer.alloc(20, 0xfe)], fault: 'GARBAGE', level: 'warn' },
    {
      name: 'an address without port',
      send: [encodeInitialMessage({ sid: 3, addresses: ['s3'] }, false)],
      fault: 'GARBAGE',
      level: 'warn',
    },
    {
      name: 'an address with a port beyond 65535',
      send: [encodeInitialMessage({ sid: 3, addresses: ['s3:65536'] }, false)],
      fault: 'GARBAGE',
      level: 'warn',
    },
    { name: 'a half greeting, then silence', send: [GREETING.subarray(0, 17)], fault: 'TIMEOUT', level: 'warn' },
    { name: 'silence', send: [], fault: 'TIMEOUT', level: 'warn' },
    {
      name: 'a half greeting, then the end',
      send: [GREETING.subarray(0, 17), null],
      fault: 'CUT_SHORT',
      level: 'warn',
    },
    { name: 'an end without a word', send: [null], fault: 'SILENT', level: 'debug' },
  ];
  for (const { name, send, fault, level } of REJECTED) {
    it(`closes after ${name}, and only that connection`, async () => {
      const { world, manager, host } = await serverTwo();
      host.log.setLevel('debug');
      const good = await dialAs(world, 's3', 's2');
      good.socket.write(Buffer.concat([GREETING, frame('hello')]));
      const bad = await dialAs(world, 'stranger', 's2');
      for (const bytes of send) {
        if (bytes === null) bad.socket.end();
        else bad.socket.write(bytes);
      }
      await world.until(() => bad.closed, 4100);
      const said = host.log.withCode('ELECTION_GREETING');
      assert.deepEqual(
        said.map((entry) => [entry.level, entry.fields['fault'], String(entry.fields['remote']).split(':')[0]]),
        [[level, fault, world.network.addressOf('stranger')]],
      );
      assert.deepEqual(takeAll(manager), ['3: hello']);
      assert.equal(good.closed, false);
    });
  }

  it('is not waited for after it came', async () => {
    const { world, manager } = await serverTwo();
    const player = await dialAs(world, 's3', 's2');
    player.socket.write(GREETING);
    await world.run(60_000);
    player.socket.write(frame('late'));
    await world.run(10);
    assert.deepEqual(takeAll(manager), ['3: late']);
  });

  it('is understood from servers of every age', async () => {
    for (const [name, bytes] of [
      ['one address', GREETING],
      ['several addresses', encodeInitialMessage({ sid: 3, addresses: ['10.9.9.9:3888', '[::1]:3888'] }, true)],
      ['a wildcard address', encodeInitialMessage({ sid: 3, addresses: ['0.0.0.0:3888'] }, false)],
      ['a bare id', Buffer.from('0000000000000003', 'hex')],
    ] as const) {
      const { world, manager } = await serverTwo();
      const player = await dialAs(world, 's3', 's2');
      player.socket.write(Buffer.concat([bytes, frame('vote')]));
      await world.run(10);
      assert.deepEqual(takeAll(manager), ['3: vote'], name);
      manager.send(3, Buffer.from('answer'));
      await world.run(10);
      assert.deepEqual(player.messages(), ['answer'], name);
    }
  });

  it('of a server with a smaller id ends that connection and has it dialled back', async () => {
    const { world, manager } = await serverTwo();
    const dialledBack: Player[] = [];
    await world.settle(
      world.host('s1').network.listen({ endpoint: { host: 's1', port: 3999 } }, (socket) => {
        dialledBack.push(new Player(socket));
      }),
    );
    const knock = await dialAs(world, 's1', 's2');
    knock.socket.write(encodeInitialMessage({ sid: 1, addresses: ['s1:3999'] }, false));
    await world.until(() => dialledBack.length === 1 && (dialledBack[0]?.bytes.length ?? 0) > 0);
    assert.equal(knock.closed || knock.ended, true);
    const expected = encodeInitialMessage({ sid: 2, addresses: ['s2:3888'] }, false);
    assert.deepEqual(dialledBack[0]?.bytes, expected);
    assert.equal(manager.isConnected(1), true);
    // It knocks again, so the connection that looked alive was not: it is given up for a new one.
    await world.run(200);
    const again = await dialAs(world, 's1', 's2');
    again.socket.write(encodeInitialMessage({ sid: 1, addresses: ['s1:3999'] }, false));
    await world.until(() => dialledBack.length === 2);
    await world.run(10);
    assert.equal(dialledBack[0].ended, true);
    assert.equal(dialledBack[1]?.ended, false);
  });

  it('of a smaller id is answered where the configuration says when its own address does not work', async () => {
    const { world, manager } = await serverTwo();
    const verifier = members(1, 2, 3);
    const one = managerOn(world, 1, { verifier: () => verifier });
    await world.settle(one.manager.start());
    const knock = await dialAs(world, 's1', 's2');
    knock.socket.write(encodeInitialMessage({ sid: 1, addresses: ['no-such-name:1'] }, false));
    await world.until(() => manager.isConnected(1) && one.manager.isConnected(2));
  });

  it('with the own id is refused, and the log says what that means', async () => {
    const { world, host } = await serverTwo();
    for (let count = 0; count < 3; count++) {
      const player = await dialAs(world, 's9', 's2');
      player.socket.write(encodeInitialMessage({ sid: 2, addresses: ['s9:3888'] }, false));
      await world.until(() => player.closed);
    }
    const said = host.log.withCode('ELECTION_OWN_ID');
    assert.equal(said.length, 1);
    assert.equal(said[0]?.level, 'error');
    assert.match(said[0].message, /Either two servers have 2 in their myid file/);
  });

  it('of an observer without id keeps its connection under a negative id', async () => {
    const { world, manager } = await serverTwo();
    const players = [await dialAs(world, 'o1', 's2'), await dialAs(world, 'o2', 's2')];
    for (const player of players) {
      player.socket.write(Buffer.concat([Buffer.from('7fffffffffffffff', 'hex'), frame('who leads?')]));
      await world.run(10);
    }
    assert.deepEqual(takeAll(manager), ['-1: who leads?', '-2: who leads?']);
    manager.send(-2, Buffer.from('server 3'));
    await world.run(10);
    assert.deepEqual(
      players.map((player) => player.messages()),
      [[], ['server 3']],
    );
    assert.equal(manager.isConnected(-2), true);
    players[1]?.socket.destroy();
    await world.run(10);
    manager.send(-2, Buffer.from('nobody there'));
    assert.equal(manager.isConnected(-2), false);
  });

  it('of an unknown server with a larger id is taken, as a joiner sends it', async () => {
    const { world, manager } = await serverTwo();
    const player = await dialAs(world, 's7', 's2');
    player.socket.write(
      Buffer.concat([encodeInitialMessage({ sid: 7, addresses: ['s7:3888'] }, false), frame('hello')]),
    );
    await world.run(10);
    assert.deepEqual(takeAll(manager), ['7: hello']);
    manager.send(7, Buffer.from('answer'));
    await world.run(10);
    assert.deepEqual(player.messages(), ['answer']);
    assert.equal(manager.allDelivered(), true);
    player.socket.destroy();
    await world.run(10);
    // Nothing is kept of it: nobody knows where it is.
    assert.equal(manager.allDelivered(), false);
    manager.send(7, Buffer.from('again'));
    manager.connectAll();
    await world.run(10);
    assert.equal(manager.isConnected(7), false);
  });

  it('of unknown servers with smaller ids has only some of them dialled back at a time', async () => {
    const world = new World(1);
    const verifier = members(50, 51);
    const { manager, host } = managerOn(world, 50, { verifier: () => verifier });
    await world.settle(manager.start());
    world.host('black-hole');
    world.network.setReachable('black-hole', false);
    let dials = 0;
    const { network } = host;
    const dial = network.dial.bind(network);
    network.dial = (target, timeoutMs) => {
      dials++;
      return dial(target, timeoutMs);
    };
    for (let sid = 1; sid <= 40; sid++) {
      const player = await dialAs(world, 'scanner', 's50');
      player.socket.write(encodeInitialMessage({ sid, addresses: ['black-hole:3888'] }, false));
      await world.until(() => player.closed || player.ended);
    }
    assert.equal(dials, 16);
    assert.equal(host.log.withCode('ELECTION_STRANGERS').length, 1);
    await world.run(6000);
    assert.equal(host.log.withCode('ELECTION_DIAL').length, 1, 'one line for all of them');
  });

  it('of the same garbage from the same machine is reported once a minute', async () => {
    const { world, host } = await serverTwo();
    const knockBadly = async () => {
      const player = await dialAs(world, 'scanner', 's2');
      player.socket.write(Buffer.from('QUIT\r\nQUIT\r\n'));
      await world.until(() => player.closed);
    };
    for (let count = 0; count < 5; count++) await knockBadly();
    assert.equal(host.log.withCode('ELECTION_GREETING').length, 1);
    await world.run(61_000);
    await knockBadly();
    const said = host.log.withCode('ELECTION_GREETING');
    assert.equal(said.length, 2);
    assert.equal(said[1]?.fields['timesSinceLastSaid'], 4);
  });

  it('is sent by real managers in both directions', async () => {
    const world = new World(3);
    const managers = await startAll(world, [1, 2, 3]);
    managers.get(1)?.manager.send(3, Buffer.from('from 1'));
    await world.until(() => managers.get(3)?.manager.received.length === 1);
    assert.deepEqual(takeAll(managers.get(3)?.manager ?? assert.fail()), ['1: from 1']);
  });
});
