import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StandalonePipeline } from '../../src/pipeline/index.js';
import { makeTxnEntry, OPEN_ACL_UNSAFE, OpCode, sessionPassword, type Txn } from '../../src/protocol/index.js';
import { FakePort } from './fake-port.js';
import { Machine, startStandalone, TICK_MS } from './servers.js';
import { World } from '../fakes/index.js';

describe('standalone pipeline', () => {
  it('opens sessions with the server id in the top byte and the password that belongs to the id', async () => {
    const { world, pipeline, machine } = await startStandalone();
    const [one, two] = [new FakePort(pipeline).open(), new FakePort(pipeline).open()];
    assert.deepEqual(one.heard(), []);
    await world.run(10);
    assert.deepEqual([one.heard(), two.heard()], [['opened 4000'], ['opened 4000']]);
    assert.equal(one.sessionId >> 56n, 1n);
    assert.equal(two.sessionId, one.sessionId + 1n);
    assert.deepEqual(one.password, sessionPassword(one.sessionId));
    assert.deepEqual([...machine.database.sessions.keys()], [one.sessionId, two.sessionId]);
  });

  for (const [wanted, given] of [
    [0, 4000],
    [4001, 4001],
    [99_999, 40_000],
  ] as const) {
    it(`gives a time-out of ${given} ms for ${wanted}`, async () => {
      const { world, pipeline } = await startStandalone();
      const port = new FakePort(pipeline).open(wanted);
      await world.run(10);
      assert.deepEqual(port.heard(), [`opened ${given}`]);
    });
  }

  it('answers pipelined writes, errors, syncs and garbage in the order they came', async () => {
    const { world, pipeline } = await startStandalone();
    const port = new FakePort(pipeline).open();
    await world.run(10);
    port.heard();
    port.send(
      'sync',
      'create /a',
      'create2 /a',
      'raw 5 00',
      'sync',
      'create2 /a/b',
      'set /a version=7',
      'raw 1 ffff',
      'sync',
    );
    port.send('multi set /a; delete /none', 'multi set /a; create2 /c', 'delete /a/b', 'setAcl /a acl=world:anyone=r');
    assert.equal(pipeline.stats.outstandingRequests, 13);
    await world.run(10);
    assert.deepEqual(port.heard(), [
      '1 sync',
      '2 create /a',
      '3 create2 nodeExists',
      '4 setData marshallingError',
      '5 sync',
      '6 create2 /a/b version=0',
      '7 setData badVersion',
      '8 create marshallingError',
      '9 sync',
      '10 multi [error ok; error noNode]',
      '11 multi [setData /a version=1; create2 /c version=0]',
      '12 delete /a/b',
      '13 setACL /a version=1',
    ]);
    assert.equal(pipeline.stats.outstandingRequests, 0);
  });

  it('logs errors under zxids of their own', async () => {
    const { world, pipeline, machine } = await startStandalone();
    const port = new FakePort(pipeline).open();
    await world.run(10);
    port.send('set /none', 'raw 5 00', 'raw 14 00', 'create /a');
    await world.run(10);
    assert.deepEqual(machine.applied, [
      'createSession 4000',
      'error noNode',
      'error marshallingError',
      'error marshallingError',
      'create /a "" cversion=1',
    ]);
    assert.equal(machine.database.lastAppliedZxid, 5);
  });

  it('does not answer before the disk has it', async () => {
    const { world, pipeline } = await startStandalone();
    const port = new FakePort(pipeline).open();
    await world.run(10);
    port.heard();
    world.disk('alone').hang('sync');
    port.send('create /a', 'sync', 'raw 1 00');
    await world.run(500);
    assert.deepEqual(port.heard(), []);
    world.disk('alone').release();
    await world.run(10);
    assert.deepEqual(port.heard(), ['1 create /a', '2 sync', '3 create marshallingError']);
  });

  it('answers a sync when everything before it is applied, whoever sent it', async () => {
    const { world, pipeline, machine } = await startStandalone();
    const [writer, reader] = [new FakePort(pipeline).open(), new FakePort(pipeline).open()];
    await world.run(10);
    reader.heard();
    world.disk('alone').hang('sync');
    writer.send('create /first');
    await world.run(10);
    writer.send('create /second');
    reader.send('sync');
    await world.run(10);
    assert.deepEqual(reader.heard(), []);
    world.disk('alone').release();
    await world.until(() => reader.told.length > 0);
    assert.notEqual(machine.stat('/second'), 'absent');
  });

  it('closes a session at its client’s wish, with its ephemerals', async () => {
    const { world, pipeline, machine } = await startStandalone();
    const port = new FakePort(pipeline).open();
    await world.run(10);
    port.send('create /e mode=ephemeral', 'closeSession');
    await world.run(10);
    assert.deepEqual(port.heard(), ['opened 4000', '1 create /e', '2 closeSession', 'closed sessionClosed']);
    assert.equal(machine.stat('/e'), 'absent');
    assert.equal(port.touch(), false);
    assert.equal(machine.database.sessions.size, 0);
    assert.equal(pipeline.stats.globalSessions, 0);
    assert.equal(new FakePort(pipeline).takeUp(port).touch(), false);
  });

  it('ends with all its connections', async () => {
    const { world, pipeline } = await startStandalone();
    const [open, opening] = [new FakePort(pipeline).open(), new FakePort(pipeline)];
    await world.run(10);
    opening.open();
    open.send('create /a', 'raw 1 00');
    pipeline.stop();
    await world.run(10_000);
    assert.deepEqual(open.heard(), ['opened 4000', 'closed roleOver']);
    assert.deepEqual(opening.heard(), ['closed roleOver']);
    open.send('create /b');
    await world.run(10);
    assert.deepEqual(open.heard(), []);
  });
});

describe('sessions of a standalone server', () => {
  it('expire when nothing is heard, ephemerals once', async () => {
    const { world, pipeline, machine } = await startStandalone();
    const [quiet, lively] = [new FakePort(pipeline).open(), new FakePort(pipeline).open()];
    await world.run(10);
    quiet.send('create /q mode=ephemeral', 'create /q2 mode=ephemeral');
    lively.send('create /l mode=ephemeral');
    for (let i = 0; i < 20; i++) {
      await world.run(500);
      assert.ok(lively.touch());
    }
    assert.deepEqual(quiet.heard().slice(-1), ['closed sessionExpired']);
    assert.equal(machine.stat('/q'), 'absent');
    assert.notEqual(machine.stat('/l'), 'absent');
    const closes = machine.applied.filter((txn) => txn.startsWith('closeSession'));
    assert.deepEqual(closes, ['closeSession [/q /q2]']);
    assert.equal(machine.metrics.counter('stale_sessions_expired').value, 1);
  });

  it('expire at the first tick behind their time-out', async () => {
    const { world, pipeline, machine } = await startStandalone();
    await world.run(TICK_MS - (world.nowMs % TICK_MS) + 1);
    const openedMs = world.nowMs;
    const port = new FakePort(pipeline).open(2 * TICK_MS);
    await world.until(() => port.told.includes('closed sessionExpired'));
    const afterMs = world.nowMs - openedMs;
    assert.ok(afterMs > 3 * TICK_MS - 2 && afterMs < 3 * TICK_MS + 10, `after ${afterMs} ms`);
    assert.equal(machine.database.sessions.size, 0);
  });

  it('are not expired for a time in which the process stood still', async () => {
    const { world, pipeline } = await startStandalone();
    const port = new FakePort(pipeline).open();
    await world.run(10);
    world.pause('alone');
    await world.run(20_000);
    world.resume('alone');
    await world.run(10);
    assert.ok(port.touch());
    await world.run(3000);
    assert.deepEqual(port.heard(), ['opened 4000']);
    // But not for ever: a process that always stands still is no excuse.
    for (let i = 0; i < 4; i++) {
      world.pause('alone');
      await world.run(5000);
      world.resume('alone');
      await world.run(10);
    }
    assert.deepEqual(port.heard(), ['closed sessionExpired']);
  });

  it('expire by the thousand, a few in each turn', async () => {
    const { world, pipeline, machine } = await startStandalone();
    const ports = Array.from({ length: 1000 }, () => new FakePort(pipeline).open());
    await world.run(100);
    for (const port of ports) port.send('create /e mode=ephemeral-sequential');
    await world.until(() => machine.metrics.counter('stale_sessions_expired').value === ports.length);
    for (const port of ports) assert.equal(port.touch(), false);
    assert.equal(pipeline.sessionsStatus().count, ports.length);
    await world.run(500);
    for (const port of ports) assert.equal(port.told.at(-1), 'closed sessionExpired');
    assert.deepEqual(pipeline.sessionsStatus(), { kind: 'tracked', sets: [], count: 0 });
    assert.equal(machine.database.tree.ephemeralCount, 0);
    assert.equal(machine.applied.filter((txn) => txn.startsWith('closeSession')).length, 1000);
  });

  it('are taken up on a new connection, which closes the old one', async () => {
    const { world, pipeline } = await startStandalone();
    const old = new FakePort(pipeline).open();
    await world.run(10);
    old.send('create /a');
    const fresh = new FakePort(pipeline).takeUp(old);
    await world.run(10);
    fresh.send('create2 /a', 'create /b');
    old.send('create /c');
    await world.run(10);
    assert.deepEqual(old.heard(), ['opened 4000', 'closed sessionReopened', 'missed 1 create /a']);
    assert.deepEqual(fresh.heard(), ['opened 4000', '1 create2 nodeExists', '2 create /b']);
  });

  it('are refused with a wrong password, and the right connection stays', async () => {
    const { world, pipeline } = await startStandalone();
    const port = new FakePort(pipeline).open();
    await world.run(10);
    const wrong = Buffer.from(port.password);
    wrong.writeUInt8(wrong.readUInt8(0) ^ 1, 0);
    const thieves = [
      new FakePort(pipeline).resume(port.sessionId, wrong),
      new FakePort(pipeline).resume(port.sessionId, Buffer.alloc(0)),
      new FakePort(pipeline).resume(0n, sessionPassword(0n)),
      new FakePort(pipeline).resume(123n, sessionPassword(123n)),
    ];
    await world.run(10);
    for (const thief of thieves) assert.deepEqual(thief.heard(), ['refused']);
    port.send('create /a');
    await world.run(10);
    assert.deepEqual(port.heard(), ['opened 4000', '1 create /a']);
  });

  it('live on without a connection until they expire', async () => {
    const { world, pipeline, machine } = await startStandalone();
    const port = new FakePort(pipeline).open();
    await world.run(10);
    port.send('create /e mode=ephemeral');
    port.hangUp();
    await world.run(1000);
    assert.deepEqual(port.heard(), ['opened 4000', 'missed 1 create /e']);
    assert.notEqual(machine.stat('/e'), 'absent');
    const back = new FakePort(pipeline).takeUp(port);
    await world.run(4000);
    assert.ok(back.touch());
    await world.run(8000);
    assert.equal(machine.stat('/e'), 'absent');
    assert.deepEqual(back.heard(), ['opened 4000', 'closed sessionExpired']);
    assert.deepEqual(port.heard(), []);
  });

  it('have their whole time-out anew after a restart', async () => {
    const world = new World(1);
    const before = await Machine.start(world, 'alone', 1);
    const first = new StandalonePipeline(before.deps);
    first.start();
    const port = new FakePort(first).open(10_000);
    await world.run(10);
    port.send('create /e mode=ephemeral');
    await world.run(9000);
    world.kill('alone');
    const after = await Machine.start(world, 'alone', 1);
    const second = new StandalonePipeline(after.deps);
    second.start();
    await world.run(9000);
    assert.notEqual(after.stat('/e'), 'absent');
    const back = new FakePort(second).resume(port.sessionId, port.password, 10_000);
    await world.run(10);
    assert.deepEqual(back.heard(), ['opened 10000']);
    const other = new FakePort(second).open();
    await world.run(10);
    assert.notEqual(other.sessionId, port.sessionId);
  });

  it('that nobody knows lose their ephemerals when the server starts; TTL nodes stay, even switched off', async () => {
    const world = new World(1);
    const machine = await Machine.start(world, 'alone', 1);
    const node = { data: null, acl: null };
    const txns: Txn[] = [
      { type: OpCode.create, path: '/ghost', ...node, ephemeral: true, parentCVersion: 1 },
      { type: OpCode.createTTL, path: '/ttl', ...node, parentCVersion: 2, ttlMs: 5 },
    ];
    for (const [at, txn] of txns.entries()) {
      const header = { clientId: 77n, cxid: 1, zxid: at + 1, time: 1, type: txn.type };
      machine.database.append(makeTxnEntry(header, txn, null));
    }
    await world.settle(machine.database.settle());
    assert.notEqual(machine.stat('/ghost'), 'absent');
    new StandalonePipeline(machine.deps).start();
    await world.run(10);
    assert.equal(machine.stat('/ghost'), 'absent');
    assert.notEqual(machine.stat('/ttl'), 'absent');
    assert.deepEqual(machine.applied.slice(txns.length), ['closeSession [/ghost]']);
  });

  it('are listed with the time they expire', async () => {
    const { world, pipeline, machine } = await startStandalone();
    const ports = [new FakePort(pipeline).open(4000), new FakePort(pipeline).open(8000)];
    await world.run(10);
    const { sets, count } = pipeline.sessionsStatus();
    assert.equal(count, 2);
    assert.deepEqual(
      sets.map(({ sessionIds }) => sessionIds),
      ports.map(({ sessionId }) => [sessionId]),
    );
    for (const { expiresAtWallMs } of sets) assert.ok(expiresAtWallMs > machine.host.clock.wallMs() + 3900);
  });
});

describe('a session with more ephemerals than fit into a packet', () => {
  it('is closed without a list of them, and they go', async () => {
    const { world, pipeline, machine } = await startStandalone();
    const port = new FakePort(pipeline).open();
    await world.run(10);
    const longName = 'n'.repeat(2000);
    for (let i = 0; i < 300; i++) port.send(`create /${longName}${i} mode=ephemeral`);
    port.send('create /after');
    await world.run(20);
    port.send('closeSession');
    const other = new FakePort(pipeline).open();
    await world.run(20);
    other.send('create /more');
    await world.run(20);
    assert.deepEqual(
      machine.applied.filter((txn) => txn.startsWith('closeSession')),
      ['closeSession (no list)'],
    );
    assert.equal(machine.database.tree.ephemeralCount, 0);
    assert.deepEqual(other.heard(), ['opened 4000', '1 create /more']);
    // Apache ZooKeeper would read a digest behind it as a list.
    const close = machine.database.committedLog.entries.find(({ header }) => header.type === OpCode.closeSession);
    assert.equal(close?.digest, null);
    const last = machine.database.committedLog.entries.at(-1);
    assert.equal(last?.digest?.treeDigest, machine.database.tree.digest);

    const digest = machine.database.tree.digest;
    world.kill('alone');
    const again = await Machine.start(world, 'alone', 1);
    assert.equal(again.database.tree.digest, digest);
  });
});

describe('sequential names', () => {
  it('go on behind the highest number with the lowest', async () => {
    const world = new World(1);
    const machine = await Machine.start(world, 'alone', 1);
    const made = { data: null, acl: OPEN_ACL_UNSAFE, ephemeral: false };
    for (const [at, txn] of [
      { type: OpCode.create, path: '/p', parentCVersion: 1, ...made },
      { type: OpCode.create, path: '/p/first', parentCVersion: 0x7fff_fffe, ...made },
    ].entries()) {
      const header = { clientId: 1n, cxid: at, zxid: at + 1, time: 0, type: OpCode.create };
      machine.database.append(makeTxnEntry(header, txn, null));
    }
    await world.run(10);
    while (machine.database.nextUnappliedZxid !== -1) machine.database.applyNext();
    const pipeline = new StandalonePipeline(machine.deps);
    pipeline.start();
    const port = new FakePort(pipeline).open();
    await world.run(10);
    port.heard();
    for (let i = 0; i < 2; i++) {
      port.send('create /p/s- mode=sequential', 'create /p/s- mode=sequential');
      await world.run(10);
    }
    assert.deepEqual(port.heard(), [
      '1 create /p/s-2147483646',
      '2 create /p/s-2147483647',
      '3 create /p/s--2147483648',
      '4 create /p/s--2147483647',
    ]);
  });
});

describe('nodes that end by themselves', () => {
  const options = { extendedTypes: true, containerCheckIntervalMs: 10_000, containerMaxPerMinute: 600 };

  async function withSession(more: object = {}): Promise<{ world: World; machine: Machine; port: FakePort }> {
    const { world, machine, pipeline } = await startStandalone({ ...options, ...more });
    const port = new FakePort(pipeline).open(40_000);
    await world.run(10);
    return { world, machine, port };
  }

  it('containers go when they are empty again, new ones do not', async () => {
    const { world, machine, port } = await withSession();
    port.send('createContainer /used', 'create /used/x', 'delete /used/x', 'createContainer /full', 'create /full/x');
    port.send('createContainer /new');
    await world.run(10_500);
    assert.equal(machine.stat('/used'), 'absent');
    assert.notEqual(machine.stat('/full'), 'absent');
    assert.notEqual(machine.stat('/new'), 'absent');
    await world.run(20_000);
    assert.notEqual(machine.stat('/new'), 'absent');
    assert.equal(machine.applied.filter((txn) => txn.startsWith('deleteContainer')).length, 1);
  });

  it('never-used containers go after a while when that is configured', async () => {
    const { world, machine, port } = await withSession({ containerMaxNeverUsedMs: 15_000 });
    port.send('createContainer /new');
    await world.run(10_500);
    assert.notEqual(machine.stat('/new'), 'absent');
    await world.run(10_000);
    assert.equal(machine.stat('/new'), 'absent');
  });

  it('TTL nodes go after their time, unless they are changed or have children', async () => {
    const { world, machine, port } = await withSession();
    port.send('createTTL /t mode=ttl ttl=5000', 'createTTL /kept mode=ttl ttl=5000', 'createTTL /p mode=ttl ttl=5000');
    port.send('create /p/x', 'createTTL /long mode=ttl ttl=500000');
    await world.run(9000);
    port.send('set /kept');
    await world.run(1500);
    assert.equal(machine.stat('/t'), 'absent');
    for (const path of ['/kept', '/p', '/long']) assert.notEqual(machine.stat(path), 'absent', path);
    port.send('delete /p/x');
    await world.run(10_000);
    for (const path of ['/kept', '/p']) assert.equal(machine.stat(path), 'absent', path);
    assert.notEqual(machine.stat('/long'), 'absent');
  });

  it('are deleted no faster than allowed', async () => {
    const { world, machine, port } = await withSession();
    for (let i = 0; i < 30; i++) port.send(`createTTL /t${i} mode=ttl ttl=1`);
    await world.run(10_000 + 1050);
    const gone = machine.applied.filter((txn) => txn.startsWith('deleteContainer')).length;
    assert.ok(gone >= 10 && gone <= 12, `${gone} in the first second`);
    await world.run(3000);
    assert.equal(machine.applied.filter((txn) => txn.startsWith('deleteContainer')).length, 30);
  });
});
