import type { Endpoint } from '../host/index.js';
import type { QuorumServer, QuorumVerifier } from '../membership/index.js';
import { bracketed, isWildcardHost, sameElectionAddresses, splitHostPorts } from '../membership/index.js';

/** Configurations that say where servers are. Asked at every use: they change by reconfiguration. */
export interface ElectionView {
  /** The committed configuration. */
  verifier(): QuorumVerifier;
  /** The last proposed one; null when there is none but the committed one. */
  lastSeenVerifier(): QuorumVerifier | null;
  /** This server's own line, in the last configuration that had one; absent: the committed configuration has it. */
  ownServer?(): QuorumServer;
}

/** This server itself, which may be in no configuration any more. */
export function findOwn(view: ElectionView, myId: number): QuorumServer | null {
  return view.ownServer?.() ?? findServer(view, myId);
}

function electionEndpoints(server: QuorumServer): Endpoint[] {
  return server.addresses.map(({ host, electionPort }) => ({ host, port: electionPort }));
}

export function findServer(view: ElectionView, sid: number): QuorumServer | null {
  return view.verifier().members.get(sid) ?? view.lastSeenVerifier()?.members.get(sid) ?? null;
}

/** By this host others know a server whose line has several: the last one, as with ZooKeeper. */
export function mainHost(server: QuorumServer | null): string | null {
  return server?.addresses.at(-1)?.host ?? null;
}

/** Where a server may be dialled: as committed, then as proposed if that differs. */
export function dialEndpoints(view: ElectionView, sid: number): Endpoint[] {
  const committed = view.verifier().members.get(sid);
  const proposed = view.lastSeenVerifier()?.members.get(sid);
  const endpoints = committed === undefined ? [] : electionEndpoints(committed);
  if (proposed !== undefined && (committed === undefined || !sameElectionAddresses(proposed, committed))) {
    endpoints.push(...electionEndpoints(proposed));
  }
  return endpoints;
}

/** Where to listen: the server's own election addresses, or their ports on all addresses of the machine. */
export function listenEndpoints(server: QuorumServer, onAllIPs: boolean): Endpoint[] {
  const own = electionEndpoints(server);
  if (!onAllIPs) return own.map(({ host, port }) => ({ host: isWildcardHost(host) ? '' : host, port }));
  return [...new Set(own.map(({ port }) => port))].map((port) => ({ host: '', port }));
}

/** The addresses that a greeting names. */
export function greetingAddresses(server: QuorumServer): string[] {
  return electionEndpoints(server).map(({ host, port }) => `${bracketed(host)}:${port}`);
}

/**
 * Reads the addresses of a greeting; wildcard addresses say nothing and are left out. Null when one is no address.
 */
export function parseGreetingAddresses(addresses: readonly string[]): Endpoint[] | null {
  const endpoints: Endpoint[] = [];
  for (const text of addresses) {
    const [host = '', portText = '', ...more] = splitHostPorts(text) ?? [];
    const port = /^\d{1,5}$/.test(portText) ? Number(portText) : 0;
    if (host === '' || port < 1 || port > 65535 || more.length > 0) return null;
    if (!isWildcardHost(host)) endpoints.push({ host, port });
  }
  return endpoints;
}

/** Without doubles, in order. */
export function distinctEndpoints(endpoints: readonly Endpoint[]): Endpoint[] {
  const seen = new Set<string>();
  return endpoints.filter(({ host, port }) => {
    const key = `${host} ${port}`;
    const fresh = !seen.has(key);
    seen.add(key);
    return fresh;
  });
}
