// Observers that keep what is new in memory only (syncEnabled=false), with whole servers on simulated machines.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { line, SimulatedServers } from '../reconfig/simulated.js';

const VOTERS = [1, 2, 3];
const OBSERVER = 4;

async function four(seed: string, settings: readonly string[] = []): Promise<SimulatedServers> {
  const servers = new SimulatedServers(seed, ['syncEnabled=false', 'snapCount=10', ...settings]);
  const list = [...VOTERS.map((sid) => line(sid)), line(OBSERVER, 'observer')];
  for (const sid of VOTERS) servers.install(sid, list);
  servers.install(OBSERVER, list, 'observer');
  for (const sid of [...VOTERS, OBSERVER]) await servers.boot(sid);
  await servers.serving(...VOTERS, OBSERVER);
  return servers;
}

/** Logs and snapshots of a server, with their sizes. */
function filesOf(servers: SimulatedServers, sid: number): string[] {
  const files = [...servers.world.disk(`s${sid}`).files()];
  return files.map(([path, bytes]) => `${path} ${bytes.length}`).filter((name) => /\/(log|snapshot)\./.test(name));
}

async function writeMany(servers: SimulatedServers, sid: number, name: string): Promise<string[]> {
  const names = Array.from({ length: 30 }, (_, i) => `${name}-${i}`);
  const client = await servers.client(sid);
  for (const one of names) await servers.world.settle(client.create(`/${one}`));
  client.destroy();
  await servers.world.run(500);
  return names;
}

async function namesAt(servers: SimulatedServers, sid: number): Promise<string[]> {
  const client = await servers.client(sid);
  await servers.world.settle(client.sync('/'));
  const names = await servers.world.settle(client.getChildren('/'));
  client.destroy();
  return names.filter((name) => name !== 'zookeeper').sort();
}

describe('an observer with syncEnabled=false', () => {
  it('serves what it writes nowhere, while voters with the same line log as ever', async () => {
    const servers = await four('serves');
    const [before, votersBefore] = [filesOf(servers, OBSERVER), filesOf(servers, 1)];
    const names = await writeMany(servers, OBSERVER, 'a');
    assert.deepEqual(await namesAt(servers, OBSERVER), names.sort());
    assert.deepEqual(filesOf(servers, OBSERVER), before);
    assert.ok(filesOf(servers, 1).length > votersBefore.length, filesOf(servers, 1).join());
    assert.deepEqual(servers.ends, []);
  });

  it('is brought up to date after a new leader and after its own restart', async () => {
    const servers = await four('again');
    const names = await writeMany(servers, 1, 'a');
    const leader = servers.leader();
    servers.kill(leader);
    await servers.world.until(() => servers.leaders.length === 1 && servers.leader() !== leader);
    await servers.serving(OBSERVER);
    names.push(...(await writeMany(servers, OBSERVER, 'b')));
    assert.deepEqual(await namesAt(servers, OBSERVER), names.sort());
    servers.powerOff(OBSERVER);
    await servers.boot(OBSERVER);
    await servers.serving(OBSERVER);
    assert.deepEqual(await namesAt(servers, OBSERVER), names.sort());
    assert.ok(!filesOf(servers, OBSERVER).some((name) => name.includes('/log.')), 'it was sent, not logged');
    assert.deepEqual(servers.ends, []);
  });

  it('keeps the image of a leader, whose log does not begin where it is', async () => {
    const servers = await four('image', ['forceSnapshotSync=true']);
    const names = await writeMany(servers, 1, 'a');
    servers.kill(OBSERVER);
    names.push(...(await writeMany(servers, 2, 'b')));
    await servers.boot(OBSERVER);
    await servers.serving(OBSERVER);
    const files = filesOf(servers, OBSERVER);
    assert.ok(
      files.some((name) => /snapshot\.1/.test(name)),
      files.join(),
    );
    names.push(...(await writeMany(servers, 3, 'c')));
    assert.deepEqual(filesOf(servers, OBSERVER), files);
    assert.deepEqual(await namesAt(servers, OBSERVER), names.sort());
  });

  it('has everything on disk when it becomes a voter, and counts as one', async () => {
    const servers = await four('promoted');
    const names = await writeMany(servers, OBSERVER, 'a');
    assert.equal(await servers.reconfig(servers.leader(), { joining: line(OBSERVER) }), 0);
    await servers.world.until(() => servers.isServing(OBSERVER) && servers.peer(OBSERVER).state() === 'FOLLOWING');
    names.push(...(await writeMany(servers, OBSERVER, 'b')));
    // What it has on disk is all that is left of one of the two whom the others need.
    for (const sid of [...VOTERS, OBSERVER]) servers.powerOff(sid);
    const quorum = [1, 2, OBSERVER];
    for (const sid of quorum) await servers.boot(sid);
    await servers.serving(...quorum);
    for (const sid of quorum) assert.deepEqual(await namesAt(servers, sid), names.sort());
    assert.deepEqual(servers.ends, []);
  });

  it('becomes one that logs nothing again', async () => {
    const servers = await four('demoted');
    assert.equal(await servers.reconfig(servers.leader(), { joining: line(OBSERVER) }), 0);
    await servers.world.until(() => servers.isServing(OBSERVER) && servers.peer(OBSERVER).state() === 'FOLLOWING');
    const names = await writeMany(servers, OBSERVER, 'a');
    assert.equal(await servers.reconfig(servers.leader(), { joining: line(OBSERVER, 'observer') }), 0);
    await servers.world.until(() => servers.isServing(OBSERVER) && servers.peer(OBSERVER).state() === 'OBSERVING');
    await servers.world.run(1000);
    const files = filesOf(servers, OBSERVER);
    names.push(...(await writeMany(servers, OBSERVER, 'b')));
    assert.deepEqual(filesOf(servers, OBSERVER), files);
    assert.deepEqual(await namesAt(servers, OBSERVER), names.sort());
  });
});
