import { atServer, createOnce } from './at-server.js';
import type { Member } from './ensemble.js';

/** Creates a node through this server; roles may still change while it is asked. */
export function writesThrough(
  member: Member,
  path: string,
  limitMs?: number,
  data: Buffer | null = null,
): Promise<void> {
  return atServer(member, (client, isAgain) => createOnce(client, isAgain, path, data), limitMs);
}
