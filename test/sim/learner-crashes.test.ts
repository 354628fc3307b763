// Whole servers: one that is behind comes back and crashes at every operation of its disk, from its start until it serves,
// in each way of synchronization. Afterwards it must come to what the others have.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { machineName, type Settings } from './settings.js';
import { installTaps, type SyncMode, type Witness } from './taps.js';
import { type Files, SHORT, WholeServers } from './whole-servers.js';

const VOTERS: readonly number[] = [1, 2, 3];
const OBSERVER = 4;
const IS_LONG = process.env['ZK_TEST_LONG'] === '1';

/** Disks of an ensemble whose server `learner` is behind. */
interface Prepared {
  readonly settings: Settings;
  readonly learner: number;
  readonly files: ReadonlyMap<number, Files>;
  /** Paths that were answered. */
  readonly answered: readonly string[];
}

interface Case {
  readonly mode: SyncMode;
  /** What the leader logs alone before it is gone. */
  readonly dead: number;
  /** What the others write meanwhile. */
  readonly missed: number;
  /** An observer is behind, with a log (`syncEnabled`) or with snapshots alone. */
  readonly observer?: 'with a log' | 'without a log';
}

const CASES: readonly Case[] = [
  { mode: 'DIFF', dead: 0, missed: 1 },
  { mode: 'TRUNC', dead: 3, missed: 0 },
  { mode: 'TRUNC and DIFF', dead: 3, missed: 3 },
  { mode: 'SNAP', dead: 0, missed: 30 },
  ...(IS_LONG ? [{ mode: 'SNAP', dead: 3, missed: 30 } as const] : []),
  { mode: 'DIFF', dead: 0, missed: 1, observer: 'with a log' },
  { mode: 'SNAP', dead: 0, missed: 30, observer: 'with a log' },
  // It comes back with its last snapshot, which is too old for a DIFF.
  { mode: 'SNAP', dead: 0, missed: 1, observer: 'without a log' },
  { mode: 'SNAP', dead: 0, missed: 30, observer: 'without a log' },
];

function settingsOf({ observer }: Case): Settings {
  if (observer === undefined) return SHORT;
  return { ...SHORT, observers: [OBSERVER], observersLog: observer === 'with a log' };
}

async function write(servers: WholeServers, sid: number, paths: readonly string[]): Promise<void> {
  const client = await servers.client(sid);
  for (const path of paths) await servers.world.settle(client.create(path, Buffer.from(`data of ${path}`)));
  await servers.world.settle(client.close());
}

function paths(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `/${prefix}${n}`);
}

/** An ensemble lives until its server is as far behind as the case says; then the power goes. */
async function prepare(one: Case): Promise<Prepared> {
  const { dead, missed, mode, observer } = one;
  const settings = settingsOf(one);
  const all = [...VOTERS, ...settings.observers];
  const servers = new WholeServers(`prepare ${mode} ${dead} ${missed} ${observer ?? ''}`, settings);
  const { network } = servers.world;
  for (const sid of all) await servers.boot(sid);
  await servers.serving(...all);
  const learner = observer === undefined ? (VOTERS.find((sid) => servers.isLeader(sid)) ?? 0) : OBSERVER;
  const others = VOTERS.filter((sid) => sid !== learner);
  await write(servers, learner, paths('first', 9));
  const client = dead > 0 ? await servers.client(learner) : null;
  for (const sid of others) network.cut(machineName(learner), machineName(sid));
  // Nobody answers these: they are on its disk alone.
  for (const path of paths('dead', dead)) client?.create(path).catch(() => undefined);
  await servers.world.run(50);
  servers.crash(learner, 'lose');
  await servers.world.until(() => others.some((sid) => servers.isLeader(sid)), 120_000);
  await servers.serving(...others);
  if (missed > 0) await write(servers, others[0] ?? 0, paths('missed', missed));
  await servers.world.run(500);
  for (const sid of others) servers.crash(sid, 'lose');
  return {
    ...{ settings, learner },
    files: new Map(all.map((sid) => [sid, servers.files(sid)])),
    answered: [...paths('first', 9), ...paths('missed', missed)],
  };
}

/** Sees how learners are synchronized, and nothing else. */
function watchModes(modes: Set<SyncMode>): () => void {
  const nothing = (): void => undefined;
  const witness: Witness = {
    appended: nothing,
    committed: nothing,
    established: nothing,
    learnerServes: nothing,
    databaseOpened: nothing,
    epochBecomesCurrent: nothing,
    synchronizing: (mode) => modes.add(mode),
  };
  return installTaps(witness);
}

/** False when the learner serves before it has done so many operations. */
async function crashAt(prepared: Prepared, point: number, mode: 'kill' | 'lose' | 'tear'): Promise<boolean> {
  const { answered, files, learner, settings } = prepared;
  const servers = new WholeServers(`learner ${point} ${mode}`, settings);
  for (const [sid, own] of files) servers.install(sid, own);
  const others = VOTERS.filter((sid) => sid !== learner);
  for (const sid of others) await servers.boot(sid);
  await servers.serving(...others);
  const crash = { happened: false };
  const disarm = servers.atOperation(learner, point, () => {
    crash.happened = true;
    servers.crash(learner, mode);
  });
  await servers.boot(learner);
  await servers.world.until(() => crash.happened || servers.isServing(learner), 120_000);
  disarm();
  if (!crash.happened) return false;
  await servers.boot(learner);
  await servers.serving(...files.keys());
  await write(servers, learner, ['/last']);
  await servers.world.run(500);
  const digests = new Set([...files.keys()].map((sid) => servers.database(sid).tree.digest));
  assert.equal(digests.size, 1, `trees differ after a crash at ${point} (${mode})`);
  for (const path of [...answered, '/last']) assert.ok(servers.database(learner).tree.find(path) >= 0, path);
  assert.equal(servers.database(learner).tree.find('/dead0'), -1);
  return true;
}

describe('a crash at every disk operation of a whole server that is synchronized', () => {
  for (const one of CASES) {
    for (const mode of IS_LONG ? (['lose', 'tear', 'kill'] as const) : (['tear'] as const)) {
      const who = one.observer === undefined ? '' : `, an observer ${one.observer}`;
      it(`${one.mode}, ${one.missed} missed and ${one.dead} dead${who} (${mode})`, async () => {
        const prepared = await prepare(one);
        const modes = new Set<SyncMode>();
        const stop = watchModes(modes);
        try {
          let point = 0;
          while (await crashAt(prepared, point, mode)) point++;
          assert.ok(point > 20, `only ${point} operations`);
        } finally {
          stop();
        }
        assert.ok(modes.has(one.mode), [...modes].join());
      });
    }
  }
});
