import { formatSessionId } from '../../protocol/index.js';
import type { CommandContext, ConnectionView } from './context.js';
import { NOT_SERVING } from '../../status/index.js';

// ZooKeeper's reports look at the table of data and existence watches only, and so do these.

/** How many watches there are. */
export function wchs(c: CommandContext): string {
  if (c.pipeline === null) return `${NOT_SERVING}\n`;
  const { connections, paths, watches } = c.pipeline.tree.watches.summary;
  return `${connections} connections watching ${paths} paths\nTotal watches:${watches}\n`;
}

/** Watched paths by connection. As long as there are watches. */
export function wchc(c: CommandContext): string {
  if (c.pipeline === null) return `${NOT_SERVING}\n`;
  const parts: string[] = [];
  for (const [watcher, paths] of c.pipeline.tree.watches.data.watchers()) {
    parts.push(`${sessionOf(watcher)}\n`);
    for (const path of paths) parts.push(`\t${path}\n`);
  }
  return `${parts.join('')}\n`;
}

/** Watching connections by path. As long as there are watches. */
export function wchp(c: CommandContext): string {
  if (c.pipeline === null) return `${NOT_SERVING}\n`;
  const parts: string[] = [];
  for (const [path, watchers] of c.pipeline.tree.watches.data.watchedPaths()) {
    parts.push(`${path}\n`);
    for (const watcher of watchers) parts.push(`\t${sessionOf(watcher)}\n`);
  }
  return `${parts.join('')}\n`;
}

/** Every watcher of the tree is a connection of the client port. */
function sessionOf(watcher: object): string {
  return formatSessionId((watcher as ConnectionView).sessionId);
}

/** Digests of the tree after some transactions, oldest first. */
export function hash(c: CommandContext): string {
  if (c.pipeline === null) return NOT_SERVING;
  return c.pipeline.tree.digestLog.map(({ zxid, digest }) => `${zxid.toString(16)}: ${digest}\n`).join('');
}
