// As soon as a quorum can talk there is progress: elections in anger, with whole servers on simulated machines.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SeededRandom } from '../fakes/index.js';
import { SimulatedServers } from '../reconfig/simulated.js';

/** With 21, of five servers one elects itself too early, which would wait for initLimit if nobody told it better. */
const SEEDS =
  process.env['QUORUM_SEEDS'] === undefined
    ? [20, 21, 22]
    : Array.from({ length: Number(process.env['QUORUM_SEEDS']) }, (_, seed) => seed);
/** tickTime 200 and initLimit 20: a leader that waits for initLimit needs longer than this. */
const LIMIT_MS = 2500;

/** `slow`: messages take long and overtake each other on their ways, as on busy machines. */
async function founded(
  seed: string,
  count: number,
  slow = false,
): Promise<{ servers: SimulatedServers; sids: readonly number[] }> {
  const servers = new SimulatedServers(seed);
  if (slow) Object.assign(servers.world.network.defaults, { latencyMs: 5, jitterMs: 60 });
  const sids = Array.from({ length: count }, (_, i) => i + 1);
  await servers.found(...sids);
  await servers.write(1, '/before');
  return { servers, sids };
}

/** How long it takes until all of these serve. */
async function recovery(servers: SimulatedServers, sids: readonly number[]): Promise<number> {
  const since = servers.world.nowMs;
  await servers.serving(...sids);
  return servers.world.nowMs - since;
}

describe('an ensemble that was killed as a whole', () => {
  for (const count of [3, 5]) {
    it(`of ${count} serves soon after the last one is back, in whatever order they come`, async (t) => {
      let longestMs = 0;
      for (const seed of SEEDS) {
        const random = new SeededRandom(`restart-${count}-${seed}`);
        const { servers, sids } = await founded(`restart-${count}-${seed}`, count, true);
        for (const sid of sids) servers.powerOff(sid);
        const order = [...sids].sort(() => (random.oneIn(2) ? 1 : -1));
        for (const [i, sid] of order.entries()) {
          if (i > 0) await servers.world.run(random.below(350));
          await servers.boot(sid);
        }
        const tookMs = await recovery(servers, sids);
        longestMs = Math.max(longestMs, tookMs);
        assert.ok(tookMs < LIMIT_MS, `seed ${seed}: ${Math.round(tookMs)} ms, order ${order.join()}`);
        await servers.write(1, '/after');
        assert.deepEqual(servers.ends, []);
      }
      t.diagnostic(`longest: ${Math.round(longestMs)} ms`);
    });
  }
});

describe('an ensemble of three', () => {
  it('goes on when the links of its leader break in one direction', async () => {
    for (const direction of ['from', 'to'] as const) {
      const { servers, sids } = await founded(`one-way-${direction}`, 3);
      const leader = servers.leader();
      const others = sids.filter((sid) => sid !== leader);
      const { network } = servers.world;
      for (const other of others) {
        const [a, b] = direction === 'from' ? [leader, other] : [other, leader];
        network.cut(`s${a}`, `s${b}`, { mode: 'silent', oneWay: true });
      }
      await servers.world.until(() => others.some((sid) => servers.peers.get(sid)?.state() === 'LEADING'), 30_000);
      await servers.serving(...others);
      await servers.write(others[0] ?? 0, '/while-cut');
      for (const other of others) network.heal(`s${leader}`, `s${other}`);
      await servers.serving(...sids);
    }
  });

  it('has time for a server that promised a later epoch, and says which and what to do', async () => {
    const { servers, sids } = await founded('later-epoch', 3);
    const { world } = servers;
    const leader = servers.leader();
    const [late = 0, other = 0] = sids.filter((sid) => sid !== leader);
    servers.kill(late);
    const disk = world.disk(`s${late}`);
    disk.install('/data/version-2/acceptedEpoch', Buffer.from('7\n'));
    await servers.boot(late);
    await world.run(15_000);
    const tries = world.host(`s${late}`).log.withCode('ZAB_LEARNING_ENDED');
    assert.ok(tries.length >= 5 && tries.length < 40, `${tries.length} tries in 15 s`);
    const warnings = world
      .host(`s${leader}`)
      .log.withCode('ZAB_LATER_EPOCH')
      .filter(({ level }) => level === 'warn');
    assert.equal(warnings.length, 1);
    const what = new RegExp(
      `^Server ${late} at .* has accepted epoch 7 and cannot follow in epoch \\d\\. Stop this leader`,
    );
    assert.match(warnings[0]?.message ?? '', what);
    servers.kill(leader);
    await servers.serving(late, other);
    await servers.boot(leader);
    await servers.serving(...sids);
    await servers.write(late, '/after');
  });

  it('goes on without a leader that stands still, which follows when it wakes', async () => {
    const { servers, sids } = await founded('paused', 3);
    const leader = servers.leader();
    const others = sids.filter((sid) => sid !== leader);
    servers.world.pause(`s${leader}`);
    await servers.world.until(() => others.some((sid) => servers.peers.get(sid)?.state() === 'LEADING'), 30_000);
    await servers.serving(...others);
    await servers.write(others[0] ?? 0, '/while-paused');
    servers.world.resume(`s${leader}`);
    await servers.world.until(() => servers.peer(leader).state() === 'FOLLOWING' && servers.isServing(leader), 30_000);
    const client = await servers.client(leader);
    await servers.world.settle(client.sync('/'));
    await servers.world.settle(client.exists('/while-paused'));
  });

  it('settles on one leader when the first flaps', async () => {
    const { servers, sids } = await founded('flapping', 3);
    for (let i = 0; i < 6; i++) {
      const sid = servers.leaders[0] ?? 3;
      servers.kill(sid);
      await servers.world.run(40 * i);
      await servers.boot(sid);
      await servers.world.run(150);
    }
    assert.ok((await recovery(servers, sids)) < LIMIT_MS);
    assert.equal(servers.leaders.length, 1);
    await servers.write(2, '/after');
  });
});
