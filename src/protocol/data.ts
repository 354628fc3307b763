import type { JuteReader, JuteWriter } from '../jute/index.js';

/** `ustring scheme; ustring id` */
export interface Id {
  readonly scheme: string;
  readonly id: string;
}

/** `int perms; Id id` */
export interface Acl {
  readonly perms: number;
  readonly id: Id;
}

export const Perms = { read: 1, write: 2, create: 4, delete: 8, admin: 16, all: 31 } as const;

export const OPEN_ACL_UNSAFE: readonly Acl[] = [{ perms: Perms.all, id: { scheme: 'world', id: 'anyone' } }];
export const READ_ACL_UNSAFE: readonly Acl[] = [{ perms: Perms.read, id: { scheme: 'world', id: 'anyone' } }];

/**
 * `long czxid, mzxid, ctime, mtime; int version, cversion, aversion; long ephemeralOwner; int dataLength, numChildren;
 * long pzxid`: 68 bytes.
 */
export interface Stat {
  readonly czxid: number;
  readonly mzxid: number;
  readonly ctime: number;
  readonly mtime: number;
  readonly version: number;
  readonly cversion: number;
  readonly aversion: number;
  /** 0: persistent; a session id; or the marks of containers and TTL nodes (see `ephemeral-owner.ts`). */
  readonly ephemeralOwner: bigint;
  readonly dataLength: number;
  readonly numChildren: number;
  readonly pzxid: number;
}

export const STAT_BYTES = 68;
/** Smallest encodings, for `JuteReader.vector`. */
export const MIN_ID_BYTES = 8;
export const MIN_ACL_BYTES = 12;
export const MIN_STRING_BYTES = 4;

export function writeId(w: JuteWriter, id: Id): void {
  w.string(id.scheme);
  w.string(id.id);
}

export function readId(r: JuteReader): Id {
  return { scheme: r.string(), id: r.string() };
}

export function writeAcl(w: JuteWriter, acl: Acl): void {
  w.int(acl.perms);
  writeId(w, acl.id);
}

export function readAcl(r: JuteReader): Acl {
  return { perms: r.int(), id: readId(r) };
}

export function writeAclList(w: JuteWriter, list: readonly Acl[] | null): void {
  if (list === null) {
    w.int(-1);
    return;
  }
  w.int(list.length);
  for (const acl of list) writeAcl(w, acl);
}

/** How many bytes `writeAclList` writes. */
export function aclListBytes(list: readonly Acl[] | null): number {
  let bytes = 4;
  if (list !== null) for (const { id } of list) bytes += aclBytes(id);
  return bytes;
}

/** How many bytes `writeAcl` writes for an entry of this id. */
export function aclBytes({ scheme, id }: Id): number {
  return MIN_ACL_BYTES + Buffer.byteLength(scheme) + Buffer.byteLength(id);
}

export function readAclListOrNull(r: JuteReader): Acl[] | null {
  return r.vectorOrNull(MIN_ACL_BYTES, readAcl);
}

export function writeStringList(w: JuteWriter, list: readonly string[] | null): void {
  if (list === null) {
    w.int(-1);
    return;
  }
  w.int(list.length);
  for (const item of list) w.string(item);
}

export function readStringList(r: JuteReader): string[] {
  return r.vector(MIN_STRING_BYTES, (reader) => reader.string());
}

export function writeStat(w: JuteWriter, s: Stat): void {
  w.long(s.czxid);
  w.long(s.mzxid);
  w.long(s.ctime);
  w.long(s.mtime);
  w.int(s.version);
  w.int(s.cversion);
  w.int(s.aversion);
  w.long64(s.ephemeralOwner);
  w.int(s.dataLength);
  w.int(s.numChildren);
  w.long(s.pzxid);
}

export function readStat(r: JuteReader): Stat {
  return {
    czxid: r.long(),
    mzxid: r.long(),
    ctime: r.long(),
    mtime: r.long(),
    version: r.int(),
    cversion: r.int(),
    aversion: r.int(),
    ephemeralOwner: r.long64(),
    dataLength: r.int(),
    numChildren: r.int(),
    pzxid: r.long(),
  };
}
