import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { JuteError, JuteReader, JuteWriter } from '../../src/jute/index.js';
import type { CreateTxn } from '../../src/protocol/index.js';
import { OpCode, OPEN_ACL_UNSAFE } from '../../src/protocol/index.js';
import type { TreeSnapshot } from '../../src/tree/index.js';
import { DataTree, NO_NODE } from '../../src/tree/index.js';
import type { Step } from './history.js';
import { draws, History } from './history.js';
import { assertSame, Driver, load, OPTIONS, serialize } from './support.js';

function applyAll(tree: DataTree, steps: readonly Step[]): void {
  for (const { header, txn } of steps) tree.apply(header, txn, null);
}

function finish(snapshot: TreeSnapshot, w: JuteWriter): DataTree {
  while (snapshot.write(w, 1 << 16));
  snapshot.close();
  const tree = load(w.copy());
  assert.equal(tree.digest, snapshot.digest);
  return tree;
}

describe('a snapshot', () => {
  it('is the tree, in slices of any size', () => {
    fc.assert(
      fc.property(draws(60), fc.integer({ min: 1, max: 5000 }), (picked, sliceBytes) => {
        const { steps, model } = new History(picked);
        const tree = new DataTree(OPTIONS);
        applyAll(tree, steps);
        assertSame(load(serialize(tree, sliceBytes)), model);
        assertSame(tree, model);
      }),
    );
  });

  it('is the tree at its begin, whatever changes while it is written', () => {
    fc.assert(
      fc.property(draws(40), draws(40), fc.integer({ min: 1, max: 400 }), (before, during, sliceBytes) => {
        const history = new History(before);
        const tree = new DataTree(OPTIONS);
        applyAll(tree, history.steps);
        const then = history.model.clone();
        const snapshot = tree.beginSnapshot();
        const w = new JuteWriter();
        for (const draw of during) {
          applyAll(tree, [history.add(draw)]);
          snapshot.write(w, sliceBytes);
        }
        assertSame(finish(snapshot, w), then);
        assertSame(tree, history.model);
      }),
      { numRuns: 300 },
    );
  });

  it('does not mind others under way', () => {
    fc.assert(
      fc.property(draws(60), (picked) => {
        const history = new History([]);
        const tree = new DataTree(OPTIONS);
        const started = picked.map((draw) => {
          applyAll(tree, [history.add(draw)]);
          return { snapshot: tree.beginSnapshot(), then: history.model.clone(), w: new JuteWriter() };
        });
        for (const { snapshot, then, w } of started) assertSame(finish(snapshot, w), then);
        assertSame(tree, history.model);
      }),
      { numRuns: 30 },
    );
  });

  it('says its zxid, and a digest to seal it with once a transaction was applied', () => {
    const driver = new Driver();
    const empty = driver.tree.beginSnapshot();
    assert.deepEqual([empty.zxid, empty.digestZxid, empty.digest], [0, 0, 1371985504n]);
    empty.close();
    driver.run(leaf('/a'));
    const snapshot = driver.tree.beginSnapshot();
    driver.run({ type: OpCode.delete, path: '/a' });
    assert.deepEqual([snapshot.zxid, snapshot.digestZxid], [1, 1]);
    assert.notEqual(snapshot.digest, driver.tree.digest);
    snapshot.close();
  });

  it('keeps nothing aside once it is closed, and cannot be written then', () => {
    const driver = new Driver();
    const snapshot = driver.tree.beginSnapshot();
    snapshot.close();
    snapshot.close();
    assert.throws(() => snapshot.write(new JuteWriter(), 100), /closed/);
  });

  it('writes a portion near what was asked for', () => {
    const driver = new Driver();
    for (let i = 0; i < 2000; i++) driver.run(leaf(`/n${i}`));
    const snapshot = driver.tree.beginSnapshot();
    const w = new JuteWriter();
    for (let more = true; more;) {
      const from = w.length;
      more = snapshot.write(w, 1000);
      assert.ok(w.length - from <= 1100);
      assert.ok(!more || w.length - from >= 1000);
    }
    snapshot.close();
    assert.equal(load(w.copy()).nodeCount, driver.tree.nodeCount);
  });
});

function leaf(path: string): CreateTxn {
  return {
    type: OpCode.create,
    path,
    data: Buffer.from('data'),
    acl: OPEN_ACL_UNSAFE,
    ephemeral: false,
    parentCVersion: -1,
  };
}

describe('a tree being loaded', () => {
  it('takes bytes as they arrive', () => {
    fc.assert(
      fc.property(draws(20), fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 }), (picked, sizes) => {
        const { steps, model } = new History(picked);
        const tree = new DataTree(OPTIONS);
        applyAll(tree, steps);
        const bytes = serialize(tree);
        const loader = DataTree.loader(OPTIONS);
        let arrived = 0;
        let consumed = 0;
        let complete = false;
        for (let turn = 0; !complete; turn++) {
          assert.ok(arrived < bytes.length, 'complete only with the last byte');
          arrived = Math.min(bytes.length, arrived + (sizes[turn % sizes.length] ?? 1));
          const r = new JuteReader(bytes, consumed, arrived);
          try {
            while (!complete) {
              complete = loader.readItem(r);
              consumed = r.offset;
            }
          } catch (error) {
            assert.ok(error instanceof JuteError && error.code === 'TRUNCATED', String(error));
          }
        }
        assert.equal(consumed, bytes.length);
        assertSame(loader.finish(), model);
      }),
      { numRuns: 60 },
    );
  });

  const open = -1n;
  const cases: readonly { name: string; items: (w: JuteWriter) => void; code: string }[] = [
    { name: 'a negative number of ACL lists', items: (w) => w.int(-1), code: 'BAD_COUNT' },
    { name: 'a null ACL list', items: (w) => (w.int(1), w.long(5), w.int(-1)), code: 'BAD_COUNT' },
    { name: 'a path of impossible length', items: (w) => (w.int(0), w.int(-2)), code: 'BAD_LENGTH' },
    { name: 'data of impossible length', items: (w) => (w.int(0), w.string(''), w.int(-7)), code: 'BAD_LENGTH' },
    { name: 'a node before its parent', items: (w) => (w.int(0), root(w), node(w, '/a/b', open)), code: 'NO_PARENT' },
    { name: 'a node before the root', items: (w) => (w.int(0), node(w, '/a', open)), code: 'NO_PARENT' },
    { name: 'no root', items: (w) => (w.int(0), w.string('/')), code: 'NO_ROOT' },
    { name: 'no end', items: (w) => (w.int(0), root(w)), code: 'UNFINISHED' },
  ];
  for (const { name, items, code } of cases) {
    it(`refuses ${name}`, () => {
      const w = new JuteWriter();
      items(w);
      const r = new JuteReader(w.view());
      const loader = DataTree.loader(OPTIONS);
      assert.throws(
        () => {
          while (r.remaining > 0 && !loader.readItem(r));
          loader.finish();
        },
        { name: 'TreeError', code },
      );
    });
  }

  it('takes a node that comes twice as it came last', () => {
    const session = 0x77n;
    const w = new JuteWriter();
    w.int(0);
    root(w);
    node(w, '/a', open, 'first, longer than the next', session);
    node(w, '/a', open, 'second', 0n);
    root(w, 'r');
    w.string('/');
    const once = new JuteWriter();
    once.int(0);
    root(once, 'r');
    node(once, '/a', open, 'second', 0n);
    once.string('/');
    const tree = load(w.copy());
    const expected = load(once.copy());
    assert.equal(tree.digest, expected.digest);
    assert.equal(tree.ephemeralCount, 0);
    assert.equal(tree.ephemeralOwner(tree.find('/a')), 0n);
    assert.deepEqual(tree.stat(tree.find('/a')), expected.stat(expected.find('/a')));
    assert.equal(tree.approximateDataSize, expected.approximateDataSize);
    assert.deepEqual(serialize(tree), serialize(expected));
  });

  it('keeps all 64 bits of times and owners', () => {
    const w = new JuteWriter();
    w.int(0);
    root(w);
    w.string('/odd');
    w.buffer(null);
    w.long64(open);
    for (const value of [1n, 2n, -0x7fff_ffff_ffff_fff1n, 0x7fff_ffff_ffff_fff7n]) w.long64(value);
    for (const value of [-5, 6, -7]) w.int(value);
    w.long64(-0x1234_5678_9abc_def1n);
    w.long64(3n);
    w.string('/');
    const bytes = w.copy();
    assert.deepEqual(serialize(load(bytes)), bytes);
  });
});

describe('ACL lists of a snapshot', () => {
  const readers = [{ perms: 1, id: { scheme: 'world', id: 'anyone' } }];
  const writers = [{ perms: 2, id: { scheme: 'world', id: 'anyone' } }];

  it('keep their ids, and those in use only', () => {
    const w = new JuteWriter();
    w.int(2);
    acl(w, 7, 1);
    acl(w, 9, 2);
    root(w);
    node(w, '/a', 9n);
    w.string('/');
    const tree = load(w.copy());
    assert.equal(tree.aclCount, 1);
    assert.equal(tree.aclId(tree.find('/a')), 9);
    assert.deepEqual(tree.acl(tree.find('/a')), writers);
    const driver = new Driver(tree);
    driver.run({ type: OpCode.setACL, path: '/', acl: readers, version: 1 });
    assert.equal(tree.aclId(tree.find('/')), 10, 'ids are not used twice');
  });

  it('that are missing leave the node to the super user until the log sets them', () => {
    const w = new JuteWriter();
    w.int(0);
    root(w);
    node(w, '/a', 3n);
    node(w, '/b', 3n);
    w.string('/');
    const bytes = w.copy();
    const tree = load(bytes);
    assert.deepEqual(tree.acl(tree.find('/a')), [{ perms: 0, id: { scheme: 'world', id: 'anyone' } }]);
    assert.deepEqual(serialize(tree), bytes);
    const driver = new Driver(tree);
    driver.run({ type: OpCode.setACL, path: '/a', acl: readers, version: 1 });
    assert.deepEqual(tree.acl(tree.find('/a')), readers);
    assert.equal(tree.aclId(tree.find('/a')), 4, 'not the id that is missing');
    assert.equal(tree.aclId(tree.find('/b')), 3);
    driver.run({ type: OpCode.delete, path: '/b' });
    assert.equal(tree.find('/b'), NO_NODE);
    assert.equal(tree.aclCount, 1);
  });

  it('are read as Java reads what it writes of characters outside of the basic plane', () => {
    const w = new JuteWriter();
    w.int(1);
    w.long(1);
    w.int(1);
    w.int(31);
    w.string('digest');
    w.buffer(Buffer.from('eda0bdedb8803a78', 'hex'));
    root(w);
    node(w, '/a', 1n);
    w.string('/');
    const tree = load(w.copy());
    assert.deepEqual(tree.acl(tree.find('/a')), [{ perms: 31, id: { scheme: 'digest', id: '\ufffd\ufffd:x' } }]);
  });

  it('may be one list under two ids', () => {
    const w = new JuteWriter();
    w.int(2);
    acl(w, 1, 1);
    acl(w, 2, 1);
    root(w);
    node(w, '/a', 1n);
    node(w, '/b', 2n);
    w.string('/');
    const tree = load(w.copy());
    const driver = new Driver(tree);
    driver.run({ type: OpCode.delete, path: '/b' });
    assert.deepEqual(tree.acl(tree.find('/a')), readers);
    driver.run({ type: OpCode.setACL, path: '/', acl: readers, version: 1 });
    assert.deepEqual(tree.acl(tree.find('/')), readers);
    assert.deepEqual(load(serialize(tree)).acl(tree.find('/a')), readers);
  });
});

function acl(w: JuteWriter, id: number, perms: number): void {
  w.long(id);
  w.int(1);
  w.int(perms);
  w.string('world');
  w.string('anyone');
}

function root(w: JuteWriter, data = ''): void {
  node(w, '', -1n, data);
}

function node(w: JuteWriter, path: string, aclId: bigint, data = 'data', owner = 0n): void {
  w.string(path);
  w.buffer(Buffer.from(data));
  w.long64(aclId);
  for (const value of [1, 2, 3, 4]) w.long(value);
  for (const value of [5, 6, 7]) w.int(value);
  w.long64(owner);
  w.long(8);
}
