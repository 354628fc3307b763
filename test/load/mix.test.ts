// The load generator against a server that says what each case needs, in a simulated world.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Outcome, parseLaunch, type Plan, sceneOf } from '../../src/load/index.js';
import { OpCode } from '../../src/protocol/index.js';
import { World } from '../fakes/index.js';
import { replyOf, ScriptedServer } from '../zk-client/fake-world.js';

const ROOT = '/zk-bench-test';

function planOf(words: string): Plan {
  return parseLaunch(words.split(' ')).plan;
}

async function run(world: World, plan: Plan): Promise<Outcome> {
  const share = { servers: 'a:2181', root: ROOT, plan, worker: 0, workers: 1, seed: 7 };
  return world.settle(sceneOf(world.host('load'), share).run(), 600_000);
}

describe('a closed loop', () => {
  it('keeps as many requests under way as its depth, and counts errors', async () => {
    const world = new World('closed');
    const server = await ScriptedServer.start(world, 'a');
    let asked = 0;
    server.answer = ({ xid, type }) => {
      if (type === OpCode.closeSession) return replyOf(xid, 0);
      asked++;
      return replyOf(xid, asked % 10 === 0 ? -101 : 0);
    };
    const outcome = await run(
      world,
      planOf('--sessions 1 --depth 4 --warm-up 1 --seconds 2 --keys 5 --mix get=1,set=1'),
    );
    assert.ok(outcome.ops > 100);
    assert.ok(Math.abs(outcome.errors - outcome.ops / 10) <= 2, `${outcome.errors} of ${outcome.ops}`);
    const kinds = [...outcome.rows].map(([kind, { count }]) => [kind, count > outcome.ops / 3]);
    assert.deepEqual(kinds.sort(), [
      ['get', true],
      ['set', true],
    ]);
    // Those of the warm-up and the last ones are not counted.
    assert.ok(asked > outcome.ops * 1.3);
  });

  it('deletes only what it has created', async () => {
    const world = new World('deletes');
    const server = await ScriptedServer.start(world, 'a');
    await run(world, planOf('--sessions 1 --depth 3 --warm-up 0 --seconds 1 --mix create=1,delete=3'));
    const paths = (type: number): string[] =>
      server.asked
        .filter((one) => one.type === type)
        .map(({ body }) => body.toString('utf8', 4, 4 + body.readInt32BE(0)));
    const created = new Set(paths(OpCode.create));
    const deleted = paths(OpCode.delete);
    assert.ok(deleted.length > 20);
    assert.equal(new Set(deleted).size, deleted.length);
    assert.ok(deleted.every((path) => created.has(path)));
  });

  it('goes on with a new session when a connection is lost', async () => {
    const world = new World('lost');
    const server = await ScriptedServer.start(world, 'a');
    let asked = 0;
    server.answer = ({ xid }) => {
      if (++asked === 200) server.socket?.destroy();
      return replyOf(xid, 0);
    };
    const outcome = await run(world, planOf('--sessions 1 --depth 2 --warm-up 0 --seconds 5 --mix get=1'));
    assert.equal(outcome.lostConnections, 1);
    assert.equal(server.sessions.length, 2);
    assert.ok(outcome.errors >= 1 && outcome.errors <= 2);
    assert.ok(asked > 400);
  });
});

describe('sessions of which some cannot be opened', () => {
  it('count as errors, and the others go on and end', async () => {
    const world = new World('half');
    const server = await ScriptedServer.start(world, 'a');
    // It takes connections and says nothing, as a server does that was stopped by a signal.
    await world.settle(world.host('b').network.listen({ endpoint: { host: 'b', port: 2181 } }, () => undefined));
    const plan = planOf('--sessions 4 --depth 2 --rate 100 --seconds 1 --timeout 6000 --mix get=1');
    const share = { servers: 'a:2181,b:2181', root: ROOT, plan, worker: 0, workers: 1, seed: 7 };
    const outcome = await world.settle(sceneOf(world.host('load'), share).run(), 60_000);
    assert.deepEqual([outcome.ops, outcome.errors, outcome.lostConnections], [100, 2, 2]);
    const opened = server.sessions.length;
    server.socket?.destroy();
    await world.run(30_000);
    assert.equal(server.sessions.length, opened);
  });
});

describe('an open loop', () => {
  it('counts latency from the time a request was due: a server that stands still for a second shows', async () => {
    const world = new World('open');
    const server = await ScriptedServer.start(world, 'a');
    const held: Buffer[] = [];
    let isHolding = false;
    server.answer = ({ xid }) => {
      if (!isHolding) return replyOf(xid, 0);
      held.push(replyOf(xid, 0));
      return null;
    };
    const { clock } = world.host('a');
    clock.after(3000, () => (isHolding = true));
    clock.after(4000, () => {
      isHolding = false;
      for (const reply of held) server.socket?.write(reply);
    });
    const outcome = await run(world, planOf('--sessions 1 --rate 100 --warm-up 1 --seconds 9 --mix get=1'));
    // Every request that was due is counted, those of the stop too.
    assert.equal(outcome.ops, 900);
    const { latency } = outcome;
    assert.ok(latency.max > 950_000 && latency.max < 1_050_000, `${latency.max}`);
    // Requests due in the stop wait half a second on average, which is a ninth of all.
    assert.ok(latency.percentile(85) < 50_000, `${latency.percentile(85)}`);
    assert.ok(latency.percentile(95) > 400_000, `${latency.percentile(95)}`);
  });

  it('counts what is never answered with the time it has waited', async () => {
    const world = new World('unanswered');
    const server = await ScriptedServer.start(world, 'a');
    let asked = 0;
    server.answer = ({ xid, type }) => (type !== OpCode.getData || ++asked <= 50 ? replyOf(xid, 0) : null);
    const outcome = await run(world, planOf('--sessions 1 --rate 100 --warm-up 0 --seconds 1 --mix get=1'));
    assert.equal(outcome.ops, 100);
    assert.equal(outcome.unanswered, 50);
    assert.ok(outcome.latency.percentile(99) > 5_000_000);
  });
});

describe('a storm of sessions', () => {
  it('counts sessions that were opened', async () => {
    const world = new World('storm');
    const server = await ScriptedServer.start(world, 'a');
    server.answer = ({ xid, type }) => {
      const { socket } = server;
      if (type === OpCode.closeSession) socket?.end();
      return replyOf(xid, 0);
    };
    const outcome = await run(world, planOf('--profile sessions --sessions 1 --warm-up 0 --seconds 2'));
    assert.ok(outcome.of('session').count > 50);
    assert.equal(outcome.errors, 0);
    assert.ok(server.sessions.length >= outcome.ops);
  });
});
