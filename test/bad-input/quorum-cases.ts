import { encodeToBuffer } from '../../src/jute/index.js';
import { OpCode, PacketType, writeForwardedRequest, writeQuorumPacket } from '../../src/protocol/index.js';
import { PacketReader } from '../../src/zab/packet-reader.js';
import type { BadCase, Step } from './cases.js';
import { connectRequest, greeting, hex, HTTP_GET, info, int, NOISE, packet, TLS_HELLO } from './speech.js';

type Base = Omit<BadCase, 'name' | 'steps'>;

const GONE: Base = { port: 'quorum', closes: true, code: 'ZAB_LEARNER_GONE' };
const WRONG_FIRST = /sent \w+ where FOLLOWERINFO or OBSERVERINFO was expected/;

/** The zxid of the first packet, LEADERINFO. */
function leaderZxid(heard: Buffer): number {
  const reader = new PacketReader(1 << 20);
  reader.push(Buffer.from(heard));
  return reader.take()?.zxid ?? -1;
}

function ackEpoch(lastZxid: number, currentEpoch: number): Buffer {
  return packet(PacketType.ackEpoch, lastZxid, int(currentEpoch));
}

/** An observer that is in no configuration, until its synchronization begins: it is new, so it gets all there is. */
function joining(sid: number): readonly Step[] {
  return [info(sid, { observes: true }), 'hear', ackEpoch(0, -1), 'hear'];
}

/** The same as a follower, until it is served. */
function serving(sid: number): readonly Step[] {
  return [info(sid), 'hear', ackEpoch(0, -1), 'hear', (heard) => packet(PacketType.ack, leaderZxid(heard)), 'hear'];
}

/** REQUEST of a client of a session that nobody knows, which is authenticated so often. */
function requestWithIds(count: number): Buffer {
  const request = { sessionId: 0x77n, cxid: 1, type: OpCode.create2, body: Buffer.alloc(0), auth: [] };
  return encodeToBuffer((w) => {
    writeQuorumPacket(w, {
      type: PacketType.request,
      zxid: -1,
      data: encodeToBuffer((data) => writeForwardedRequest(data, request)),
      authinfo: Array.from({ length: count }, (_, n) => ({ scheme: 'digest', id: `user${n}:secret` })),
    });
  });
}

const FIRST_PACKETS: readonly BadCase[] = [
  ['ACK', packet(PacketType.ack, 5)],
  ['REQUEST', packet(PacketType.request, -1, Buffer.alloc(20))],
  ['PING', packet(PacketType.ping, 5)],
  ['ACKEPOCH', ackEpoch(0, 0)],
  ['PROPOSAL', packet(PacketType.proposal, 2 ** 33, Buffer.alloc(40))],
  ['COMMIT', packet(PacketType.commit, 2 ** 33)],
  ['NEWLEADER', packet(PacketType.newLeader, 2 ** 33)],
  ['LEADERINFO', packet(PacketType.leaderInfo, 2 ** 33)],
].map(([name, bytes]) => ({
  ...GONE,
  name: `${String(name)} before FOLLOWERINFO`,
  steps: [bytes as Buffer],
  says: WRONG_FIRST,
}));

const NO_PACKETS: readonly BadCase[] = [
  {
    ...GONE,
    name: 'garbage',
    steps: [NOISE],
    says: /no quorum packet at offset 0: there is no packet type 1717859169/,
  },
  { ...GONE, name: 'TLS', steps: [TLS_HELLO], says: /begins like TLS.*sslQuorum/ },
  { ...GONE, name: 'HTTP', steps: [HTTP_GET], says: /begins like HTTP/ },
  { ...GONE, name: 'a client', steps: [connectRequest()], says: /begins like a client, which belongs to clientPort/ },
  { ...GONE, name: 'a four-letter word', steps: [Buffer.from('ruok')], says: /four-letter word/ },
  {
    ...GONE,
    name: 'a greeting for elections',
    steps: [greeting(2, 's2:3888')],
    says: /looks for a leader.*server line/,
  },
  { ...GONE, name: 'silence', steps: [], says: /silent for|did not say who it is within/ },
  { ...GONE, name: 'half a packet, then silence', steps: [info(90).subarray(0, 25)], says: /silent|did not say/ },
  {
    ...GONE,
    name: 'half a packet, then the end',
    steps: [info(90).subarray(0, 25), 'end'],
    says: /ended the connection/,
  },
  { ...GONE, name: 'the end without a word', steps: ['end'] },
  {
    ...GONE,
    name: 'data of a negative length',
    steps: [Buffer.concat([int(11), Buffer.alloc(8), int(-2), Buffer.alloc(8)])],
    says: /data of -2 bytes/,
  },
  {
    ...GONE,
    name: 'data of a huge length',
    steps: [Buffer.concat([int(11), Buffer.alloc(8), int(0x7fffffff), Buffer.alloc(8)])],
    says: /data of 2147483647 bytes, the limit \(jute\.maxbuffer\)/,
  },
  {
    ...GONE,
    name: 'data that claims what never comes',
    steps: [Buffer.concat([int(11), Buffer.alloc(8), int(500_000), Buffer.alloc(100)])],
    says: /silent|did not say/,
  },
  {
    ...GONE,
    name: 'two billion authentication ids',
    steps: [Buffer.concat([int(11), Buffer.alloc(8), int(-1), int(0x7fffffff)])],
    says: /2147483647 authentication ids/,
  },
  {
    ...GONE,
    name: 'an authentication id of a negative length',
    steps: [Buffer.concat([int(11), Buffer.alloc(8), int(-1), int(1), int(-9), Buffer.alloc(8)])],
    says: /an authentication id of -9 bytes/,
  },
];

const INTRODUCTIONS: readonly BadCase[] = [
  { ...GONE, name: 'FOLLOWERINFO without data', steps: [packet(11, 0)], says: /ZooKeeper 3\.3 or older/ },
  {
    ...GONE,
    name: 'FOLLOWERINFO of 7 bytes',
    steps: [packet(11, 0, Buffer.alloc(7))],
    says: /ZooKeeper 3\.3 or older/,
  },
  { ...GONE, name: 'a huge FOLLOWERINFO', steps: [packet(11, 0, Buffer.alloc(1_000_000))], says: /3\.3 or older/ },
  { ...GONE, name: 'an old protocol version', steps: [info(2, { version: 0xffff })], says: /3\.3 or older/ },
  { ...GONE, name: 'a negative id', steps: [info(-3)], says: /server -3, which is no server id/ },
  { ...GONE, name: "the leader's own id", steps: [info(3)], says: /says it is server 3, as this leader is/ },
  {
    ...GONE,
    name: 'the id of a follower that is there and well',
    steps: [info(2)],
    says: /says it is server 2, which is at .* and was heard \d+ ms ago: two servers have 2 in their myid file/,
  },
  {
    ...GONE,
    name: 'the last epoch there could be',
    steps: [info(1, { epoch: 2 ** 21 - 1 })],
    says: /accepted epoch 2097151, behind which no epoch is possible/,
  },
  {
    ...GONE,
    name: 'the last epoch that could be followed',
    steps: [info(1, { epoch: 2 ** 21 - 2 })],
    says: /accepted epoch 2097150, behind which no epoch is possible/,
  },
  {
    ...GONE,
    name: 'a zxid beyond all epochs',
    steps: [Buffer.concat([int(11), hex('7fffffff00000000'), info(2).subarray(12)])],
  },
  {
    ...GONE,
    name: 'a newer configuration',
    steps: [info(92, { config: 0x700 })],
    says: /configuration 700, newer than/,
  },
  {
    ...GONE,
    name: 'an unknown server that has accepted a far epoch: no epoch of this ensemble',
    steps: [info(93, { epoch: 1_000_000 }), 'hear', 'end'],
    says: /^Server 93 from .* is gone: .* ended the connection/,
  },
];

const OUT_OF_TURN: readonly BadCase[] = [
  {
    ...GONE,
    name: 'ACK instead of ACKEPOCH',
    steps: [info(94), 'hear', packet(PacketType.ack, 5)],
    says: /Server 94 .* sent ACK where ACKEPOCH was expected/,
  },
  { ...GONE, name: 'ACKEPOCH without data', steps: [info(95), 'hear', packet(PacketType.ackEpoch, 0)] },
  {
    ...GONE,
    name: 'ACKEPOCH of a server that was synchronized in a later epoch',
    steps: [info(96), 'hear', packet(PacketType.ackEpoch, 2 ** 45, int(8000))],
    says: /Server 96/,
  },
  {
    ...GONE,
    name: 'a zxid of this epoch that was never proposed',
    steps: [info(97), 'hear', (heard) => ackEpoch(leaderZxid(heard) + 0xffff00, -1)],
    says: /Server 97/,
  },
  {
    ...GONE,
    name: "REQUEST before NEWLEADER's acknowledgement",
    steps: [...joining(98), packet(PacketType.request, -1, Buffer.alloc(20))],
    says: /Server 98 .* sent REQUEST where ACK was expected/,
  },
  {
    ...GONE,
    name: 'an acknowledgement of something else than NEWLEADER',
    steps: [...joining(99), packet(PacketType.ack, 0x77 * 2 ** 32)],
    says: /Server 99 .* acknowledged 0x7700000000 instead of NEWLEADER/,
  },
  {
    ...GONE,
    name: 'ACK of what was never proposed',
    steps: [...serving(100), (heard) => packet(PacketType.ack, leaderZxid(heard) + 0xffff00)],
    says: /Server 100 .* which was never proposed/,
  },
  {
    ...GONE,
    name: 'acknowledgements that go back, and silence',
    steps: [...serving(101), packet(PacketType.ack, 2 ** 32 + 2), packet(PacketType.ack, 2 ** 32 + 1)],
    says: /Server 101 .* (was silent|did not acknowledge)/,
  },
  {
    ...GONE,
    name: 'a REQUEST that is none',
    steps: [...serving(102), packet(PacketType.request, -1, Buffer.alloc(3))],
    says: /Server 102/,
  },
  {
    ...GONE,
    name: 'a REVALIDATE that is none',
    steps: [...serving(103), packet(PacketType.revalidate, -1, Buffer.alloc(3))],
    says: /Server 103/,
  },
  {
    ...GONE,
    name: 'garbage in the middle',
    steps: [...serving(104), NOISE],
    says: /Server 104 .* no quorum packet at offset \d+/,
  },
  {
    port: 'quorum',
    closes: false,
    code: 'ZAB_UNEXPECTED_PACKET',
    name: 'words of a leader from a learner',
    steps: [...serving(105), packet(PacketType.newLeader, 2 ** 34), packet(PacketType.newLeader, 2 ** 34)],
    says: /Server 105 .* unexpected NEWLEADER; it is ignored/,
  },
  {
    port: 'quorum',
    closes: false,
    code: 'TXN_TOO_MANY_IDS',
    anonymous: true,
    name: 'a request of a client with more ids than are taken',
    steps: [...serving(107), requestWithIds(5000), requestWithIds(1), packet(PacketType.ping, 0, Buffer.alloc(0))],
    says: /^A create2 of session 0x77 is refused with MarshallingError/,
  },
  {
    port: 'quorum',
    closes: false,
    code: null,
    name: 'answers to pings that nobody sent',
    steps: [...serving(106), ...Array.from({ length: 50 }, () => packet(PacketType.ping, 0, Buffer.alloc(0)))],
  },
];

export const QUORUM_CASES: readonly BadCase[] = [...NO_PACKETS, ...FIRST_PACKETS, ...INTRODUCTIONS, ...OUT_OF_TURN];
