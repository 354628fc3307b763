import fc from 'fast-check';
import { encodeToBuffer, JuteError } from '../../src/jute/index.js';
import {
  decodeForwardedRequest,
  encodeImageDigest,
  encodeQuorumAuth,
  type ForwardedRequest,
  type LearnerInfo,
  makeTxnEntry,
  OpCode,
  PacketType,
  packetName,
  type QuorumAuthPacket,
  QuorumAuthStatus,
  type QuorumPacket,
  readLearnerInfo,
  readQuorumAuth,
  readQuorumPacket,
  writeForwardedRequest,
  writeLearnerInfo,
  writeQuorumPacket,
} from '../../src/protocol/index.js';
import { GarbageError, PacketReader } from '../../src/zab/packet-reader.js';
import { bytes, id, int, listOf, long, long64, orNull, path, record, text, zxid } from '../support/arbitraries.js';
import { juteProof, type Proof, proof } from './codec.js';

/** `jute.maxbuffer` of these servers. */
const MAX_DATA_BYTES = 2048;
const ID_BYTES = 8;
const VERSION_BYTES = 4;
const REQUEST_HEAD_BYTES = 16;

const learnerInfo = record<LearnerInfo>({ serverId: long, protocolVersion: int, configVersion: long });
const info = learnerInfo.map((value) => encodeToBuffer((w) => writeLearnerInfo(w, value)));
const longData = long64.map((value) => encodeToBuffer((w) => w.long64(value)));
const intData = int.map((value) => encodeToBuffer((w) => w.int(value)));
const session = fc.tuple(long64, int).map(([who, timeoutMs]) =>
  encodeToBuffer((w) => {
    w.long64(who);
    w.int(timeoutMs);
  }),
);
const entry = fc.tuple(path, zxid, bytes).map(([where, at, data]) => {
  const header = { clientId: 1n, cxid: 2, zxid: at, time: 3, type: OpCode.setData };
  return makeTxnEntry(header, { type: OpCode.setData, path: where, data, version: 1 }, null).bytes;
});
const forwarded = record<ForwardedRequest>({
  ...{ sessionId: long64, cxid: int, type: int, body: bytes, auth: fc.constant([]) },
});
const requestData = forwarded.map((value) => encodeToBuffer((w) => writeForwardedRequest(w, value)));
const none = fc.constant(null);

/** What the data of each type holds; COMMIT and its like have none. */
const DATA: Readonly<Record<keyof typeof PacketType, fc.Arbitrary<Buffer | null>>> = {
  request: requestData,
  proposal: entry,
  ack: none,
  commit: none,
  ping: orNull(listOf(session).map((touches) => Buffer.concat(touches))),
  revalidate: session,
  sync: none,
  inform: entry,
  commitAndActivate: longData,
  newLeader: orNull(text.map((value) => Buffer.from(value))),
  followerInfo: info,
  upToDate: none,
  diff: none,
  trunc: none,
  snap: orNull(fc.tuple(int, long64).map(([version, treeDigest]) => encodeImageDigest({ version, treeDigest }))),
  observerInfo: info,
  leaderInfo: intData,
  ackEpoch: intData,
  informAndActivate: fc.tuple(longData, entry).map(([leader, behind]) => Buffer.concat([leader, behind])),
};

const NAMES = Object.keys(DATA) as (keyof typeof PacketType)[];

function packet(name: keyof typeof PacketType): fc.Arbitrary<QuorumPacket> {
  const authinfo = orNull(listOf(id, name === 'request' ? 3 : 1));
  return record<QuorumPacket>({ type: fc.constant(PacketType[name]), zxid: long, data: DATA[name], authinfo });
}

const PACKETS = NAMES.map((name) =>
  juteProof({
    name: packetName(PacketType[name]),
    values: packet(name),
    write: writeQuorumPacket,
    read: readQuorumPacket,
  }),
);

/** Cut out of a stream that comes in pieces; an incomplete one is waited behind. */
const streamed = proof<QuorumPacket>({
  name: 'packets of any type, out of a stream in pieces',
  values: fc.oneof(...NAMES.map(packet)),
  encode: (value) => encodeToBuffer((w) => writeQuorumPacket(w, value)),
  decode: (stream) => {
    const reader = new PacketReader(MAX_DATA_BYTES);
    for (let at = 0; at < stream.length; at += 1 + (stream.length >> 2)) {
      reader.push(Buffer.from(stream.subarray(at, at + 1 + (stream.length >> 2))));
      const value = reader.take();
      if (value !== null) return { value, length: reader.offset };
    }
    return undefined;
  },
  errors: [GarbageError],
  waits: true,
});

const learner = juteProof<LearnerInfo>({
  name: 'the data of FOLLOWERINFO and OBSERVERINFO',
  values: learnerInfo,
  write: writeLearnerInfo,
  read: readLearnerInfo,
  // Learners of 3.3 name themselves only; those of 3.4 say nothing of a configuration.
  shorter: (value, length) => {
    const beginnings = new Map<number, LearnerInfo>();
    for (let cut = ID_BYTES; cut < length; cut++) {
      const protocolVersion = cut < ID_BYTES + VERSION_BYTES ? 0 : value.protocolVersion;
      beginnings.set(cut, { serverId: value.serverId, protocolVersion, configVersion: 0 });
    }
    return beginnings;
  },
});

const request = proof<ForwardedRequest>({
  name: 'the data of REQUEST',
  values: forwarded,
  encode: (value) => encodeToBuffer((w) => writeForwardedRequest(w, value)),
  decode: (data) => ({ value: decodeForwardedRequest(data, []), length: data.length }),
  errors: [JuteError],
  // The body is what is left.
  shorter: (value, length) => {
    const beginnings = new Map<number, ForwardedRequest>();
    for (let cut = REQUEST_HEAD_BYTES; cut < length; cut++) {
      beginnings.set(cut, { ...value, body: value.body.subarray(0, cut - REQUEST_HEAD_BYTES) });
    }
    return beginnings;
  },
});

const auth = proof<QuorumAuthPacket>({
  name: 'authentication between servers',
  values: record<QuorumAuthPacket>({
    status: fc.oneof(int, fc.constantFrom(...Object.values(QuorumAuthStatus))),
    token: bytes,
  }),
  encode: encodeQuorumAuth,
  decode: (from) => readQuorumAuth(from) ?? undefined,
  waits: true,
});

export const QUORUM: readonly Proof[] = [...PACKETS, streamed, learner, request, auth];
