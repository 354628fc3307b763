/**
 * Requests that a server answers from its own tree, and those that change only the connection (auth, sasl).
 * Every request starts with a header: `int xid; int type`.
 */
import { JuteError, type JuteReader, type JuteWriter } from '../jute/index.js';
import { MIN_STRING_BYTES, writeStringList } from './data.js';
import { OpCode } from './op-codes.js';

export const REQUEST_HEADER_BYTES = 8;

export function writeRequestHeader(w: JuteWriter, xid: number, type: number): void {
  w.int(xid);
  w.int(type);
}

/** `ustring path`: getACL, getAllChildrenNumber, sync, and (as `prefixPath`) getEphemerals. */
export function writePathRequest(w: JuteWriter, path: string | null): void {
  w.string(path);
}

/** `ustring path; boolean watch`: exists, getData, getChildren, getChildren2. */
export function writePathWatchRequest(w: JuteWriter, path: string | null, watch: boolean): void {
  w.string(path);
  w.bool(watch);
}

/** `ustring path; int number`: addWatch (a mode), checkWatches and removeWatches (a watcher type). */
export function writePathNumberRequest(w: JuteWriter, path: string | null, number: number): void {
  w.string(path);
  w.int(number);
}

/**
 * `long relativeZxid; vector<ustring> dataWatches, existWatches, childWatches`, and in setWatches2 also
 * `persistentWatches, persistentRecursiveWatches`.
 */
export interface SetWatchesRequest {
  /** The newest zxid the client has seen: changes after it are told at once. */
  readonly relativeZxid: number;
  readonly data: readonly string[];
  readonly exist: readonly string[];
  readonly child: readonly string[];
  readonly persistent: readonly string[];
  readonly persistentRecursive: readonly string[];
}

export function writeSetWatches(w: JuteWriter, request: SetWatchesRequest, type: number): void {
  w.long(request.relativeZxid);
  writeStringList(w, request.data);
  writeStringList(w, request.exist);
  writeStringList(w, request.child);
  if (type === OpCode.setWatches2) {
    writeStringList(w, request.persistent);
    writeStringList(w, request.persistentRecursive);
  }
}

/**
 * Reads setWatches or setWatches2. ZooKeeper fails at an absent list or path, but only when it comes to it: `isWhole` is
 * false then, and the lists hold what stands before it.
 */
export function readSetWatches(r: JuteReader, type: number): SetWatchesRequest & { readonly isWhole: boolean } {
  const relativeZxid = r.longLossy();
  const lists = [readPaths(r), readPaths(r), readPaths(r)];
  if (type === OpCode.setWatches2) lists.push(readPaths(r), readPaths(r));
  const fault = lists.findIndex((paths) => paths === null || paths.includes(null));
  const [data = [], exist = [], child = [], persistent = [], persistentRecursive = []] =
    fault === -1 ? (lists as string[][]) : lists.slice(0, fault + 1).map(upToFault);
  return { relativeZxid, data, exist, child, persistent, persistentRecursive, isWhole: fault === -1 };
}

function upToFault(paths: readonly (string | null)[] | null): string[] {
  const before: string[] = [];
  for (const path of paths ?? []) {
    if (path === null) break;
    before.push(path);
  }
  return before;
}

/** Java takes a negative count other than -1 (no list) for an empty list. */
function readPaths(r: JuteReader): (string | null)[] | null {
  const at = r.offset;
  const count = r.int();
  if (count < 0) return count === -1 ? null : [];
  if (count * MIN_STRING_BYTES > r.remaining) {
    throw new JuteError('LENGTH', at, `list at offset ${at} claims ${count} paths, but ${r.remaining} bytes are left`);
  }
  return Array.from({ length: count }, () => r.stringOrNull());
}

function readPath(r: JuteReader): string {
  const at = r.offset;
  const path = r.stringOrNull();
  if (path === null) throw new JuteError('RANGE', at, `a path is needed at offset ${at}, but none is there`);
  return path;
}

/** `int type; boolean done; int err`: stands before every part of a multi, its answer, multiRead and its answer. */
export function writeMultiHeader(w: JuteWriter, type: number, done: boolean, err: number): void {
  w.int(type);
  w.bool(done);
  w.int(err);
}

/** Closes a multi or its answer. */
export function writeMultiEnd(w: JuteWriter): void {
  writeMultiHeader(w, -1, true, -1);
}

/** One part of multiRead; its watch flag is read and ignored. */
export interface ReadPart {
  readonly type: typeof OpCode.getData | typeof OpCode.getChildren;
  readonly path: string;
}

export function writeMultiRead(w: JuteWriter, parts: readonly ReadPart[]): void {
  for (const part of parts) {
    writeMultiHeader(w, part.type, false, -1);
    writePathWatchRequest(w, part.path, false);
  }
  writeMultiEnd(w);
}

/** Reads `(MultiHeader, request)*, MultiHeader done`; parts other than getData and getChildren are refused. */
export function readMultiRead(r: JuteReader): ReadPart[] {
  const parts: ReadPart[] = [];
  for (;;) {
    const at = r.offset;
    const type = r.int();
    const done = r.bool();
    r.int();
    if (done) return parts;
    if (type !== OpCode.getData && type !== OpCode.getChildren) {
      throw new JuteError('RANGE', at, `part ${parts.length} at offset ${at} is of type ${type}, which cannot be read`);
    }
    const path = readPath(r);
    r.bool();
    parts.push({ type, path });
  }
}

/** `int type; ustring scheme; buffer auth` (the type is always 0). */
export interface AuthPacket {
  readonly scheme: string;
  readonly auth: Buffer;
  /** There is no `auth` at all, not even an empty one. */
  readonly isNull?: boolean;
}

export function writeAuthPacket(w: JuteWriter, packet: AuthPacket): void {
  w.int(0);
  w.string(packet.scheme);
  w.buffer(packet.auth);
}

/** `auth` is a view. */
export function readAuthPacket(r: JuteReader): AuthPacket {
  r.int();
  const scheme = r.string();
  const auth = r.bufferOrNull();
  return auth === null ? { scheme, auth: Buffer.alloc(0), isNull: true } : { scheme, auth };
}
