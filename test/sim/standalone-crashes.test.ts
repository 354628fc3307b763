// A whole server that stands alone crashes at every operation of its disk, from its first start on. What a client was
// answered must be there when it comes back; what it was not may be there, as a whole.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MultiPart, WireClient } from '../support/wire-client.js';
import { SHORT, WholeServers } from './whole-servers.js';

const ALONE = { ...SHORT, voters: [] };
const SID = 1;
const IS_LONG = process.env['ZK_TEST_LONG'] === '1';

type Mode = 'kill' | 'lose' | 'tear';
type Tree = ReadonlyMap<string, { readonly data: string; readonly version: number }>;

/** One request, and what it makes of the tree. */
interface Step {
  readonly ask: (client: WireClient) => Promise<unknown>;
  readonly change: (tree: Tree) => Tree;
}

function create(path: string, data: string): Step {
  return {
    ask: (client) => client.create(path, Buffer.from(data)),
    change: (tree) => new Map([...tree, [path, { data, version: 0 }]]),
  };
}

function set(path: string, data: string): Step {
  return {
    ask: (client) => client.multi([{ op: 'set', path, data: Buffer.from(data) }]),
    change: (tree) => new Map([...tree, [path, { data, version: (tree.get(path)?.version ?? -1) + 1 }]]),
  };
}

function remove(path: string): Step {
  return {
    ask: (client) => client.delete(path),
    change: (tree) => new Map([...tree].filter(([other]) => other !== path)),
  };
}

function both(one: Step, other: Step, parts: readonly MultiPart[]): Step {
  return { ask: (client) => client.multi(parts), change: (tree) => other.change(one.change(tree)) };
}

/** Enough for two snapshots with new logs. */
const STEPS: readonly Step[] = [
  create('/a', 'one'),
  create('/b', 'x'.repeat(700)),
  set('/a', 'two'),
  create('/a/c', ''),
  ...Array.from({ length: 8 }, (_, n) => set('/b', `round ${n} ${'y'.repeat(n * 60)}`)),
  both(create('/m', 'both'), remove('/a/c'), [
    { op: 'create', path: '/m', data: Buffer.from('both') },
    { op: 'delete', path: '/a/c' },
  ]),
  ...Array.from({ length: 8 }, (_, n) => create(`/a/n${n}`, String(n))),
  remove('/a/n3'),
  ...Array.from({ length: 6 }, (_, n) => set('/m', `end ${n}`)),
];

/** The tree behind each number of steps. */
const TREES: readonly Tree[] = STEPS.reduce<Tree[]>(
  (trees, { change }) => [...trees, change(trees.at(-1) ?? new Map())],
  [new Map()],
);

async function readTree(client: WireClient): Promise<Tree> {
  const found = new Map<string, { data: string; version: number }>();
  const walk = async (path: string): Promise<void> => {
    for (const name of await client.getChildren(path === '' ? '/' : path)) {
      const child = `${path}/${name}`;
      if (child === '/zookeeper') continue;
      const { data, stat } = await client.getData(child);
      found.set(child, { data: data?.toString() ?? '', version: stat.version });
      await walk(child);
    }
  };
  await walk('');
  return found;
}

function show(tree: Tree): string {
  return JSON.stringify([...tree].sort(([a], [b]) => (a < b ? -1 : 1)));
}

interface Life {
  answered: number;
  isOver: boolean;
}

/** Behind the last answer a snapshot may still be on its way. */
const LAST_WORK_MS = 200;

async function live(servers: WholeServers, life: Life): Promise<void> {
  const client = await servers.connect(SID);
  for (const { ask } of STEPS) {
    await ask(client);
    life.answered++;
  }
  client.destroy();
  servers.world.host('client').clock.after(LAST_WORK_MS, () => (life.isOver = true));
}

/** Starts the server, lets the client work, and crashes at an operation; false when there are not so many. */
async function crashAt(point: number, mode: Mode, inRecovery: number | null): Promise<boolean> {
  const servers = new WholeServers(`alone ${point} ${mode}`, ALONE);
  const life: Life = { answered: 0, isOver: false };
  const crash = { happened: false };
  const disarm = servers.atOperation(SID, point, () => {
    crash.happened = true;
    servers.crash(SID, mode);
  });
  await servers.boot(SID);
  await servers.world.until(() => crash.happened || servers.isServing(SID));
  if (!crash.happened) {
    live(servers, life).catch(() => undefined);
    await servers.world.until(() => crash.happened || life.isOver);
  }
  disarm();
  if (!crash.happened) return false;
  if (inRecovery !== null && !(await crashAgain(servers, inRecovery, mode))) return false;
  await servers.boot(SID);
  await servers.serving(SID);
  const client = await servers.client(SID);
  const found = show(await servers.world.settle(readTree(client)));
  const legal = TREES.slice(life.answered, life.answered + 2).map(show);
  const where = `${life.answered} answered, crash at ${point} (${mode})`;
  assert.ok(legal.includes(found), `${where}: found ${found}, legal ${legal.join(' or ')}`);
  await servers.world.settle(client.create('/after'));
  client.destroy();
  return true;
}

/** The recovery, too, ends at one of its operations; false when it has not so many. */
async function crashAgain(servers: WholeServers, point: number, mode: Mode): Promise<boolean> {
  const crash = { happened: false };
  const disarm = servers.atOperation(SID, point, () => {
    crash.happened = true;
    servers.crash(SID, mode);
  });
  await servers.boot(SID);
  await servers.world.until(() => crash.happened || servers.isServing(SID));
  disarm();
  if (!crash.happened) servers.crash(SID, 'lose');
  return crash.happened;
}

describe('a crash at every disk operation of a server that stands alone', () => {
  for (const mode of IS_LONG ? (['kill', 'lose', 'tear'] as const) : (['kill', 'tear'] as const)) {
    it(`keeps what was answered (${mode})`, async () => {
      let point = 0;
      while (await crashAt(point, mode, null)) point++;
      assert.ok(point > 100, `only ${point} operations`);
    });
  }

  if (IS_LONG) {
    it('keeps it when the recovery crashes, too, at every operation', async () => {
      for (let point = 0; await crashAt(point, 'tear', null); point++) {
        for (let inside = 0; await crashAt(point, 'tear', inside); inside++);
      }
    });
  }
});
