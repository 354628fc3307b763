// The client with whole servers in a simulated world: what survives when they die.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WatchEvent } from '../../src/zk-client/index.js';
import { SimulatedServers } from '../reconfig/simulated.js';
import { clientIn } from './fake-world.js';

const SERVERS = 's1:2181,s2:2181,s3:2181';

async function threeServers(seed: string): Promise<SimulatedServers> {
  const servers = new SimulatedServers(seed);
  await servers.found(1, 2, 3);
  return servers;
}

/** The id in a name like `s2`. */
function sidOf(host: string | undefined): number {
  return Number(host?.slice(1));
}

describe('a session of the client', () => {
  it('goes on at another server with its ephemeral nodes and its watches', async () => {
    const servers = await threeServers('resume');
    const { world } = servers;
    const { client, events } = clientIn(world, SERVERS);
    const other = clientIn(world, SERVERS).client;
    await world.settle(client.create('/a', 'one'));
    await world.settle(client.create('/mine', null, { mode: 'ephemeral' }));
    const told: string[] = [];
    const note =
      (who: string) =>
      ({ type, path }: WatchEvent): void => {
        told.push(`${who} ${type} ${path}`);
      };
    await world.settle(client.getData('/a', { watch: note('data') }));
    await world.settle(client.exists('/none', { watch: note('exist') }));
    await world.settle(client.getChildren('/a', { watch: note('child') }));
    await world.settle(client.addWatch('/a', 'persistent', note('stays')));
    await world.settle(client.addWatch('/a', 'persistentRecursive', note('below')));
    const before = client.credentials.sessionId;

    servers.kill(sidOf(client.server?.host));
    await world.until(() => client.state === 'connecting');
    // What happens while it has no server is told as soon as it has one.
    await world.settle(other.setData('/a', 'two'));
    await world.until(() => client.state === 'connected');
    await world.settle(client.sync('/'));
    assert.equal(client.credentials.sessionId, before);
    assert.deepEqual(events, ['connected', 'disconnected', 'connected']);
    assert.ok(told.includes('data dataChanged /a'), told.join());
    told.length = 0;
    await world.settle(other.create('/none', null));
    await world.settle(other.create('/a/b', null));
    await world.settle(client.sync('/'));
    assert.deepEqual(told.sort(), [
      'below created /a/b',
      'child childrenChanged /a',
      'exist created /none',
      'stays childrenChanged /a',
    ]);
    assert.notEqual(await world.settle(other.exists('/mine')), null);
    await world.settle(client.close());
    assert.equal(await world.settle(other.exists('/mine')), null);
  });

  it('is resumed by another client with its credentials', async () => {
    const servers = await threeServers('credentials');
    const { world } = servers;
    const first = clientIn(world, SERVERS).client;
    await world.settle(first.create('/mine', null, { mode: 'ephemeral' }));
    const second = clientIn(world, SERVERS, { session: first.credentials }).client;
    assert.deepEqual(await world.settle(second.getEphemerals()), ['/mine']);
    assert.equal(second.credentials.sessionId, first.credentials.sessionId);
  });

  it('expires when it has no server for too long', async () => {
    const servers = await threeServers('expires');
    const { world } = servers;
    const { client } = clientIn(world, SERVERS, { sessionTimeoutMs: 1000 });
    await world.settle(client.connected());
    for (const sid of [1, 2, 3]) {
      const link = world.network.link('client', `s${sid}`);
      link.cut = 'silent';
    }
    await world.run(30_000);
    world.network.healAll();
    await world.until(() => client.state === 'expired');
    await assert.rejects(client.getData('/'), { code: 'sessionExpired' });
  });

  it('keeps the order of calls, and tells of a change before the answer that shows it', async () => {
    const servers = await threeServers('order');
    const { world } = servers;
    const { client } = clientIn(world, `${SERVERS}/app`);
    await world.settle(clientIn(world, SERVERS).client.create('/app', null));
    const made = Array.from({ length: 200 }, () => client.create('/n-', null, { mode: 'persistentSequential' }));
    const paths = await world.settle(Promise.all(made));
    assert.deepEqual(paths, [...paths].sort());
    assert.equal(new Set(paths).size, 200);
    const order: string[] = [];
    await world.settle(client.getChildren('/', { watch: ({ path }) => order.push(`event ${path}`) }));
    await world.settle(
      Promise.all([
        client.create('/x', null),
        client.getChildren('/').then(({ children }) => order.push(`children ${children.length}`)),
      ]),
    );
    assert.deepEqual(order, ['event /', 'children 201']);
  });
});
