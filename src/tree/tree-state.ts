import type { Acl } from '../protocol/index.js';
import { ErrorCode, READ_ACL_UNSAFE } from '../protocol/index.js';
import { AclCache, OPEN_ACL_SLOT } from './acl-cache.js';
import { crc32, crc32OfView, crcOfWord, crcOfWords, swapBytes } from './crc32.js';
import { TreeDigest } from './digest.js';
import type { NodeRef } from './node-table.js';
import { Field, Flag, NodeTable, NO_NODE, ROOT, StatAt } from './node-table.js';
import { Owners } from './owners.js';
import { LIMITS_NAME, QUOTA_ROOT, quotaPathOf, QuotaPaths, quotaStatsPath, QuotaValues, STATS_NAME } from './quota.js';

export interface TreeOptions {
  /** `zookeeper.digest.enabled`: without it the digest is 0 and never compared. */
  readonly digestEnabled: boolean;
  /** `zookeeper.extendedTypesEnabled`: TTL nodes exist. */
  readonly extendedTypes: boolean;
}

/** Told of each node before it changes or goes, and after it came: how a snapshot keeps its point in time. */
export interface ChangeObserver {
  beforeChange(row: NodeRef): void;
  created(row: NodeRef): void;
}

export const ZOOKEEPER_PATH = '/zookeeper';
export const CONFIG_PATH = '/zookeeper/config';
const UNDIGESTED_PREFIX = Buffer.from('/zookeeper/', 'utf8');
const EMPTY = Buffer.alloc(0);

/**
 * Everything a tree holds but its watches, and every change to it with all its bookkeeping: stats, digest, owners, ACL
 * uses, quota counts, sizes. Changes return a row, or an error code below zero.
 */
export class TreeState {
  readonly nodes = new NodeTable();
  readonly acls = new AclCache();
  readonly owners: Owners;
  readonly quotas = new QuotaPaths();
  readonly digestSum = new TreeDigest();
  readonly observers: ChangeObserver[] = [];
  /** Characters of all paths and bytes of all data. ZooKeeper counts the root twice, as "" and as "/". */
  dataSize = 1;

  constructor(readonly options: TreeOptions) {
    this.owners = new Owners(this.nodes, options.extendedTypes);
    this.nodes.put(ROOT, Field.acl, OPEN_ACL_SLOT);
    this.nodes.put(ROOT, Field.pathCrc, 0);
  }

  /** The nodes of a tree that no transaction has touched, with stats of zeros. */
  addSystemNodes(): void {
    this.nodes.setData(ROOT, EMPTY);
    this.digestNew(ROOT);
    for (const path of [ZOOKEEPER_PATH, QUOTA_ROOT, CONFIG_PATH]) this.addSystemNode(path);
  }

  /** Adds a missing system node; /zookeeper/config may be read only (ZOOKEEPER-2014). */
  addSystemNode(path: string): NodeRef {
    this.nodes.key.set(path);
    const row = this.addRow(this.nodes.locateParent(), EMPTY, path.length);
    this.nodes.put(row, Field.acl, OPEN_ACL_SLOT);
    this.digestNew(row);
    if (path === CONFIG_PATH) this.setAcl(row, READ_ACL_UNSAFE, -1);
    return row;
  }

  // Changes

  /** `parentCversion` -1: one more than it was (logs of 3.3). */
  create(
    path: string,
    data: Uint8Array | null,
    acl: readonly Acl[] | null,
    owner: bigint,
    parentCversion: number,
    zxid: number,
    time: number,
  ): number {
    const { nodes } = this;
    nodes.key.set(path);
    const parent = nodes.locateParent();
    if (parent === NO_NODE) return ErrorCode.noNode;
    const existing = nodes.locate();
    if (existing !== NO_NODE) {
      this.replaceAcl(existing, acl);
      return ErrorCode.nodeExists;
    }
    if (nodes.key.lastSlash === nodes.key.end - 1) return ErrorCode.badArguments;
    const row = this.addRow(parent, data, path.length);
    nodes.startStat(row, zxid, time);
    nodes.put(row, Field.acl, this.acls.use(acl));
    this.owners.add(row, owner);
    this.raiseCversion(parent, parentCversion, zxid);
    this.digestNew(row);
    this.countInQuotas(path, data === null ? 0 : data.length);
    return row;
  }

  /**
   * Sets cversion and pzxid of a node whose child was created, unless a later transaction is in them already (replay over
   * a fuzzy snapshot). The 32 bits wrap, and sequential names with them, as ZooKeeper's guide says; its server compares
   * without that in mind, and so makes no more sequential children once the highest number is reached.
   */
  raiseCversion(row: NodeRef, wanted: number, zxid: number): void {
    const cversion = this.nodes.get(row, Field.cversion);
    const raised = wanted === -1 ? (cversion + 1) | 0 : wanted;
    if (((raised - cversion) | 0) <= 0) return;
    this.beforeChange(row);
    this.nodes.setCversion(row, raised);
    this.nodes.putLong(row, StatAt.pzxid, zxid);
    this.redigest(row);
  }

  /**
   * Removes a node, and what is left below it: that happens only in replay over a fuzzy snapshot, where a later owner's
   * child was in the snapshot already; the log creates it again.
   * The parent's pzxid is set even when the node is gone. Returns 0 or an error code.
   */
  delete(path: string, zxid: number): number {
    const { nodes } = this;
    nodes.key.set(path);
    const parent = nodes.locateParent();
    if (parent === NO_NODE) return ErrorCode.noNode;
    const row = nodes.locate();
    if (row === ROOT) return ErrorCode.badArguments;
    if (zxid > nodes.long(parent, StatAt.pzxid)) {
      this.beforeChange(parent);
      nodes.putLong(parent, StatAt.pzxid, zxid);
      this.redigest(parent);
    }
    if (row === NO_NODE) return ErrorCode.noNode;
    while (nodes.get(row, Field.childCount) > 0) this.removeFirstLeaf(row);
    this.removeRow(row, path);
    return 0;
  }

  private removeFirstLeaf(top: NodeRef): void {
    let row = top;
    while (this.nodes.get(row, Field.childCount) > 0) row = this.nodes.get(row, Field.firstChild);
    this.removeRow(row, this.nodes.path(row));
  }

  private removeRow(row: NodeRef, path: string): void {
    const { nodes } = this;
    this.beforeChange(row);
    const dataLength = Math.max(0, nodes.get(row, Field.dataLength));
    if (this.isDigested(row)) this.digestSum.remove(nodes.get(row, Field.nodeCrc) >>> 0);
    this.owners.remove(row);
    this.acls.release(nodes.get(row, Field.acl));
    this.dataSize -= path.length + dataLength;
    nodes.remove(row);
    const limited = quotaPathOf(path, LIMITS_NAME);
    if (limited !== null) this.quotas.delete(limited);
    const quota = this.quotas.covering(path);
    if (quota !== null) this.addToQuota(quota, -dataLength, -1);
  }

  setData(row: NodeRef, path: string, data: Uint8Array | null, version: number, zxid: number, time: number): void {
    const before = this.nodes.get(row, Field.dataLength);
    this.replaceData(row, data);
    this.nodes.touchStat(row, version, zxid, time);
    this.redigest(row);
    const quota = this.quotas.covering(path);
    if (quota !== null) this.addToQuota(quota, (data === null ? 0 : data.length) - Math.max(0, before), 0);
  }

  setAcl(row: NodeRef, acl: readonly Acl[] | null, aversion: number): void {
    this.replaceAcl(row, acl);
    this.nodes.putInt(row, StatAt.aversion, aversion);
    this.redigest(row);
  }

  private replaceAcl(row: NodeRef, acl: readonly Acl[] | null): void {
    this.beforeChange(row);
    const before = this.nodes.get(row, Field.acl);
    this.nodes.put(row, Field.acl, this.acls.use(acl));
    this.acls.release(before);
  }

  private replaceData(row: NodeRef, data: Uint8Array | null): void {
    this.beforeChange(row);
    this.refill(row, data);
  }

  beforeChange(row: NodeRef): void {
    if (this.observers.length === 0) return;
    for (const observer of this.observers) observer.beforeChange(row);
  }

  /** Adds the node that the key names. Its ACL, stat, owner and digest are the caller's to set. */
  addRow(parent: NodeRef, data: Uint8Array | null, textLength: number): NodeRef {
    const row = this.nodes.insert(parent, data);
    for (const observer of this.observers) observer.created(row);
    this.countNew(parent, row, textLength);
    return row;
  }

  /** Adds the node that the key names, with data and stat from a snapshot (`NodeTable.insertPersisted`). */
  addPersistedRow(parent: NodeRef, source: DataView, dataAt: number, dataLength: number, tailAt: number): NodeRef {
    const { nodes } = this;
    const row = nodes.insertPersisted(parent, source, dataAt, dataLength, tailAt);
    this.countNew(parent, row, nodes.key.textLength);
    return row;
  }

  private countNew(parent: NodeRef, row: NodeRef, textLength: number): void {
    const { nodes } = this;
    const { key } = nodes;
    this.dataSize += textLength + Math.max(0, nodes.get(row, Field.dataLength));
    if (this.options.digestEnabled) {
      nodes.put(row, Field.pathCrc, crc32(key.bytes, key.lastSlash, key.end, nodes.get(parent, Field.pathCrc) >>> 0));
      if (startsWith(key.bytes, key.start, key.end, UNDIGESTED_PREFIX)) {
        nodes.put(row, Field.flags, nodes.get(row, Field.flags) | Flag.undigested);
      }
      this.renewContentCrc(row);
    }
  }

  /** Takes back what a node counts for, but leaves it in its place: for a snapshot that holds a node twice. */
  forget(row: NodeRef): void {
    if (this.isDigested(row)) this.digestSum.remove(this.nodes.get(row, Field.nodeCrc) >>> 0);
    this.owners.remove(row);
    this.acls.release(this.nodes.get(row, Field.acl));
    this.nodes.putLong64(row, StatAt.ephemeralOwner, 0n);
  }

  /** New data, its size and its CRC; the node's digest is then the caller's to renew. */
  refill(row: NodeRef, data: Uint8Array | null): void {
    this.dataSize += (data === null ? 0 : data.length) - Math.max(0, this.nodes.get(row, Field.dataLength));
    this.nodes.setData(row, data);
    this.renewContentCrc(row);
  }

  // Digest

  isDigested(row: NodeRef): boolean {
    return this.options.digestEnabled && (this.nodes.get(row, Field.flags) & Flag.undigested) === 0;
  }

  /** Counts a node for the first time, when its stat is complete. */
  digestNew(row: NodeRef): void {
    if (!this.isDigested(row)) return;
    const crc = this.nodeCrc(row);
    this.nodes.put(row, Field.nodeCrc, crc);
    this.digestSum.add(crc);
  }

  private redigest(row: NodeRef): void {
    if (!this.isDigested(row)) return;
    const crc = this.nodeCrc(row);
    this.digestSum.replace(this.nodes.get(row, Field.nodeCrc) >>> 0, crc);
    this.nodes.put(row, Field.nodeCrc, crc);
  }

  /** Over the data as the node holds it, not as it came. */
  private renewContentCrc(row: NodeRef): void {
    if (!this.isDigested(row)) return;
    const { nodes } = this;
    const pathCrc = nodes.get(row, Field.pathCrc) >>> 0;
    const length = nodes.get(row, Field.dataLength);
    const crc = length <= 0 ? pathCrc : crc32OfView(nodes.blockView(row), nodes.dataOffset(row) + 4, length, pathCrc);
    nodes.put(row, Field.contentCrc, crc);
  }

  /** The CRC of `nodeDigest`, taken from the node's bytes where they are. */
  private nodeCrc(row: NodeRef): number {
    const bytes = this.nodes.blockView(row);
    const at = this.nodes.statOffset(row);
    const owner = at + StatAt.ephemeralOwner;
    let ownerHigh = bytes.getInt32(owner, true);
    let ownerLow = bytes.getInt32(owner + 4, true);
    if (!this.owners.isOwnerInStat(row)) {
      const persisted = this.owners.owner(row);
      ownerHigh = swapBytes(Number(BigInt.asIntN(32, persisted >> 32n)));
      ownerLow = swapBytes(Number(BigInt.asIntN(32, persisted)));
    }
    let crc = ~this.nodes.get(row, Field.contentCrc);
    crc = crcOfLong(crc, bytes, at + StatAt.czxid);
    crc = crcOfLong(crc, bytes, at + StatAt.mzxid);
    crc = crcOfLong(crc, bytes, at + StatAt.pzxid);
    crc = crcOfLong(crc, bytes, at + StatAt.ctime);
    crc = crcOfLong(crc, bytes, at + StatAt.mtime);
    crc = crcOfWords(crc, bytes.getInt32(at + StatAt.version, true), swapBytes(this.nodes.get(row, Field.cversion)));
    crc = crcOfWords(crc, bytes.getInt32(at + StatAt.aversion, true), ownerHigh);
    return ~crcOfWord(crc, ownerLow) >>> 0;
  }

  // Quotas

  private countInQuotas(path: string, bytes: number): void {
    const limited = quotaPathOf(path, LIMITS_NAME);
    if (limited !== null) this.quotas.add(limited);
    const counted = quotaPathOf(path, STATS_NAME);
    if (counted !== null) this.recount(counted);
    const quota = this.quotas.covering(path);
    if (quota !== null) this.addToQuota(quota, bytes, 1);
  }

  private addToQuota(path: string, bytes: number, count: number): void {
    const row = this.nodes.find(quotaStatsPath(path));
    if (row === NO_NODE) return;
    const data = this.dataOf(row);
    const values = QuotaValues.parse(data);
    this.replaceData(
      row,
      values
        .set('count', values.count + count)
        .set('bytes', values.bytes + bytes)
        .toBytes(),
    );
  }

  /** Counts what is at and below `path` into its stats node: as many steps as it has nodes, when a quota is made. */
  private recount(path: string): void {
    const stats = this.nodes.find(quotaStatsPath(path));
    if (stats === NO_NODE) return;
    const top = this.nodes.find(path);
    let bytes = 0;
    let count = 0;
    if (top !== NO_NODE) {
      count = this.nodes.get(top, Field.descendants) + 1;
      this.nodes.walk(top, (row) => (bytes += Math.max(0, this.nodes.get(row, Field.dataLength))));
    }
    this.replaceData(stats, new QuotaValues().set('count', count).set('bytes', bytes).toBytes());
  }

  /** After loading: finds all quotas and counts them anew. */
  loadQuotas(): void {
    const top = this.nodes.find(QUOTA_ROOT);
    if (top === NO_NODE) return;
    const limits: string[] = [];
    this.nodes.walk(top, (row) => {
      if (this.nodes.get(row, Field.childCount) === 0 && this.nodes.name(row) === LIMITS_NAME) {
        limits.push(this.nodes.path(row));
      }
    });
    for (const path of limits) {
      const limited = quotaPathOf(path, LIMITS_NAME);
      if (limited === null) continue;
      this.recount(limited);
      this.quotas.add(limited);
    }
  }

  /** A view of the data, valid until the next change. */
  dataOf(row: NodeRef): Buffer | null {
    const length = this.nodes.get(row, Field.dataLength);
    if (length < 0) return null;
    const at = this.nodes.dataOffset(row) + 4;
    return this.nodes.blockBytes(row).subarray(at, at + length);
  }
}

function startsWith(bytes: Uint8Array, start: number, end: number, prefix: Uint8Array): boolean {
  if (end - start < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (bytes[start + i] !== prefix[i]) return false;
  return true;
}

function crcOfLong(crc: number, bytes: DataView, at: number): number {
  return crcOfWords(crc, bytes.getInt32(at, true), bytes.getInt32(at + 4, true));
}
