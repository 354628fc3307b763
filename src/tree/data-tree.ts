import type { JuteWriter } from '../jute/index.js';
import type { Acl, OwnerKind, Stat, Txn, TxnDigest, TxnHeader } from '../protocol/index.js';
import { ownerTtlMs } from '../protocol/index.js';
import type { TreeDigest } from './digest.js';
import type { DigestMismatch, ZxidDigest } from './digest-check.js';
import { DigestCheck } from './digest-check.js';
import type { NodeRef } from './node-table.js';
import { Field, NO_NODE, STAT_SIZE, StatAt } from './node-table.js';
import { type NodeNumbers, readNumbers, statOf } from './stat-view.js';
import { TreeLoader } from './tree-loader.js';
import { TreeSnapshot } from './tree-snapshot.js';
import type { TreeOptions } from './tree-state.js';
import { CONFIG_PATH, TreeState, ZOOKEEPER_PATH } from './tree-state.js';
import { TxnApplier } from './txn-applier.js';
import type { TxnResult } from './txn-result.js';
import type { WatchLists, Watcher } from './watches.js';
import { Watches } from './watches.js';

/**
 * The tree of znodes. It changes in service by `apply` alone; everything else reads.
 *
 * A `NodeRef` is found by path and valid until its node is deleted. What reads return as a view is valid until the next
 * change. Reads and changes cost the same however large the tree is.
 */
export class DataTree {
  /** The newest transaction that has been applied whole; set by who loads a tree, then kept by `apply`. */
  lastProcessedZxid = 0;
  /** Called when the tree's digest is not what a transaction or a loaded snapshot says. */
  onDigestMismatch: DigestMismatch | null = null;
  readonly watches = new Watches();
  private readonly state: TreeState;
  private readonly applier: TxnApplier;
  private readonly check: DigestCheck;

  /** A new tree with ZooKeeper's system nodes; `loaded` is `loader`'s. */
  constructor(options: TreeOptions, loaded?: TreeState) {
    this.state = loaded ?? new TreeState(options);
    if (loaded === undefined) this.state.addSystemNodes();
    this.applier = new TxnApplier(this.state, this.watches);
    this.check = new DigestCheck(this.state.digestSum, (zxid, expected, actual) =>
      this.onDigestMismatch?.(zxid, expected, actual),
    );
  }

  /** Builds a tree from a snapshot, piece by piece. */
  static loader(options: TreeOptions): TreeLoader {
    return new TreeLoader(options, (state) => new DataTree(options, state));
  }

  // Finding

  /** `NO_NODE` when there is none. "" is the root too. */
  find(path: string): NodeRef {
    return this.state.nodes.find(path);
  }

  /** As `find`, for a path in the bytes of a request: no string is made. */
  findUtf8(bytes: Uint8Array, start: number, end: number): NodeRef {
    return this.state.nodes.findUtf8(bytes, start, end);
  }

  pathOf(ref: NodeRef): string {
    return this.state.nodes.path(ref);
  }

  // Data

  /** A view: valid until the next change. */
  data(ref: NodeRef): Buffer | null {
    return this.state.dataOf(ref);
  }

  /** 0 for null. */
  dataLength(ref: NodeRef): number {
    return Math.max(0, this.state.nodes.get(ref, Field.dataLength));
  }

  /** `int length, bytes`; -1 alone for null. */
  writeData(ref: NodeRef, w: JuteWriter): void {
    const { nodes } = this.state;
    w.piece(nodes.blockView(ref), nodes.dataOffset(ref), 4 + this.dataLength(ref));
  }

  /** Data and stat, the body of getData's reply, in one copy. */
  writeDataAndStat(ref: NodeRef, w: JuteWriter): void {
    const { nodes } = this.state;
    w.piece(nodes.blockView(ref), nodes.dataOffset(ref), 4 + this.dataLength(ref) + STAT_SIZE);
  }

  // Stat

  /** The 68 bytes of a Stat. */
  writeStat(ref: NodeRef, w: JuteWriter): void {
    const { nodes } = this.state;
    w.piece(nodes.blockView(ref), nodes.statOffset(ref), STAT_SIZE);
  }

  /** As clients see it: cversion counts created and deleted children, ephemeralOwner is 0 unless it is a session's. */
  stat(ref: NodeRef): Stat {
    return statOf(this.state.nodes, ref);
  }

  /** Sets `into` to what the node has: cheaper than asking for one after the other. */
  readNumbers(ref: NodeRef, into: NodeNumbers): void {
    readNumbers(this.state.nodes, ref, into);
  }

  czxid(ref: NodeRef): number {
    return this.state.nodes.long(ref, StatAt.czxid);
  }

  mzxid(ref: NodeRef): number {
    return this.state.nodes.long(ref, StatAt.mzxid);
  }

  pzxid(ref: NodeRef): number {
    return this.state.nodes.long(ref, StatAt.pzxid);
  }

  ctime(ref: NodeRef): number {
    return this.state.nodes.long(ref, StatAt.ctime);
  }

  mtime(ref: NodeRef): number {
    return this.state.nodes.long(ref, StatAt.mtime);
  }

  version(ref: NodeRef): number {
    return this.state.nodes.int(ref, StatAt.version);
  }

  aversion(ref: NodeRef): number {
    return this.state.nodes.int(ref, StatAt.aversion);
  }

  /** How many children were ever created: what names sequential nodes and goes into `parentCVersion`. */
  cversion(ref: NodeRef): number {
    return this.state.nodes.get(ref, Field.cversion);
  }

  /** As persisted, with the marks of containers and TTL nodes. */
  ephemeralOwner(ref: NodeRef): bigint {
    return this.state.owners.owner(ref);
  }

  ownerKind(ref: NodeRef): OwnerKind {
    return this.state.owners.kind(ref);
  }

  /** Milliseconds that a TTL node lives after its last change; 0 for other nodes. */
  ttlMs(ref: NodeRef): number {
    return this.ownerKind(ref) === 'ttl' ? ownerTtlMs(this.ephemeralOwner(ref)) : 0;
  }

  // ACL

  acl(ref: NodeRef): readonly Acl[] {
    return this.state.acls.list(this.state.nodes.get(ref, Field.acl));
  }

  /** ZooKeeper's number for the node's ACL list: -1 open, else counted from 1. */
  aclId(ref: NodeRef): number {
    return this.state.acls.id(this.state.nodes.get(ref, Field.acl));
  }

  /** Distinct ACL lists in use. */
  get aclCount(): number {
    return this.state.acls.size;
  }

  // Children

  childCount(ref: NodeRef): number {
    return this.state.nodes.get(ref, Field.childCount);
  }

  /** Names in the order of creation. To be read before the next change. */
  *children(ref: NodeRef): Generator<string> {
    const { nodes } = this.state;
    for (let row = this.firstChild(ref); row !== NO_NODE; row = this.nextSibling(row)) yield nodes.name(row);
  }

  firstChild(ref: NodeRef): NodeRef {
    return this.state.nodes.get(ref, Field.firstChild);
  }

  /** The child created after this one; `NO_NODE` after the last. */
  nextSibling(ref: NodeRef): NodeRef {
    return this.state.nodes.get(ref, Field.nextSibling);
  }

  /** `vector<ustring>` of the children's names. */
  writeChildren(ref: NodeRef, w: JuteWriter): void {
    const { nodes } = this.state;
    w.int(this.childCount(ref));
    for (let row = this.firstChild(ref); row !== NO_NODE; row = this.nextSibling(row)) {
      const at = nodes.nameOffset(row);
      const end = nodes.dataOffset(row);
      w.int(end - at);
      w.piece(nodes.blockView(row), at, end - at);
    }
  }

  /** Nodes below `path`, at any depth; 0 when it is absent. */
  allDescendantsCount(path: string): number {
    const ref = this.find(path);
    return ref === NO_NODE ? 0 : this.state.nodes.get(ref, Field.descendants);
  }

  // Nodes that end by themselves

  /** Paths of a session's ephemeral nodes, as a set of the caller's own. */
  ephemeralsOf(sessionId: bigint): Set<string> {
    const paths = new Set<string>();
    for (const row of this.state.owners.ephemerals(sessionId)) paths.add(this.state.nodes.path(row));
    return paths;
  }

  sessionsWithEphemerals(): Iterable<bigint> {
    return this.state.owners.sessions();
  }

  get sessionsWithEphemeralsCount(): number {
    return this.state.owners.sessionCount;
  }

  /** Paths of all container nodes. Changes while it is read are fine. */
  *containers(): Generator<string> {
    for (const row of this.state.owners.containers) yield this.state.nodes.path(row);
  }

  /** Paths of all TTL nodes. Changes while it is read are fine. */
  *ttlNodes(): Generator<string> {
    for (const row of this.state.owners.ttlRows) yield this.state.nodes.path(row);
  }

  // Figures

  /** As ZooKeeper counts (`znode_count`): the root twice, as "" and as "/". */
  get nodeCount(): number {
    return this.state.nodes.rows.count + 1;
  }

  get ephemeralCount(): number {
    return this.state.owners.ephemeralCount;
  }

  /** Characters of all paths plus bytes of all data (`approximate_data_size`). */
  get approximateDataSize(): number {
    return this.state.dataSize;
  }

  /** Bytes taken from the system for nodes, used or not; indexes not included. */
  get reservedBytes(): number {
    return this.state.nodes.reservedBytes;
  }

  /** Every path that a quota is on. */
  quotaPaths(): Iterable<string> {
    return this.state.quotas.all();
  }

  /** The deepest path with a quota that is `path` or above it; see `quotaLimitsPath` and `quotaStatsPath`. */
  quotaPath(path: string): string | null {
    return this.state.quotas.covering(path);
  }

  // Digest

  /** ZooKeeper's version 2 digest of the whole tree (a signed long); 0 when digests are off. */
  get digest(): bigint {
    return this.state.digestSum.value;
  }

  /** The same as a sum to copy and go on from, for transactions not applied yet (see `TreeDigest`). */
  get digestSum(): TreeDigest {
    return this.state.digestSum;
  }

  /** What a node counts for in the digest; 0 when it does not count. */
  nodeDigest(ref: NodeRef): number {
    return this.state.isDigested(ref) ? this.state.nodes.get(ref, Field.nodeCrc) >>> 0 : 0;
  }

  /** The `contentDigest` of a node's path and data; 0 when it does not count. */
  contentDigest(ref: NodeRef): number {
    return this.state.isDigested(ref) ? this.state.nodes.get(ref, Field.contentCrc) >>> 0 : 0;
  }

  /**
   * Says what digest the snapshot that this tree was loaded from is sealed with; `lastProcessedZxid` must be the
   * snapshot's zxid. Compared at once, or when the replay gets there; nothing else is compared until then.
   */
  expectDigest(digest: ZxidDigest): void {
    if (this.state.options.digestEnabled) this.check.expectSnapshot(digest, this.lastProcessedZxid);
  }

  /** For a tree from a snapshot that says nothing of its digest and may have been taken while transactions went on. */
  distrustDigest(): void {
    if (this.state.options.digestEnabled) this.check.beginDistrust();
  }

  /** From the first transaction after this one on, a wrong digest is a fault. */
  trustDigestAfter(zxid: number): void {
    this.check.trustAfter(zxid);
  }

  /** The snapshot's digest that replay has not reached: still there after replay, the log does not cover the snapshot. */
  get expectedDigest(): ZxidDigest | null {
    return this.check.pending;
  }

  /** Is the tree, to the last node, what the newest transaction or its snapshot says? False when nothing says so. */
  get isDigestProven(): boolean {
    return this.check.isProven;
  }

  /** For a tree whose content is known from elsewhere: `isDigestProven` holds until something contradicts. */
  proveDigest(): void {
    if (this.state.options.digestEnabled) this.check.agree();
  }

  /** Digests after every 128th zxid, the newest 1024, oldest first. */
  get digestLog(): readonly ZxidDigest[] {
    return this.check.log;
  }

  // Changing

  /**
   * Applies a committed transaction, fires its watches, and compares its digest. What cannot be done (in replay over a
   * fuzzy snapshot) is said in the result; it does not throw.
   */
  apply(header: TxnHeader, txn: Txn, digest: TxnDigest | null): TxnResult {
    const result = this.applier.apply(header, txn);
    if (header.zxid > this.lastProcessedZxid) this.lastProcessedZxid = header.zxid;
    this.check.applied(header.zxid, this.state.options.digestEnabled ? digest : null);
    return result;
  }

  /**
   * Sets /zookeeper/config to a membership's text when a quorum server starts (made when an old snapshot lacks it): its
   * version is -1, its mzxid the configuration's version. No transaction; not part of the digest.
   */
  setConfigNode(text: Buffer, configVersion: number, wallMs: number): void {
    let ref = this.find(CONFIG_PATH);
    if (ref === NO_NODE) {
      if (this.find(ZOOKEEPER_PATH) === NO_NODE) this.state.addSystemNode(ZOOKEEPER_PATH);
      ref = this.state.addSystemNode(CONFIG_PATH);
    }
    this.state.setData(ref, CONFIG_PATH, text, -1, configVersion, wallMs);
    this.watches.fireDataChanged(CONFIG_PATH, configVersion, this.acl(ref));
  }

  // Watches

  /** A one-shot watch of getData or exists; the node need not exist. */
  addDataWatch(path: string, watcher: Watcher): void {
    this.watches.addData(path, watcher);
  }

  /** A one-shot watch of getChildren. */
  addChildWatch(path: string, watcher: Watcher): void {
    this.watches.addChild(path, watcher);
  }

  /** A lasting watch; `mode`: one of `AddWatchMode`. */
  addWatch(path: string, mode: number, watcher: Watcher): void {
    this.watches.addLasting(path, mode, watcher);
  }

  /** `type`: one of `WatcherType`. */
  containsWatch(path: string, type: number, watcher: Watcher): boolean {
    return this.watches.contains(path, type, watcher);
  }

  /** `type`: one of `WatcherType`. False: there was none. */
  removeWatch(path: string, type: number, watcher: Watcher): boolean {
    return this.watches.remove(path, type, watcher);
  }

  /** The connection is gone: all its watches are. True when `sweepWatches` has to be called, once a turn, until it says false. */
  removeWatcher(watcher: Watcher): boolean {
    return this.watches.removeWatcher(watcher);
  }

  /** Takes away some of what watchers that left have left behind. True when there is more. */
  sweepWatches(): boolean {
    return this.watches.sweep();
  }

  /** setWatches and setWatches2; `relativeZxid` is the last one that the client saw. */
  setWatches(relativeZxid: number, lists: WatchLists, watcher: Watcher): void {
    this.watches.reset(relativeZxid, lists, watcher, (path) => {
      const ref = this.find(path);
      return ref === NO_NODE ? null : { mzxid: this.mzxid(ref), pzxid: this.pzxid(ref) };
    });
  }

  get watchCount(): number {
    return this.watches.count;
  }

  // Snapshot

  /** The tree as it is now, to be written while it goes on changing. Several may be under way; each must be closed. */
  beginSnapshot(): TreeSnapshot {
    const known = !this.check.isFuzzy && this.check.lastDigestZxid > 0;
    return new TreeSnapshot(this.state, this.lastProcessedZxid, this.digest, known ? this.lastProcessedZxid : 0);
  }
}
