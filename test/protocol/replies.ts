import fc from 'fast-check';
import { EventFrames } from '../../src/client/event-frames.js';
import { Outbox, WriterPool } from '../../src/client/outbox.js';
import { ClientTraffic } from '../../src/client/traffic.js';
import { writeReply } from '../../src/client/write-replies.js';
import { JuteReader, type JuteWriter } from '../../src/jute/index.js';
import { Metrics } from '../../src/metrics/index.js';
import {
  type Acl,
  type ClientInfo,
  type ConnectResponse,
  OpCode,
  type OpResult,
  readAclListOrNull,
  readClientInfos,
  readConnectResponse,
  readGetAclReply,
  readGetDataReply,
  readMultiReply,
  readReplyHeader,
  readStat,
  readStringList,
  readWatcherEvent,
  REPLY_HEADER_BYTES,
  type ReplyHeader,
  type Stat,
  STAT_BYTES,
  SYNC_CONNECTED,
  type WatcherEvent,
  writeAclList,
  writeClientInfos,
  writeConnectResponse,
  writeMultiEnd,
  writeMultiHeader,
  writeReplyHeader,
  writeStat,
  writeStringList,
  writeWatcherEvent,
  Xid,
} from '../../src/protocol/index.js';
import { DataTree, type TxnResult, type WatchEvent } from '../../src/tree/index.js';
import {
  acls,
  bytes,
  int,
  listOf,
  long,
  long64,
  orNull,
  path,
  record,
  stat,
  text,
  zxid,
} from '../support/arbitraries.js';
import { TEST_OPTIONS } from '../storage/support.js';
import { juteProof, type Proof, proof } from './codec.js';

/** xid, error and state of every event. */
const EVENT_HEAD = [Xid.notification, 0, SYNC_CONNECTED];

const header = record<ReplyHeader>({ xid: int, zxid: long, err: int });

function connectResponse(name: string, withReadOnly: boolean): Proof {
  const values = record<ConnectResponse>({
    ...{ protocolVersion: int, timeoutMs: int, sessionId: long64, password: bytes },
    readOnly: withReadOnly ? fc.boolean() : fc.constant(false),
  });
  return juteProof<ConnectResponse>({
    ...{ name, values, read: readConnectResponse },
    write: (w, value) => writeConnectResponse(w, value, withReadOnly),
    isWritten: ({ readOnly }) => withReadOnly || !readOnly,
    // Servers of 3.4 end here.
    shorter: (value, length) => new Map(withReadOnly ? [[length - 1, { ...value, readOnly: false }]] : []),
  });
}

/** Lists and records that answers are made of. */
const PARTS: readonly Proof[] = [
  juteProof({
    ...{ name: `a header of ${REPLY_HEADER_BYTES} bytes`, values: header, read: readReplyHeader },
    write: (w, value) => writeReplyHeader(w, value.xid, value.zxid, value.err),
  }),
  juteProof({ name: `a stat of ${STAT_BYTES} bytes`, values: stat, write: writeStat, read: readStat }),
  juteProof<readonly Acl[] | null>({
    ...{ name: 'an ACL', values: orNull(acls), write: writeAclList, read: readAclListOrNull },
  }),
  juteProof({ name: 'children', values: listOf(text), write: writeStringList, read: readStringList }),
  juteProof({
    name: 'children and stat',
    values: record({ children: listOf(text), stat }),
    write: (w, value) => {
      writeStringList(w, value.children);
      writeStat(w, value.stat);
    },
    read: (r) => ({ children: readStringList(r), stat: readStat(r) }),
  }),
  juteProof<{ readonly acl: readonly Acl[]; readonly stat: Stat }>({
    name: 'getACL',
    values: record({ acl: acls, stat }),
    write: (w, value) => {
      writeAclList(w, value.acl);
      writeStat(w, value.stat);
    },
    read: readGetAclReply,
  }),
  juteProof<{ readonly data: Buffer | null; readonly stat: Stat }>({
    ...{ name: 'getData', values: record({ data: orNull(bytes), stat }), write: writeDataAndStat },
    read: readGetDataReply,
  }),
  juteProof<readonly ClientInfo[]>({
    name: 'whoAmI',
    values: listOf(record<ClientInfo>({ scheme: text, user: text })),
    write: writeClientInfos,
    read: readClientInfos,
  }),
];

function writeDataAndStat(w: JuteWriter, value: { readonly data: Buffer | null; readonly stat: Stat }): void {
  w.buffer(value.data);
  writeStat(w, value.stat);
}

const answer: fc.Arbitrary<OpResult> = fc.oneof(
  record({ type: fc.constant(OpCode.create), path }),
  record({ type: fc.constant(OpCode.create2), path, stat }),
  record({ type: fc.constantFrom(OpCode.delete, OpCode.check) }),
  record({ type: fc.constant(OpCode.setData), stat }),
  record({ type: fc.constant(OpCode.error), err: int }),
);

/** As the tree tells the server what came of a part. */
function resultOf(part: OpResult): TxnResult {
  const nothing = { type: part.type, err: 0, path: null, stat: null, multi: null };
  switch (part.type) {
    case OpCode.create:
      return { ...nothing, path: part.path };
    case OpCode.create2:
      return { ...nothing, path: part.path, stat: part.stat };
    case OpCode.setData:
      return { ...nothing, stat: part.stat };
    case OpCode.error:
      return { ...nothing, err: part.err };
    default:
      return nothing;
  }
}

interface Reply {
  readonly header: ReplyHeader;
  readonly parts: readonly OpResult[];
}

const tree = new DataTree(TEST_OPTIONS);

/** A whole frame, as the server's connections make it and as clients read it. */
const multi = proof<Reply>({
  name: 'multi, in its frame',
  values: record({ header: record<ReplyHeader>({ xid: int, zxid, err: fc.constant(0) }), parts: listOf(answer) }),
  encode: (value) => {
    const outbox = new Outbox(new WriterPool(), new ClientTraffic(new Metrics()));
    tree.lastProcessedZxid = value.header.zxid;
    const result: TxnResult = { type: OpCode.multi, err: 0, path: null, stat: null, multi: value.parts.map(resultOf) };
    writeReply(
      outbox,
      value.header.xid,
      OpCode.multi,
      { zxid: value.header.zxid, type: OpCode.multi, err: 0, result },
      null,
      tree,
    );
    return outbox.take();
  },
  decode: (frame) => {
    const r = new JuteReader(frame);
    r.int();
    return { value: { header: readReplyHeader(r), parts: readMultiReply(r) }, length: r.offset };
  },
  isWritten: (value) => value.header.err === 0 && value.parts.every(isAnswered),
});

/** What clients would understand, too, though no multi is answered with it. */
function isAnswered(part: OpResult): boolean {
  return part.type !== OpCode.getData && part.type !== OpCode.getChildren;
}

const found: fc.Arbitrary<OpResult> = fc.oneof(
  record({ type: fc.constant(OpCode.getData), data: orNull(bytes), stat }),
  record({ type: fc.constant(OpCode.getChildren), children: listOf(text) }),
  record({ type: fc.constant(OpCode.error), err: int }),
);

const multiRead = juteProof<readonly OpResult[]>({
  name: 'multiRead',
  values: listOf(found),
  write: (w, parts) => {
    for (const part of parts) {
      writeMultiHeader(w, part.type, false, part.type === OpCode.error ? part.err : 0);
      if (part.type === OpCode.getData) writeDataAndStat(w, part);
      if (part.type === OpCode.getChildren) writeStringList(w, part.children);
      if (part.type === OpCode.error) w.int(part.err);
    }
    writeMultiEnd(w);
  },
  read: readMultiReply,
  isWritten: (parts) =>
    parts.every(({ type }) => type === OpCode.getData || type === OpCode.getChildren || type === OpCode.error),
});

/** A watch event in its frame, as all its watchers get it. */
const eventFrame = proof<{ readonly head: readonly number[]; readonly event: WatchEvent }>({
  name: 'a watch event, in its frame',
  values: record<WatchEvent>({ type: int, path, zxid }).map((one) => ({ head: EVENT_HEAD, event: one })),
  encode: (value) => new EventFrames().frameOf(value.event),
  isWritten: ({ head }) => head.join() === EVENT_HEAD.join(),
  decode: (frame) => {
    const r = new JuteReader(frame);
    r.int();
    const { err, xid, zxid: trigger } = readReplyHeader(r);
    const { path: where, state, type } = readWatcherEvent(r);
    return { value: { head: [xid, err, state], event: { type, path: where, zxid: trigger } }, length: r.offset };
  },
});

const event = juteProof<WatcherEvent>({
  name: 'a watch event',
  values: record<WatcherEvent>({ type: int, state: fc.oneof(fc.constant(SYNC_CONNECTED), int), path }),
  write: writeWatcherEvent,
  read: readWatcherEvent,
});

export const REPLIES: readonly Proof[] = [
  ...[connectResponse('connect, with readOnly', true), connectResponse('connect, as in 3.4', false)],
  ...PARTS,
  ...[multi, multiRead, event, eventFrame],
];
