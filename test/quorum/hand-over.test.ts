// Planned hand-over of the leadership: asked for, at a stop, and before the counter of zxids ends. Whole servers on simulated
// machines, with a client that writes at a follower all the time.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SimulatedServers } from '../reconfig/simulated.js';

const PAUSE_LIMIT_MS = 1000;

async function three(seed: string, settings: readonly string[] = []): Promise<SimulatedServers> {
  const servers = new SimulatedServers(seed, settings);
  await servers.found(1, 2, 3);
  await servers.write(1, '/n');
  return servers;
}

interface Writer {
  readonly done: number;
  readonly refused: number;
}

/** Writes at the leader itself until its connection ends, each write when the one before is answered. */
async function writerAt(servers: SimulatedServers, sid: number): Promise<Writer> {
  const counts = { done: 0, refused: 0 };
  const client = await servers.client(sid);
  const next = (): void => {
    client.setData('/n', Buffer.from(String(counts.done))).then(
      () => {
        counts.done++;
        next();
      },
      () => counts.refused++,
    );
  };
  for (let i = 0; i < 4; i++) next();
  return counts;
}

async function versionOf(servers: SimulatedServers, sid: number): Promise<number> {
  const client = await servers.client(sid);
  await servers.world.settle(client.sync('/n'));
  return (await servers.world.settle(client.exists('/n'))).version;
}

describe('a leader that is asked to hand over', () => {
  it('follows another one soon, and nothing that was answered is lost', async (t) => {
    const servers = await three('asked');
    const old = servers.leader();
    const writer = await writerAt(servers, old);
    await servers.world.run(300);
    const since = servers.world.nowMs;
    assert.ok(servers.peer(old).handOver('the test asks'));
    await servers.world.until(() => servers.leaders.length === 1 && servers.leader() !== old);
    const tookMs = servers.world.nowMs - since;
    t.diagnostic(`another one leads after ${Math.round(tookMs)} ms`);
    assert.ok(tookMs < PAUSE_LIMIT_MS, `${tookMs} ms`);
    await servers.serving(1, 2, 3);
    assert.equal(servers.peer(old).state(), 'FOLLOWING');
    const version = await versionOf(servers, servers.leader());
    assert.ok(writer.done > 0 && version >= writer.done, `${writer.done} answered, ${version} there`);
    assert.deepEqual(servers.ends, []);
  });

  it('can do so again and again', async () => {
    const servers = await three('again');
    for (let i = 0; i < 4; i++) {
      const old = servers.leader();
      assert.ok(servers.peer(old).handOver('the test asks'));
      await servers.world.until(() => servers.leaders.length === 1 && servers.leader() !== old);
      await servers.serving(1, 2, 3);
      await servers.write(old, `/n${i}`);
    }
  });

  it('refuses while nobody could take over, and on a follower', async () => {
    const servers = await three('refused');
    const old = servers.leader();
    const others = [1, 2, 3].filter((sid) => sid !== old);
    assert.equal(servers.peer(others[0] ?? 0).handOver('the test asks'), false);
    for (const sid of others) servers.kill(sid);
    await servers.world.until(() => !servers.isServing(old) || servers.peer(old).learners.length === 0);
    assert.equal(servers.peer(old).handOver('the test asks'), false);
  });
});

describe('a leader that is stopped', () => {
  it('answers what it has taken, and the others elect at once', async (t) => {
    const servers = await three('stopped');
    const old = servers.leader();
    const writer = await writerAt(servers, old);
    await servers.world.run(300);
    const since = servers.world.nowMs;
    await servers.world.settle(servers.peer(old).stop());
    const others = [1, 2, 3].filter((sid) => sid !== old);
    servers.kill(old);
    await servers.world.until(() => others.every((sid) => servers.isServing(sid)));
    await servers.world.until(() => servers.leaders.length === 1);
    const tookMs = servers.world.nowMs - since;
    t.diagnostic(`the others serve after ${Math.round(tookMs)} ms`);
    assert.ok(tookMs < PAUSE_LIMIT_MS, `${tookMs} ms`);
    assert.ok((await versionOf(servers, servers.leader())) >= writer.done);
  });
});

describe('a leader whose disk fills', () => {
  const MIB = 1024 * 1024;
  const SETTINGS = ['diskSpaceStopInMb=32', 'diskSpaceWarnInMb=48', 'preAllocSize=64'];

  function leaveFree(servers: SimulatedServers, sid: number, mib: number): void {
    const disk = servers.world.disk(`s${sid}`);
    disk.capacityBytes = disk.usedBytes() + mib * MIB;
  }

  it('answers what it has taken, as one that is stopped does, and stays away until there is room', async (t) => {
    const servers = await three('full', SETTINGS);
    const old = servers.leader();
    const others = [1, 2, 3].filter((sid) => sid !== old);
    const writer = await writerAt(servers, old);
    await servers.world.run(300);
    leaveFree(servers, old, 16);
    await servers.world.until(() => !servers.isServing(old));
    const since = servers.world.nowMs;
    await servers.world.until(() => servers.leaders.length === 1 && servers.leader() !== old);
    t.diagnostic(`another one leads after ${Math.round(servers.world.nowMs - since)} ms`);
    assert.ok(servers.world.nowMs - since < PAUSE_LIMIT_MS);
    const said = servers.world.host(`s${old}`).log.atLeast('info');
    const codes = said.map(({ fields }) => fields['code']);
    assert.ok(codes.includes('ZAB_HANDOVER'), 'it drains');
    assert.ok(
      said.some(({ fields }) => fields['code'] === 'ZAB_LEADING_ENDED' && fields['end'] === 'HANDOVER'),
      'and ends when another one has everything',
    );
    // Whatever it had proposed is answered; so nothing is there that was not.
    const version = await versionOf(servers, servers.leader());
    assert.ok(writer.done > 0 && version === writer.done, `${writer.done} answered, ${version} there`);
    await servers.world.run(10_000);
    assert.equal(servers.peer(old).state(), 'LOOKING');
    assert.ok(others.includes(servers.leader()));
    leaveFree(servers, old, 64);
    await servers.serving(1, 2, 3);
    assert.equal(servers.peer(old).state(), 'FOLLOWING');
    assert.deepEqual(servers.ends, []);
  });

  it('does not wait for others that answer no more', async () => {
    const servers = await three('full-alone', SETTINGS);
    const old = servers.leader();
    const others = [1, 2, 3].filter((sid) => sid !== old);
    const writer = await writerAt(servers, old);
    await servers.world.run(300);
    for (const sid of others) servers.world.pause(`s${sid}`);
    await servers.world.run(100);
    const { done } = writer;
    leaveFree(servers, old, 16);
    await servers.world.until(() => !servers.isServing(old), 3500);
    assert.equal(writer.done, done);
    for (const sid of others) servers.world.resume(`s${sid}`);
    await servers.world.until(() => servers.leaders.length === 1 && servers.leader() !== old);
    assert.deepEqual(servers.ends, []);
  });
});
