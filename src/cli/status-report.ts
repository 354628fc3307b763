import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatEndpoint, type Endpoint } from '../host/index.js';
import type { ServerConfig } from '../config/index.js';
import { isWildcardHost, type QuorumServer } from '../membership/index.js';
import type { ElectionStatus } from '../status/index.js';
import { ask, parseMntr } from './four-letter.js';
import { askElections, type Condition, probe } from './probe.js';
import { askReadiness, type ReadyCheck } from './readiness.js';

export interface PeerReport {
  readonly sid: number;
  readonly role: 'participant' | 'observer';
  readonly address: string | null;
  /** What the server says it does; null when it cannot be asked or does not answer. */
  readonly mode: string | null;
}

export interface Report {
  /** Null when the configuration was not asked for, or there is no ensemble. */
  readonly sid: number | null;
  readonly address: string;
  /** Does it serve clients, writes too, and pass the checks of /readyz where it can be asked for them? */
  readonly healthy: boolean;
  /** The checks of /readyz; null when they cannot be asked. */
  readonly checks: readonly ReadyCheck[] | null;
  /** Why they cannot be asked, where that is worth a word. */
  readonly checksProblem: string | null;
  /** `starting`: its process runs but does not listen. */
  readonly condition: Condition['kind'] | 'starting' | 'not running';
  /** Why there was no answer; null when there was one. */
  readonly why: string | null;
  /** Of the process on this machine; null when it does not run, or was asked by its address. */
  readonly pid: number | null;
  readonly mode: string | null;
  /** Its state in the ensemble while it does not serve, as `looking`; null when it serves or does not tell. */
  readonly peerState: string | null;
  /** How long it has looked for a leader; null when it does not. */
  readonly lookingMs: number | null;
  /** Who was heard while it looks, itself included. */
  readonly heard: readonly number[] | null;
  readonly version: string | null;
  readonly epoch: number | null;
  readonly zxid: string | null;
  readonly leader: number | null;
  readonly peers: readonly PeerReport[];
  readonly connections: number | null;
  readonly outstanding: number | null;
  readonly znodes: number | null;
  /** Followers that the leader has, and those that are synchronized; null on other servers, or without `mntr`. */
  readonly followers: { readonly connected: number; readonly synced: number } | null;
  /** Does it dial servers plainly that speak no TLS (`sslQuorumPlainDials`)? Null when it does not tell (`mntr`). */
  readonly dialsPlain: boolean | null;
}

const SERVING = new Set(['leader', 'follower', 'observer', 'standalone']);

/**
 * Where another server serves clients: its line says so, or it has a host of its own and then most likely the same client
 * port as this one.
 */
function clientAddress(server: QuorumServer, own: QuorumServer | undefined, port: number): Endpoint | null {
  const host = server.addresses[0]?.host ?? '';
  if (server.client !== null) {
    return isWildcardHost(server.client.host) ? { host, port: server.client.port } : server.client;
  }
  return own?.addresses[0]?.host === host ? null : { host, port };
}

function modeOf(condition: Condition): string | null {
  if (condition.kind === 'serving') return condition.mode;
  return condition.kind === 'not serving' ? (condition.elections?.peerState ?? 'does not serve') : null;
}

async function askPeers(config: ServerConfig, timeoutMs: number): Promise<PeerReport[]> {
  const { membership, myId, clients } = config;
  const own = membership.members.get(myId);
  const others = [...membership.members.values()].filter(({ sid }) => sid !== myId);
  return Promise.all(
    others.map(async (server) => {
      const endpoint = clientAddress(server, own, clients.endpoint?.port ?? 0);
      const mode = endpoint === null ? null : modeOf(await probe(endpoint, timeoutMs));
      const address = endpoint === null ? null : formatEndpoint(endpoint);
      return { sid: server.sid, role: server.role, address, mode };
    }),
  );
}

function numberOf(text: string | undefined): number | null {
  return text === undefined || !/^-?[0-9]+$/.test(text) ? null : Number(text);
}

function epochOfZxid(zxid: string | undefined): number | null {
  const digits = /^0x([0-9a-f]+)$/.exec(zxid ?? '')?.[1];
  return digits === undefined ? null : Math.floor(Number.parseInt(digits, 16) / 0x1_0000_0000);
}

/** The epoch on disk, which is ahead of the last zxid until the first write of an epoch. */
async function epochOnDisk(config: ServerConfig | null): Promise<number | null> {
  if (config?.mode !== 'quorum') return null;
  try {
    const text = await readFile(join(config.storage.dataDir, 'version-2', 'currentEpoch'), 'latin1');
    return numberOf(text.trim());
  } catch {
    // Another user's folder, perhaps; the zxid has to do.
    return null;
  }
}

async function epochOf(zxid: string | undefined, config: ServerConfig | null): Promise<number | null> {
  const ofZxid = epochOfZxid(zxid);
  return ofZxid === null ? null : Math.max(ofZxid, (await epochOnDisk(config)) ?? 0);
}

function kindOf(condition: Condition, config: ServerConfig | null, pid: number | null): Report['condition'] {
  if (condition.kind !== 'nothing listens') return condition.kind;
  if (pid !== null) return 'starting';
  return config === null ? 'nothing listens' : 'not running';
}

/** What is known of a server that looks for a leader. */
function looking(elections: ElectionStatus | null): Pick<Report, 'peerState' | 'lookingMs' | 'heard'> {
  const last = elections?.elections.at(-1);
  if (elections?.state !== 'LOOKING' || last === undefined) {
    return { peerState: elections?.peerState ?? null, lookingMs: null, heard: null };
  }
  const heard = new Set(last.rounds.flatMap(({ votes }) => votes.map(({ voter }) => voter)));
  return {
    peerState: elections.peerState,
    lookingMs: Math.max(0, Date.now() - last.startedWallMs),
    heard: [...heard].sort((a, b) => a - b),
  };
}

export interface Findings {
  readonly report: Report;
  /** Null when it does not tell, or there are none. */
  readonly elections: ElectionStatus | null;
}

/** Apache ZooKeeper's do not know the word, and write a warning into their log when they are asked it. */
async function electionsOf(
  endpoint: Endpoint,
  condition: Condition,
  isWanted: boolean,
  timeoutMs: number,
): Promise<ElectionStatus | null> {
  if (condition.kind === 'not serving') return condition.elections;
  const isOurs = condition.kind === 'serving' && /zkserver/.test(condition.said.get('Zookeeper version') ?? '');
  return isOurs || (isWanted && condition.kind === 'serving') ? askElections(endpoint, timeoutMs) : null;
}

/**
 * Asks the server at `endpoint`, and the others of its configuration. `wantsElections`: its elections even when it may be
 * Apache ZooKeeper's.
 */
export async function report(
  endpoint: Endpoint,
  config: ServerConfig | null,
  pid: number | null,
  timeoutMs: number,
  wantsElections: boolean,
): Promise<Findings> {
  const [condition, mntr, { checks, problem }] = await Promise.all([
    probe(endpoint, timeoutMs),
    ask(endpoint, 'mntr', timeoutMs),
    askReadiness(config, timeoutMs),
  ]);
  const said = condition.kind === 'serving' ? condition.said : new Map<string, string>();
  const measured = parseMntr(mntr.text);
  const mode = condition.kind === 'serving' ? condition.mode : null;
  const isEnsemble = config?.mode === 'quorum';
  const peers = isEnsemble ? await askPeers(config, timeoutMs) : [];
  const sid = isEnsemble ? config.myId : null;
  const synced = numberOf(measured.get('zk_synced_followers'));
  const elections = await electionsOf(endpoint, condition, wantsElections, timeoutMs);
  const seenLeader = peers.find((peer) => peer.mode === 'leader')?.sid ?? null;
  const result: Report = {
    sid,
    address: formatEndpoint(endpoint),
    healthy: mode !== null && SERVING.has(mode) && (checks ?? []).every(({ ok }) => ok),
    checks,
    checksProblem: problem,
    condition: kindOf(condition, config, pid),
    why: 'why' in condition ? condition.why : null,
    pid,
    mode,
    ...(mode === null ? looking(elections) : { peerState: null, lookingMs: null, heard: null }),
    version: said.get('Zookeeper version') ?? null,
    epoch: mode === null ? null : (elections?.epoch ?? (await epochOf(said.get('Zxid'), config))),
    zxid: said.get('Zxid') ?? null,
    leader: elections?.leader ?? (mode === 'leader' ? sid : seenLeader),
    peers,
    connections: numberOf(said.get('Connections')),
    outstanding: numberOf(said.get('Outstanding')),
    znodes: numberOf(said.get('Node count')),
    followers: synced === null ? null : { connected: numberOf(measured.get('zk_learners')) ?? synced, synced },
    dialsPlain: measured.size === 0 ? null : measured.get('zk_quorum_plain_dials_allowed') === '1',
  };
  return { report: result, elections };
}
