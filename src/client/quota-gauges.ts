import { type Metrics, namespaceOf } from '../metrics/index.js';
import { type DataTree, NO_NODE, quotaLimitsPath, quotaStatsPath, QuotaValues } from '../tree/index.js';

/** What a quota allows, or what is used of it; below 0: nothing is said. */
type Figure = (limits: QuotaValues, used: QuotaValues) => number;

/** A hard limit counts before a soft one. */
const FIGURES: Readonly<Record<string, Figure>> = {
  quota_count_limit_per_namespace: ({ count, countHardLimit }) => (countHardLimit > -1 ? countHardLimit : count),
  quota_bytes_limit_per_namespace: ({ bytes, bytesHardLimit }) => (bytesHardLimit > -1 ? bytesHardLimit : bytes),
  quota_count_usage_per_namespace: (_limits, { count }) => count,
  quota_bytes_usage_per_namespace: (_limits, { bytes }) => bytes,
};

/** ZooKeeper's gauges of quotas: those below one first part of a path are added up. */
export function publishQuotas(metrics: Metrics, tree: () => DataTree | null): void {
  for (const [name, figure] of Object.entries(FIGURES)) {
    metrics.gaugeSet(name, () => {
      const now = tree();
      return now === null ? [] : sums(now, figure);
    });
  }
}

function sums(tree: DataTree, figure: Figure): Map<string, number> {
  const byNamespace = new Map<string, number>();
  for (const path of tree.quotaPaths()) {
    const namespace = namespaceOf(path);
    const value = figure(read(tree, quotaLimitsPath(path)), read(tree, quotaStatsPath(path)));
    if (namespace !== null && value > -1) byNamespace.set(namespace, (byNamespace.get(namespace) ?? 0) + value);
  }
  return byNamespace;
}

function read(tree: DataTree, path: string): QuotaValues {
  const ref = tree.find(path);
  return QuotaValues.parse(ref === NO_NODE ? null : tree.data(ref));
}
