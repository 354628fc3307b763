import { loadConfig, type ServerConfig } from '../../src/config/index.js';
import type { Disk } from '../../src/host/index.js';
import { memoryFiles } from '../config/memory-files.js';
import type { SeededRandom } from '../fakes/index.js';

/** The ensemble of one run and how it is configured. */
export interface Settings {
  readonly voters: readonly number[];
  readonly observers: readonly number[];
  /** Observers keep what they learn in memory only (`syncEnabled=false`). */
  readonly observersLog: boolean;
  /** Followers serve the observers in place of the leader (`observerMasterPort`). */
  readonly observerMasters: boolean;
  /** Null: majorities. */
  readonly groups: readonly (readonly number[])[] | null;
  /** Null: the list of servers is fixed. Else machines that are in no list yet and may join. */
  readonly spares: readonly number[] | null;
  readonly tickTimeMs: number;
  readonly snapCount: number;
  readonly commitLogCount: number;
  readonly purgeMs: number;
  /** What an fsync takes at most; some disks are faster. */
  readonly syncMs: number;
  readonly latencyMs: number;
  readonly clients: number;
  /** So many of the clients only read. */
  readonly readers: number;
  readonly sessionTimeoutMs: number;
  /** Average pause of a client between two bursts of requests. */
  readonly thinkMs: number;
  /** Sessions are their server's alone until they make an ephemeral node. */
  readonly localSessions: boolean;
  /** Clients ask for ACLs now and then, and for what is refused. */
  readonly oddRequests: boolean;
  /** Most requests of a burst, and most requests under way. */
  readonly burst: number;
  readonly pipelined: number;
}

export const INIT_LIMIT = 10;
export const SYNC_LIMIT = 5;

export function machineName(sid: number): string {
  return `s${sid}`;
}

/** One run in so many changes its list of servers. */
const RECONFIGURED_ONE_IN = 3;
/** One run in so many has local sessions. */
const LOCAL_SESSIONS_ONE_IN = 6;
/** What a client asks for in a second, on the average. */
const REQUESTS_A_SECOND = 7;
const CLIENTS = 4;
/** Where followers await observers. */
const OBSERVER_MASTER_PORT = 2191;

/** What a profile wants of the ensemble. */
export interface Wanted {
  readonly reconfigurations: boolean | 'always';
  /** There is an observer in any case. */
  readonly observers: boolean;
}

export function drawSettings(random: SeededRandom, wanted: Wanted): Settings {
  const pick = <T>(...items: readonly T[]): T => items[random.below(items.length)] as T;
  const count = pick(3, 3, 3, 3, 3, 4, 5, 5, 6, 7);
  const voters = Array.from({ length: count }, (_, at) => at + 1);
  const isObserved = random.oneIn(3) || wanted.observers;
  const observers = isObserved ? [count + 1, count + 2].slice(0, random.fork('observers').oneIn(2) ? 2 : 1) : [];
  const tickTimeMs = pick(200, 300, 500);
  const hasGroups = count >= 6 && random.oneIn(2);
  const { reconfigurations } = wanted;
  const isReconfigured = reconfigurations === 'always' || (reconfigurations && random.oneIn(RECONFIGURED_ONE_IN));
  const next = count + observers.length + 1;
  const spares = isReconfigured ? [next, next + 1].slice(0, count > 5 ? 1 : 2) : null;
  const [burst, pipelined] = pick([1, 1], [6, 8], [8, 10], [10, 12], [12, 16]) as readonly [number, number];
  const readers = pick(0, 0, 1);
  const pace = REQUESTS_A_SECOND * ((CLIENTS + 1) / (CLIENTS - readers)) * (0.8 + 0.4 * random.fraction());
  return {
    voters,
    observers,
    observersLog: !random.fork('syncEnabled').oneIn(3),
    // Where lists change, there may be observers later.
    observerMasters: (isObserved || isReconfigured) && random.fork('observerMasterPort').oneIn(2),
    groups: hasGroups && spares === null ? [0, 1, 2].map((n) => voters.filter((sid) => sid % 3 === n)) : null,
    spares,
    tickTimeMs,
    snapCount: pick(60, 150, 400),
    commitLogCount: pick(20, 60, 200),
    purgeMs: pick(0, 5000),
    syncMs: pick(0.3, 1, 3, 8, 20),
    latencyMs: pick(0.2, 0.5, 2),
    clients: CLIENTS,
    readers,
    sessionTimeoutMs: tickTimeMs * pick(6, 10, 14),
    thinkMs: (1000 * (1 + burst)) / 2 / pace,
    localSessions: random.fork('localSessionsEnabled').oneIn(LOCAL_SESSIONS_ONE_IN),
    oddRequests: random.fork('odd requests').oneIn(2),
    burst,
    pipelined,
  };
}

/** Where a server finds its configuration, by the production's own reader of zoo.cfg. */
const CONFIG_FILE = '/etc/zoo.cfg';

export interface Reading {
  /** Null: the files do not say how to run. */
  readonly config: ServerConfig | null;
  /** Why, with the codes of the faults. */
  readonly faults: string;
}

export async function readConfig(disk: Pick<Disk, 'readFile' | 'stat' | 'list'>, settings: Settings): Promise<Reading> {
  const { config, faults } = await load(disk);
  return { config: config === null ? null : tighten(config, settings), faults: JSON.stringify(faults) };
}

function load(disk: Pick<Disk, 'readFile' | 'stat' | 'list'>): ReturnType<typeof loadConfig> {
  return loadConfig({ disk, configFile: CONFIG_FILE, workingDir: '/etc', env: {} });
}

/** The files of a server whose list has these lines. */
export function configFiles(settings: Settings, sid: number, list: readonly string[]): ReadonlyMap<string, string> {
  return new Map([
    [CONFIG_FILE, zooCfg(settings, list)],
    ['/data/myid', `${sid}\n`],
  ]);
}

export function founders({ observers, voters }: Settings): readonly number[] {
  return [...voters, ...observers];
}

/** The list that an ensemble begins with. */
export function firstList(settings: Settings): readonly string[] {
  const { groups, observers, spares, voters } = settings;
  const line = (sid: number, role: Role) =>
    spares === null ? `server.${sid}=${machineName(sid)}:2888:3888:${role}` : serverLine(sid, role);
  return [
    ...voters.map((sid) => line(sid, 'participant')),
    ...observers.map((sid) => line(sid, 'observer')),
    ...(groups ?? []).map((sids, at) => `group.${at + 1}=${sids.join(':')}`),
  ];
}

export type Role = 'participant' | 'observer';

/** A server as lists that may change have it. */
export function serverLine(sid: number, role: Role, ports = '2888:3888'): string {
  return `server.${sid}=${machineName(sid)}:${ports}:${role};0.0.0.0:2181`;
}

/** What was read of files before: runs have the same few again and again, and reading them takes long. */
const readBefore = new Map<string, ServerConfig>();

/** The configuration of each server that does not change its list. */
export async function serverConfigs(settings: Settings): Promise<ReadonlyMap<number, ServerConfig>> {
  const configs = new Map<number, ServerConfig>();
  const list = firstList(settings);
  for (const sid of founders(settings)) {
    const files = Object.fromEntries(configFiles(settings, sid, list));
    const key = JSON.stringify(files);
    const config = readBefore.get(key) ?? (await readInMemory(files, sid));
    readBefore.set(key, config);
    configs.set(sid, tighten(config, settings));
  }
  return configs;
}

async function readInMemory(files: Readonly<Record<string, string>>, sid: number): Promise<ServerConfig> {
  const { config, faults } = await load(memoryFiles(files));
  if (config === null) throw new Error(`zoo.cfg of server ${sid}: ${JSON.stringify(faults)}`);
  return config;
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

function zooCfg(
  { localSessions, observerMasters, observersLog, spares, tickTimeMs }: Settings,
  list: readonly string[],
): string {
  const lines = [
    `tickTime=${tickTimeMs}`,
    `initLimit=${INIT_LIMIT}`,
    `syncLimit=${SYNC_LIMIT}`,
    'dataDir=/data',
    'maxClientCnxns=0',
    'extendedTypesEnabled=true',
    'znode.container.checkIntervalMs=1000',
    ...(observersLog ? [] : ['syncEnabled=false']),
    ...(localSessions ? ['localSessionsEnabled=true', 'localSessionsUpgradingEnabled=true'] : []),
    ...(observerMasters ? [`observerMasterPort=${OBSERVER_MASTER_PORT}`] : []),
    ...(spares === null ? ['clientPort=2181'] : ['reconfigEnabled=true', 'standaloneEnabled=false', 'skipACL=yes']),
    ...list,
  ];
  return `${lines.join('\n')}\n`;
}
