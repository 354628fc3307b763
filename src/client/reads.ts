import type { Access } from '../auth/index.js';
import type { Logger } from '../host/index.js';
import { decodeUtf8, JuteError, type JuteReader } from '../jute/index.js';
import type { NamespaceSizes } from '../metrics/index.js';
import type { Acl, Id } from '../protocol/index.js';
import {
  AddWatchMode,
  ErrorCode,
  OpCode,
  opName,
  Perms,
  readMultiRead,
  readSetWatches,
  WatcherType,
  writeAclList,
  writeClientInfos,
  writeMultiEnd,
  writeMultiHeader,
} from '../protocol/index.js';
import type { DataTree, NodeRef, Watcher } from '../tree/index.js';
import { NO_NODE } from '../tree/index.js';
import type { Outbox } from './outbox.js';
import type { LargeReply } from './oversize.js';
import { THROTTLED } from './request-kinds.js';

const SPACE = 0x20;
const SLASH = 0x2f;
/** What ZooKeeper adds for the stat of each node that is read. */
const STAT_OVERHEAD_BYTES = 68;

/**
 * One multiRead is not answered with more than this, or `jute.maxbuffer` where that is more: a small request may name one
 * large node thousands of times, and all others wait while its reply is copied together.
 */
const MULTI_READ_BYTES = 16 * 1024 * 1024;

/** Who asks: whose watches are set, and where the answer goes. */
export interface Asker extends Watcher {
  readonly outbox: Outbox;
  readonly sessionId: bigint;
}

/** One request that reads; the object is used again for the next. */
export interface Question {
  readonly asker: Asker;
  tree: DataTree;
  reader: JuteReader;
  /** The reader's bytes and where the request ends in them. */
  bytes: Buffer;
  end: number;
  auth: readonly Id[];
  xid: number;
}

/**
 * Answers requests from the tree, in ZooKeeper's order of checks (its `FinalRequestProcessor`): bytes that are no such
 * request give MarshallingError, and the connection lives on.
 */
export class Reads {
  /** Where the last path lies in the question's bytes. */
  private pathStart = 0;
  private pathEnd = 0;

  constructor(
    private readonly access: Access,
    private readonly log: Logger,
    /** `jute.maxbuffer`: longer replies are told of. */
    private readonly limitBytes: number,
    /** Called for replies that are not sent, too. */
    private readonly onLargeReply: (reply: LargeReply) => void,
    /** Sizes of what is read, by the first part of the path. */
    private readonly sizes: NamespaceSizes,
  ) {}

  /** Appends the reply to the asker's outbox; returns its error code. */
  answer(q: Question, type: number): number {
    const { outbox } = q.asker;
    const before = outbox.length;
    let err: number;
    try {
      err = this.dispatch(q, type);
    } catch (error) {
      if (!(error instanceof JuteError)) this.logFailure(type, error);
      err = ErrorCode.marshallingError;
    }
    if (err !== ErrorCode.ok) {
      outbox.abandon(before);
      outbox.end(outbox.begin(q.xid, q.tree.lastProcessedZxid, err));
    }
    const replyBytes = outbox.length - before;
    if (replyBytes > this.limitBytes) this.tellOfLarge(q, type, replyBytes);
    return err;
  }

  private tellOfLarge(q: Question, type: number, replyBytes: number): void {
    const path = type === OpCode.multiRead || type === OpCode.getEphemerals ? '' : this.path(q);
    const { limitBytes } = this;
    this.onLargeReply({ type, path, sessionId: q.asker.sessionId, replyBytes, limitBytes, isSent: true });
  }

  /** Reading changes nothing, so that what went wrong here is this request's alone. */
  private logFailure(type: number, error: unknown): void {
    this.log.error(`The request ${opName(type)} could not be answered.`, { code: 'READ_FAILED', error });
  }

  private dispatch(q: Question, type: number): number {
    switch (type) {
      case OpCode.getData:
        return this.getData(q);
      case OpCode.exists:
        return this.exists(q);
      case OpCode.getChildren:
      case OpCode.getChildren2:
        return this.getChildren(q, type === OpCode.getChildren2);
      case OpCode.getACL:
        return this.getAcl(q);
      case OpCode.multiRead:
        return this.multiRead(q);
      case OpCode.setWatches:
      case OpCode.setWatches2:
        return this.setWatches(q, type);
      case OpCode.addWatch:
        return this.addWatch(q);
      case OpCode.checkWatches:
      case OpCode.removeWatches:
        return this.findWatch(q, type === OpCode.removeWatches);
      case OpCode.getEphemerals:
        return this.getEphemerals(q);
      case OpCode.getAllChildrenNumber:
        return this.getAllChildrenNumber(q);
      case OpCode.whoAmI:
        return this.whoAmI(q);
      case THROTTLED:
        return ErrorCode.throttledOp;
      default:
        return ErrorCode.unimplemented;
    }
  }

  // Nodes

  private getData(q: Question): number {
    const ref = this.readNode(q);
    const watch = q.reader.bool();
    if (ref === NO_NODE) return ErrorCode.noNode;
    if (!this.mayRead(q, ref)) return ErrorCode.noAuth;
    const frame = this.begin(q);
    const w = q.asker.outbox.open();
    q.tree.writeDataAndStat(ref, w);
    q.asker.outbox.end(frame);
    this.count(q, q.tree.dataLength(ref));
    if (watch) q.tree.addDataWatch(this.path(q), q.asker);
    return ErrorCode.ok;
  }

  private exists(q: Question): number {
    const ref = this.readNode(q);
    const watch = q.reader.bool();
    // A path with a zero byte in it cannot be a node's.
    if (ref === NO_NODE && this.hasZeroByte(q)) return ErrorCode.badArguments;
    if (ref !== NO_NODE && !this.mayRead(q, ref)) return ErrorCode.noAuth;
    if (watch) q.tree.addDataWatch(this.path(q), q.asker);
    if (ref === NO_NODE) return ErrorCode.noNode;
    const frame = this.begin(q);
    q.tree.writeStat(ref, q.asker.outbox.open());
    q.asker.outbox.end(frame);
    this.count(q, 0);
    return ErrorCode.ok;
  }

  private getChildren(q: Question, withStat: boolean): number {
    const ref = this.readNode(q);
    const watch = q.reader.bool();
    if (ref === NO_NODE) return ErrorCode.noNode;
    if (!this.mayRead(q, ref)) return ErrorCode.noAuth;
    const frame = this.begin(q);
    const w = q.asker.outbox.open();
    const before = w.length;
    q.tree.writeChildren(ref, w);
    const bytes = w.length - before;
    if (withStat) q.tree.writeStat(ref, w);
    q.asker.outbox.end(frame);
    this.count(q, bytes);
    if (watch) q.tree.addChildWatch(this.path(q), q.asker);
    return ErrorCode.ok;
  }

  /** Who may not administer the node sees `user:x` for `user:digest`. */
  private getAcl(q: Question): number {
    const ref = this.readNode(q);
    if (ref === NO_NODE) return ErrorCode.noNode;
    const acl = q.tree.acl(ref);
    const path = this.path(q);
    if (!this.access.allows(acl, Perms.read | Perms.admin, q.auth, path)) return ErrorCode.noAuth;
    const shown = this.access.allows(acl, Perms.admin, q.auth, path) ? acl : acl.map(withoutDigest);
    const frame = this.begin(q);
    const w = q.asker.outbox.open();
    writeAclList(w, shown);
    q.tree.writeStat(ref, w);
    q.asker.outbox.end(frame);
    return ErrorCode.ok;
  }

  private multiRead(q: Question): number {
    const parts = readMultiRead(q.reader);
    const limitBytes = Math.max(MULTI_READ_BYTES, this.limitBytes);
    const frame = this.begin(q);
    const w = q.asker.outbox.open();
    for (const { type, path } of parts) {
      // Asked before each part: a node that getData can read can be read so, too, whatever its size.
      const replyBytes = q.asker.outbox.length - frame;
      if (replyBytes > limitBytes) return this.refuseMultiRead(q, replyBytes, limitBytes);
      const ref = q.tree.find(path);
      if (ref === NO_NODE || !this.access.allows(q.tree.acl(ref), Perms.read, q.auth, path)) {
        const err = ref === NO_NODE ? ErrorCode.noNode : ErrorCode.noAuth;
        writeMultiHeader(w, OpCode.error, false, err);
        w.int(err);
        continue;
      }
      writeMultiHeader(w, type, false, ErrorCode.ok);
      if (type === OpCode.getChildren) {
        q.tree.writeChildren(ref, w);
      } else {
        q.tree.writeDataAndStat(ref, w);
      }
    }
    writeMultiEnd(w);
    q.asker.outbox.end(frame);
    return ErrorCode.ok;
  }

  private refuseMultiRead(q: Question, replyBytes: number, limitBytes: number): number {
    const { sessionId } = q.asker;
    this.onLargeReply({ type: OpCode.multiRead, path: '', sessionId, replyBytes, limitBytes, isSent: false });
    return ErrorCode.marshallingError;
  }

  private getAllChildrenNumber(q: Question): number {
    const ref = this.readNode(q);
    if (ref === NO_NODE) return ErrorCode.noNode;
    if (!this.mayRead(q, ref)) return ErrorCode.noAuth;
    const frame = this.begin(q);
    const path = this.path(q);
    // Asked for the empty path, which is the root too, ZooKeeper counts the root itself.
    q.asker.outbox.open().int(q.tree.allDescendantsCount(path) + (path === '' ? 1 : 0));
    q.asker.outbox.end(frame);
    return ErrorCode.ok;
  }

  // Watches

  /** Events for what was missed go before the reply. */
  private setWatches(q: Question, type: number): number {
    const request = readSetWatches(q.reader, type);
    q.tree.setWatches(request.relativeZxid, request, q.asker);
    // Not returned as an error: what was told stays told.
    const err = request.isWhole ? ErrorCode.ok : ErrorCode.marshallingError;
    q.asker.outbox.end(q.asker.outbox.begin(q.xid, q.tree.lastProcessedZxid, err));
    return ErrorCode.ok;
  }

  private addWatch(q: Question): number {
    const path = q.reader.stringOrNull();
    const mode = q.reader.int();
    if (path === null || (mode !== AddWatchMode.persistent && mode !== AddWatchMode.persistentRecursive)) {
      return ErrorCode.marshallingError;
    }
    q.tree.addWatch(path, mode, q.asker);
    const frame = this.begin(q);
    // ZooKeeper's answer is an ErrorResponse that says "no error".
    q.asker.outbox.open().int(ErrorCode.ok);
    q.asker.outbox.end(frame);
    return ErrorCode.ok;
  }

  private findWatch(q: Question, remove: boolean): number {
    const path = q.reader.stringOrNull();
    const type = q.reader.int();
    if (type < WatcherType.children || type > WatcherType.persistentRecursive) return ErrorCode.marshallingError;
    const { tree, asker } = q;
    const found =
      path !== null && (remove ? tree.removeWatch(path, type, asker) : tree.containsWatch(path, type, asker));
    return found ? this.answerEmpty(q) : ErrorCode.noWatcher;
  }

  // The session

  private getEphemerals(q: Question): number {
    const prefix = q.reader.stringOrNull();
    const all = q.tree.ephemeralsOf(q.asker.sessionId);
    const paths =
      prefix === null || isEveryPath(prefix) ? [...all] : [...all].filter((path) => path.startsWith(prefix));
    const frame = this.begin(q);
    const w = q.asker.outbox.open();
    w.int(paths.length);
    for (const path of paths) w.string(path);
    q.asker.outbox.end(frame);
    return ErrorCode.ok;
  }

  private whoAmI(q: Question): number {
    const frame = this.begin(q);
    writeClientInfos(q.asker.outbox.open(), this.access.describe(q.auth));
    q.asker.outbox.end(frame);
    return ErrorCode.ok;
  }

  // Common steps

  /** Reads `ustring path` in place and looks it up; a null path is no path. */
  private readNode(q: Question): NodeRef {
    const { reader } = q;
    const size = reader.int();
    const start = reader.offset;
    if (size < 0 || size > q.end - start) {
      throw new JuteError('LENGTH', start - 4, `path at offset ${start - 4} claims a length of ${size}`);
    }
    this.pathStart = start;
    this.pathEnd = start + size;
    reader.reset(q.bytes, start + size, q.end);
    return q.tree.findUtf8(q.bytes, start, start + size);
  }

  /** As ZooKeeper does: the path, what was read, and the stat. */
  private count(q: Question, bytes: number): void {
    const { pathStart, pathEnd } = this;
    this.sizes.recordUtf8(q.bytes, pathStart, pathEnd, pathEnd - pathStart + bytes + STAT_OVERHEAD_BYTES);
  }

  private path(q: Question): string {
    return decodeUtf8(q.bytes, this.pathStart, this.pathEnd);
  }

  private hasZeroByte(q: Question): boolean {
    return q.bytes.subarray(this.pathStart, this.pathEnd).includes(0);
  }

  private mayRead(q: Question, ref: NodeRef): boolean {
    const acl = q.tree.acl(ref);
    return isOpenToAll(acl) || this.access.allows(acl, Perms.read, q.auth, this.path(q));
  }

  private begin(q: Question): number {
    return q.asker.outbox.begin(q.xid, q.tree.lastProcessedZxid, ErrorCode.ok);
  }

  private answerEmpty(q: Question): number {
    q.asker.outbox.end(this.begin(q));
    return ErrorCode.ok;
  }
}

/** The usual list, for which no path needs to be made out of bytes. */
function isOpenToAll(acl: readonly Acl[]): boolean {
  const first = acl[0];
  if (first === undefined) return true;
  return (first.perms & Perms.read) !== 0 && first.id.scheme === 'world' && first.id.id === 'anyone';
}

/** Is it empty or `/` once Java's `trim` has taken every character up to the space from its ends, and no other? */
function isEveryPath(prefix: string): boolean {
  let hasSlash = false;
  for (let i = 0; i < prefix.length; i++) {
    const code = prefix.charCodeAt(i);
    if (code <= SPACE) continue;
    if (code !== SLASH || hasSlash) return false;
    hasSlash = true;
  }
  return true;
}

function withoutDigest(acl: Acl): Acl {
  if (acl.id.scheme !== 'digest') return acl;
  return { perms: acl.perms, id: { scheme: acl.id.scheme, id: acl.id.id.replace(/:.*/g, ':x') } };
}
