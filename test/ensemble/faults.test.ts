// What operators do to ensembles: a leader that stands still, a member that lost its data, a second server with one myid.
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import type { Member } from '../support/ensemble.js';
import { Ensemble } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { WireClient } from '../support/wire-client.js';

/** Path, data and mzxid of all nodes below `root`, as this server shows them after a sync. */
async function view(member: Member, root: string): Promise<string[]> {
  const client = await WireClient.connect(member.clientPort);
  await client.sync(root);
  const names = await client.getChildren(root);
  const nodes = await Promise.all(
    names.map(async (name) => {
      const { data, stat } = await client.getData(`${root}/${name}`);
      return `${name} ${String(data)} ${stat.mzxid}`;
    }),
  );
  await client.close();
  return nodes.sort();
}

/** Creates a node through whichever of the servers takes it first. */
function write(members: readonly Member[], path: string): Promise<true> {
  return eventually(`a write of ${path}`, 30_000, async () => {
    for (const member of members) {
      try {
        const client = await WireClient.connect(member.clientPort);
        try {
          await client.create(path, Buffer.from(path));
          return true;
        } finally {
          client.destroy();
        }
      } catch {
        // Another one, or again.
      }
    }
    return undefined;
  });
}

describe('an ensemble of three under faults', () => {
  let ensemble: Ensemble;

  before(async () => {
    ensemble = await Ensemble.create({ config: { tickTime: 300, snapCount: 200, commitLogCount: 50 } });
    await ensemble.start();
    await write(ensemble.members, '/faults');
  });
  after(() => ensemble.remove());

  async function assertSameEverywhere(): Promise<void> {
    const [first, ...others] = await Promise.all(ensemble.members.map((member) => view(member, '/faults')));
    assert.ok(first !== undefined && first.length > 0);
    for (const other of others) assert.deepEqual(other, first);
  }

  it('goes on without a leader that stands still, and takes it back as a follower', async () => {
    const paused = await ensemble.leader();
    const others = ensemble.members.filter((member) => member !== paused);
    paused.send('SIGSTOP');
    await write(others, '/faults/while-paused');
    paused.send('SIGCONT');
    await eventually('it follows', 30_000, async () => (await paused.mode()) === 'follower');
    await assertSameEverywhere();
  });

  it('gives a member that lost its data everything anew', async () => {
    const [lost] = await ensemble.followers();
    assert.ok(lost);
    await lost.kill();
    await rm(`${lost.dataDir}/version-2`, { recursive: true });
    const client = await WireClient.connect((await ensemble.leader()).clientPort);
    await Promise.all(
      Array.from({ length: 500 }, (_, i) => client.create(`/faults/more-${i}`, Buffer.from(String(i)))),
    );
    await client.close();
    await lost.start();
    await lost.serving();
    assert.match(await lost.log(), /synchronizes by SNAP/);
    await assertSameEverywhere();
  });

  it('is not disturbed by a second server with the myid of another', async () => {
    const [follower] = await ensemble.followers();
    assert.ok(follower);
    const leader = await ensemble.leader();
    const before = await leader.log();
    const double = await ensemble.imitate(follower);
    try {
      await eventually('the imitation is known for what it is', 30_000, async () =>
        /already in use|same myid|own id|EADDRINUSE|has that port|cannot listen/i.test(await double.log()),
      );
      await write(ensemble.members, '/faults/with-a-double');
      assert.equal(await leader.mode(), 'leader', (await leader.log()).slice(before.length));
    } finally {
      await double.kill();
    }
    await assertSameEverywhere();
  });
});
