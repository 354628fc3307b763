import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { World } from '../fakes/index.js';
import { MiniEnsemble } from './mini-peer.js';

const SEEDS = Number(process.env['ELECTION_SEEDS'] ?? 12);

/** One bad minute: servers die, come back, are paused; links are cut in every way. Then all is well again. */
async function trouble(ensemble: MiniEnsemble): Promise<void> {
  const { world } = ensemble;
  const { random } = world;
  const sids = [...ensemble.verifier.members.keys()];
  const any = (): number => sids[random.below(sids.length)] ?? 1;
  for (let round = 0; round < 40; round++) {
    const a = any();
    const b = any();
    switch (random.below(6)) {
      case 0:
        if (ensemble.peers.has(a)) ensemble.kill(a, random.below(2) === 0);
        break;
      case 1:
      case 2:
        if (!ensemble.peers.has(a)) await ensemble.start(a);
        break;
      case 3:
        if (a !== b) ensemble.cut(a, b, random.below(2) === 0 ? 'silent' : 'reset', random.below(2) === 0);
        break;
      case 4:
        if (a !== b) ensemble.heal(a, b);
        break;
      case 5:
        if (!ensemble.peers.has(a)) break;
        if (random.below(2) === 0) ensemble.pause(a);
        else ensemble.resume(a);
    }
    await world.run(random.below(1500));
  }
  for (const a of sids) {
    ensemble.resume(a);
    for (const b of sids) if (a !== b) ensemble.heal(a, b);
    if (!ensemble.peers.has(a)) await ensemble.start(a);
  }
}

async function run(seed: number, make: (world: World) => MiniEnsemble): Promise<MiniEnsemble> {
  const world = new World(seed);
  const ensemble = make(world);
  await ensemble.startAll();
  await trouble(ensemble);
  try {
    await world.until(() => ensemble.agreed(), 20_000);
  } catch (error) {
    throw new Error(`seed ${seed}: no agreement after all was well: ${ensemble.describe()}`, { cause: error });
  }
  assert.deepEqual(ensemble.faults, [], `seed ${seed}`);
  assert.equal(ensemble.abdications, 0, `seed ${seed}: leaders without the newest history were elected`);
  return ensemble;
}

describe('elections over a bad network', () => {
  const ENSEMBLES: readonly { name: string; make: (world: World) => MiniEnsemble }[] = [
    { name: 'three servers', make: (world) => new MiniEnsemble(world, [1, 2, 3]) },
    { name: 'five servers', make: (world) => new MiniEnsemble(world, [1, 2, 3, 4, 5]) },
    { name: 'three servers and two observers', make: (world) => new MiniEnsemble(world, [1, 2, 3], [4, 5]) },
    {
      name: 'groups of three, one server without weight',
      make: (world) =>
        new MiniEnsemble(world, [1, 2, 3, 4, 5, 6, 7, 8, 9], [], {
          'group.1': '1:2:3',
          'group.2': '4:5:6',
          'group.3': '7:8:9',
          'weight.9': '0',
        }),
    },
  ];
  for (const { name, make } of ENSEMBLES) {
    it(`${name}: only up-to-date leaders, and always one in the end (${SEEDS} seeds)`, async () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const ensemble = await run(seed, make);
        assert.ok(ensemble.established > 0);
      }
    });
  }

  it('repeats itself for the same seed', async () => {
    const fingerprints = new Set<number>();
    for (let count = 0; count < 2; count++) {
      fingerprints.add((await run(11, (world) => new MiniEnsemble(world, [1, 2, 3]))).world.fingerprint);
    }
    assert.equal(fingerprints.size, 1);
  });
});

describe('an election among healthy servers', () => {
  async function ensembleOf(seed: number, sids: readonly number[]): Promise<MiniEnsemble> {
    const ensemble = new MiniEnsemble(new World(seed), sids);
    await ensemble.startAll();
    await ensemble.world.until(() => ensemble.agreed(), 5000);
    return ensemble;
  }

  function leaderOf(ensemble: MiniEnsemble): number {
    for (const peer of ensemble.peers.values()) if (peer.isEstablished) return peer.myId;
    assert.fail('no leader');
  }

  it('waits for nobody when the leader process is killed: its port refuses', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const ensemble = await ensembleOf(seed, [1, 2, 3]);
      const old = leaderOf(ensemble);
      ensemble.kill(old);
      await ensemble.world.until(() => ensemble.agreed(), 5000);
      for (const peer of ensemble.peers.values()) {
        // The two do not notice at the same moment; but neither spends the 200 ms.
        assert.ok(peer.lastElectionMs < 150, `seed ${seed}: server ${peer.myId} took ${peer.lastElectionMs} ms`);
      }
    }
  });

  it('holds the choice back for 200 ms when the leader machine is gone', async () => {
    const ensemble = await ensembleOf(4, [1, 2, 3]);
    ensemble.kill(leaderOf(ensemble), true);
    await ensemble.world.until(() => ensemble.agreed(), 5000);
    for (const peer of ensemble.peers.values()) {
      assert.ok(peer.lastElectionMs >= 200 && peer.lastElectionMs < 700, `${peer.lastElectionMs} ms`);
    }
  });

  it('brings a late server in without disturbing the leader', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const ensemble = await ensembleOf(seed, [1, 2, 3, 4, 5]);
      const leader = leaderOf(ensemble);
      const { established } = ensemble;
      const late = ensemble.sids.find((sid) => sid !== leader) ?? assert.fail();
      ensemble.kill(late);
      await ensemble.world.run(5000);
      await ensemble.start(late);
      await ensemble.world.until(() => ensemble.agreed(), 1000);
      assert.deepEqual([leaderOf(ensemble), ensemble.established], [leader, established]);
    }
  });

  it('ends when the election is shut down, and leaves nothing', async () => {
    const ensemble = await ensembleOf(5, [1, 2, 3]);
    for (const sid of [1, 2]) {
      const peer = ensemble.peers.get(sid) ?? assert.fail();
      ensemble.peers.delete(sid);
      await ensemble.world.settle(peer.shutdown());
    }
    const last = ensemble.peers.get(3) ?? assert.fail();
    await ensemble.world.until(() => last.state() === 'LOOKING');
    await ensemble.world.run(2000);
    await ensemble.world.settle(last.shutdown());
    await ensemble.world.run(10_000);
    assert.equal(ensemble.world.scheduler.nextDueMs(), undefined);
  });
});
