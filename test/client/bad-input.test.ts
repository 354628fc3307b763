import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeToBuffer, type JuteWriter } from '../../src/jute/index.js';
import { ErrorCode, OpCode, WatcherType, writeConnectRequest } from '../../src/protocol/index.js';
import { SeededRandom } from '../fakes/index.js';
import { frameOf, requestBytes, type WireClient } from '../support/wire-client.js';
import { ClientWorld } from './client-world.js';

const CONNECT = frameOf(
  encodeToBuffer((w) =>
    writeConnectRequest(w, {
      protocolVersion: 0,
      lastZxidSeen: 0,
      timeoutMs: 10_000,
      sessionId: 0n,
      password: Buffer.alloc(16),
      readOnly: false,
      hasReadOnly: true,
    }),
  ),
);

function intBytes(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

interface Case {
  readonly name: string;
  readonly bytes: Buffer;
  /** In the warning; absent: it is not worth one. */
  readonly log?: RegExp;
}

const FIRST_BYTES: readonly Case[] = [
  { name: 'garbage', bytes: Buffer.from('fdsa7989hbfrew8f'), log: /Len error.*1717859169/ },
  { name: 'a negative length', bytes: intBytes(-5), log: /advertised length of -5 / },
  { name: 'a huge length', bytes: intBytes(0x7fffffff), log: /2147483647.*jute\.maxbuffer=1048575/ },
  { name: 'one more than jute.maxbuffer', bytes: intBytes(0x100000), log: /1048576/ },
  { name: 'TLS', bytes: Buffer.from('160301020001000100', 'hex'), log: /begins like TLS/ },
  { name: 'HTTP', bytes: Buffer.from('GET / HTTP/1.1\r\n\r\n'), log: /begins like HTTP/ },
  { name: 'an empty frame', bytes: intBytes(0), log: /no connect request/ },
  { name: 'a connect request cut short', bytes: frameOf(CONNECT.subarray(4, 30)), log: /no connect request/ },
  {
    name: 'a connect request whose password claims more than there is',
    bytes: frameOf(Buffer.concat([Buffer.alloc(24), intBytes(100), Buffer.alloc(10)])),
    log: /no connect request/,
  },
];

describe('first bytes that are no connect request', () => {
  for (const { name, bytes, log } of FIRST_BYTES) {
    it(`${name}: closed without an answer, with one line in the log`, async () => {
      const world = await ClientWorld.make();
      const other = await world.connect({}, 'other');
      const client = await world.dial();
      client.sendRaw(bytes);
      await world.get(client.closed);
      assert.deepEqual(client.frames, []);
      const warnings = world.world.host('server').log.atLeast('warn');
      assert.equal(warnings.length, log === undefined ? 0 : 1);
      if (log !== undefined) assert.match(warnings[0]?.message ?? '', log);
      assert.match(warnings[0]?.message ?? '', /10\.0\.0\.3/, 'who it was');
      assert.equal((await world.get(other.ping())).err, 0);
      assert.equal(world.connectionCount(), 1);
    });
  }

  it('a four-letter word in the middle of a session is a bad length', async () => {
    const world = await ClientWorld.make();
    const client = await world.connect();
    client.sendRaw(Buffer.from('ruok'));
    await world.get(client.closed);
    assert.equal(client.frames.length, 1);
    assert.equal(world.logged(/session 0x1000000000000001 with advertised length of 1920298859/).length, 1);
  });
});

const BODIES: readonly { name: string; type: number; body: Buffer }[] = [
  { name: 'getData without a body', type: OpCode.getData, body: Buffer.alloc(0) },
  { name: 'getData of a path that claims more than there is', type: OpCode.getData, body: intBytes(50) },
  { name: 'getData of a path of length -2', type: OpCode.getData, body: intBytes(-2) },
  { name: 'getData without a watch flag', type: OpCode.getData, body: Buffer.concat([intBytes(1), Buffer.from('/')]) },
  { name: 'exists of null', type: OpCode.exists, body: Buffer.concat([intBytes(-1), Buffer.alloc(1)]) },
  { name: 'getChildren of null', type: OpCode.getChildren, body: Buffer.concat([intBytes(-1), Buffer.alloc(1)]) },
  { name: 'getACL of null', type: OpCode.getACL, body: intBytes(-1) },
  {
    name: 'setWatches with a count of 2^31-1',
    type: OpCode.setWatches,
    body: Buffer.from('00000000000000007fffffff', 'hex'),
  },
  {
    name: 'setWatches with a count of -2',
    type: OpCode.setWatches,
    body: Buffer.from('0000000000000000fffffffe', 'hex'),
  },
  {
    name: 'multiRead without an end',
    type: OpCode.multiRead,
    body: Buffer.from('0000000400ffffffff000000012f00', 'hex'),
  },
  { name: 'multiRead in a multiRead', type: OpCode.multiRead, body: Buffer.from('0000001600ffffffff', 'hex') },
  { name: 'addWatch without a mode', type: OpCode.addWatch, body: Buffer.concat([intBytes(1), Buffer.from('/')]) },
  { name: 'addWatch of null', type: OpCode.addWatch, body: Buffer.concat([intBytes(-1), intBytes(0)]) },
  { name: 'removeWatches of type 0', type: OpCode.removeWatches, body: Buffer.from('000000012f00000000', 'hex') },
  { name: 'getEphemerals of nothing', type: OpCode.getEphemerals, body: Buffer.alloc(0) },
  { name: 'sync without a path', type: OpCode.sync, body: Buffer.alloc(3) },
  { name: 'sync of a path that claims more than there is', type: OpCode.sync, body: intBytes(9) },
];

describe('requests whose bytes are not what they should be', () => {
  for (const { name, type, body } of BODIES) {
    it(`${name}: MarshallingError, and the session goes on`, async () => {
      const world = await ClientWorld.make();
      const client = await world.connect();
      const reply = await world.get(client.requestAny(type, (w) => w.raw(body)));
      assert.equal(reply.header.err, ErrorCode.marshallingError);
      assert.equal(reply.body.length, 0);
      assert.equal(world.pipeline.tree.watchCount, 0);
      assert.deepEqual(await world.get(client.getChildren('/')), ['zookeeper']);
    });
  }

  for (const [name, body] of [
    ['an auth request cut short', Buffer.alloc(6)],
    ['an auth request whose scheme claims more than there is', Buffer.concat([intBytes(0), intBytes(1000)])],
  ] as const) {
    it(`${name}: closed`, async () => {
      const world = await ClientWorld.make();
      const client = await world.connect();
      client.quietly(() => client.sendFrame(requestBytes(-4, OpCode.auth, (w) => w.raw(body))));
      await world.get(client.closed);
      assert.equal(client.frames.length, 1);
    });
  }

  it('takes bytes behind a whole request for nothing, as ZooKeeper does', async () => {
    const world = await ClientWorld.make();
    const client = await world.connect();
    const reply = await world.get(
      client.requestAny(OpCode.exists, (w) => {
        w.string('/');
        w.bool(false);
        w.raw(Buffer.from('and more'));
      }),
    );
    assert.equal(reply.header.err, 0);
  });

  it('takes a path that is not UTF-8 for one that does not exist', async () => {
    const world = await ClientWorld.make();
    const client = await world.connect();
    const reply = await world.get(
      client.requestAny(OpCode.getData, (w) => {
        w.buffer(Buffer.from('2ffffe80', 'hex'));
        w.bool(true);
      }),
    );
    assert.equal(reply.header.err, ErrorCode.noNode);
  });

  it('watches a path that is not UTF-8 by the text that it is read as', async () => {
    const world = await ClientWorld.make();
    const client = await world.connect();
    const path = Buffer.from('2f61eda080', 'hex');
    const ask = (type: number, more: (w: JuteWriter) => void) =>
      world.get(
        client.requestAny(type, (w) => {
          w.buffer(path);
          more(w);
        }),
      );
    await ask(OpCode.exists, (w) => w.bool(true));
    const removed = await ask(OpCode.removeWatches, (w) => w.int(WatcherType.any));
    assert.deepEqual([removed.header.err, world.pipeline.tree.watchCount], [ErrorCode.ok, 0]);
  });

  /** Paths of sync, and what Apache ZooKeeper answers; ours keeps characters outside of the basic plane as they came. */
  for (const [asked, answered] of [
    ['ffffffff', 'ffffffff'],
    ['00000000', '00000000'],
    ['000000022f61', '000000022f61'],
    ['000000032fc3a9', '000000032fc3a9'],
    ['000000052ff09f9880', '000000052ff09f9880'],
    ['000000022fff', '000000042fefbfbd'],
    ['000000042feda080', '000000042fefbfbd'],
    ['000000032fc0af', '000000072fefbfbdefbfbd'],
    ['000000022f616262', '000000022f61'],
  ] as const) {
    it(`sync of ${asked} is answered with ${answered}`, async () => {
      const world = await ClientWorld.make();
      const client = await world.connect();
      const reply = await world.get(client.requestAny(OpCode.sync, (w) => w.raw(Buffer.from(asked, 'hex'))));
      assert.equal(reply.header.err, ErrorCode.ok);
      assert.equal(reply.body.toString('hex'), answered);
    });
  }
});

describe('the prefix of getEphemerals', () => {
  const MINE = ['/mine'];
  /** As Java's `trim` has it: what is cut off are the characters up to the space. */
  const cases: readonly (readonly [prefix: string | null, found: readonly string[]])[] = [
    ...[null, '', '/', ' ', ' / ', '\t', '\x01', '/\x01', '\0/', '/m', '/mine'].map((one) => [one, MINE] as const),
    ...['\u00a0', '\ufeff', '\u2003/', '/ /', '//', '/mine/', ' /mine', 'm'].map((one) => [one, []] as const),
  ];
  for (const [prefix, found] of cases) {
    it(`${JSON.stringify(prefix)} finds ${found.length === 0 ? 'nothing' : 'all'}`, async () => {
      const world = await ClientWorld.make();
      const client = await world.connect();
      await world.get(client.create('/mine', null, 1));
      assert.deepEqual(await world.get(client.getEphemerals(prefix)), found);
    });
  }
});

const TYPES = [...Object.values(OpCode).filter((type) => type !== OpCode.closeSession), 23, 99, 127, 128, -99];

/** A request's bytes: whole, cut, longer, or with a few bytes changed. */
function fuzzed(random: SeededRandom): Buffer {
  const type = TYPES[random.below(TYPES.length)] as number;
  const body = encodeToBuffer((w) => {
    if (random.oneIn(4)) w.raw(random.bytes(random.below(80)));
    else w.string(['/', '/a', '/zookeeper', '', '//', '/a/\0'][random.below(6)] as string);
    for (let i = random.below(4); i > 0; i--) w.int(random.oneIn(2) ? random.below(4) : random.below(2 ** 32) | 0);
    if (random.oneIn(2)) w.bool(random.oneIn(2));
  });
  const request = requestBytes(random.below(1000) + 1, type, (w) => w.raw(body));
  if (random.oneIn(5)) request[random.below(request.length)] = random.below(256);
  return random.oneIn(10) ? request.subarray(0, random.below(request.length + 1)) : request;
}

/** Sends noise until the server closes or the noise is over. */
async function makeNoise(world: ClientWorld, client: WireClient, random: SeededRandom): Promise<void> {
  for (let i = 0; i < 40 && !client.isClosed; i++) {
    const frame = frameOf(fuzzed(random));
    if (random.oneIn(20)) frame.writeInt32BE(random.below(2 ** 32) | 0, 0);
    client.sendRaw(frame);
    if (random.oneIn(3)) await world.world.run(random.below(3));
  }
}

describe('noise of all kinds', () => {
  it('harms nobody but its sender', async () => {
    for (let seed = 1; seed <= 150; seed++) {
      const random = new SeededRandom(seed);
      const world = await ClientWorld.make({ seed, maxClientCnxns: 0 });
      const honest = await world.connect({ timeoutMs: 40_000 }, 'honest');
      await world.get(honest.create('/honest', Buffer.from('work')));
      for (let i = 0; i < 3; i++) {
        const client = random.oneIn(4) ? await world.dial('noisy') : await world.connect({}, 'noisy');
        client.quietly(() => undefined);
        await makeNoise(world, client, random);
        if (random.oneIn(2)) client.destroy();
      }
      assert.equal((await world.get(honest.getData('/honest'))).data?.toString(), 'work', `seed ${seed}`);
      // Whoever left, or keeps silent, is forgotten.
      for (let i = 0; i < 5; i++) {
        await world.world.run(10_000);
        await world.get(honest.ping());
      }
      assert.equal(world.connectionCount(), 1, `seed ${seed}`);
      assert.match(world.mntr(), /zk_outstanding_requests\t0\n/, `seed ${seed}`);
      const errors = world.world.host('server').log.atLeast('error');
      assert.deepEqual(errors, [], `seed ${seed}`);
    }
  });
});
