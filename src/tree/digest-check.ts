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
/** A tree of unknown reach that was wrong after so many transactions is wrong. */
const DISTRUST_LIMIT = 10_000;

export type DigestMismatch = (zxid: number, expected: bigint, actual: bigint) => void;

/**
 * Compares the tree's digest with what transactions and snapshots say it should be.
 *
 * A fuzzy snapshot (Java's) holds parts of later transactions, up to the zxid of the digest sealed behind it. Until that
 * one is replayed the digest means nothing and is neither compared nor recorded. Java notes a digest when a transaction is
 * applied, so the snapshot may even hold a part of the one behind, which was just being applied: a difference at the sealed
 * digest is believed only when the next transaction confirms it.
 *
 * How far a snapshot without a digest reaches (a Java leader's, over the wire) nobody says: nothing is reported before the
 * tree was right once, was wrong for a long time, or is past the zxid that it is said to be whole after.
 */
export class DigestCheck {
  private expected: ZxidDigest | null = null;
  /** A difference at the sealed digest, which the next transaction confirms or not. */
  private doubt: { readonly zxid: number; readonly expected: bigint; readonly actual: bigint } | null = null;
  /** So many differences more are not believed. */
  private distrust = 0;
  /** Up to here, at the most, they are not believed. */
  private distrustedThrough = 0;
  private lastZxid = 0;
  /** The digest when something last said the same, and nothing has said otherwise since. */
  private readonly agreed: TreeDigest;
  private hasAgreed = false;
  private readonly history: ZxidDigest[] = [];

  constructor(
    private readonly sum: TreeDigest,
    private readonly onMismatch: DigestMismatch,
  ) {
    this.agreed = sum.copy();
  }

  /** Is the tree still between the states of a fuzzy snapshot? */
  get isFuzzy(): boolean {
    return this.expected !== null || this.doubt !== null || this.distrust > 0;
  }

  /**
   * Is the tree, to the last node, what the snapshot or a transaction says? False while it is fuzzy, after a difference, and
   * once a transaction that says nothing has changed it.
   */
  get isProven(): boolean {
    return this.hasAgreed && this.sum.equals(this.agreed);
  }

  /** The tree is known to be what it should be. */
  agree(): void {
    this.distrust = 0;
    this.hasAgreed = true;
    this.agreed.set(this.sum);
  }

  /** The tree may hold parts of later transactions, nobody knows of how many. */
  beginDistrust(): void {
    this.distrust = DISTRUST_LIMIT;
    this.distrustedThrough = Number.POSITIVE_INFINITY;
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
    this.reachesSnapshot(snapshotZxid);
  }

  /** After the transaction `zxid`, at the latest, the tree holds no parts of later ones. */
  trustAfter(zxid: number): void {
    this.distrustedThrough = Math.min(this.distrustedThrough, zxid);
  }

  /** A whole transaction has been applied. */
  applied(zxid: number, digest: TxnDigest | null): void {
    // Where the replay is still inside the snapshot, or has just found its digest wrong, the transaction says nothing.
    if (this.expected !== null && !this.reachesSnapshot(zxid)) return;
    if (zxid > this.distrustedThrough) this.distrust = 0;
    if (digest !== null && digest.version === DIGEST_VERSION) this.compare(zxid, digest.treeDigest);
    if (!this.isFuzzy) this.record(zxid);
  }

  private compare(zxid: number, expected: bigint): void {
    const { doubt } = this;
    this.doubt = null;
    if (this.sum.is(expected)) {
      this.agree();
      return;
    }
    this.hasAgreed = false;
    if (this.distrust > 0 && --this.distrust > 0) return;
    if (doubt !== null) this.onMismatch(doubt.zxid, doubt.expected, doubt.actual);
    this.onMismatch(zxid, expected, this.sum.value);
  }

  private record(zxid: number): void {
    this.lastZxid = zxid;
    if (zxid % LOG_INTERVAL !== 0) return;
    this.history.push({ zxid, version: DIGEST_VERSION, digest: this.sum.value });
    if (this.history.length > LOG_LIMIT) this.history.shift();
  }

  /** Is this the transaction of the snapshot's digest, and is the tree as that says? */
  private reachesSnapshot(zxid: number): boolean {
    const expected = this.expected;
    if (expected?.zxid !== zxid) return false;
    this.expected = null;
    if (expected.version === DIGEST_VERSION) {
      if (!this.sum.is(expected.digest)) {
        this.doubt = { zxid, expected: expected.digest, actual: this.sum.value };
        return false;
      }
      this.agree();
    }
    this.lastZxid = zxid;
    return true;
  }
}
