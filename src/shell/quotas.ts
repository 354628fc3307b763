/** Limits and counts of a subtree, as the nodes below /zookeeper/quota hold them (ZooKeeper's `StatsTrack`). */

export type QuotaKey = 'count' | 'bytes' | 'countHardLimit' | 'byteHardLimit';
export type Quota = ReadonlyMap<string, number>;

export const QUOTA_ROOT = '/zookeeper/quota';
export const LIMIT_NODE = 'zookeeper_limits';
export const STAT_NODE = 'zookeeper_stats';

export function limitPath(path: string): string {
  return `${QUOTA_ROOT}${path}/${LIMIT_NODE}`;
}

export function statPath(path: string): string {
  return `${QUOTA_ROOT}${path}/${STAT_NODE}`;
}

/** Reads `count=2,bytes=4=;byteHardLimit=1000;countHardLimit=-1`; what is not there counts as -1: no limit. */
export function parseQuota(text: string): Quota {
  const values = new Map<string, number>();
  for (const pair of text.split(/[,;]+/)) {
    const [key = '', value = ''] = pair.split('=');
    if (key !== '') values.set(key, value === '' ? -1 : Number(value));
  }
  return values;
}

export function quotaValue(quota: Quota, key: QuotaKey): number {
  return quota.get(key) ?? -1;
}

/** `count` and `bytes` come first; the `=` behind them lets readers before 3.7 stop there. */
export function formatQuota(quota: Quota): string {
  const more = [...quota.keys()].filter((key) => key !== 'count' && key !== 'bytes').sort();
  const head = `count=${quotaValue(quota, 'count')},bytes=${quotaValue(quota, 'bytes')}`;
  if (more.length === 0) return head;
  return `${head}=${more.map((key) => `;${key}=${String(quota.get(key))}`).join('')}`;
}
