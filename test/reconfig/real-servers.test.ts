// kazoo reconfigures real servers: three grow to five, are led by another, move, and shrink.
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freePorts } from '../support/ports.js';
import { GrowingEnsemble } from './growing-ensemble.js';

const LONG = { timeout: 240_000 };

function serversOf(config: string | undefined): string[] {
  return (config ?? '')
    .split('\n')
    .filter((line) => line.startsWith('server.'))
    .map((line) => line.replace(/^server\.(\d+)=.*:(participant|observer);.*$/, '$1 $2'))
    .sort();
}

function versionOf(config: string | undefined): string {
  return /^version=(.*)$/m.exec(config ?? '')?.[1] ?? '';
}

describe('an ensemble that is reconfigured', LONG, () => {
  let ensemble: GrowingEnsemble;

  before(async () => {
    ensemble = await GrowingEnsemble.create(5);
    await ensemble.found([1, 2, 3]);
  });
  after(() => ensemble.remove());

  it('has a version from the first leader on, and files that say so', async () => {
    const { config } = await ensemble.config(1);
    assert.equal(versionOf(config), '100000000');
    const text = await readFile(ensemble.member(1).configFile, 'utf8');
    assert.match(text, /^# made by a test\ntickTime=500\n/);
    assert.doesNotMatch(text, /^server\./m);
    assert.match(text, /^dynamicConfigFile=.*\/zoo\.cfg\.dynamic\.100000000$/m);
    assert.match(await readFile(`${ensemble.member(1).configFile}.bak`, 'utf8'), /^server\.1=/m);
  });

  it('refuses what ZooKeeper refuses', async () => {
    const joining = ensemble.line(4);
    const refused = async (order: Parameters<typeof ensemble.reconfig>[1]): Promise<string | undefined> =>
      (await ensemble.reconfig(1, order)).error;
    assert.equal(await refused({ leaving: '3', user: '' }), 'NoAuthError');
    assert.equal(await refused({ leaving: '3', from: 7 }), 'BadVersionError');
    assert.equal(await refused({ joining: joining.replace(/;.*/, '') }), 'BadArgumentsError');
    assert.equal(await refused({ joining: 'server.4=somewhere' }), 'BadArgumentsError');
    assert.equal(await refused({ leaving: '1,2,3' }), 'BadArgumentsError');
    // Nobody is there.
    assert.equal(await refused({ members: `${joining},${ensemble.line(5)}` }), 'NewConfigNoQuorumError');
  });

  it('takes in a follower and an observer', async () => {
    await ensemble.join(4, [1, 2, 3]);
    await ensemble.join(5, [1, 2, 3], 'observer');
    const one = await ensemble.reconfig(2, { joining: ensemble.line(4) });
    assert.deepEqual(serversOf(one.config), ['1 participant', '2 participant', '3 participant', '4 participant']);
    const other = await ensemble.reconfig(2, { joining: ensemble.line(5, 'observer') });
    assert.equal(serversOf(other.config).at(-1), '5 observer');
    await ensemble.becomes(5, 'observer');
    await ensemble.becomes(4, 'follower');
    for (const sid of [1, 2, 3, 4, 5]) {
      assert.deepEqual(serversOf((await ensemble.config(sid)).config), serversOf(other.config), `server ${sid}`);
    }
    const files = await readdir(ensemble.member(4).folder);
    assert.ok(files.includes(`zoo.cfg.dynamic.${versionOf(other.config)}`), files.join());
  });

  it('makes the observer a participant', async () => {
    await ensemble.reconfig(1, { joining: ensemble.line(5) });
    await ensemble.becomes(5, 'follower');
    assert.deepEqual((await ensemble.write('/five', 5)).ok, '/five');
  });

  it('goes on without its leader, which is removed', async () => {
    const leader = await ensemble.leader([1, 2, 3, 4, 5]);
    const rest = [1, 2, 3, 4, 5].filter((sid) => sid !== leader);
    const answer = await ensemble.reconfig(rest[0] ?? 0, { leaving: String(leader) });
    assert.equal(answer.error ?? 'none', 'none');
    const next = await ensemble.leader(rest);
    assert.notEqual(next, leader);
    assert.equal((await ensemble.write('/without-leader', ...rest)).ok, '/without-leader');
    // It takes part no more, but follows as long as it runs.
    await ensemble.becomes(leader, 'follower');
    await ensemble.member(leader).stop();
    await ensemble.join(leader, rest);
    await ensemble.reconfig(rest[0] ?? 0, { joining: ensemble.line(leader) });
  });

  it('obeys zkCli.sh: -remove, -add, -v, -members, -file', async () => {
    const leader = await ensemble.leader([1, 2, 3, 4, 5]);
    const other = leader === 1 ? 2 : 1;
    const list = [1, 2, 3, 4, 5].map((sid) => ensemble.line(sid));
    const file = join(ensemble.folder, 'list');
    await writeFile(file, `${list.join('\n')}\n`);
    const said = await ensemble.zkCli(leader, [
      `reconfig -remove ${other}`,
      'reconfig -v 1 -remove 3',
      `reconfig -add ${ensemble.line(other)}`,
      `reconfig -members ${list.join(',')}`,
      `reconfig -file ${file}`,
      'config',
    ]);
    assert.equal(said.match(/Committed new configuration:/g)?.length, 4, said);
    assert.match(said, /version No is not valid|BadVersion|Version/i, said);
    assert.deepEqual(serversOf((await ensemble.config(leader)).config).length, 5);
  });

  it('moves a client port', async () => {
    const [port = 0] = await freePorts(1);
    const leader = await ensemble.leader([1, 2, 3, 4, 5]);
    const mover = leader === 1 ? 2 : 1;
    await ensemble.reconfig(leader, { joining: ensemble.line(mover, 'participant', port) });
    const moved = await ensemble.probe(port);
    assert.match(moved, /Mode: follower/);
    await ensemble.reconfig(leader, { joining: ensemble.line(mover) });
    await ensemble.becomes(mover, 'follower');
  });

  it('is the same after all were killed and started', async () => {
    const earlier = await ensemble.config(1);
    for (const member of ensemble.members) await member.kill();
    for (const member of ensemble.members) await member.start();
    for (const member of ensemble.members) await member.serving();
    assert.equal((await ensemble.config(1)).config, earlier.config);
  });

  it('shrinks to two', async () => {
    const leader = await ensemble.leader([1, 2, 3, 4, 5]);
    const stay = [leader, leader === 1 ? 2 : 1];
    const leaving = [1, 2, 3, 4, 5].filter((sid) => !stay.includes(sid));
    const answer = await ensemble.reconfig(leader, { members: stay.map((sid) => ensemble.line(sid)).join(',') });
    assert.equal(serversOf(answer.config).length, 2);
    for (const sid of leaving) await ensemble.member(sid).kill();
    assert.equal((await ensemble.write('/two', ...stay)).ok, '/two');
  });
});
