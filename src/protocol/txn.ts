import { JuteReader, JuteWriter } from '../jute/index.js';
import type { Acl } from './data.js';
import { aclListBytes, readAclListOrNull, readStringList, writeAclList, writeStringList } from './data.js';
import { OpCode } from './op-codes.js';

/** `long clientId; int cxid; long zxid; long time; int type` */
export interface TxnHeader {
  readonly clientId: bigint;
  readonly cxid: number;
  readonly zxid: number;
  /** Wall-clock milliseconds of the leader. */
  readonly time: number;
  readonly type: number;
}

/** `int version; long treeDigest`: the tree's digest after the transaction. */
export interface TxnDigest {
  readonly version: number;
  readonly treeDigest: bigint;
}

/** `path, data, acl, boolean ephemeral, int parentCVersion` (V0 of 3.3 has no parentCVersion: read as -1). */
export interface CreateTxn {
  readonly type: typeof OpCode.create | typeof OpCode.create2;
  readonly path: string;
  readonly data: Buffer | null;
  readonly acl: readonly Acl[] | null;
  readonly ephemeral: boolean;
  readonly parentCVersion: number;
}
export interface CreateContainerTxn {
  readonly type: typeof OpCode.createContainer;
  readonly path: string;
  readonly data: Buffer | null;
  readonly acl: readonly Acl[] | null;
  readonly parentCVersion: number;
}
export interface CreateTtlTxn {
  readonly type: typeof OpCode.createTTL;
  readonly path: string;
  readonly data: Buffer | null;
  readonly acl: readonly Acl[] | null;
  readonly parentCVersion: number;
  readonly ttlMs: number;
}
export interface DeleteTxn {
  readonly type: typeof OpCode.delete | typeof OpCode.deleteContainer;
  readonly path: string;
}
/** A reconfig is logged as the new data of `/zookeeper/config`. */
export interface SetDataTxn {
  readonly type: typeof OpCode.setData | typeof OpCode.reconfig;
  readonly path: string;
  readonly data: Buffer | null;
  /** The version the node has afterwards. */
  readonly version: number;
}
export interface SetAclTxn {
  readonly type: typeof OpCode.setACL;
  readonly path: string;
  readonly acl: readonly Acl[] | null;
  readonly version: number;
}
export interface CheckVersionTxn {
  readonly type: typeof OpCode.check;
  readonly path: string;
  readonly version: number;
}
export interface CreateSessionTxn {
  readonly type: typeof OpCode.createSession;
  readonly timeoutMs: number;
}
/** `paths` is null where the log was written before 3.6 (or by a server that does not list them): delete by owner. */
export interface CloseSessionTxn {
  readonly type: typeof OpCode.closeSession;
  readonly paths: readonly string[] | null;
}
export interface ErrorTxn {
  readonly type: typeof OpCode.error;
  readonly err: number;
}
/** `vector<int type, buffer data>` */
export interface MultiTxn {
  readonly type: typeof OpCode.multi;
  readonly txns: readonly Txn[];
}

export type Txn =
  | CreateTxn
  | CreateContainerTxn
  | CreateTtlTxn
  | DeleteTxn
  | SetDataTxn
  | SetAclTxn
  | CheckVersionTxn
  | CreateSessionTxn
  | CloseSessionTxn
  | ErrorTxn
  | MultiTxn;

/**
 * One transaction as it is logged and proposed: `bytes` is header, body and (when there is one) digest, the same in a log
 * entry and in a PROPOSAL.
 */
export interface TxnEntry {
  readonly header: TxnHeader;
  readonly txn: Txn;
  readonly digest: TxnDigest | null;
  readonly bytes: Buffer;
}

/** A transaction whose type no version of the protocol has. */
export class UnknownTxnError extends Error {
  override readonly name = 'UnknownTxnError';
  constructor(readonly type: number) {
    super(`transaction type ${type} is unknown`);
  }
}

export function writeTxnHeader(w: JuteWriter, h: TxnHeader): void {
  w.long64(h.clientId);
  w.int(h.cxid);
  w.long(h.zxid);
  w.long(h.time);
  w.int(h.type);
}

export function readTxnHeader(r: JuteReader): TxnHeader {
  return { clientId: r.long64(), cxid: r.int(), zxid: r.long(), time: r.long(), type: r.int() };
}

export function writeTxn(w: JuteWriter, txn: Txn): void {
  switch (txn.type) {
    case OpCode.create:
    case OpCode.create2:
      writeNode(w, txn);
      w.bool(txn.ephemeral);
      w.int(txn.parentCVersion);
      return;
    case OpCode.createContainer:
      writeNode(w, txn);
      w.int(txn.parentCVersion);
      return;
    case OpCode.createTTL:
      writeNode(w, txn);
      w.int(txn.parentCVersion);
      w.long(txn.ttlMs);
      return;
    case OpCode.delete:
    case OpCode.deleteContainer:
      w.string(txn.path);
      return;
    case OpCode.setData:
    case OpCode.reconfig:
      w.string(txn.path);
      w.buffer(txn.data);
      w.int(txn.version);
      return;
    case OpCode.setACL:
      w.string(txn.path);
      writeAclList(w, txn.acl);
      w.int(txn.version);
      return;
    case OpCode.check:
      w.string(txn.path);
      w.int(txn.version);
      return;
    case OpCode.createSession:
      w.int(txn.timeoutMs);
      return;
    case OpCode.closeSession:
      if (txn.paths !== null) writeStringList(w, txn.paths);
      return;
    case OpCode.error:
      w.int(txn.err);
      return;
    case OpCode.multi:
      writeMulti(w, txn);
      return;
  }
}

function writeNode(w: JuteWriter, txn: CreateTxn | CreateContainerTxn | CreateTtlTxn): void {
  w.string(txn.path);
  w.buffer(txn.data);
  writeAclList(w, txn.acl);
}

function writeMulti(w: JuteWriter, multi: MultiTxn): void {
  w.int(multi.txns.length);
  for (const txn of multi.txns) {
    w.int(txn.type);
    const lengthAt = w.reserveInt();
    const from = w.length;
    writeTxn(w, txn);
    w.patchInt(lengthAt, w.length - from);
  }
}

/** How many bytes `writeTxn` writes. */
export function txnBytes(txn: Txn): number {
  switch (txn.type) {
    case OpCode.create:
    case OpCode.create2:
      return nodeBytes(txn) + 5;
    case OpCode.createContainer:
      return nodeBytes(txn) + 4;
    case OpCode.createTTL:
      return nodeBytes(txn) + 12;
    case OpCode.delete:
    case OpCode.deleteContainer:
      return stringBytes(txn.path);
    case OpCode.setData:
    case OpCode.reconfig:
      return stringBytes(txn.path) + bufferBytes(txn.data) + 4;
    case OpCode.setACL:
      return stringBytes(txn.path) + aclListBytes(txn.acl) + 4;
    case OpCode.check:
      return stringBytes(txn.path) + 4;
    case OpCode.createSession:
    case OpCode.error:
      return 4;
    case OpCode.closeSession:
      return txn.paths === null ? 0 : txn.paths.reduce((bytes, path) => bytes + stringBytes(path), 4);
    case OpCode.multi:
      return txn.txns.reduce((bytes, part) => bytes + 8 + txnBytes(part), 4);
  }
}

function nodeBytes({ path, data, acl }: CreateTxn | CreateContainerTxn | CreateTtlTxn): number {
  return stringBytes(path) + bufferBytes(data) + aclListBytes(acl);
}

function stringBytes(text: string): number {
  return 4 + Buffer.byteLength(text);
}

function bufferBytes(data: Buffer | null): number {
  return 4 + (data === null ? 0 : data.length);
}

const MAX_MULTI_DEPTH = 1;

/** Reads the body of a transaction of `type`; a digest that follows stays unread. Buffers are views. */
export function readTxn(r: JuteReader, type: number, depth = 0): Txn {
  switch (type) {
    case OpCode.create:
    case OpCode.create2: {
      const node = readNode(r);
      const ephemeral = r.bool();
      return { type, ...node, ephemeral, parentCVersion: r.remaining >= 4 ? r.int() : -1 };
    }
    case OpCode.createContainer:
      return { type, ...readNode(r), parentCVersion: r.int() };
    case OpCode.createTTL:
      return { type, ...readNode(r), parentCVersion: r.int(), ttlMs: r.long() };
    case OpCode.delete:
    case OpCode.deleteContainer:
      return { type, path: r.string() };
    case OpCode.setData:
    case OpCode.reconfig:
      return { type, path: r.string(), data: r.bufferOrNull(), version: r.int() };
    case OpCode.setACL:
      return { type, path: r.string(), acl: readAclListOrNull(r), version: r.int() };
    case OpCode.check:
      return { type, path: r.string(), version: r.int() };
    case OpCode.createSession:
      return { type, timeoutMs: r.int() };
    case OpCode.closeSession:
      return { type, paths: r.remaining === 0 || isBareDigest(r) ? null : readStringList(r) };
    case OpCode.error:
      return { type, err: r.int() };
    case OpCode.multi:
      if (depth >= MAX_MULTI_DEPTH) throw new UnknownTxnError(type);
      return { type, txns: r.vector(8, (reader) => readMultiPart(reader, depth)) };
    default:
      throw new UnknownTxnError(type);
  }
}

/**
 * A closeSession without its list (closeSessionTxn switched off) may be followed by a digest at once: 12 bytes that begin
 * with version 2. As a list they would be two paths of no length, which there are none of.
 */
function isBareDigest(r: JuteReader): boolean {
  return r.remaining === 12 && r.peekInt() === 2;
}

function readNode(r: JuteReader): { path: string; data: Buffer | null; acl: Acl[] | null } {
  return { path: r.string(), data: r.bufferOrNull(), acl: readAclListOrNull(r) };
}

function readMultiPart(r: JuteReader, depth: number): Txn {
  const type = r.int();
  const body = r.bufferOrNull() ?? Buffer.alloc(0);
  return readTxn(new JuteReader(body), type, depth + 1);
}

/** Encodes a transaction into an entry of its own bytes. */
export function makeTxnEntry(header: TxnHeader, txn: Txn, digest: TxnDigest | null): TxnEntry {
  const w = new JuteWriter(192);
  writeTxnHeader(w, header);
  writeTxn(w, txn);
  if (digest !== null) writeDigest(w, digest);
  return { header, txn, digest, bytes: w.take(0) };
}

/** Bytes of a `TxnDigest`. */
const DIGEST_BYTES = 12;

function writeDigest(w: JuteWriter, { version, treeDigest }: TxnDigest): void {
  w.int(version);
  w.long64(treeDigest);
}

function readDigest(r: JuteReader): TxnDigest {
  return { version: r.int(), treeDigest: r.long64() };
}

/** What a leader says of the image behind its SNAP packet, in the packet's data: the image's digest. */
export function encodeImageDigest(digest: TxnDigest): Buffer {
  const w = new JuteWriter(DIGEST_BYTES);
  writeDigest(w, digest);
  return w.take(0);
}

/** Null for what does not look like one: ZooKeeper sends no data in that packet, and reads none. */
export function decodeImageDigest(data: Buffer | null): TxnDigest | null {
  return data?.length === DIGEST_BYTES ? readDigest(new JuteReader(data)) : null;
}

/** One for all entries; the parts of a multi have their own. */
const entryReader = new JuteReader(Buffer.alloc(0));

/** Decodes header, body and optional digest; `bytes` is kept (not copied) as the entry's bytes. */
export function readTxnEntry(bytes: Buffer): TxnEntry {
  const r = entryReader;
  r.reset(bytes);
  const header = readTxnHeader(r);
  const txn = readTxn(r, header.type);
  const digest = r.remaining >= DIGEST_BYTES ? readDigest(r) : null;
  return { header, txn, digest, bytes };
}
