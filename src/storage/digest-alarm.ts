import type { Host } from '../host/index.js';
import type { Metrics, Summary } from '../metrics/index.js';
import { EventType, formatZxid } from '../protocol/index.js';
import type { DataTree } from '../tree/index.js';

/** One line for so many mismatches: once a tree differs, every later transaction says so. */
const REPORTED_EVERY = 10_000;

/** Counts who is told of changes, by their kind. */
export function countFired(metrics: Metrics, tree: DataTree): void {
  const summaries = new Map<number, Summary>([
    [EventType.created, metrics.summary('node_created_watch_count')],
    [EventType.deleted, metrics.summary('node_deleted_watch_count')],
    [EventType.dataChanged, metrics.summary('node_changed_watch_count')],
    [EventType.childrenChanged, metrics.summary('node_children_watch_count')],
  ]);
  tree.watches.onFired = (type, watchers) => summaries.get(type)?.record(watchers);
}

/** Counts and reports digests that are not what they should be; serving goes on, as in ZooKeeper. */
export function watchDigests(host: Host, metrics: Metrics, tree: DataTree): void {
  const mismatches = metrics.counter('digest_mismatches_count');
  let seen = 0;
  tree.onDigestMismatch = (zxid, expected, actual) => {
    mismatches.add();
    if (seen++ % REPORTED_EVERY !== 0) return;
    host.log.error(
      `After transaction ${formatZxid(zxid)} the tree's digest is ${actual} and not ${expected}: this server's data differs ` +
        `from the other servers' or from its own past. Compare the servers' data; a wrong one can start with an empty data ` +
        `directory.`,
      { code: 'DIGEST_MISMATCH', zxid: formatZxid(zxid) },
    );
  };
}
