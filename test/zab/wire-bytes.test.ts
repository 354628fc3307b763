import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Socket } from '../../src/host/index.js';
import { encodeToBuffer } from '../../src/jute/index.js';
import { parseMembershipText } from '../../src/membership/index.js';
import type { QuorumPacket } from '../../src/protocol/index.js';
import { makeTxnEntry, OpCode, PacketType, readTxnEntry, writeQuorumPacket } from '../../src/protocol/index.js';
import { World } from '../fakes/index.js';
import { hostName, membership, QUORUM_PORT, ZabServer } from './harness.js';
import { showPacket } from './packet-text.js';
import { packetsOf, recorded } from './recorded.js';
import { showZxid } from './zxids.js';

/** What the recordings say, packet by packet. Requests are named by their operation, transactions by their path or type. */
const RECORDINGS: Readonly<Record<string, { readonly toLeader: string; readonly toLearner: string }>> = {
  'first-start-follower': {
    toLeader: `
      FOLLOWERINFO 0:0 from 1 | ACKEPOCH 0:0 epoch 0 | ACK 1:0 | ACK 1:0 | REQUEST createSession |
      ACK 1:1 | REQUEST create | ACK 1:2 | REQUEST setData | ACK 1:3 | REQUEST create | ACK 1:4 | REQUEST multi |
      ACK 1:5 | REQUEST delete | ACK 1:6 | REQUEST sync | REQUEST create | ACK 1:7 | REQUEST closeSession | ACK 1:8`,
    toLearner: `
      LEADERINFO 1:0 | DIFF 0:0 | NEWLEADER 1:0 config 0 | UPTODATE | PROPOSAL 1:1 type -10 |
      COMMIT 1:1 | PROPOSAL 1:2 /a | COMMIT 1:2 | PROPOSAL 1:3 /a | COMMIT 1:3 | PROPOSAL 1:4 /a/e-0000000000 |
      COMMIT 1:4 | PROPOSAL 1:5 type 14 | COMMIT 1:5 | PROPOSAL 1:6 /b | COMMIT 1:6 | SYNC | PROPOSAL 1:7 type -1 |
      COMMIT 1:7 | PROPOSAL 1:8 type -11 | COMMIT 1:8`,
  },
  'snap-observer': {
    toLeader: `OBSERVERINFO 0:0 from 4 | ACKEPOCH 0:0 epoch 0 | ACK 1:0 | ACK 1:0`,
    toLearner: `
      LEADERINFO 1:0 | SNAP 1:0 | image | NEWLEADER 1:0 config 0 | UPTODATE | INFORM 1:1 type -10 |
      INFORM 1:2 /a | INFORM 1:3 /a | INFORM 1:4 /a/e-0000000000 | INFORM 1:5 type 14 | INFORM 1:6 /b |
      INFORM 1:7 type -1 | INFORM 1:8 type -11`,
  },
  'diff-follower': {
    toLeader: `
      FOLLOWERINFO 1:0 from 1 | ACKEPOCH 1:8 epoch -1 | ACK 1:0 | ACK 1:0 | ACK 1:9 | ACK 1:10 | ACK 1:11 | ACK 1:12 |
      ACK 1:13 | ACK 1:14 | ACK 1:15`,
    toLearner: `
      LEADERINFO 1:0 | DIFF 1:15 | PROPOSAL 1:9 type -10 | COMMIT 1:9 | PROPOSAL 1:10 /n0 | COMMIT 1:10 |
      PROPOSAL 1:11 /n1 | COMMIT 1:11 | PROPOSAL 1:12 /n2 | COMMIT 1:12 | PROPOSAL 1:13 /n3 | COMMIT 1:13 |
      PROPOSAL 1:14 /n4 | COMMIT 1:14 | PROPOSAL 1:15 type -11 | COMMIT 1:15 | NEWLEADER 1:0 config 0 | UPTODATE`,
  },
  'diff-observer': {
    toLeader: `
      OBSERVERINFO 1:0 from 4 | ACKEPOCH 1:15 epoch -1 | ACK 1:0 | ACK 1:0 | REQUEST createSession | REQUEST create |
      REQUEST sync | REQUEST closeSession`,
    toLearner: `
      LEADERINFO 1:0 | DIFF 1:18 | PROPOSAL 1:16 type -10 | COMMIT 1:16 | PROPOSAL 1:17 /o | COMMIT 1:17 |
      PROPOSAL 1:18 type -11 | COMMIT 1:18 | NEWLEADER 1:0 config 0 | UPTODATE | INFORM 1:19 type -10 | INFORM 1:20 /p |
      SYNC | INFORM 1:21 type -11`,
  },
  'reconfig-follower': {
    toLeader: `
      FOLLOWERINFO 0:0 from 5 | ACKEPOCH 0:0 epoch -1 | ACK 1:0 | ACK 1:1 | ACK 1:2 | ACK 1:3`,
    toLearner: `
      LEADERINFO 1:0 | SNAP 1:0 | image | NEWLEADER 1:0 config 100000000 | UPTODATE |
      PROPOSAL 1:1 type -10 | COMMIT 1:1 | PROPOSAL 1:2 /zookeeper/config | COMMITANDACTIVATE 1:2 |
      PROPOSAL 1:3 type -11 | COMMIT 1:3`,
  },
  'reconfig-observer': {
    toLeader: `OBSERVERINFO 0:0 from 6 | ACKEPOCH 0:0 epoch -1 | ACK 1:0`,
    toLearner: `
      LEADERINFO 1:0 | SNAP 1:0 | image | NEWLEADER 1:0 config 100000000 | UPTODATE |
      INFORM 1:1 type -10 | INFORM 1:2 /zookeeper/config | INFORM 1:3 type -11`,
  },
};

const OP_NAMES = new Map<number, string>(Object.entries(OpCode).map(([name, code]) => [code, name]));

function show(item: QuorumPacket | Buffer): string {
  if (Buffer.isBuffer(item)) return 'image';
  if (item.type === PacketType.request) return `REQUEST ${OP_NAMES.get(item.data?.readInt32BE(12) ?? 0) ?? '?'}`;
  return showPacket(item);
}

function lines(text: string): string[] {
  return text
    .split('|')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function bytesOf(packet: QuorumPacket): Buffer {
  return encodeToBuffer((w) => {
    writeQuorumPacket(w, packet);
  });
}

function isTxnPacket(item: QuorumPacket | Buffer): item is QuorumPacket {
  return !Buffer.isBuffer(item) && (item.type === PacketType.proposal || item.type === PacketType.inform);
}

describe('what Java servers send', () => {
  for (const [name, expected] of Object.entries(RECORDINGS)) {
    it(`${name}: every packet is understood, and would be written alike`, async () => {
      const recording = await recorded(name);
      for (const way of ['toLeader', 'toLearner'] as const) {
        const items = packetsOf(recording[way]);
        // INFORMANDACTIVATE carries the suggested leader before the transaction.
        const shown = items.map((item) =>
          !Buffer.isBuffer(item) && item.type === PacketType.informAndActivate
            ? show({ ...item, type: PacketType.inform, data: item.data?.subarray(8) ?? null })
            : show(item),
        );
        // How many pings there were is a matter of time.
        assert.deepEqual(
          shown.filter((line) => !line.startsWith('PING')),
          lines(expected[way]).filter((line) => !line.startsWith('PING')),
        );
        assert.ok(shown.some((line) => line.startsWith('PING 1:')));
        const again = items.map((item) => (Buffer.isBuffer(item) ? item : bytesOf(item)));
        assert.equal(Buffer.concat(again).toString('hex'), recording[way].toString('hex'));
      }
    });

    it(`${name}: its transactions and configuration texts come out byte for byte`, async () => {
      const items = packetsOf((await recorded(name)).toLearner);
      for (const item of items.filter(isTxnPacket)) {
        const { header, txn, digest } = readTxnEntry(item.data ?? Buffer.alloc(0));
        assert.equal(header.zxid, item.zxid);
        assert.equal(makeTxnEntry(header, txn, digest).bytes.toString('hex'), item.data?.toString('hex'));
      }
      for (const item of items) {
        if (Buffer.isBuffer(item) || item.type !== PacketType.newLeader) continue;
        const text = item.data?.toString() ?? '';
        assert.equal(parseMembershipText(text).toText(), text);
      }
    });
  }
});

/** Everything that our learner sends while a Java leader's recorded bytes come to it, one packet after the other. */
async function replay(
  name: string,
  sid: number,
  way: 'follow' | 'observe',
): Promise<{ server: ZabServer; sent: Buffer }> {
  const world = new World(name);
  const items = packetsOf((await recorded(name)).toLearner);
  const sent: Buffer[] = [];
  let leaderSocket: Socket | null = null;
  await world.settle(
    world.host(hostName(9)).network.listen({ endpoint: { host: hostName(9), port: QUORUM_PORT } }, (socket) => {
      leaderSocket = socket;
      socket.start({
        onData: (chunk) => sent.push(Buffer.from(chunk)),
        onEnd: () => undefined,
        onDrain: () => undefined,
        onClose: () => undefined,
      });
    }),
  );
  const server = await world.settle(ZabServer.boot(world, sid, membership([sid, 9])));
  server[way](9).catch((error: unknown) => assert.fail(String(error)));
  await world.until(() => leaderSocket !== null);
  for (const item of items) {
    (leaderSocket as Socket | null)?.write(Buffer.isBuffer(item) ? item : bytesOf(item));
    await world.run(5);
  }
  assert.equal(server.lastEnd, null, server.lastEnd?.reason);
  return { server, sent: Buffer.concat(sent) };
}

describe('a recorded Java leader', () => {
  it('is followed by us with the same bytes as by a Java follower', async () => {
    const { server, sent } = await replay('first-start-follower', 1, 'follow');
    const theirs = packetsOf((await recorded('first-start-follower')).toLeader);
    // Ours had no client: it forwards nothing, and its pings carry no sessions.
    const wanted = theirs.filter((item) => !Buffer.isBuffer(item) && item.type !== PacketType.request);
    const withoutTouches = (item: QuorumPacket | Buffer) =>
      Buffer.isBuffer(item) || item.type !== PacketType.ping ? item : { ...item, data: Buffer.alloc(0) };
    const withoutPings = (items: readonly (QuorumPacket | Buffer)[]) =>
      items.filter((item) => Buffer.isBuffer(item) || item.type !== PacketType.ping);
    assert.deepEqual(withoutPings(packetsOf(sent)), withoutPings(wanted));
    const pings = packetsOf((await recorded('first-start-follower')).toLearner).filter(
      (item) => !withoutPings([item]).length,
    );
    assert.deepEqual(
      packetsOf(sent).filter((item) => withoutPings([item]).length === 0),
      pings.map((item) => withoutTouches(item)),
    );
    assert.equal(showZxid(server.database.lastAppliedZxid), '1:8');
    assert.deepEqual(server.history(), ['100000002 a']);
  });

  it('synchronizes us by its image, and informs us as observer', async () => {
    const { server, sent } = await replay('snap-observer', 4, 'observe');
    const wanted = packetsOf((await recorded('snap-observer')).toLeader).slice(0, 4);
    assert.deepEqual(packetsOf(sent).slice(0, 4), wanted);
    assert.equal(showZxid(server.database.lastAppliedZxid), '1:8');
    assert.deepEqual(server.history(), ['100000002 a']);
  });

  it('tells us of a reconfiguration as follower and as observer', async () => {
    for (const [name, sid, way] of [
      ['reconfig-follower', 5, 'follow'],
      ['reconfig-observer', 6, 'observe'],
    ] as const) {
      const { server } = await replay(name, sid, way);
      assert.equal(showZxid(server.database.lastAppliedZxid), '1:3');
      const words = server.config.map((line) =>
        line
          .replace(/version=/, '')
          .split(' ')
          .slice(0, 2)
          .join(' '),
      );
      assert.deepEqual(words, [
        'proposed 100000000',
        'established 100000000',
        'proposed 100000002',
        'activated 100000002',
      ]);
    }
  });
});
