// Requests that are answered from the tree are read in place, where they lie in a frame: each whole one is understood, and of
// each beginning and of wrong bytes no more comes than an error code.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Outbox, WriterPool } from '../../src/client/outbox.js';
import { type Asker, Reads } from '../../src/client/reads.js';
import { THROTTLED } from '../../src/client/request-kinds.js';
import { ClientTraffic } from '../../src/client/traffic.js';
import { encodeToBuffer, JuteReader, type JuteWriter } from '../../src/jute/index.js';
import { Metrics, NamespaceSizes } from '../../src/metrics/index.js';
import {
  AddWatchMode,
  ErrorCode,
  OpCode,
  opName,
  OPEN_ACL_UNSAFE,
  readReplyHeader,
  WatcherType,
  writeMultiRead,
  writePathNumberRequest,
  writePathRequest,
  writePathWatchRequest,
  writeSetWatches,
} from '../../src/protocol/index.js';
import { DataTree } from '../../src/tree/index.js';
import { World } from '../fakes/index.js';
import { TEST_OPTIONS } from '../storage/support.js';
import { int, listOf, long, path as anyPath, record } from '../support/arbitraries.js';
import { holds } from '../support/property.js';
import { testAccess } from './client-world.js';

const BUDGET_MS = 100;
const FRAME_AND_HEADER_BYTES = 20;
const MAX_REPLY_BYTES = 1 << 20;
const NOISE = Buffer.from('ffffffff00000001', 'hex');
const KNOWN = ['/a', '/a/b', '/é'];

const path = fc.oneof(fc.constantFrom('/', '', ...KNOWN), anyPath);
const paths = listOf(path, 3);

/** A server's reads with a small tree, and one client who asks. */
class Stage {
  readonly log = new World('reads').host('server').log;
  private readonly tree = new DataTree(TEST_OPTIONS);
  private readonly outbox: Outbox;
  private readonly reads: Reads;
  private readonly asker: Asker;

  constructor() {
    const metrics = new Metrics();
    const sizes = new NamespaceSizes(metrics, 'read_per_namespace');
    this.outbox = new Outbox(new WriterPool(), new ClientTraffic(metrics));
    this.reads = new Reads(testAccess(), this.log, MAX_REPLY_BYTES, () => undefined, sizes);
    this.asker = { outbox: this.outbox, sessionId: 0x1000n, process: () => undefined };
    KNOWN.forEach((known, index) => {
      const header = { clientId: 0x1000n, cxid: index, zxid: index + 1, time: 1, type: OpCode.create };
      const node = { path: known, data: Buffer.from('data'), acl: OPEN_ACL_UNSAFE };
      this.tree.apply(header, { type: OpCode.create, ...node, ephemeral: index > 0, parentCVersion: -1 }, null);
    });
  }

  /** The code that it is answered, which the one reply's header has, too. */
  ask(type: number, body: Buffer): number {
    const bytes = Buffer.concat([NOISE, body, NOISE]);
    const [start, end] = [NOISE.length, NOISE.length + body.length];
    const reader = new JuteReader(bytes, start, end);
    const { asker, tree } = this;
    const err = this.reads.answer({ asker, tree, reader, bytes, end, auth: [], xid: 7 }, type);
    const reply = this.outbox.take();
    assert.equal(reply.readInt32BE(0), reply.length - 4);
    const r = new JuteReader(reply, 4);
    const header = readReplyHeader(r);
    assert.equal(header.xid, 7);
    if (err !== ErrorCode.ok) assert.deepEqual([header.err, reply.length], [err, FRAME_AND_HEADER_BYTES]);
    assert.deepEqual(this.log.withCode('READ_FAILED'), []);
    return err;
  }
}

interface Kind {
  readonly types: readonly number[];
  readonly bodies: fc.Arbitrary<(w: JuteWriter, type: number) => void>;
}

const watched = record({ path, watch: fc.boolean() });
const known = fc.constantFrom(...Object.values(WatcherType));

const KINDS: readonly Kind[] = [
  {
    types: [OpCode.exists, OpCode.getData, OpCode.getChildren, OpCode.getChildren2],
    bodies: watched.map((value) => (w) => writePathWatchRequest(w, value.path, value.watch)),
  },
  {
    types: [OpCode.getACL, OpCode.getAllChildrenNumber, OpCode.getEphemerals],
    bodies: path.map((value) => (w) => writePathRequest(w, value)),
  },
  {
    types: [OpCode.addWatch],
    bodies: fc
      .tuple(path, fc.constantFrom(...Object.values(AddWatchMode)))
      .map((value) => (w) => writePathNumberRequest(w, ...value)),
  },
  {
    types: [OpCode.checkWatches, OpCode.removeWatches],
    bodies: fc.tuple(path, known).map((value) => (w) => writePathNumberRequest(w, ...value)),
  },
  {
    types: [OpCode.multiRead],
    bodies: listOf(record({ type: fc.constantFrom(OpCode.getData, OpCode.getChildren), path })).map(
      (parts) => (w) => writeMultiRead(w, parts),
    ),
  },
  {
    types: [OpCode.setWatches, OpCode.setWatches2],
    bodies: record({
      ...{ relativeZxid: long, data: paths, exist: paths, child: paths, persistent: paths },
      persistentRecursive: paths,
    }).map((request) => (w, type) => writeSetWatches(w, request, type)),
  },
];

describe('a request that is read in place', () => {
  for (const { bodies, types } of KINDS) {
    for (const type of types) {
      it(`${opName(type)}: is understood as a whole, and refused otherwise`, () => {
        const stage = new Stage();
        const property = fc.property(bodies, fc.nat(254), (write, mask) => {
          const body = encodeToBuffer((w) => write(w, type));
          assert.notEqual(stage.ask(type, body), ErrorCode.marshallingError);
          for (let length = 0; length < body.length; length++) {
            assert.equal(stage.ask(type, body.subarray(0, length)), ErrorCode.marshallingError, `${length} bytes`);
          }
          for (let at = 0; at < body.length; at++) {
            const flipped = Buffer.from(body);
            flipped[at] = (flipped[at] as number) ^ (mask + 1);
            stage.ask(type, flipped);
          }
        });
        holds(property, BUDGET_MS);
      });
    }
  }

  it('of a type that is none is answered with Unimplemented', () => {
    const stage = new Stage();
    const read = new Set<number>(KINDS.flatMap(({ types }) => types));
    const others = int.filter((type) => !read.has(type) && type !== OpCode.whoAmI && type !== THROTTLED);
    holds(
      fc.property(others, (type) => assert.equal(stage.ask(type, Buffer.alloc(8)), ErrorCode.unimplemented)),
      BUDGET_MS,
    );
  });
});
