import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { JuteWriter } from '../../src/jute/index.js';
import type { CreateTxn, Txn } from '../../src/protocol/index.js';
import { ErrorCode, OpCode, OPEN_ACL_UNSAFE, READ_ACL_UNSAFE } from '../../src/protocol/index.js';
import { DataTree, NO_NODE } from '../../src/tree/index.js';
import { draws, History } from './history.js';
import { Model } from './model.js';
import { assertSame, Driver, load, OPTIONS, serialize } from './support.js';

function create(path: string, parentCVersion: number, type: CreateTxn['type'] = OpCode.create): CreateTxn {
  return { type, path, data: Buffer.from('new'), acl: OPEN_ACL_UNSAFE, ephemeral: false, parentCVersion };
}

describe('a transaction that a loaded tree already holds', () => {
  /** /p with the child /p/c at zxid 2; the next zxid is 3. */
  const prepared = (): Driver => {
    const driver = new Driver();
    driver.run(create('/p', 1));
    driver.run(create('/p/c', 1));
    return driver;
  };
  interface Outcome {
    readonly name: string;
    readonly txn: Txn;
    readonly err: number;
    /** Of /p afterwards: [cversion, pzxid]. */
    readonly parent: readonly [number, number];
  }
  const outcomes: readonly Outcome[] = [
    { name: 'create raises the parent', txn: create('/p/c', 7), err: ErrorCode.nodeExists, parent: [7, 3] },
    { name: 'create with an old cversion does not', txn: create('/p/c', 1), err: ErrorCode.nodeExists, parent: [1, 2] },
    { name: 'create of 3.3 counts on', txn: create('/p/c', -1), err: ErrorCode.nodeExists, parent: [2, 3] },
    {
      name: 'create2 leaves the parent alone',
      txn: create('/p/c', 7, OpCode.create2),
      err: ErrorCode.nodeExists,
      parent: [1, 2],
    },
    {
      name: 'createContainer leaves the parent alone',
      txn: { ...create('/p/c', 7), type: OpCode.createContainer },
      err: ErrorCode.nodeExists,
      parent: [1, 2],
    },
    {
      name: 'createTTL leaves the parent alone',
      txn: { ...create('/p/c', 7), type: OpCode.createTTL, ttlMs: 5 },
      err: ErrorCode.nodeExists,
      parent: [1, 2],
    },
    {
      name: 'delete of a missing child sets the pzxid',
      txn: { type: OpCode.delete, path: '/p/gone' },
      err: ErrorCode.noNode,
      parent: [1, 3],
    },
    { name: 'delete below nothing', txn: { type: OpCode.delete, path: '/x/y' }, err: ErrorCode.noNode, parent: [1, 2] },
    { name: 'create below nothing', txn: create('/x/y', 4), err: ErrorCode.noNode, parent: [1, 2] },
    {
      name: 'setData of nothing',
      txn: { type: OpCode.setData, path: '/x', data: null, version: 1 },
      err: ErrorCode.noNode,
      parent: [1, 2],
    },
    {
      name: 'setACL of nothing',
      txn: { type: OpCode.setACL, path: '/x', acl: null, version: 1 },
      err: ErrorCode.noNode,
      parent: [1, 2],
    },
    { name: 'create of the root', txn: create('/', 9), err: ErrorCode.nodeExists, parent: [1, 2] },
    {
      name: 'delete of the root',
      txn: { type: OpCode.delete, path: '/' },
      err: ErrorCode.badArguments,
      parent: [1, 2],
    },
    { name: 'a path without a slash', txn: create('p', 9), err: ErrorCode.noNode, parent: [1, 2] },
    { name: 'a path that ends in a slash', txn: create('/p/', 9), err: ErrorCode.badArguments, parent: [1, 2] },
    {
      name: 'a multi: its first failure, all of it applied',
      txn: { type: OpCode.multi, txns: [create('/p/c', 7), create('/p/d', 8), { type: OpCode.delete, path: '/p/e' }] },
      err: ErrorCode.nodeExists,
      parent: [8, 3],
    },
  ];
  for (const { name, txn, err, parent } of outcomes) {
    it(name, () => {
      const { tree, run } = bound(prepared());
      const result = run(txn);
      const ref = tree.find('/p');
      assert.equal(result.err, err);
      assert.deepEqual([tree.cversion(ref), tree.pzxid(ref)], parent);
      assert.equal(tree.lastProcessedZxid, 3);
      assert.equal(tree.digest, load(serialize(tree)).digest, 'the digest was kept');
    });
  }

  it('gives the node it finds its ACL, and nothing else', () => {
    const { tree, run } = bound(prepared());
    const before = tree.stat(tree.find('/p/c'));
    run({ ...create('/p/c', 1), acl: READ_ACL_UNSAFE });
    assert.deepEqual(tree.acl(tree.find('/p/c')), READ_ACL_UNSAFE);
    assert.deepEqual(tree.stat(tree.find('/p/c')), before);
  });

  it('does not lower a pzxid that a later one set', () => {
    const { tree } = prepared();
    const header = { clientId: 0n, cxid: 0, zxid: 1, time: 5, type: OpCode.delete };
    tree.apply(header, { type: OpCode.delete, path: '/p/gone' }, null);
    assert.equal(tree.pzxid(tree.find('/p')), 2);
    assert.equal(tree.lastProcessedZxid, 2, 'nor the last zxid');
  });

  it('removes with a node what is below it', () => {
    const { tree, run } = bound(prepared());
    run({ ...create('/p/c/e', 1), ephemeral: true });
    const size = new DataTree(OPTIONS);
    run({ type: OpCode.delete, path: '/p' });
    for (const path of ['/p', '/p/c', '/p/c/e']) assert.equal(tree.find(path), NO_NODE);
    assert.equal(tree.ephemeralCount, 0);
    assert.equal(tree.nodeCount, size.nodeCount);
    assert.equal(tree.approximateDataSize, size.approximateDataSize);
  });
});

function bound(driver: Driver): { tree: DataTree; run: (txn: Txn) => ReturnType<Driver['run']> } {
  return { tree: driver.tree, run: (txn) => driver.run(txn) };
}

describe('closeSession', () => {
  const one = 0x11n;
  const two = 0x22n;
  const started = (): Driver => {
    const driver = new Driver();
    driver.run({ ...create('/one', 1), ephemeral: true }, one);
    driver.run({ ...create('/extra', 2), ephemeral: true }, one);
    driver.run({ ...create('/two', 3), ephemeral: true }, two);
    driver.run(create('/stays', 4), one);
    return driver;
  };
  const cases: readonly { name: string; paths: readonly string[] | null; left: readonly string[] }[] = [
    { name: 'without a list removes what the session owns', paths: null, left: ['/two', '/stays'] },
    { name: 'removes what is listed', paths: ['/one', '/extra'], left: ['/two', '/stays'] },
    { name: 'removes what it owns but did not list', paths: ['/one'], left: ['/two', '/stays'] },
    { name: 'removes what is listed, whoever owns it', paths: ['/two', '/gone'], left: ['/stays'] },
    { name: 'with an empty list removes what it owns', paths: [], left: ['/two', '/stays'] },
  ];
  for (const { name, paths, left } of cases) {
    it(name, () => {
      const driver = started();
      const { tree } = driver;
      driver.run({ type: OpCode.closeSession, paths }, one);
      assert.deepEqual(
        [...tree.children(tree.find('/'))].sort(),
        [...left, '/zookeeper'].map((p) => p.slice(1)).sort(),
      );
      assert.equal(tree.pzxid(tree.find('/')), 5);
      assert.deepEqual(tree.ephemeralsOf(one), new Set());
    });
  }
});

describe('the digest of a loaded snapshot', () => {
  /** A tree whose last transaction is zxid 2. */
  const grown = () => {
    const driver = new Driver();
    driver.run(create('/a', 1));
    driver.run(create('/a/a', 1));
    return driver;
  };
  const heard = (tree: DataTree): number[] => {
    const zxids: number[] = [];
    tree.onDigestMismatch = (zxid, expected, actual) => {
      assert.notEqual(expected, actual);
      zxids.push(zxid);
    };
    return zxids;
  };
  const wrong = { version: 2, treeDigest: 4711n };

  it('is compared at once when it is of the snapshot itself', () => {
    const { tree } = grown();
    const zxids = heard(tree);
    tree.expectDigest({ zxid: 2, version: 2, digest: tree.digest });
    assert.deepEqual([zxids, tree.expectedDigest], [[], null]);
    assert.deepEqual(tree.beginSnapshot().digestZxid, 2);
  });

  it('is wrong only when the next transaction says so, too: Java may have been applying that one', () => {
    for (const isWrong of [false, true]) {
      const driver = grown();
      const { tree } = driver;
      const zxids = heard(tree);
      const sealed = tree.digest;
      // A part of zxid 3 is in the tree already.
      driver.run(create('/part', 2));
      tree.lastProcessedZxid = 2;
      driver.zxid = 2;
      tree.expectDigest({ zxid: 2, version: 2, digest: sealed });
      assert.deepEqual([zxids, tree.expectedDigest], [[], null]);
      driver.run(create('/part', 2), 0n, isWrong ? wrong : { version: 2, treeDigest: tree.digest });
      assert.deepEqual(zxids, isWrong ? [2, 3] : []);
      driver.run({ type: OpCode.error, err: -1 }, 0n, wrong);
      assert.deepEqual(zxids, isWrong ? [2, 3, 4] : [4]);
    }
  });

  it('that is unknown holds comparisons back until the tree is right once', () => {
    const driver = grown();
    const { tree } = driver;
    const zxids = heard(tree);
    const idle = (treeDigest: bigint) => driver.run({ type: OpCode.error, err: -1 }, 0n, { version: 2, treeDigest });
    tree.distrustDigest();
    idle(4711n);
    assert.equal(tree.beginSnapshot().digestZxid, 0, 'a snapshot in between has no digest to seal');
    idle(tree.digest);
    assert.deepEqual(zxids, []);
    idle(4711n);
    assert.deepEqual(zxids, [5]);
    tree.distrustDigest();
    for (let n = 0; n < 10_000; n++) idle(4711n);
    assert.deepEqual(zxids, [5, 10_005], 'a tree that stays wrong is reported in the end');
  });

  it('holds other comparisons back until the replay reaches it', () => {
    const driver = grown();
    const { tree } = driver;
    const zxids = heard(tree);
    tree.expectDigest({ zxid: 4, version: 2, digest: 5n });
    driver.run(create('/b', 2), 0n, wrong);
    assert.deepEqual(zxids, []);
    const snapshot = tree.beginSnapshot();
    assert.equal(snapshot.digestZxid, 0, 'a snapshot in between has no digest to seal');
    snapshot.close();
    driver.run(create('/c', 3), 0n, wrong);
    assert.deepEqual(zxids, [], 'a part of the next transaction may be in it');
    driver.run(create('/d', 4), 0n, wrong);
    assert.deepEqual(zxids, [4, 5], 'the snapshot and the transaction');
    driver.run(create('/e', 5), 0n, { version: 1, treeDigest: 4711n });
    assert.deepEqual(zxids, [4, 5], 'another version is not compared');
  });

  it('is not compared any more when its transaction never comes', () => {
    const driver = grown();
    const zxids = heard(driver.tree);
    const missing = { zxid: 4, version: 2, digest: 5n };
    driver.tree.expectDigest(missing);
    driver.run(create('/3', 2), 0n, wrong);
    driver.zxid++;
    driver.run(create('/5', 3), 0n, wrong);
    assert.deepEqual(zxids, []);
    assert.deepEqual(driver.tree.expectedDigest, missing);
  });

  for (const ignored of [
    { zxid: 0, version: 2, digest: 5n },
    { zxid: 1, version: 2, digest: 5n },
    { zxid: 2, version: 1, digest: 5n },
  ]) {
    it(`is ignored: zxid ${ignored.zxid}, version ${ignored.version}, of a snapshot of zxid 2`, () => {
      const driver = grown();
      const zxids = heard(driver.tree);
      driver.tree.expectDigest(ignored);
      assert.deepEqual([zxids, driver.tree.expectedDigest], [[], null]);
      driver.run(create('/b', 2), 0n, wrong);
      assert.deepEqual(zxids, [3]);
    });
  }

  it('means nothing when digests are off', () => {
    const driver = new Driver(new DataTree({ ...OPTIONS, digestEnabled: false }));
    const zxids = heard(driver.tree);
    driver.run(create('/a', 1), 0n, wrong);
    driver.tree.expectDigest({ zxid: 1, version: 2, digest: 5n });
    driver.run({ type: OpCode.setData, path: '/a', data: null, version: 1 }, 0n, wrong);
    driver.run({ type: OpCode.delete, path: '/a' }, 0n, wrong);
    assert.deepEqual([zxids, driver.tree.digest], [[], 0n]);
  });

  it('is kept every 128th zxid, 1024 times', () => {
    const driver = grown();
    const { tree } = driver;
    const idle = () => driver.run({ type: OpCode.error, err: -1 });
    while (driver.zxid < 300) idle();
    assert.deepEqual(tree.digestLog, [
      { zxid: 128, version: 2, digest: tree.digest },
      { zxid: 256, version: 2, digest: tree.digest },
    ]);
    while (driver.zxid < 128 * 1030) idle();
    assert.equal(tree.digestLog.length, 1024);
    assert.equal(tree.digestLog.at(-1)?.zxid, 128 * 1030);
  });
});

describe('replay over a fuzzy snapshot', () => {
  it('ends where the log ends, digest included', () => {
    fc.assert(
      fc.property(draws(15), draws(40), fc.array(fc.nat(12)), (before, during, pauses) => {
        const history = new History(before);
        const snapshotZxid = history.nextZxid - 1;
        const fuzzy = new FuzzySnapshot(history.model);
        for (const draw of during) {
          history.add(draw);
          fuzzy.advance(pauses[history.steps.length % Math.max(1, pauses.length)] ?? 1);
        }
        fuzzy.advance(1000);
        const tree = load(fuzzy.bytes());
        tree.lastProcessedZxid = snapshotZxid;
        tree.onDigestMismatch = (zxid) => assert.fail(`digest differs at ${zxid}`);
        const last = history.nextZxid - 1;
        tree.expectDigest({ zxid: last, version: 2, digest: history.model.digest() });
        for (const { header, txn } of history.steps) {
          if (header.zxid > snapshotZxid) tree.apply(header, txn, null);
        }
        assertSame(tree, history.model);
        assert.equal(tree.expectedDigest, null);
      }),
      { numRuns: 500 },
    );
  });
});

/**
 * A snapshot as Java takes it: depth first, each node as it is when its turn comes, children as they were at their
 * parent's turn, while transactions go on.
 */
class FuzzySnapshot {
  private readonly stack = [''];
  private readonly seen = new Model();

  constructor(private readonly live: Model) {}

  advance(nodes: number): void {
    for (let left = nodes; left > 0; left--) {
      const path = this.stack.pop();
      if (path === undefined) return;
      if (!this.live.has(path)) continue;
      this.seen.nodes.set(path, { ...this.live.node(path) });
      for (const name of this.live.children(path === '' ? '/' : path)) this.stack.push(`${path}/${name}`);
    }
  }

  bytes(): Buffer {
    const w = new JuteWriter();
    // One list for each node: ids are the writer's own affair.
    const nodes = [...this.seen.nodes];
    w.int(nodes.length);
    nodes.forEach(([, { acl }], index) => {
      w.long(index + 1);
      w.int(acl.length);
      for (const { perms, id } of acl) {
        w.int(perms);
        w.string(id.scheme);
        w.string(id.id);
      }
    });
    nodes.forEach(([path, n], index) => {
      w.string(path);
      w.buffer(n.data);
      w.long(index + 1);
      for (const value of [n.czxid, n.mzxid, n.ctime, n.mtime]) w.long(value);
      for (const value of [n.version, n.cversion, n.aversion]) w.int(value);
      w.long64(n.owner);
      w.long(n.pzxid);
    });
    w.string('/');
    return w.copy();
  }
}
