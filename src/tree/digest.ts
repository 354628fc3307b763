import { crc32, crc32OfText, crcOfWord, crcOfWords, swapBytes } from './crc32.js';

/**
 * ZooKeeper's digest of a tree, version 2: the sum (modulo 2^64) of the CRC-32s of its nodes. A node's CRC runs over its
 * path (the root's is empty), its data, and 60 bytes: `long czxid, mzxid, pzxid, ctime, mtime; int version, cversion,
 * aversion; long ephemeralOwner`, where cversion counts created children and ephemeralOwner has the marks of containers
 * and TTL nodes. Nodes under /zookeeper/ do not count (their servers change them on their own).
 */
export const DIGEST_VERSION = 2;

const UNDIGESTED = '/zookeeper/';
const FIRST_LETTER = UNDIGESTED.charCodeAt(1);
const TWO_32 = 0x1_0000_0000;

/** The stat fields that a digest covers, as they are persisted: not what clients see. */
export interface DigestStat {
  readonly czxid: number;
  readonly mzxid: number;
  readonly pzxid: number;
  readonly ctime: number;
  readonly mtime: number;
  readonly version: number;
  /** How many children were ever created (`DataTree.cversion`), not a Stat's cversion. */
  readonly cversion: number;
  readonly aversion: number;
  /** With the marks of containers and TTL nodes (`DataTree.ephemeralOwner`). */
  readonly ephemeralOwner: bigint;
}

/** Turns a long into two words and back: the compiler does so in place, while arithmetic on bigints calls the runtime. */
const long = new DataView(new ArrayBuffer(8));

/** Does the node at `path` count? */
export function isDigested(path: string): boolean {
  // Nearly all paths differ in the first letter already.
  return path.charCodeAt(1) !== FIRST_LETTER || !path.startsWith(UNDIGESTED);
}

/** The CRC of path and data alone, from which `nodeDigest` goes on: it stays while only the stat changes. */
export function contentDigest(path: string, data: Uint8Array | null): number {
  const crc = crc32OfText(path === '/' ? '' : path);
  return data === null ? crc : crc32(data, 0, data.length, crc);
}

/** A node's digest; `content` is its `contentDigest`. 0 when the node does not count. */
export function nodeDigest(path: string, content: number, s: DigestStat): number {
  if (!isDigested(path)) return 0;
  let crc = ~content;
  crc = crcOfLong(crc, s.czxid);
  crc = crcOfLong(crc, s.mzxid);
  crc = crcOfLong(crc, s.pzxid);
  crc = crcOfLong(crc, s.ctime);
  crc = crcOfLong(crc, s.mtime);
  crc = crcOfWords(crc, swapBytes(s.version), swapBytes(s.cversion));
  long.setBigInt64(0, s.ephemeralOwner);
  crc = crcOfWords(crc, swapBytes(s.aversion), long.getInt32(0, true));
  return ~crcOfWord(crc, long.getInt32(4, true)) >>> 0;
}

/** One step over the eight bytes that a long has on the wire: they need not be written down for it. */
function crcOfLong(crc: number, value: number): number {
  const high = Math.floor(value / TWO_32);
  return crcOfWords(crc, swapBytes(high | 0), swapBytes((value - high * TWO_32) | 0));
}

/**
 * The sum of node digests, in two plain numbers.
 *
 * The leader states in each proposal what the digest will be once it is applied. It keeps one `TreeDigest` of its own for
 * that, which runs ahead of the tree's by the pending changes:
 *
 *     const ahead = tree.digestSum.copy();                      // when there are no pending changes
 *     // for each node that a transaction adds, changes or removes (also a parent, whose cversion or pzxid changes):
 *     const before = pending.digest ?? tree.nodeDigest(ref);    // 0 for a new node
 *     const after = nodeDigest(path, content, stat);            // 0 for a removed node
 *     ahead.replace(before, after);
 *     // content: of the pending change, else tree.contentDigest(ref); contentDigest(path, data) when data changes
 *     const digest = { version: DIGEST_VERSION, treeDigest: ahead.value };
 *
 * Changes by type (ZooKeeper's PrepRequestProcessor): create: the parent's cversion and pzxid, the new node; delete and
 * each path of closeSession: the parent's pzxid, the removed node; setData: version, mtime, mzxid, content; setACL:
 * aversion; multi: those of its parts, taken back when it fails (`const mark = ahead.copy(); ahead.set(mark)`); reconfig,
 * check, createSession, error: none.
 */
export class TreeDigest {
  private high = 0;
  private low = 0;

  add(digest: number): void {
    this.low += digest;
    if (this.low >= TWO_32) {
      this.low -= TWO_32;
      this.high = (this.high + 1) >>> 0;
    }
  }

  remove(digest: number): void {
    this.low -= digest;
    if (this.low < 0) {
      this.low += TWO_32;
      this.high = (this.high - 1) >>> 0;
    }
  }

  replace(before: number, after: number): void {
    this.remove(before);
    this.add(after);
  }

  /** As the signed long of the protocol. */
  get value(): bigint {
    long.setUint32(0, this.high);
    long.setUint32(4, this.low);
    return long.getBigInt64(0);
  }

  /** Is this the long `value`? Without making a bigint. */
  is(value: bigint): boolean {
    long.setBigInt64(0, value);
    return long.getUint32(0) === this.high && long.getUint32(4) === this.low;
  }

  equals(other: TreeDigest): boolean {
    return this.low === other.low && this.high === other.high;
  }

  set(other: TreeDigest): void {
    this.high = other.high;
    this.low = other.low;
  }

  copy(): TreeDigest {
    const copy = new TreeDigest();
    copy.set(this);
    return copy;
  }
}
