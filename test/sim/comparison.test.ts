import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SimClient } from './client/sim-client.js';
import type { Ensemble } from './ensemble.js';
import type { CreateOp } from './history.js';
import type { CommitOrder } from './model/commit-order.js';
import { call, field, type Mutant, part, together } from './mutants/mutant.js';
import { drawPlan } from './plan.js';
import type { SimServer } from './server.js';
import { Simulation } from './simulation.js';

const CREATE: CreateOp = { kind: 'create', path: '/late', data: 'late', sequential: false, ephemeral: false };

/** Right before servers are compared the leader commits a transaction more, and `change` happens to one that follows. */
function writingAtTheEnd(change: (follower: SimServer, ensemble: Ensemble) => void): Mutant {
  const endClients = part(Simulation.prototype, 'endClients', (original) => {
    return async function (this: object) {
      await (Reflect.apply(original, this, []) as Promise<void>);
      const ensemble = field(this, 'ensemble') as Ensemble;
      const order = field(this, 'order') as CommitOrder;
      const [client] = field(this, 'clients') as SimClient[];
      const follower = ensemble.members.find(({ isLeader, name }) => !isLeader && name !== client?.server);
      assert.ok(follower !== undefined && client?.isConnected === true);
      change(follower, ensemble);
      const { lastZxid } = order;
      client.ask(CREATE);
      assert.ok(await call(this, 'until', () => order.lastZxid > lastZxid, 1000));
      assert.equal(follower.database?.lastAppliedZxid, lastZxid);
    };
  });
  return together('a write at the end', 'nothing', endClients);
}

describe('the comparison of all servers at the end', () => {
  const cases: readonly [string, (follower: SimServer, ensemble: Ensemble) => void, RegExp | null][] = [
    ['waits for a transaction that is under way', () => undefined, null],
    [
      'finds a server that never gets it',
      ({ name }, { names, world }) => {
        for (const other of names) if (other !== name) world.network.cut(name, other);
      },
      /^every server has every write: s\d is at 0x\w+, the others at 0x\w+$/,
    ],
    [
      'finds a server that has it and lacks something else',
      ({ database }) => database?.sessions.clear(),
      /^every server has every write: s\d: sessions {2}instead of 0x\w+$/,
    ],
  ];
  for (const [name, change, expected] of cases) {
    it(name, async () => {
      const { figures, problems } = await Simulation.run(drawPlan(1, 'calm'), writingAtTheEnd(change));
      assert.ok(figures.transactions > 100);
      const found = problems.map(({ rule, text }) => `${rule}: ${text}`);
      if (expected === null) assert.deepEqual(found, []);
      else assert.match(found.join('\n'), expected);
    });
  }
});
