import type { JuteReader, JuteWriter } from '../jute/index.js';
import type { Id } from './data.js';
import { MIN_ID_BYTES, readId, writeId } from './data.js';

/** Types of packets between leader and learners (port 2888). */
export const PacketType = {
  request: 1,
  proposal: 2,
  ack: 3,
  commit: 4,
  ping: 5,
  revalidate: 6,
  sync: 7,
  inform: 8,
  commitAndActivate: 9,
  newLeader: 10,
  followerInfo: 11,
  upToDate: 12,
  diff: 13,
  trunc: 14,
  snap: 15,
  observerInfo: 16,
  leaderInfo: 17,
  ackEpoch: 18,
  informAndActivate: 19,
} as const;

const NAMES = new Map<number, string>(Object.entries(PacketType).map(([name, type]) => [type, name.toUpperCase()]));

export function packetName(type: number): string {
  return NAMES.get(type) ?? `packet type ${type}`;
}

/** `int type; long zxid; buffer data; vector<Id> authinfo` */
export interface QuorumPacket {
  readonly type: number;
  readonly zxid: number;
  readonly data: Buffer | null;
  readonly authinfo: readonly Id[] | null;
}

export function writeQuorumPacket(w: JuteWriter, p: QuorumPacket): void {
  w.int(p.type);
  w.long(p.zxid);
  w.buffer(p.data);
  if (p.authinfo === null) {
    w.int(-1);
  } else {
    w.int(p.authinfo.length);
    for (const id of p.authinfo) writeId(w, id);
  }
}

/** What stands before the ids; `data` is a view. */
export function readQuorumPacketHead(r: JuteReader): Omit<QuorumPacket, 'authinfo'> {
  return { type: r.int(), zxid: r.long(), data: r.bufferOrNull() };
}

/** `data` is a view. */
export function readQuorumPacket(r: JuteReader): QuorumPacket {
  const { type, zxid, data } = readQuorumPacketHead(r);
  return { type, zxid, data, authinfo: r.vectorOrNull(MIN_ID_BYTES, readId) };
}

/** `long serverid; int protocolVersion; long configVersion`: the data of FOLLOWERINFO and OBSERVERINFO. */
export interface LearnerInfo {
  readonly serverId: number;
  readonly protocolVersion: number;
  readonly configVersion: number;
}

/** Version that ZooKeeper 3.4 and later speak: LEADERINFO and ACKEPOCH exist. */
export const QUORUM_PROTOCOL_VERSION = 0x10000;

export function writeLearnerInfo(w: JuteWriter, info: LearnerInfo): void {
  w.long(info.serverId);
  w.int(info.protocolVersion);
  w.long(info.configVersion);
}

/** Old learners send fewer fields: the server id alone, or without the config version. */
export function readLearnerInfo(r: JuteReader): LearnerInfo {
  const serverId = r.longLossy();
  const protocolVersion = r.remaining >= 4 ? r.int() : 0;
  const configVersion = r.remaining >= 8 ? r.long() : 0;
  return { serverId, protocolVersion, configVersion };
}
