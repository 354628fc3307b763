import type { Logger } from '../host/index.js';
import { type Metrics, namespaceOf } from '../metrics/index.js';
import { ErrorCode } from '../protocol/index.js';
import type { DataTree } from '../tree/index.js';
import { NO_NODE, quotaLimitsPath, quotaStatsPath, QuotaValues } from '../tree/index.js';

/**
 * Hard quotas refuse what would exceed them (`enforceQuota`); soft ones are only mentioned in the log. As in ZooKeeper the
 * counts are those of what is applied, so that requests under way may exceed a quota by what they add.
 */
export class QuotaRules {
  constructor(
    private readonly source: { readonly tree: DataTree },
    private readonly isEnforced: boolean,
    private readonly log: Logger,
    private readonly metrics: Metrics,
  ) {}

  /** 0 or QuotaExceeded, for a change that adds so much at `path`. */
  check(path: string, bytes: number, count: number): number {
    if (!this.isEnforced) return 0;
    const top = this.source.tree.quotaPath(path);
    if (top === null) return 0;
    const limits = this.read(quotaLimitsPath(top));
    const used = this.read(quotaStatsPath(top));
    if (limits === null || used === null) return 0;
    const tooMany = count !== 0 && this.exceeds(top, 'count', used.count + count, limits.count, limits.countHardLimit);
    const tooMuch =
      !tooMany && bytes !== 0 && this.exceeds(top, 'bytes', used.bytes + bytes, limits.bytes, limits.bytesHardLimit);
    if (!tooMany && !tooMuch) return 0;
    this.metrics.counterOf('quota_exceeded_error_per_namespace', namespaceOf(top) ?? '')?.add();
    return ErrorCode.quotaExceeded;
  }

  private read(path: string): QuotaValues | null {
    const { tree } = this.source;
    const ref = tree.find(path);
    return ref === NO_NODE ? null : QuotaValues.parse(tree.data(ref));
  }

  private exceeds(top: string, what: string, value: number, soft: number, hard: number): boolean {
    const limit = hard > -1 ? hard : soft;
    if (limit < 0 || value <= limit) return false;
    const kind = hard > -1 ? 'hard' : 'soft';
    this.log.debug(`The ${kind} quota of ${top} is exceeded: ${what} would be ${value}, the limit is ${limit}.`, {
      code: 'QUOTA_EXCEEDED',
      path: top,
    });
    return hard > -1;
  }
}
