import { zxidCounter } from '../../protocol/index.js';
import type { Finding, FindingSeverity } from './finding.js';
import type { ServerFacts } from './server-facts.js';

/* What running servers, one by one and compared, say about themselves. */

/** Clocks further apart than this make logs hard to read, and sessions of a new leader end early or late. */
const SKEW_MS = 2000;
/** Settings that have to be the same everywhere. */
const SAME_EVERYWHERE: readonly (readonly [key: string, severity: FindingSeverity, why: string])[] = [
  [
    'tickTime',
    'error',
    'Servers measure time-outs of each other and of sessions in ticks; with different ones they fall out.',
  ],
  ['initLimit', 'warning', 'Which server leads then decides how long followers may take to synchronize.'],
  ['syncLimit', 'warning', 'Which server leads then decides how late followers may answer.'],
  ['minSessionTimeout', 'warning', 'A client gets another session time-out after it was moved to another server.'],
  ['maxSessionTimeout', 'warning', 'A client gets another session time-out after it was moved to another server.'],
  ['maxClientCnxns', 'warning', 'Clients that one server takes are turned away by another.'],
];
const DESCRIPTORS_SHARE = 0.85;
const HEX = /^0x([0-9a-f]+)$/i;

/** Everything that can be said about servers that were asked once. */
export function judgeServers(servers: readonly ServerFacts[]): Finding[] {
  const running = servers.filter(({ unreachable, isServing }) => unreachable === null && isServing);
  return [
    ...servers.flatMap(judgeServer),
    ...judgeRoles(servers, running),
    ...judgeSameId(running),
    ...SAME_EVERYWHERE.flatMap(([key, severity, why]) => differing(running, key, 'conf', severity, why)),
    ...differing(
      running,
      'membership',
      'conf',
      'error',
      'Servers that do not agree on who belongs to the ensemble may elect two leaders, or none.',
    ),
    ...differing(
      running,
      'jute.maxbuffer',
      'properties',
      'error',
      'A transaction that one server takes cannot be read by another, which then never synchronizes again.',
    ),
    ...differing(
      running,
      'jvm.memory.max',
      'envi',
      'warning',
      'The server with the smallest heap fails first, at a size of the tree that the others bear.',
    ),
    ...differing(
      running,
      'Zookeeper version',
      'srvr',
      'note',
      'That is right during an upgrade, and a trap when one server was forgotten.',
    ),
    ...judgeClocks(running),
  ];
}

function judgeServer(server: ServerFacts): Finding[] {
  const { name, unreachable, isServing, refused, mntr } = server;
  if (unreachable !== null) {
    return [
      {
        severity: 'error',
        code: 'NOT_REACHABLE',
        subject: name,
        what: `It cannot be asked: ${unreachable}.`,
        why: 'It does not run, or clients on this machine cannot reach it either.',
        mend: 'Start it, or open the port; zk-server status on its machine tells more.',
      },
    ];
  }
  const found: Finding[] = [];
  if (refused.length > 0) {
    found.push({
      severity: refused.includes('srvr') ? 'warning' : 'note',
      code: 'WORD_NOT_WHITELISTED',
      subject: name,
      what: `It does not answer ${refused.join(', ')}.`,
      why: 'Monitoring, zkServer.sh status and this program learn less of it.',
      mend: `Add to its configuration: 4lw.commands.whitelist=srvr,mntr,conf,envi,ruok.`,
    });
  }
  if (!isServing) {
    found.push({
      severity: 'error',
      code: 'NOT_SERVING',
      subject: name,
      what: 'It runs, but serves nobody.',
      why: 'It has no quorum, or is not synchronized with the leader yet.',
      mend: 'See that a majority of the servers runs and that they reach each other; its log tells whom it waits for.',
    });
  }
  found.push(...judgeDescriptors(name, mntr), ...judgeFollowers(name, mntr));
  return found;
}

function judgeDescriptors(name: string, mntr: ReadonlyMap<string, string>): Finding[] {
  const open = Number(mntr.get('zk_open_file_descriptor_count'));
  const most = Number(mntr.get('zk_max_file_descriptor_count'));
  if (!(open > most * DESCRIPTORS_SHARE)) return [];
  return [
    {
      severity: 'warning',
      code: 'FILE_DESCRIPTORS',
      subject: name,
      what: `It has ${open} of at most ${most} files and sockets open.`,
      why: 'At the limit it takes no more clients and cannot roll its log.',
      mend: 'Raise the limit of the service (LimitNOFILE), and look for clients that never close connections.',
    },
  ];
}

function judgeFollowers(name: string, mntr: ReadonlyMap<string, string>): Finding[] {
  const synced = Number(mntr.get('zk_synced_followers'));
  const connected = Number(mntr.get('zk_followers') ?? mntr.get('zk_learners'));
  if (!(synced < connected)) return [];
  return [
    {
      severity: 'warning',
      code: 'FOLLOWER_NOT_SYNCED',
      subject: name,
      what: `Of ${connected} followers of this leader ${synced} are synchronized.`,
      why: 'The others do not count for the quorum; one more loss may stop all writes.',
      mend: 'Wait and look again; when it stays, raise initLimit and syncLimit, or look at the network and disk of the others.',
    },
  ];
}

function judgeRoles(servers: readonly ServerFacts[], running: readonly ServerFacts[]): Finding[] {
  const modes = running.map(({ name, srvr }) => ({ name, mode: srvr.get('Mode') ?? '' }));
  const leaders = modes.filter(({ mode }) => mode === 'leader').map(({ name }) => name);
  const alone = modes.filter(({ mode }) => mode === 'standalone').map(({ name }) => name);
  const found: Finding[] = [];
  if (leaders.length > 1) {
    found.push({
      severity: 'error',
      code: 'TWO_LEADERS',
      subject: leaders.join(', '),
      what: 'Each of them says that it leads.',
      why: 'They are two ensembles: what is written to one is not in the other.',
      mend: 'Compare their server lists; for a moment after an election an old leader may say so, too: look again.',
    });
  }
  if (alone.length > 0 && servers.length > 1) {
    found.push({
      severity: 'error',
      code: 'STANDALONE_MEMBER',
      subject: alone.join(', '),
      what: 'It runs alone, though it is asked as one of several.',
      why: 'What is written to it is in no other server.',
      mend: 'Give it the server list, and stop it before its data grow apart.',
    });
  }
  const isMember = modes.some(({ mode }) => mode === 'follower' || mode === 'observer');
  if (leaders.length === 0 && isMember && running.length === servers.length) {
    found.push({
      severity: 'warning',
      code: 'NO_LEADER_SEEN',
      subject: running.map(({ name }) => name).join(', '),
      what: 'None of them says that it leads.',
      why: 'The leader is a server that was not named here, or there is none just now.',
      mend: 'Name all servers with --server, and look again.',
    });
  }
  return found;
}

function judgeSameId(running: readonly ServerFacts[]): Finding[] {
  const byId = new Map<string, string[]>();
  for (const { name, conf, srvr } of running) {
    const id = conf.get('serverId');
    if (id === undefined || srvr.get('Mode') === 'standalone') continue;
    byId.set(id, [...(byId.get(id) ?? []), name]);
  }
  return [...byId].filter(([, names]) => names.length > 1).map(([id, names]) => sameId(id, names));
}

/** Also for configurations. */
export function sameId(id: string, names: readonly string[]): Finding {
  return {
    severity: 'error',
    code: 'SAME_MYID',
    subject: names.join(', '),
    what: `Each of them is server ${id}.`,
    why: 'Their votes and acknowledgements are taken for those of one server; writes can be lost.',
    mend: 'Stop one of them, write its own number into the file myid in its dataDir, and start it with empty data.',
  };
}

function differing(
  servers: readonly ServerFacts[],
  key: string,
  part: 'conf' | 'envi' | 'srvr' | 'properties',
  severity: FindingSeverity,
  why: string,
): Finding[] {
  const told = servers.flatMap(({ name, [part]: facts }) => {
    const value = facts.get(key);
    return value === undefined ? [] : [[name, value] as const];
  });
  return differs(told, key, severity, why);
}

/** One finding when values that belong to names are not all the same. */
export function differs(
  told: readonly (readonly [name: string, value: string])[],
  key: string,
  severity: FindingSeverity,
  why: string,
): Finding[] {
  if (new Set(told.map(([, value]) => value)).size < 2) return [];
  const words = told.map(([name, value]) => `${name} has ${value.replaceAll('\n', ' ')}`).join('; ');
  return [
    {
      severity,
      code: 'MISMATCH',
      subject: key,
      what: `It is not the same on all servers: ${words}.`,
      why,
      mend: `Give ${key} one value on all servers, and restart them one by one.`,
    },
  ];
}

function judgeClocks(running: readonly ServerFacts[]): Finding[] {
  const told = running.flatMap(({ name, clockAheadMs }) => (clockAheadMs === null ? [] : [{ name, clockAheadMs }]));
  if (told.length === 0) return [];
  // One server alone is compared with this machine.
  const all = told.length === 1 ? [...told, { name: 'this machine', clockAheadMs: 0 }] : told;
  const sorted = [...all].sort((a, b) => a.clockAheadMs - b.clockAheadMs);
  const slow = sorted.at(0);
  const fast = sorted.at(-1);
  if (slow === undefined || fast === undefined || fast.clockAheadMs - slow.clockAheadMs <= SKEW_MS) return [];
  const seconds = Math.round((fast.clockAheadMs - slow.clockAheadMs) / 1000);
  return [
    {
      severity: 'warning',
      code: 'CLOCK_SKEW',
      subject: `${fast.name}, ${slow.name}`,
      what: `The clock of ${fast.name} is ${seconds} s ahead of that of ${slow.name}.`,
      why: 'Times in nodes jump when the leader changes, TTL nodes and certificates end early or late, and logs mislead.',
      mend: 'Run a time service (chrony, systemd-timesyncd) on both.',
    },
  ];
}

/** `zxid` of a server as a number; null: it does not tell. */
export function zxidOfServer({ srvr }: ServerFacts): number | null {
  const digits = HEX.exec(srvr.get('Zxid') ?? '')?.[1];
  return digits === undefined ? null : Number.parseInt(digits, 16);
}

/**
 * Servers that, asked a while later, had not reached what the leader had before: `earlier` and `later` are answers of the same
 * servers.
 */
export function judgeLag(earlier: readonly ServerFacts[], later: readonly ServerFacts[], pauseMs: number): Finding[] {
  const leader = earlier.find(({ srvr }) => srvr.get('Mode') === 'leader');
  const reached = leader === undefined ? null : zxidOfServer(leader);
  // A leader counts from the start of its epoch, others from its first transaction on.
  if (leader === undefined || reached === null || zxidCounter(reached) === 0) return [];
  return later.flatMap((server) => {
    const zxid = zxidOfServer(server);
    if (zxid === null || zxid >= reached || server.name === leader.name) return [];
    return [
      {
        severity: 'warning',
        code: 'ZXID_BEHIND',
        subject: server.name,
        what: `It is at 0x${zxid.toString(16)}; its leader ${leader.name} was at 0x${reached.toString(16)} ${pauseMs} ms before.`,
        why: 'Its clients read old data, and it holds up the quorum if it is needed for it.',
        mend: 'Look at the load of its disk (fsync times in mntr) and at its network; restart it when it stays behind.',
      } satisfies Finding,
    ];
  });
}
