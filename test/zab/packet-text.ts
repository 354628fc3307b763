import { encodeToBuffer, JuteReader, JuteWriter } from '../../src/jute/index.js';
import type { QuorumPacket, TxnDigest } from '../../src/protocol/index.js';
import {
  decodeForwardedRequest,
  decodeImageDigest,
  encodeImageDigest,
  makeTxnEntry,
  OpCode,
  packetName,
  PacketType,
  QUORUM_PROTOCOL_VERSION,
  readLearnerInfo,
  readTxnEntry,
  writeForwardedRequest,
  writeLearnerInfo,
} from '../../src/protocol/index.js';
import { STORAGE_DEFAULTS } from '../../src/storage/index.js';
import { DataTree, DIGEST_VERSION } from '../../src/tree/index.js';
import { createEntry, history, pathOf, showZxid, zxid } from './zxids.js';

/**
 * Packets as scenarios write them: the name, the zxid, and what the data says.
 *
 *     FOLLOWERINFO 1:0 from 2        OBSERVERINFO 1:0 from 4      LEADERINFO 2:0
 *     ACKEPOCH 1:5 epoch 1           DIFF 1:5, TRUNC 1:5, SNAP 1:5
 *     SNAP 1:3 digest of 1:1-3       with the digest of a tree with that history (shown as SNAP 1:3 digest)
 *     PROPOSAL 2:1 /a                COMMIT 2:1                   INFORM 2:1 /a
 *     PROPOSAL 2:1 /a after 1:1-3    the same with the digest of a tree with that history
 *     NEWLEADER 2:0 config 200000000 ACK 2:0                      UPTODATE
 *     PING 2:1                       PING 2:1 touched 7=4000      SYNC
 *     PING 2:1 left 7                a session has left the observer
 *     REVALIDATE 7 4000 (asked)      REVALIDATE 7 valid (answered)
 *     REQUEST a                      REQUEST sync, REQUEST closeSession, REQUEST createSession
 *     REQUEST a of 7                 of that session (not shown)
 *     PROPOSAL 2:1 closes 7          the end of a session (shown as PROPOSAL 2:1 type -11)
 */
export function showPacket(packet: QuorumPacket): string {
  const { type } = packet;
  const name = packetName(type);
  const data = packet.data ?? Buffer.alloc(0);
  const at = `${name} ${showZxid(packet.zxid)}`;
  const r = new JuteReader(data);
  switch (type) {
    case PacketType.followerInfo:
    case PacketType.observerInfo:
      return `${at} from ${readLearnerInfo(r).serverId}`;
    case PacketType.ackEpoch:
      return `${at} epoch ${r.int()}`;
    case PacketType.proposal:
    case PacketType.inform: {
      const { txn } = readTxnEntry(data);
      return `${at} ${'path' in txn ? txn.path : `type ${txn.type}`}`;
    }
    case PacketType.snap:
      return decodeImageDigest(packet.data) === null ? at : `${at} digest`;
    case PacketType.newLeader:
      return `${at} config ${/version=(\w+)$/.exec(data.toString())?.[1] ?? 'none'}`;
    case PacketType.upToDate:
    case PacketType.sync:
      return name;
    case PacketType.ping: {
      if (data.length % 12 === 8) return `${at} left ${r.long64()}`;
      const touched: string[] = [];
      while (r.remaining > 0) touched.push(`${r.long64()}=${r.int()}`);
      return touched.length === 0 ? at : `${at} touched ${touched.join(' ')}`;
    }
    case PacketType.revalidate: {
      const id = r.long64();
      if (r.remaining >= 4) return `${name} ${id} ${r.int()}`;
      return `${name} ${id} ${r.bool() ? 'valid' : 'invalid'}`;
    }
    case PacketType.request: {
      const request = decodeForwardedRequest(data, []);
      return `${name} ${request.type === OpCode.sync ? 'sync' : request.body.toString()}`;
    }
    default:
      return at;
  }
}

const TYPES = new Map<string, number>(Object.entries(PacketType).map(([name, type]) => [name.toUpperCase(), type]));

const REQUEST_TYPES = new Map<string, number>([
  ['sync', OpCode.sync],
  ['closeSession', OpCode.closeSession],
  ['createSession', OpCode.createSession],
  ['multi', OpCode.multi],
]);

/** With the digest of the tree after that history, if one is named. */
function proposedBytes(at: number, [path, after, ...words]: readonly string[]): Buffer {
  if (path === 'closes') {
    const type = OpCode.closeSession;
    return makeTxnEntry({ clientId: BigInt(after ?? ''), cxid: 0, zxid: at, time: 0, type }, { type, paths: [] }, null)
      .bytes;
  }
  const { bytes, header, txn } = createEntry(at, path ?? pathOf(at));
  if (after !== 'after') return bytes;
  return makeTxnEntry(header, txn, digestOf(words)).bytes;
}

function digestOf(words: readonly string[]): TxnDigest {
  const tree = new DataTree(STORAGE_DEFAULTS);
  for (const entry of history(words.join(' '))) tree.apply(entry.header, entry.txn, null);
  return { version: DIGEST_VERSION, treeDigest: tree.digest };
}

/** The other way round. A PROPOSAL without a path carries that of test histories. */
export function parsePacket(text: string): QuorumPacket {
  const [name = '', ...words] = text.split(/\s+/);
  const type = TYPES.get(name);
  if (type === undefined) throw new Error(`"${name}" is no packet`);
  const has = /^-?\d+:\d+$/.test(words[0] ?? '');
  const at = has ? zxid(words[0] ?? '') : -1;
  const rest = has ? words.slice(1) : words;
  return { type, zxid: type === PacketType.sync ? 0 : at, data: dataOf(type, at, rest), authinfo: null };
}

function dataOf(type: number, at: number, words: readonly string[]): Buffer | null {
  const w = new JuteWriter();
  switch (type) {
    case PacketType.followerInfo:
    case PacketType.observerInfo: {
      const [, serverId, , version, , config] = words;
      const protocolVersion = version === undefined ? QUORUM_PROTOCOL_VERSION : Number(version);
      writeLearnerInfo(w, { serverId: Number(serverId), protocolVersion, configVersion: Number(config ?? 0) });
      return w.take();
    }
    case PacketType.leaderInfo:
      w.int(QUORUM_PROTOCOL_VERSION);
      return w.take();
    case PacketType.ackEpoch:
      w.int(Number(words[1]));
      return w.take();
    case PacketType.proposal:
    case PacketType.inform:
      return proposedBytes(at, words);
    case PacketType.snap:
      return words[0] === 'digest' ? encodeImageDigest(digestOf(words.slice(2))) : null;
    case PacketType.newLeader:
      return Buffer.from(`server.1=s1:2888:3888:participant\nversion=${words[1] ?? '0'}`);
    case PacketType.ping:
      if (words[0] === 'left') w.long64(BigInt(words[1] ?? ''));
      else
        for (const touched of words.slice(1)) {
          const [id = '', timeoutMs] = touched.split('=');
          w.long64(BigInt(id));
          w.int(Number(timeoutMs));
        }
      return w.take();
    case PacketType.revalidate:
      w.long64(BigInt(words[0] ?? ''));
      if (words[1] === 'valid' || words[1] === 'invalid') w.bool(words[1] === 'valid');
      else w.int(Number(words[1]));
      return w.take();
    case PacketType.request: {
      const [what = '', , id = '77'] = words;
      const body = Buffer.from(what === 'sync' ? '' : what);
      const type = REQUEST_TYPES.get(what) ?? OpCode.create;
      return encodeToBuffer((w) => {
        writeForwardedRequest(w, { sessionId: BigInt(id), cxid: 1, type, body, auth: [] });
      });
    }
    default:
      return null;
  }
}
