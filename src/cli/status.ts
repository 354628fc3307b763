import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatEndpoint, type Endpoint } from '../host/index.js';
import type { ServerConfig } from '../config/index.js';
import { isWildcardHost, type QuorumServer } from '../membership/index.js';
import type { CliContext } from './context.js';
import { ExitCode } from './exit-codes.js';
import { ask, parseMntr, parseSrvr } from './four-letter.js';
import { load, refuse } from './load-config.js';

export interface StatusOptions {
  readonly config: string | undefined;
  readonly server: string | undefined;
  readonly json: boolean;
  readonly timeoutMs: number;
}

interface PeerReport {
  readonly sid: number;
  readonly role: 'participant' | 'observer';
  readonly address: string | null;
  /** What the server says it does; null when it cannot be asked or does not answer. */
  readonly mode: string | null;
}

interface Report {
  /** Null when the configuration was not asked for, or there is no ensemble. */
  readonly sid: number | null;
  readonly address: string;
  readonly healthy: boolean;
  readonly mode: string | null;
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
}

const SERVING = new Set(['leader', 'follower', 'observer', 'standalone']);

function dialable(endpoint: Endpoint): Endpoint {
  return endpoint.host === '' || isWildcardHost(endpoint.host) ? { host: '127.0.0.1', port: endpoint.port } : endpoint;
}

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

async function askPeers(config: ServerConfig, timeoutMs: number): Promise<PeerReport[]> {
  const { membership, myId, clients } = config;
  const own = membership.members.get(myId);
  const others = [...membership.members.values()].filter(({ sid }) => sid !== myId);
  return Promise.all(
    others.map(async (server) => {
      const endpoint = clientAddress(server, own, clients.endpoint?.port ?? 0);
      const answer = endpoint === null ? null : await ask(endpoint, 'srvr', timeoutMs);
      const mode = answer === null ? null : (parseSrvr(answer).get('Mode') ?? null);
      return {
        sid: server.sid,
        role: server.role,
        address: endpoint === null ? null : formatEndpoint(endpoint),
        mode,
      };
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

async function report(endpoint: Endpoint, config: ServerConfig | null, timeoutMs: number): Promise<Report> {
  const [srvr, mntr] = await Promise.all([ask(endpoint, 'srvr', timeoutMs), ask(endpoint, 'mntr', timeoutMs)]);
  const said = parseSrvr(srvr ?? '');
  const measured = parseMntr(mntr);
  const mode = said.get('Mode') ?? null;
  const isEnsemble = config?.mode === 'quorum';
  const peers = isEnsemble ? await askPeers(config, timeoutMs) : [];
  const sid = isEnsemble ? config.myId : null;
  const synced = numberOf(measured.get('zk_synced_followers'));
  return {
    sid,
    address: formatEndpoint(endpoint),
    healthy: mode !== null && SERVING.has(mode),
    mode,
    version: said.get('Zookeeper version') ?? null,
    epoch: await epochOf(said.get('Zxid'), config),
    zxid: said.get('Zxid') ?? null,
    leader: mode === 'leader' ? sid : (peers.find((peer) => peer.mode === 'leader')?.sid ?? null),
    peers,
    connections: numberOf(said.get('Connections')),
    outstanding: numberOf(said.get('Outstanding')),
    znodes: numberOf(said.get('Node count')),
    followers: synced === null ? null : { connected: numberOf(measured.get('zk_learners')) ?? synced, synced },
  };
}

function describePeer({ sid, role, address, mode }: PeerReport): string {
  const place = address === null ? 'its client port is not in the server list' : address;
  const kind = role === 'observer' && mode !== 'observer' ? ' (observer)' : '';
  return `  peer ${sid}       ${mode ?? (address === null ? 'unknown' : 'no answer')}${kind}, ${place}`;
}

function describeLeader({ mode, leader }: Report): string {
  if (mode === 'leader') return 'this server';
  return leader === null ? 'unknown: no peer that could be asked leads' : `server ${leader}`;
}

function print(context: CliContext, result: Report): void {
  const name = result.sid === null ? 'The server' : `Server ${result.sid}`;
  if (result.mode === null) {
    const state = result.version === null ? 'does not answer' : 'answers but does not serve';
    context.out(`${name} at ${result.address} ${state}.`);
  } else {
    context.out(`${name} at ${result.address}: ${result.mode}${result.healthy ? '' : ', not healthy'}.`);
  }
  const line = (label: string, value: string | number | null): void => {
    if (value !== null) context.out(`  ${label.padEnd(12)}${value}`);
  };
  line('version', result.version);
  if (result.sid !== null && result.mode !== null) line('leader', describeLeader(result));
  line('epoch', result.epoch);
  line('zxid', result.zxid);
  line('znodes', result.znodes);
  line('connections', result.connections);
  line('outstanding', result.outstanding);
  const { followers } = result;
  if (followers !== null) line('in sync', `${followers.synced} of ${followers.connected} learners`);
  for (const peer of result.peers) context.out(describePeer(peer));
}

function parseServer(text: string): Endpoint | null {
  const [, bracketed, plain, port = ''] = /^(?:\[([^\]]+)\]|([^:]+)):([0-9]{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  return host === undefined ? null : { host, port: Number(port) };
}

/** Asks a running server what it does. */
export async function status(context: CliContext, options: StatusOptions): Promise<number> {
  let endpoint: Endpoint | null;
  let config: ServerConfig | null = null;
  if (options.server !== undefined) {
    endpoint = parseServer(options.server);
    if (endpoint === null) {
      context.err(`"${options.server}" is not host:port.`);
      return ExitCode.usage;
    }
  } else {
    const loaded = await load(context, options.config);
    if (loaded.config === null) return refuse(context, loaded);
    config = loaded.config;
    endpoint = config.clients.endpoint;
    if (endpoint === null) {
      context.err(`${loaded.configFile} names no client port to ask.`);
      return ExitCode.usage;
    }
  }
  const result = await report(dialable(endpoint), config, options.timeoutMs);
  if (options.json) context.out(JSON.stringify(result, null, 2));
  else print(context, result);
  return result.healthy ? ExitCode.ok : ExitCode.unexpected;
}
