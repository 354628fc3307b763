import { longMapOrder } from './java-order.js';
import { formatServer, sameServer } from './server.js';
import type { QuorumServer } from './server.js';
import type { Roles } from './verifier.js';

/** Servers by id in the order of the text, and split by role. */
export function splitRoles(servers: readonly QuorumServer[]): Roles {
  const bySid = new Map(servers.map((server) => [server.sid, server]));
  const members = new Map<number, QuorumServer>();
  const voters = new Map<number, QuorumServer>();
  const observers = new Map<number, QuorumServer>();
  for (const sid of longMapOrder([...bySid.keys()])) {
    const server = bySid.get(sid);
    if (server === undefined) continue;
    members.set(sid, server);
    (server.role === 'participant' ? voters : observers).set(sid, server);
  }
  return { members, voters, observers };
}

export function serverLines(members: ReadonlyMap<number, QuorumServer>): string {
  let text = '';
  for (const [sid, server] of members) text += `server.${sid}=${formatServer(server)}\n`;
  return text;
}

export function versionLine(version: number): string {
  return `version=${version.toString(16)}`;
}

export function sameMembers(a: ReadonlyMap<number, QuorumServer>, b: ReadonlyMap<number, QuorumServer>): boolean {
  if (a.size !== b.size) return false;
  for (const [sid, server] of a) {
    const other = b.get(sid);
    if (other === undefined || !sameServer(server, other)) return false;
  }
  return true;
}
