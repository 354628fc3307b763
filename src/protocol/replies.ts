/**
 * What a server sends: replies and watch events. Every frame is `int length`, then a reply header, then (when there is no
 * error) the answer's record.
 */
import { JuteError, type JuteReader, type JuteWriter } from '../jute/index.js';
import type { Acl, Stat } from './data.js';
import { MIN_ID_BYTES, readAclListOrNull, readStat, readStringList } from './data.js';
import { OpCode } from './op-codes.js';

/** `int xid; long zxid; int err`: 16 bytes. */
export interface ReplyHeader {
  readonly xid: number;
  /** The newest transaction applied where the reply was made. */
  readonly zxid: number;
  readonly err: number;
}

export const REPLY_HEADER_BYTES = 16;

export function writeReplyHeader(w: JuteWriter, xid: number, zxid: number, err: number): void {
  w.int(xid);
  w.long(zxid);
  w.int(err);
}

export function readReplyHeader(r: JuteReader): ReplyHeader {
  return { xid: r.int(), zxid: r.long(), err: r.int() };
}

/** The only state a server ever sends with an event: SyncConnected. */
export const SYNC_CONNECTED = 3;

/** `int type; int state; ustring path`, under a header with xid -1. */
export interface WatcherEvent {
  readonly type: number;
  readonly state: number;
  readonly path: string;
}

export function writeWatcherEvent(w: JuteWriter, event: WatcherEvent): void {
  w.int(event.type);
  w.int(event.state);
  w.string(event.path);
}

export function readWatcherEvent(r: JuteReader): WatcherEvent {
  return { type: r.int(), state: r.int(), path: r.string() };
}

/** `vector<ACL> acl; Stat stat` */
export function readGetAclReply(r: JuteReader): { acl: Acl[]; stat: Stat } {
  return { acl: readAclListOrNull(r) ?? [], stat: readStat(r) };
}

/** `buffer data; Stat stat`; `data` is a copy. */
export function readGetDataReply(r: JuteReader): { data: Buffer | null; stat: Stat } {
  const data = r.bufferOrNull();
  return { data: data === null ? null : Buffer.from(data), stat: readStat(r) };
}

/** `ustring authScheme; ustring user` */
export interface ClientInfo {
  readonly scheme: string;
  readonly user: string;
}

/** `vector<ClientInfo>`: the answer to whoAmI. */
export function writeClientInfos(w: JuteWriter, infos: readonly ClientInfo[]): void {
  w.int(infos.length);
  for (const info of infos) {
    w.string(info.scheme);
    w.string(info.user);
  }
}

export function readClientInfos(r: JuteReader): ClientInfo[] {
  return r.vector(MIN_ID_BYTES, (reader) => ({ scheme: reader.string(), user: reader.string() }));
}

/** One part of the answer to multi or multiRead. */
export type OpResult =
  | { readonly type: typeof OpCode.create; readonly path: string }
  | { readonly type: typeof OpCode.create2; readonly path: string; readonly stat: Stat }
  | { readonly type: typeof OpCode.delete | typeof OpCode.check }
  | { readonly type: typeof OpCode.setData; readonly stat: Stat }
  | { readonly type: typeof OpCode.getData; readonly data: Buffer | null; readonly stat: Stat }
  | { readonly type: typeof OpCode.getChildren; readonly children: readonly string[] }
  | { readonly type: typeof OpCode.error; readonly err: number };

/** Reads `(MultiHeader, record)*, MultiHeader done`. */
export function readMultiReply(r: JuteReader): OpResult[] {
  const results: OpResult[] = [];
  for (;;) {
    const at = r.offset;
    const type = r.int();
    const done = r.bool();
    r.int();
    if (done) return results;
    results.push(readOpResult(r, type, at));
  }
}

function readOpResult(r: JuteReader, type: number, at: number): OpResult {
  switch (type) {
    case OpCode.create:
      return { type, path: r.string() };
    case OpCode.create2:
      return { type, path: r.string(), stat: readStat(r) };
    case OpCode.delete:
    case OpCode.check:
      return { type };
    case OpCode.setData:
      return { type, stat: readStat(r) };
    case OpCode.getData:
      return { type, ...readGetDataReply(r) };
    case OpCode.getChildren:
      return { type, children: readStringList(r) };
    case OpCode.error:
      return { type, err: r.int() };
    default:
      throw new JuteError('RANGE', at, `a result of type ${type} at offset ${at} is unknown`);
  }
}
