import { MembershipError } from './errors.js';
import { bracketed, canonicalHost, sameHost, splitHostPorts } from './hosts.js';

export type ServerRole = 'participant' | 'observer';

/** One network address of a server with its two ports. `host` is a name or a literal without brackets. */
export interface ServerAddress {
  readonly host: string;
  readonly quorumPort: number;
  readonly electionPort: number;
}

/** Where a server serves clients, as its line says after the `;`. */
export interface ClientAddress {
  readonly host: string;
  readonly port: number;
}

export interface QuorumServer {
  readonly sid: number;
  /** At least one. */
  readonly addresses: readonly ServerAddress[];
  readonly role: ServerRole;
  readonly client: ClientAddress | null;
}

export interface ServerLineOptions {
  /** Are several addresses a server allowed (`multiAddress.enabled`)? Default true. */
  readonly multiAddress?: boolean;
}

const SHAPE = 'host:quorumPort:electionPort[:participant|observer][;[host:]clientPort]';
const ANY_HOST = '0.0.0.0';

function parsePort(key: string, text: string, what: string, lowest: number): number {
  const port = /^\+?\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port >= lowest && port <= 65535)) {
    throw new MembershipError('PORT', key, `the ${what} "${text}" is not a port`, `a number from ${lowest} to 65535`);
  }
  return port;
}

function parseRole(key: string, text: string): ServerRole {
  const role = text.toLowerCase();
  if (role === 'participant' || role === 'observer') return role;
  throw new MembershipError('ROLE', key, `"${text}" is not a role`, 'participant or observer');
}

function parseAddress(key: string, text: string): { address: ServerAddress; role: ServerRole | null } {
  const parts = splitHostPorts(text.trim());
  if (parts === null || parts.length < 3 || parts.length > 4) {
    throw new MembershipError('FORMAT', key, `"${text}" does not have the form of a server address`, SHAPE);
  }
  const [host = '', quorum = '', election = '', role] = parts;
  if (host === '') {
    throw new MembershipError('HOST', key, `"${text}" names no host`, SHAPE);
  }
  const quorumPort = parsePort(key, quorum, 'quorum port', 1);
  const electionPort = parsePort(key, election, 'election port', 1);
  if (quorumPort === electionPort) {
    throw new MembershipError(
      'SAME_PORT',
      key,
      `quorum port and election port are both ${quorumPort}`,
      'two different ports, usually 2888 and 3888',
    );
  }
  return { address: { host, quorumPort, electionPort }, role: role === undefined ? null : parseRole(key, role) };
}

function parseClient(key: string, text: string): ClientAddress {
  const parts = splitHostPorts(text.trim());
  if (parts === null || parts.length < 1 || parts.length > 2) {
    throw new MembershipError(
      'FORMAT',
      key,
      `"${text}" does not have the form of a client address`,
      '[host:]clientPort',
    );
  }
  const port = parsePort(key, parts[parts.length - 1] ?? '', 'client port', 0);
  return { host: parts.length === 2 ? (parts[0] ?? '') : ANY_HOST, port };
}

/**
 * Reads what stands behind `server.N=`: `host:quorumPort:electionPort[:role]`, several of these joined by `|`, then
 * optionally `;[host:]clientPort`. IPv6 literals stand in brackets. Throws a `MembershipError`.
 */
export function parseServerLine(sid: number, text: string, options: ServerLineOptions = {}): QuorumServer {
  const key = `server.${sid}`;
  const halves = text.split(';');
  while (halves.length > 1 && halves[halves.length - 1]?.trim() === '') halves.pop();
  if (halves.length > 2) {
    throw new MembershipError('FORMAT', key, `"${text}" has more than one ";"`, SHAPE);
  }
  const [servers = '', client] = halves;
  const parsed = servers.split('|').map((part) => parseAddress(key, part));
  if (parsed.length > 1 && options.multiAddress === false) {
    throw new MembershipError(
      'MULTI_ADDRESS',
      key,
      'several addresses are given, but they are not enabled',
      'one address, or multiAddress.enabled=true',
    );
  }
  const roles = new Set(parsed.flatMap(({ role }) => (role === null ? [] : [role])));
  if (roles.size > 1) {
    throw new MembershipError('ROLE_CONFLICT', key, `"${text}" names both roles`, 'the same role for each address');
  }
  return {
    sid,
    addresses: parsed.map(({ address }) => address),
    role: [...roles][0] ?? 'participant',
    client: client === undefined ? null : parseClient(key, client),
  };
}

function compareAddresses(a: ServerAddress, b: ServerAddress): number {
  const left = canonicalHost(a.host);
  const right = canonicalHost(b.host);
  if (left !== right) return left < right ? -1 : 1;
  return a.quorumPort - b.quorumPort || a.electionPort - b.electionPort;
}

/** What stands behind `server.N=` in the text that servers exchange: `QuorumServer.toString`, byte for byte. */
export function formatServer(server: QuorumServer): string {
  const addresses = [...server.addresses]
    .sort(compareAddresses)
    .map(({ host, quorumPort, electionPort }) => `${bracketed(canonicalHost(host))}:${quorumPort}:${electionPort}`)
    .join('|');
  const client = server.client;
  const clientText = client === null ? '' : `;${bracketed(canonicalHost(client.host))}:${client.port}`;
  return `${addresses}:${server.role}${clientText}`;
}

function coveredBy(a: QuorumServer, b: QuorumServer, port: 'quorumPort' | 'electionPort'): boolean {
  return a.addresses.every((mine) =>
    b.addresses.some((other) => mine[port] === other[port] && sameHost(mine.host, other.host)),
  );
}

function sameAddresses(a: QuorumServer, b: QuorumServer, port: 'quorumPort' | 'electionPort'): boolean {
  return coveredBy(a, b, port) && coveredBy(b, a, port);
}

/** Can `a` be dialled for elections exactly where `b` can? The order of several addresses does not matter. */
export function sameElectionAddresses(a: QuorumServer, b: QuorumServer): boolean {
  return sameAddresses(a, b, 'electionPort');
}

/** Is `a` found for following exactly where `b` is? The order of several addresses does not matter. */
export function sameQuorumAddresses(a: QuorumServer, b: QuorumServer): boolean {
  return sameAddresses(a, b, 'quorumPort');
}

/** Are both the same server with the same role and addresses? The order of several addresses does not matter. */
export function sameServer(a: QuorumServer, b: QuorumServer): boolean {
  if (a.sid !== b.sid || a.role !== b.role) return false;
  if (!sameAddresses(a, b, 'quorumPort') || !sameAddresses(a, b, 'electionPort')) return false;
  if (a.client === null || b.client === null) return a.client === b.client;
  return a.client.port === b.client.port && sameHost(a.client.host, b.client.host);
}
