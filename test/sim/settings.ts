import { loadConfig, type ServerConfig } from '../../src/config/index.js';
import { memoryFiles } from '../config/memory-files.js';
import type { SeededRandom } from '../fakes/index.js';

/** The ensemble of one run and how it is configured. */
export interface Settings {
  readonly voters: readonly number[];
  readonly observers: readonly number[];
  /** Null: majorities. */
  readonly groups: readonly (readonly number[])[] | null;
  readonly tickTimeMs: number;
  readonly snapCount: number;
  readonly commitLogCount: number;
  readonly purgeMs: number;
  /** What an fsync takes at most; some disks are faster. */
  readonly syncMs: number;
  readonly latencyMs: number;
  readonly clients: number;
  readonly sessionTimeoutMs: number;
  readonly thinkMs: number;
  readonly pipelined: number;
}

export const INIT_LIMIT = 10;
export const SYNC_LIMIT = 5;

export function machineName(sid: number): string {
  return `s${sid}`;
}

export function drawSettings(random: SeededRandom): Settings {
  const pick = <T>(...items: readonly T[]): T => items[random.below(items.length)] as T;
  const count = pick(3, 3, 3, 5, 5, 4, 6, 7);
  const voters = Array.from({ length: count }, (_, at) => at + 1);
  const observers = random.oneIn(3) ? [count + 1] : [];
  const tickTimeMs = pick(200, 300, 500);
  return {
    voters,
    observers,
    groups: count >= 6 && random.oneIn(2) ? [0, 1, 2].map((n) => voters.filter((sid) => sid % 3 === n)) : null,
    tickTimeMs,
    snapCount: pick(60, 150, 400),
    commitLogCount: pick(20, 60, 200),
    purgeMs: pick(0, 5000),
    syncMs: pick(0.3, 1, 3, 8, 20),
    latencyMs: pick(0.2, 0.5, 2),
    clients: 4,
    sessionTimeoutMs: tickTimeMs * pick(6, 10, 14),
    thinkMs: pick(90, 130, 180),
    pipelined: pick(1, 3, 8),
  };
}

/** What each server is told, by the production's own reader of zoo.cfg. */
export async function serverConfigs(settings: Settings): Promise<ReadonlyMap<number, ServerConfig>> {
  const configs = new Map<number, ServerConfig>();
  const text = zooCfg(settings);
  for (const sid of [...settings.voters, ...settings.observers]) {
    const { config, faults } = await loadConfig({
      disk: memoryFiles({ '/etc/zoo.cfg': text, '/data/myid': `${sid}\n` }),
      configFile: '/etc/zoo.cfg',
      workingDir: '/etc',
      env: {},
    });
    if (config === null) throw new Error(`zoo.cfg of server ${sid}: ${JSON.stringify(faults)}`);
    configs.set(sid, tighten(config, settings));
  }
  return configs;
}

/** Bounds so tight that short histories meet them; zoo.cfg refuses some of these for good reasons. */
function tighten(config: ServerConfig, settings: Settings): ServerConfig {
  const { snapCount, commitLogCount, purgeMs } = settings;
  return {
    ...config,
    storage: { ...config.storage, snapCount, commitLogCount, preAllocBytes: 16 * 1024 },
    purge: { intervalMs: purgeMs, snapRetainCount: 3 },
  };
}

function zooCfg(settings: Settings): string {
  const { groups, observers, tickTimeMs, voters } = settings;
  const server = (sid: number, role: string) => `server.${sid}=${machineName(sid)}:2888:3888:${role}`;
  const lines = [
    `tickTime=${tickTimeMs}`,
    `initLimit=${INIT_LIMIT}`,
    `syncLimit=${SYNC_LIMIT}`,
    'dataDir=/data',
    'clientPort=2181',
    'maxClientCnxns=0',
    'extendedTypesEnabled=true',
    'znode.container.checkIntervalMs=1000',
    ...voters.map((sid) => server(sid, 'participant')),
    ...observers.map((sid) => server(sid, 'observer')),
    ...(groups ?? []).map((sids, at) => `group.${at + 1}=${sids.join(':')}`),
  ];
  return `${lines.join('\n')}\n`;
}
