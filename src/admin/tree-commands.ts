import { type Command, serving } from './command.js';
import { fields, type Json } from './json.js';

/** Every watcher of the tree is a connection of the client port. */
function sessionOf(watcher: object): bigint {
  return (watcher as { readonly sessionId: bigint }).sessionId;
}

// ZooKeeper's reports look at the table of data and existence watches only, and so do these.
export const treeCommands: readonly Command[] = [
  serving(['hash'], (_target, { tree }) =>
    fields({
      digests: tree.digestLog.map(({ zxid, version, digest }) => fields({ zxid, digest_version: version, digest })),
    }),
  ),
  serving(['watches', 'wchc'], (_target, { tree }) => {
    const bySession = new Map<bigint, Json>();
    for (const [watcher, paths] of tree.watches.data.watchers()) bySession.set(sessionOf(watcher), [...paths]);
    return fields({ session_id_to_watched_paths: bySession });
  }),
  serving(['watches_by_path', 'wchp'], (_target, { tree }) => {
    const byPath = new Map<string, Json>();
    for (const [path, watchers] of tree.watches.data.watchedPaths()) byPath.set(path, Array.from(watchers, sessionOf));
    return fields({ path_to_session_ids: byPath });
  }),
  serving(['watch_summary', 'wchs'], (_target, { tree }) => {
    const { connections, paths, watches } = tree.watches.summary;
    return fields({ num_connections: connections, num_paths: paths, num_total_watches: watches });
  }),
];
