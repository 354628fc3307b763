import type { TxnDigest } from '../protocol/index.js';
import type { TreeDigest } from './digest.js';
import { DIGEST_VERSION } from './digest.js';

/** A tree's digest after the transaction `zxid`. */
export interface ZxidDigest {
  readonly zxid: number;
  readonly version: number;
  readonly digest: bigint;
}

const LOG_LIMIT = 1024;
/** Every so many zxids a digest is kept: 0x80, so that servers' histories line up. */
const LOG_INTERVAL = 128;

export type DigestMismatch = (zxid: number, expected: bigint, actual: bigint) => void;

/**
 * Compares the tree's digest with what transactions and snapshots say it should be.
 *
 * A fuzzy snapshot (Java's) holds parts of later transactions, up to the zxid of the digest sealed behind it. Until that
 * one is replayed the digest means nothing and is neither compared nor recorded.
 */
export class DigestCheck {
  private expected: ZxidDigest | null = null;
  private lastZxid = 0;
  private readonly history: ZxidDigest[] = [];

  constructor(
    private readonly sum: TreeDigest,
    private readonly onMismatch: DigestMismatch,
  ) {}

  /** Is the tree still between the states of a fuzzy snapshot? */
  get isFuzzy(): boolean {
    return this.expected !== null;
  }

  /** The digest that `expectSnapshot` is waiting to compare. */
  get pending(): ZxidDigest | null {
    return this.expected;
  }

  /** The last transaction after which the digest was that of the whole tree; 0 when there was none. */
  get lastDigestZxid(): number {
    return this.lastZxid;
  }

  /** Digests after every 128th zxid, the newest 1024, oldest first. */
  get log(): readonly ZxidDigest[] {
    return this.history;
  }

  /**
   * What the snapshot that the tree was loaded from says, `snapshotZxid` being that of its name. A digest of zxid 0 is
   * none; one older than the snapshot belongs to another epoch's end and is ignored.
   */
  expectSnapshot(digest: ZxidDigest, snapshotZxid: number): void {
    if (digest.zxid <= 0 || digest.zxid < snapshotZxid) return;
    this.expected = digest;
    this.compareSnapshot(snapshotZxid);
  }

  /** A whole transaction has been applied. */
  applied(zxid: number, digest: TxnDigest | null): void {
    if (this.expected !== null) this.compareSnapshot(zxid);
    else this.record(zxid);
    if (digest === null || this.expected !== null || digest.version !== DIGEST_VERSION) return;
    if (!this.sum.is(digest.treeDigest)) this.onMismatch(zxid, digest.treeDigest, this.sum.value);
  }

  private record(zxid: number): void {
    this.lastZxid = zxid;
    if (zxid % LOG_INTERVAL !== 0) return;
    this.history.push({ zxid, version: DIGEST_VERSION, digest: this.sum.value });
    if (this.history.length > LOG_LIMIT) this.history.shift();
  }

  private compareSnapshot(zxid: number): void {
    const expected = this.expected;
    if (expected?.zxid !== zxid) return;
    this.expected = null;
    this.lastZxid = zxid;
    if (expected.version === DIGEST_VERSION && !this.sum.is(expected.digest)) {
      this.onMismatch(zxid, expected.digest, this.sum.value);
    }
  }
}
