import { encodeToBuffer, JuteError, JuteReader } from '../../../src/jute/index.js';
import {
  decodeForwardedRequest,
  encodeQuorumAuth,
  makeTxnEntry,
  PacketType,
  type QuorumPacket,
  readChangeRequest,
  readLearnerInfo,
  readQuorumAuth,
  readTxnEntry,
  UnknownTxnError,
  writeForwardedRequest,
  writeLearnerInfo,
  writeQuorumPacket,
} from '../../../src/protocol/index.js';
import { GarbageError, PacketReader } from '../../../src/zab/packet-reader.js';
import { packetsOf, recorded } from '../../zab/recorded.js';
import { assertSame, assertStable, attempt, type Target } from '../target.js';

const MAX_DATA_BYTES = 8192;
const RECORDINGS = ['diff-follower', 'first-start-follower', 'reconfig-follower', 'snap-observer'];

/** Streams of port 2888: packets, and what their data holds; the packets with which servers authenticate. */
export const quorumPackets: Target = {
  name: 'quorum-packets',
  seeds: async () => {
    const seeds: Buffer[] = [encodeQuorumAuth({ status: 0, token: Buffer.from('token') })];
    for (const name of RECORDINGS) {
      const { toLeader, toLearner } = await recorded(name);
      seeds.push(toLeader);
      for (const packet of packetsOf(toLearner)) if (!Buffer.isBuffer(packet)) seeds.push(encode([packet]));
    }
    return seeds;
  },
  run: (bytes) => {
    const packets = read(bytes, bytes.length);
    for (const size of [1, 5, 64]) assertSame(`packets in pieces of ${size}`, read(bytes, size), packets);
    assertSame('packets encoded and read', read(encode(packets), bytes.length), packets);
    for (const packet of packets) if (packet.data !== null) tryData(packet.type, packet.data);
    tryQuorumAuth(bytes);
  },
};

function encode(packets: readonly QuorumPacket[]): Buffer {
  return encodeToBuffer((w) => {
    for (const packet of packets) writeQuorumPacket(w, packet);
  });
}

/** The packets before the first that is none. */
function read(bytes: Buffer, size: number): QuorumPacket[] {
  const reader = new PacketReader(MAX_DATA_BYTES);
  const packets: QuorumPacket[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    reader.push(Buffer.from(bytes.subarray(at, at + size)));
    const isGood = attempt([GarbageError], () => {
      for (let packet = reader.take(); packet !== null; packet = reader.take()) packets.push(packet);
      return true;
    });
    if (isGood !== true) break;
  }
  return packets;
}

function tryData(type: number, data: Buffer): void {
  switch (type) {
    case PacketType.request:
      tryRequest(data);
      return;
    case PacketType.followerInfo:
    case PacketType.observerInfo: {
      const decode = (bytes: Buffer) => readLearnerInfo(new JuteReader(bytes));
      const info = attempt([JuteError], () => decode(data));
      if (info !== undefined) assertStable(info, (value) => encodeToBuffer((w) => writeLearnerInfo(w, value)), decode);
      return;
    }
    default:
      tryTransaction(data);
  }
}

function tryRequest(data: Buffer): void {
  const decode = (bytes: Buffer) => decodeForwardedRequest(bytes, []);
  const request = attempt([JuteError], () => decode(data));
  if (request === undefined) return;
  assertStable(request, (value) => encodeToBuffer((w) => writeForwardedRequest(w, value)), decode);
  attempt([JuteError], () => readChangeRequest(request.body, request.type));
}

/** What a transaction says stays the same; bytes behind it may go. */
export function tryTransaction(data: Buffer): void {
  const entry = attempt([JuteError, UnknownTxnError], () => readTxnEntry(data));
  if (entry === undefined) return;
  const said = ({ digest, header, txn }: typeof entry) => ({ digest, header, txn });
  assertStable(
    said(entry),
    ({ digest, header, txn }) => makeTxnEntry(header, txn, digest).bytes,
    (bytes) => said(readTxnEntry(bytes)),
  );
}

function tryQuorumAuth(bytes: Buffer): void {
  const packet = attempt([JuteError], () => readQuorumAuth(bytes));
  if (packet === undefined || packet === null) return;
  assertStable(packet.value, encodeQuorumAuth, (again) => readQuorumAuth(again)?.value ?? packet.value);
}
