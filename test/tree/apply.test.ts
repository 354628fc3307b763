import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JuteReader, JuteWriter } from '../../src/jute/index.js';
import type { Stat, Txn } from '../../src/protocol/index.js';
import {
  CONTAINER_OWNER,
  ErrorCode,
  OpCode,
  OPEN_ACL_UNSAFE,
  READ_ACL_UNSAFE,
  readStat,
  readStringList,
  ttlOwner,
} from '../../src/protocol/index.js';
import { CONFIG_PATH, DataTree, NO_NODE } from '../../src/tree/index.js';
import { Driver, load, OPTIONS, serialize, START_MS, writtenStat } from './support.js';

const ME = 0x7000_0000_0000_0001n;
const data = Buffer.from('data');
const create = { path: '/n', data, acl: OPEN_ACL_UNSAFE, parentCVersion: 1 } as const;

/** Of a node made at zxid 1, unless said otherwise. */
function stat(changes: Partial<Stat>): Stat {
  return {
    ...{ czxid: 1, mzxid: 1, pzxid: 1, ctime: START_MS + 1, mtime: START_MS + 1 },
    ...{ version: 0, cversion: 0, aversion: 0, ephemeralOwner: 0n, dataLength: 4, numChildren: 0 },
    ...changes,
  };
}

interface Scenario {
  readonly name: string;
  readonly txns: readonly Txn[];
  /** Of the last transaction: whether its result has the stat. */
  readonly resultStat: boolean;
  readonly stats: Readonly<Record<string, Partial<Stat> | null>>;
}

const plain: Txn = { type: OpCode.create, ...create, ephemeral: false };
const child = (path: string, parentCVersion: number): Txn => ({ ...plain, path, parentCVersion });

const scenarios: readonly Scenario[] = [
  {
    name: 'create',
    txns: [plain],
    resultStat: true,
    stats: {
      '/n': {},
      // The root: one created child and /zookeeper, which no transaction made.
      '/': { czxid: 0, mzxid: 0, ctime: 0, mtime: 0, cversion: 2 - 2, dataLength: 0, numChildren: 2 },
    },
  },
  { name: 'create2', txns: [{ ...plain, type: OpCode.create2 }], resultStat: true, stats: { '/n': {} } },
  {
    name: 'create of an ephemeral',
    txns: [{ type: OpCode.create, ...create, ephemeral: true }],
    resultStat: true,
    stats: { '/n': { ephemeralOwner: ME } },
  },
  {
    name: 'createContainer: clients see no owner',
    txns: [{ type: OpCode.createContainer, ...create }],
    resultStat: true,
    stats: { '/n': { ephemeralOwner: 0n } },
  },
  {
    name: 'createTTL: clients see no owner',
    txns: [{ type: OpCode.createTTL, ...create, ttlMs: 0x12_3456_789a }],
    resultStat: true,
    stats: { '/n': { ephemeralOwner: 0n } },
  },
  {
    name: 'create with null data',
    txns: [{ ...plain, data: null }],
    resultStat: true,
    stats: { '/n': { dataLength: 0 } },
  },
  {
    name: 'children count twice in cversion when deleted',
    txns: [plain, child('/n/a', 1), child('/n/b', 2), { type: OpCode.delete, path: '/n/a' }],
    resultStat: false,
    stats: { '/n': { cversion: 3, numChildren: 1, pzxid: 4 }, '/n/a': null },
  },
  {
    name: 'cversion wraps behind the highest int, and pzxid goes with it',
    txns: [plain, child('/n/a', 0x7fff_ffff), child('/n/b', -0x8000_0000), child('/n/c', -0x7fff_ffff)],
    resultStat: true,
    stats: { '/n': { cversion: -1, numChildren: 3, pzxid: 4 } },
  },
  {
    name: 'cversion that is not told (-1) wraps, too',
    txns: [plain, child('/n/a', 0x7fff_ffff), child('/n/b', -1)],
    resultStat: true,
    stats: { '/n': { cversion: -2, numChildren: 2, pzxid: 3 } },
  },
  {
    name: 'deleteContainer',
    txns: [
      { type: OpCode.createContainer, ...create },
      { type: OpCode.deleteContainer, path: '/n' },
    ],
    resultStat: false,
    stats: { '/n': null },
  },
  {
    name: 'setData takes its version from the transaction',
    txns: [plain, { type: OpCode.setData, path: '/n', data: Buffer.alloc(90), version: 41 }],
    resultStat: true,
    stats: { '/n': { version: 41, mzxid: 2, mtime: START_MS + 2, dataLength: 90 } },
  },
  {
    name: 'setData of the root',
    txns: [plain, { type: OpCode.setData, path: '/', data, version: 1 }],
    resultStat: true,
    stats: { '/': { czxid: 0, ctime: 0, version: 1, mzxid: 2, mtime: START_MS + 2, cversion: 0, numChildren: 2 } },
  },
  {
    name: 'setACL changes aversion only',
    txns: [plain, { type: OpCode.setACL, path: '/n', acl: READ_ACL_UNSAFE, version: 9 }],
    resultStat: true,
    stats: { '/n': { aversion: 9 } },
  },
  {
    name: 'check changes nothing',
    txns: [plain, { type: OpCode.check, path: '/n', version: 1 }],
    resultStat: false,
    stats: { '/n': {} },
  },
  {
    name: 'reconfig sets the data of /zookeeper/config',
    txns: [{ type: OpCode.reconfig, path: CONFIG_PATH, data, version: -1 }],
    resultStat: true,
    stats: { [CONFIG_PATH]: { czxid: 0, ctime: 0, pzxid: 0, version: -1, aversion: -1 } },
  },
];

describe('apply', () => {
  for (const { name, txns, resultStat, stats } of scenarios) {
    it(name, () => {
      const driver = new Driver(new DataTree(OPTIONS), ME);
      const { tree } = driver;
      const result = txns.map((txn) => driver.run(txn)).at(-1);
      const last = txns.at(-1);
      assert.deepEqual(
        { type: result?.type, err: result?.err, path: result?.path, multi: result?.multi },
        {
          type: last?.type,
          err: 0,
          path: last !== undefined && 'path' in last ? last.path : null,
          multi: null,
        },
      );
      for (const [path, expected] of Object.entries(stats)) {
        const ref = tree.find(path);
        if (expected === null) {
          assert.equal(ref, NO_NODE);
          continue;
        }
        assert.deepEqual(tree.stat(ref), stat(expected), path);
        assert.deepEqual(writtenStat(tree, path), stat(expected), path);
      }
      const path = last !== undefined && 'path' in last ? last.path : '/n';
      assert.deepEqual(result?.stat ?? null, resultStat ? tree.stat(tree.find(path)) : null);
      assert.equal(tree.lastProcessedZxid, txns.length);
    });
  }

  it('keeps the kinds of owners apart', () => {
    const driver = new Driver(new DataTree(OPTIONS), ME);
    const { tree } = driver;
    driver.run({ type: OpCode.create, ...create, path: '/e', ephemeral: true });
    driver.run({ type: OpCode.createContainer, ...create, path: '/c' });
    driver.run({ type: OpCode.createTTL, ...create, path: '/t', ttlMs: 0x12_3456_789a });
    driver.run({ type: OpCode.create, ...create, path: '/p', ephemeral: false });
    const kinds = ['/e', '/c', '/t', '/p'].map((path) => tree.ownerKind(tree.find(path)));
    assert.deepEqual(kinds, ['ephemeral', 'container', 'ttl', 'persistent']);
    const owners = ['/e', '/c', '/t', '/p'].map((path) => tree.ephemeralOwner(tree.find(path)));
    assert.deepEqual(owners, [ME, CONTAINER_OWNER, ttlOwner(0x12_3456_789a), 0n]);
    assert.deepEqual([tree.ttlMs(tree.find('/t')), tree.ttlMs(tree.find('/e'))], [0x12_3456_789a, 0]);
    assert.deepEqual([[...tree.containers()], [...tree.ttlNodes()]], [['/c'], ['/t']]);
    assert.deepEqual([tree.ephemeralsOf(ME), tree.ephemeralCount], [new Set(['/e']), 1]);
    assert.deepEqual([[...tree.sessionsWithEphemerals()], tree.sessionsWithEphemeralsCount], [[ME], 1]);
    for (const path of ['/e', '/c', '/t', '/p']) driver.run({ type: OpCode.delete, path });
    assert.deepEqual([[...tree.containers()], [...tree.ttlNodes()], tree.ephemeralCount], [[], [], 0]);
    assert.equal(tree.sessionsWithEphemeralsCount, 0);
  });

  it('takes a TTL node for an ephemeral when extended types are off', () => {
    const driver = new Driver(new DataTree({ ...OPTIONS, extendedTypes: false }));
    driver.run({ type: OpCode.createTTL, ...create, ttlMs: 5 });
    assert.equal(driver.tree.ownerKind(driver.tree.find('/n')), 'ephemeral');
    assert.equal(driver.tree.stat(driver.tree.find('/n')).ephemeralOwner, ttlOwner(5));
  });

  it('says what each part of a multi came to', () => {
    const driver = new Driver();
    const result = driver.run({
      type: OpCode.multi,
      txns: [
        plain,
        { ...plain, type: OpCode.create2, path: '/n/x', parentCVersion: 1 },
        { type: OpCode.setData, path: '/n', data, version: 1 },
        { type: OpCode.check, path: '/n', version: 2 },
        { type: OpCode.delete, path: '/n/x' },
      ],
    });
    const brief = result.multi?.map(({ type, err, path, stat }) => [type, err, path, stat?.mzxid ?? null]);
    assert.deepEqual(brief, [
      [OpCode.create, 0, '/n', 1],
      [OpCode.create2, 0, '/n/x', 1],
      [OpCode.setData, 0, '/n', 1],
      [OpCode.check, 0, '/n', null],
      [OpCode.delete, 0, '/n/x', null],
    ]);
    assert.deepEqual([result.type, result.err, result.path, result.stat], [OpCode.multi, 0, null, null]);
  });

  it('applies nothing of a multi that failed', () => {
    const driver = new Driver();
    const error = (err: number): Txn => ({ type: OpCode.error, err });
    const result = driver.run({
      type: OpCode.multi,
      txns: [plain, child('/n/x', 1), error(ErrorCode.badVersion), plain, error(ErrorCode.runtimeInconsistency)],
    });
    assert.deepEqual(
      result.multi?.map(({ type, err, path }) => [type, err, path]),
      [0, 0, ErrorCode.badVersion, ErrorCode.runtimeInconsistency, ErrorCode.runtimeInconsistency].map((err) => [
        OpCode.error,
        err,
        null,
      ]),
    );
    assert.equal(result.err, ErrorCode.badVersion);
    assert.equal(driver.tree.find('/n'), NO_NODE);
    assert.equal(driver.tree.lastProcessedZxid, 1);
  });

  it('passes errors and sessions through', () => {
    const driver = new Driver();
    const before = driver.tree.digest;
    assert.equal(driver.run({ type: OpCode.error, err: ErrorCode.noNode }).err, ErrorCode.noNode);
    assert.equal(driver.run({ type: OpCode.createSession, timeoutMs: 5 }).err, 0);
    assert.equal(driver.run({ type: OpCode.closeSession, paths: [] }).err, 0);
    assert.deepEqual([driver.tree.digest, driver.tree.lastProcessedZxid], [before, 3]);
  });
});

describe('reading', () => {
  const filled = (): Driver => {
    const driver = new Driver();
    driver.run(plain);
    for (const [i, name] of ['b', 'a', 'ü', 'c'].entries()) driver.run(child(`/n/${name}`, i + 1));
    driver.run({ type: OpCode.delete, path: '/n/a' });
    driver.run(child('/n/d', 5));
    return driver;
  };

  it('gives children in the order of their creation', () => {
    const { tree } = filled();
    const ref = tree.find('/n');
    assert.deepEqual([...tree.children(ref)], ['b', 'ü', 'c', 'd']);
    const w = new JuteWriter();
    tree.writeChildren(ref, w);
    assert.deepEqual(readStringList(new JuteReader(w.view())), ['b', 'ü', 'c', 'd']);
    assert.equal(tree.childCount(ref), 4);
    const names: string[] = [];
    for (let at = tree.firstChild(ref); at !== NO_NODE; at = tree.nextSibling(at)) names.push(tree.pathOf(at));
    assert.deepEqual(names, ['/n/b', '/n/ü', '/n/c', '/n/d']);
  });

  it('keeps the list of children whole whichever is removed', () => {
    for (const removed of [0, 1, 2, 3]) {
      const { tree, ...rest } = filled();
      const driver = Object.assign(new Driver(tree), { zxid: rest.zxid });
      const names = [...tree.children(tree.find('/n'))];
      driver.run({ type: OpCode.delete, path: `/n/${names[removed] ?? ''}` });
      driver.run(child('/n/last', 6));
      assert.deepEqual([...tree.children(tree.find('/n'))], [...names.filter((_, i) => i !== removed), 'last']);
    }
  });

  it('writes data and stat as getData answers', () => {
    const driver = filled();
    const { tree } = driver;
    driver.run({ type: OpCode.setData, path: '/n/c', data: null, version: 1 });
    driver.run({ type: OpCode.setData, path: '/n/d', data: Buffer.alloc(100_000, 3), version: 1 });
    for (const path of ['/n', '/n/c', '/n/d']) {
      const ref = tree.find(path);
      const apart = new JuteWriter();
      tree.writeData(ref, apart);
      tree.writeStat(ref, apart);
      const together = new JuteWriter();
      tree.writeDataAndStat(ref, together);
      assert.deepEqual(together.view(), apart.view());
      const r = new JuteReader(apart.view());
      assert.deepEqual(r.bufferOrNull(), tree.data(ref));
      assert.deepEqual(readStat(r), tree.stat(ref));
      assert.equal(r.remaining, 0);
    }
    assert.deepEqual([tree.data(tree.find('/n/c')), tree.dataLength(tree.find('/n/c'))], [null, 0]);
    assert.equal(tree.dataLength(tree.find('/n/d')), 100_000);
  });

  it('finds by string and by bytes', () => {
    const { tree } = filled();
    const there = ['/', '', '/n', '/n/b', '/n/ü', '/zookeeper/config'];
    const absent = ['/n/', '//n', 'n', '/m', '/n/b/c', '/n/a', '/n/u', '/zookeeper/confi', '/ü'];
    for (const path of [...there, ...absent]) {
      const bytes = Buffer.from(`..${path}..`);
      const ref = tree.find(path);
      assert.equal(ref !== NO_NODE, there.includes(path), path);
      assert.equal(tree.findUtf8(bytes, 2, bytes.length - 2), ref, path);
      if (ref !== NO_NODE) assert.equal(tree.pathOf(ref), path === '' ? '/' : path);
    }
  });

  it('takes malformed bytes for the string they decode to', () => {
    const driver = filled();
    const path = Buffer.from([0x2f, 0xff, 0x61]);
    driver.run(child(path.toString('utf8'), 3));
    assert.notEqual(driver.tree.findUtf8(path, 0, 3), NO_NODE);
  });

  it('counts nodes as ZooKeeper does', () => {
    const { tree } = filled();
    // The root twice, three system nodes, /n and its four children.
    assert.equal(tree.nodeCount, 10);
    assert.deepEqual(
      ['/', '/n', '/n/b', '/nope', '/zookeeper'].map((path) => tree.allDescendantsCount(path)),
      [8, 4, 0, 0, 2],
    );
    assert.equal(new DataTree(OPTIONS).approximateDataSize, 44, 'zk_approximate_data_size of a new server');
  });

  it('shares ACL lists under the ids of ZooKeeper', () => {
    const driver = new Driver();
    const { tree } = driver;
    const ids = (paths: string[]) => paths.map((path) => tree.aclId(tree.find(path)));
    driver.run({ ...plain, path: '/open', acl: null });
    driver.run({ ...plain, path: '/a' });
    driver.run({ ...plain, path: '/b', acl: [...OPEN_ACL_UNSAFE] });
    driver.run({ ...plain, path: '/c', acl: READ_ACL_UNSAFE });
    assert.deepEqual(ids(['/', CONFIG_PATH, '/open', '/a', '/b', '/c']), [-1, 1, -1, 2, 2, 1]);
    assert.deepEqual(tree.acl(tree.find('/open')), OPEN_ACL_UNSAFE);
    driver.run({ type: OpCode.delete, path: '/a' });
    driver.run({ type: OpCode.setACL, path: '/b', acl: READ_ACL_UNSAFE, version: 1 });
    assert.equal(tree.aclCount, 1);
    driver.run({ type: OpCode.setACL, path: '/b', acl: OPEN_ACL_UNSAFE, version: 2 });
    assert.deepEqual(ids(['/b']), [3]);
  });
});

describe('setConfigNode', () => {
  it('sets the text with version -1 and the configuration version as mzxid, outside the digest', () => {
    const { tree } = new Driver();
    const before = tree.digest;
    tree.setConfigNode(Buffer.from('server.1=x'), 0x1_0000_0002, START_MS);
    assert.deepEqual(
      tree.stat(tree.find(CONFIG_PATH)),
      stat({
        ...{ czxid: 0, ctime: 0, pzxid: 0, aversion: -1 },
        ...{ version: -1, mzxid: 0x1_0000_0002, mtime: START_MS, dataLength: 10 },
      }),
    );
    assert.deepEqual([tree.digest, tree.lastProcessedZxid], [before, 0]);
  });

  it('makes the node in a tree of an old server', () => {
    const w = new JuteWriter();
    w.int(0);
    w.string('');
    w.raw(Buffer.alloc(4 + 8 + 60));
    w.string('/');
    const tree = load(w.copy());
    assert.equal(tree.find(CONFIG_PATH), NO_NODE);
    tree.setConfigNode(Buffer.from('x'), 1, 1);
    assert.deepEqual(tree.acl(tree.find(CONFIG_PATH)), READ_ACL_UNSAFE);
    assert.equal(load(serialize(tree)).digest, tree.digest);
  });
});
