/** Paths and texts of ZooKeeper's quotas. A quota on /a lives in the two nodes below /zookeeper/quota/a. */
export const QUOTA_ROOT = '/zookeeper/quota';
export const LIMITS_NAME = 'zookeeper_limits';
export const STATS_NAME = 'zookeeper_stats';

/** The node with the limits of the quota on `path`. */
export function quotaLimitsPath(path: string): string {
  return `${QUOTA_ROOT}${path}/${LIMITS_NAME}`;
}

/** The node that counts what is below `path`. */
export function quotaStatsPath(path: string): string {
  return `${QUOTA_ROOT}${path}/${STATS_NAME}`;
}

/** Is `path` a node of this name below /zookeeper/quota/...? Then the path that its quota is on, else null. */
export function quotaPathOf(path: string, name: string): string | null {
  if (!path.startsWith('/zookeeper/quota/') || !path.endsWith(name)) return null;
  const slash = path.length - name.length - 1;
  if (path.charCodeAt(slash) !== 0x2f || slash <= QUOTA_ROOT.length) return null;
  return path.slice(QUOTA_ROOT.length, slash);
}

/**
 * What a limits or stats node says: `count=3,bytes=40`, then, when there is more, `=` and `;key=value` sorted by key (the
 * odd `=` keeps readers of 3.4 from seeing the rest). Absent values are -1.
 */
export class QuotaValues {
  private readonly values = new Map<string, number>();

  /** Text that is no number counts as absent (ZooKeeper's server dies of it). */
  static parse(data: Uint8Array | null): QuotaValues {
    const quota = new QuotaValues();
    if (data === null) return quota;
    for (const pair of Buffer.from(data).toString('utf8').split(/[,;]+/)) {
      const [key = '', value = ''] = pair.split('=');
      const number = Number(value);
      if (key !== '' && value !== '' && Number.isSafeInteger(number)) quota.values.set(key, number);
    }
    return quota;
  }

  get count(): number {
    return this.get('count');
  }

  get bytes(): number {
    return this.get('bytes');
  }

  get countHardLimit(): number {
    return this.get('countHardLimit');
  }

  /** ZooKeeper's key for it has no s. */
  get bytesHardLimit(): number {
    return this.get('byteHardLimit');
  }

  private get(key: string): number {
    return this.values.get(key) ?? -1;
  }

  set(key: 'count' | 'bytes' | 'countHardLimit' | 'byteHardLimit', value: number): this {
    this.values.set(key, value);
    return this;
  }

  toString(): string {
    const more = [...this.values].filter(([key]) => key !== 'count' && key !== 'bytes');
    more.sort(([a], [b]) => (a < b ? -1 : 1));
    const rest = more.map(([key, value]) => `;${key}=${value}`).join('');
    return `count=${this.count},bytes=${this.bytes}${rest === '' ? '' : `=${rest}`}`;
  }

  toBytes(): Buffer {
    return Buffer.from(this.toString(), 'utf8');
  }
}

/** The paths that have a quota. */
export class QuotaPaths {
  private readonly paths = new Set<string>();

  add(path: string): void {
    this.paths.add(path);
  }

  delete(path: string): void {
    this.paths.delete(path);
  }

  all(): Iterable<string> {
    return this.paths;
  }

  /** The deepest path with a quota that is `path` or above it; null when there is none. */
  covering(path: string): string | null {
    if (this.paths.size === 0) return null;
    for (let prefix = path; prefix.length > 1; prefix = prefix.slice(0, prefix.lastIndexOf('/'))) {
      if (this.paths.has(prefix)) return prefix;
    }
    return null;
  }
}
