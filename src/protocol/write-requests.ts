/**
 * Requests that change something, without their headers. Paths and lists may be null on the wire; what that means is the
 * leader's business, for ZooKeeper answers it differently from request to request.
 */
import { JuteError, JuteReader, JuteWriter } from '../jute/index.js';
import { createModeOf } from './create-mode.js';
import type { Acl } from './data.js';
import { MIN_ACL_BYTES, OPEN_ACL_UNSAFE, writeAclList } from './data.js';
import { OpCode } from './op-codes.js';
import { writeMultiEnd, writeMultiHeader } from './read-requests.js';

/** `ustring path; buffer data; vector<ACL> acl; int flags`, and for createTTL `long ttl`. */
export interface CreateRequest {
  readonly type: typeof OpCode.create | typeof OpCode.create2 | typeof OpCode.createContainer | typeof OpCode.createTTL;
  readonly path: string | null;
  readonly data: Buffer | null;
  readonly acl: readonly Acl[] | null;
  /** See `createModeOf`. */
  readonly flags: number;
  /** Below 0 in requests that have none. */
  readonly ttlMs: number;
}

/** `ustring path; int version`; version -1 fits every node. */
export interface DeleteRequest {
  readonly type: typeof OpCode.delete | typeof OpCode.check;
  readonly path: string | null;
  readonly version: number;
}

/** `ustring path` */
export interface DeleteContainerRequest {
  readonly type: typeof OpCode.deleteContainer;
  readonly path: string | null;
}

/** `ustring path; buffer data; int version` */
export interface SetDataRequest {
  readonly type: typeof OpCode.setData;
  readonly path: string | null;
  readonly data: Buffer | null;
  readonly version: number;
}

/** `ustring path; vector<ACL> acl; int version`, the version being that of the node's ACL. */
export interface SetAclRequest {
  readonly type: typeof OpCode.setACL;
  readonly path: string | null;
  readonly acl: readonly Acl[] | null;
  readonly version: number;
}

/** `ustring joiningServers, leavingServers, newMembers; long curConfigId` */
export interface ReconfigRequest {
  readonly type: typeof OpCode.reconfig;
  readonly joiningServers: string | null;
  readonly leavingServers: string | null;
  readonly newMembers: string | null;
  /** Version of the configuration that is to be changed; -1: whichever it is. */
  readonly curConfigId: number;
}

/** `int timeOut`, in milliseconds: what a learner asks the leader for a client. */
export interface CreateSessionRequest {
  readonly type: typeof OpCode.createSession;
  readonly timeoutMs: number;
}

/** Nothing: the session is in the header. */
export interface CloseSessionRequest {
  readonly type: typeof OpCode.closeSession;
}

/** What a multi may consist of. */
export type MultiOp = CreateRequest | DeleteRequest | SetDataRequest;

/** `(MultiHeader, request)*, MultiHeader done` */
export interface MultiRequest {
  readonly type: typeof OpCode.multi;
  readonly ops: readonly MultiOp[];
}

export type ChangeRequest =
  | MultiOp
  | DeleteContainerRequest
  | SetAclRequest
  | ReconfigRequest
  | CreateSessionRequest
  | CloseSessionRequest
  | MultiRequest;

/** The bytes of `OPEN_ACL_UNSAFE`: nearly every create ends with them, and they need not be read every time. */
const OPEN_ACL_BYTES = openAclBytes();

function openAclBytes(): Buffer {
  const w = new JuteWriter();
  writeAclList(w, OPEN_ACL_UNSAFE);
  return w.copy();
}

/** The schemes of every server that look at an id. */
const SCHEMES_OF_IDS: ReadonlySet<string> = new Set(['world', 'ip', 'digest']);

/** One for all requests: each is read to its end before the next. */
const reader = new JuteReader(Buffer.alloc(0));

/** Reads a request's body; data is a view of it. Throws a JuteError for bytes that are no such request. */
export function readChangeRequest(body: Buffer, type: number): ChangeRequest {
  const r = reader;
  r.reset(body);
  switch (type) {
    case OpCode.setACL:
      return { type, path: r.stringOrNull(), acl: readAcls(r, body), version: r.int() };
    case OpCode.deleteContainer:
      return { type, path: r.stringOrNull() };
    case OpCode.reconfig:
      return {
        type,
        joiningServers: r.stringOrNull(),
        leavingServers: r.stringOrNull(),
        newMembers: r.stringOrNull(),
        curConfigId: r.longLossy(),
      };
    case OpCode.createSession:
      return { type, timeoutMs: r.int() };
    case OpCode.closeSession:
      return { type };
    case OpCode.multi:
      return { type, ops: readMultiOps(r, body) };
    default:
      return readOp(r, body, type);
  }
}

function readOp(r: JuteReader, body: Buffer, type: number): MultiOp {
  switch (type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL: {
      const path = r.stringOrNull();
      const data = r.bufferOrNull();
      const acl = readAcls(r, body);
      const flags = r.int();
      return { type, path, data, acl, flags, ttlMs: type === OpCode.createTTL ? r.longLossy() : -1 };
    }
    case OpCode.setData:
      return { type, path: r.stringOrNull(), data: r.bufferOrNull(), version: r.int() };
    case OpCode.delete:
    case OpCode.check:
      return { type, path: r.stringOrNull(), version: r.int() };
    default:
      throw new JuteError('RANGE', r.offset, `a request of type ${type} changes nothing`);
  }
}

/** Java takes a negative count other than -1 (no list) for an empty list. */
function readAcls(r: JuteReader, body: Buffer): readonly Acl[] | null {
  const at = r.offset;
  if (startsWith(body, at, OPEN_ACL_BYTES)) {
    r.raw(OPEN_ACL_BYTES.length);
    return OPEN_ACL_UNSAFE;
  }
  const count = r.int();
  if (count < 0) return count === -1 ? null : [];
  if (count * MIN_ACL_BYTES > r.remaining) {
    throw new JuteError(
      'LENGTH',
      at,
      `list at offset ${at} claims ${count} entries, but ${r.remaining} bytes are left`,
    );
  }
  const acls: Acl[] = [];
  for (let i = 0; i < count; i++) acls.push(readWantedAcl(r));
  return acls;
}

/**
 * ZooKeeper stumbles over an id that is not there when its scheme looks at it: nothing of the request is done then.
 * Elsewhere what is not there is as good as empty.
 */
function readWantedAcl(r: JuteReader): Acl {
  const at = r.offset;
  const perms = r.int();
  const scheme = r.stringOrNull();
  const id = r.stringOrNull();
  if (id === null && scheme !== null && SCHEMES_OF_IDS.has(scheme)) {
    throw new JuteError('RANGE', at, `the ACL at offset ${at} is of scheme ${scheme}, but has no id`);
  }
  return { perms, id: { scheme: scheme ?? '', id: id ?? '' } };
}

function startsWith(bytes: Buffer, at: number, prefix: Buffer): boolean {
  if (bytes.length - at < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (bytes[at + i] !== prefix[i]) return false;
  return true;
}

function readMultiOps(r: JuteReader, body: Buffer): MultiOp[] {
  const ops: MultiOp[] = [];
  for (;;) {
    const type = r.int();
    const done = r.bool();
    r.int();
    if (done) return ops;
    const at = r.offset;
    const op = readOp(r, body, type);
    if (op.path === null) throw new JuteError('RANGE', at, `part ${ops.length} at offset ${at} of a multi has no path`);
    ops.push('flags' in op ? asMultiCreate(op, at) : op);
  }
}

/**
 * Inside a multi the mode decides what a create is: with the container mode it is createContainer, and only createTTL may
 * have a TTL mode, else it is a plain create. A mode that does not exist and a list of ACLs that is absent are refused,
 * except in createTTL, where they are found when its turn comes.
 */
function asMultiCreate(op: CreateRequest, at: number): CreateRequest {
  const mode = createModeOf(op.flags);
  const isTtl = op.type === OpCode.createTTL;
  if (op.acl === null && !isTtl) throw new JuteError('RANGE', at, `create at offset ${at} of a multi has no ACL`);
  if (!isTtl && (mode === undefined || mode.ttl)) {
    throw new JuteError('RANGE', at, `create at offset ${at} of a multi has the flags ${op.flags}`);
  }
  if (mode?.ttl === true) return op;
  if (mode?.container === true) return { ...op, type: OpCode.createContainer, ttlMs: -1 };
  return isTtl ? { ...op, type: OpCode.create, ttlMs: -1 } : op;
}

export function writeChangeRequest(w: JuteWriter, request: ChangeRequest): void {
  switch (request.type) {
    case OpCode.setACL:
      w.string(request.path);
      writeAclList(w, request.acl);
      w.int(request.version);
      return;
    case OpCode.deleteContainer:
      w.string(request.path);
      return;
    case OpCode.reconfig:
      w.string(request.joiningServers);
      w.string(request.leavingServers);
      w.string(request.newMembers);
      w.long(request.curConfigId);
      return;
    case OpCode.createSession:
      w.int(request.timeoutMs);
      return;
    case OpCode.closeSession:
      return;
    case OpCode.multi:
      for (const op of request.ops) {
        writeMultiHeader(w, op.type, false, -1);
        writeOp(w, op);
      }
      writeMultiEnd(w);
      return;
    default:
      writeOp(w, request);
  }
}

function writeOp(w: JuteWriter, op: MultiOp): void {
  w.string(op.path);
  switch (op.type) {
    case OpCode.setData:
      w.buffer(op.data);
      w.int(op.version);
      return;
    case OpCode.delete:
    case OpCode.check:
      w.int(op.version);
      return;
    default:
      w.buffer(op.data);
      writeAclList(w, op.acl);
      w.int(op.flags);
      if (op.type === OpCode.createTTL) w.long(op.ttlMs);
  }
}
