// The admin commands of real Apache ZooKeeper and of this server have the same fields, of the same types.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { Ensemble, type Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { javaServerWithAdmin } from '../support/java.js';
import { WireClient } from '../support/wire-client.js';
import { ask, command } from './http.js';

const OBSERVER = 3;
const LIMIT_MS = 120_000;

/** Commands whose fields do not hang on the machine or the program. */
const COMMANDS = [
  ['configuration', 'connection_stat_reset', 'connections', 'dirs', 'dump', 'get_trace_mask', 'hash'],
  ['is_read_only', 'last_snapshot', 'leader', 'observer_connection_stat_reset', 'observers'],
  ['ruok', 'server_stats', 'stats', 'set_trace_mask', 'set_trace_mask?traceMask=5', 'set_trace_mask?traceMask=x'],
  ['stat_reset', 'voting_view', 'watch_summary', 'watches', 'watches_by_path', 'zabstate', 'nothing'],
  // Their short names.
  ['conf', 'config', 'crst', 'cons', 'gtmk', 'isro', 'lsnp', 'lead', 'orst', 'obsr', 'srvr', 'stat', 'srst'],
  ['wchs', 'wchc', 'wchp', 'stmk'],
].flat();

/** Figures that there is one of for each server that acknowledges; and those by namespace, which are not kept here. */
const OF_A_SET = /^[a-z]+\d*_\d+_|_per_namespace$/;

/** What kind of value it is, with session ids, times and paths that are keys made alike. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? 'list' : [shapeOf(value[0])];
  if (value === null) return 'null';
  if (typeof value === 'string') return /^-?\d{16,}$/.test(value) ? 'number' : 'string';
  if (typeof value !== 'object') return typeof value;
  const fields = Object.entries(value).map(([key, field]) => [key.replace(/^\d+$/, '#'), shapeOf(field)] as const);
  return Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1)));
}

class World {
  client: WireClient | null = null;
  leader: Member | null = null;

  private constructor(readonly ensemble: Ensemble) {}

  static async create(launch?: (index: number, configFile: string) => readonly string[]): Promise<World> {
    const ensemble = await Ensemble.create({
      http: true,
      observers: [OBSERVER],
      ...(launch ? { command: launch } : {}),
    });
    await ensemble.start();
    const world = new World(ensemble);
    world.leader = await ensemble.leader();
    const client = await WireClient.connect(world.leader.clientPort);
    world.client = client;
    await client.create('/e', Buffer.from('x'), 1);
    await client.getData('/e', true);
    await eventually('the observer is synchronized', LIMIT_MS, async () => {
      return (await command(world.member('leader').adminPort, 'observers'))['synced_observers'] === 1;
    });
    return world;
  }

  member(role: string): Member {
    const { leader, ensemble } = this;
    const found = role === 'leader' ? leader : ensemble.members.find((one) => isIn(one, role, leader));
    assert.ok(found);
    return found;
  }

  async remove(): Promise<void> {
    this.client?.destroy();
    await this.ensemble.remove();
  }
}

function isIn(member: Member, role: string, leader: Member | null): boolean {
  return role === 'observer' ? member.sid === OBSERVER : member.sid !== OBSERVER && member !== leader;
}

describe('admin commands beside those of Apache ZooKeeper', { timeout: LIMIT_MS }, () => {
  let ours: World;
  let theirs: World;

  before(async () => {
    [ours, theirs] = await Promise.all([
      World.create(),
      World.create((_index, configFile) => javaServerWithAdmin(configFile)),
    ]);
  });
  after(() => Promise.all([ours.remove(), theirs.remove()]));

  for (const role of ['leader', 'follower', 'observer']) {
    for (const name of COMMANDS) {
      it(`${name} of a ${role}`, async () => {
        const [mine, reference] = await Promise.all(
          [ours, theirs].map((world) => command(world.member(role).adminPort, name)),
        );
        assert.deepEqual(shapeOf(mine), shapeOf(reference));
      });
    }

    it(`monitor of a ${role} lacks no figure`, async () => {
      const [mine = {}, reference = {}] = await Promise.all(
        [ours, theirs].map((world) => command(world.member(role).adminPort, 'monitor')),
      );
      const known = new Set(Object.keys(mine));
      assert.deepEqual(
        Object.keys(reference).filter((name) => !known.has(name) && !OF_A_SET.test(name)),
        [],
      );
    });
  }

  it('initial_configuration tells the file', async () => {
    // Apache ZooKeeper's ensembles answer null.
    const member = ours.member('leader');
    const { initial_configuration: text } = await command(member.adminPort, 'initial_configuration');
    assert.equal(text, await readFile(member.configFile, 'utf8'));
    assert.deepEqual(await command(member.adminPort, 'icfg'), await command(member.adminPort, 'initial_configuration'));
  });

  it('system_properties tells the lines of zoo.cfg that are properties', async () => {
    const [mine = [], reference = []] = await Promise.all(
      [ours, theirs].map(async (world) => {
        const all = await command(world.member('follower').adminPort, 'system_properties');
        return Object.keys(all).filter((name) => /^zookeeper\.(?!version)/.test(name));
      }),
    );
    assert.ok(mine.includes('zookeeper.admin.serverPort'), mine.join());
    assert.deepEqual(mine.sort(), reference.sort());
  });

  it('lists the commands by links', async () => {
    const [mine = '', reference = ''] = await Promise.all(
      [ours, theirs].map(async (world) => (await ask(world.member('leader').adminPort, '/commands')).text),
    );
    const links = new Set(mine.split('\n'));
    assert.deepEqual(
      reference.split('\n').filter((line) => !links.has(line)),
      [],
    );
  });

  it('prints the same layout', async () => {
    const [mine, reference] = await Promise.all(
      [ours, theirs].map(async (world) => {
        const { text } = await ask(world.member('leader').adminPort, '/commands/stats');
        return text
          .replace(/"version".*/, '')
          .split('\n')
          .map((line) => line.replace(/: -?[\d.E"].*$/, ':'))
          .sort();
      }),
    );
    assert.deepEqual(mine, reference);
  });
});
