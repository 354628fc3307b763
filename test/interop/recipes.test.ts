import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { atServer } from '../support/at-server.js';
import { Ensemble } from '../support/ensemble.js';
import { writesThrough } from '../support/writes-through.js';
import { CURATOR_PATH, QUICK_JAVA } from './programs.js';

const HERE = new URL('.', import.meta.url).pathname;
const KAZOO = [
  ...['lock', 'read_write_lock', 'semaphore', 'election', 'barrier', 'double_barrier', 'queue', 'locking_queue'],
  ...['party', 'counter', 'lease', 'single_lease', 'partitioner', 'watchers', 'tree_cache'],
];
const CURATOR = [
  ...['mutex', 'semaphoreMutex', 'multiLock', 'readWriteLock', 'semaphore', 'leaderLatch', 'leaderSelector', 'barrier'],
  ...['doubleBarrier', 'queue', 'atomicLong', 'sharedCount', 'groupMember', 'persistentNode', 'persistentTtlNode'],
  ...['cache', 'pathChildrenCache', 'treeCache', 'nodeCache', 'persistentWatcher', 'distributedQueue', 'priorityQueue'],
  ...['delayQueue', 'idQueue', 'sharedValue', 'atomicInteger'],
];

/** Runs a program that prints `ok NAME` for each recipe that did what it promises. */
async function assertRecipes(command: string, args: readonly string[], names: readonly string[]): Promise<void> {
  const program = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const said: Buffer[] = [];
  for (const stream of [program.stdout, program.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk));
  const [exitCode] = (await once(program, 'close')) as [number | null];
  const text = Buffer.concat(said).toString('utf8');
  const lines = text.split('\n').filter((line) => /^(ok|failed) /.test(line));
  assert.deepEqual(
    lines,
    names.map((name) => `ok ${name}`),
    text,
  );
  assert.equal(exitCode, 0);
}

/** Each library has a part of the tree for itself, which is all of it to its clients. */
const [KAZOO_ROOT, CURATOR_ROOT] = ['/apps/kazoo', '/apps/curator'];

describe('recipes on an ensemble, four clients each, each library in a chroot', () => {
  const classes = mkdtempSync(join(tmpdir(), 'zk-server-recipes-'));
  let ensemble: Ensemble;
  before(async () => {
    execFileSync('javac', ['-nowarn', '-cp', CURATOR_PATH, '-d', classes, join(HERE, 'Recipes.java')]);
    ensemble = await Ensemble.create({ config: { extendedTypesEnabled: 'true' } });
    await ensemble.start();
    for (const path of ['/apps', KAZOO_ROOT, CURATOR_ROOT]) await writesThrough(await ensemble.leader(), path);
  });
  after(async () => {
    await ensemble.remove();
    rmSync(classes, { recursive: true, force: true });
  });

  it("of kazoo's do what they promise", () =>
    assertRecipes('/usr/bin/python3', [join(HERE, 'recipes.py'), ensemble.hosts + KAZOO_ROOT], KAZOO));

  it("of Curator's do what they promise", () =>
    assertRecipes(
      'java',
      [...QUICK_JAVA, '-cp', `${classes}:${CURATOR_PATH}`, 'Recipes', ensemble.hosts + CURATOR_ROOT],
      CURATOR,
    ));

  it('leave nothing outside of their roots', async () => {
    await atServer(await ensemble.leader(), async (client) => {
      assert.deepEqual((await client.getChildren('/')).sort(), ['apps', 'zookeeper']);
      assert.deepEqual(await client.getChildren(KAZOO_ROOT), ['recipes']);
      assert.deepEqual(await client.getChildren(CURATOR_ROOT), ['r']);
    });
  });
});
