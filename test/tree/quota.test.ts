import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { JuteWriter } from '../../src/jute/index.js';
import { OpCode } from '../../src/protocol/index.js';
import type { DataTree } from '../../src/tree/index.js';
import { NO_NODE, quotaLimitsPath, quotaStatsPath, QuotaValues } from '../../src/tree/index.js';
import { draws, History } from './history.js';
import { parentOf } from './model.js';
import { Driver, load, serialize } from './support.js';

function make(driver: Driver, path: string, data = ''): void {
  const { tree } = driver;
  if (tree.find(parentOf(path)) === NO_NODE) make(driver, parentOf(path));
  driver.run({
    type: OpCode.create,
    path,
    data: Buffer.from(data),
    acl: null,
    ephemeral: false,
    parentCVersion: -1,
  });
}

/** As zkCli's setquota does it: the limits first, then the stats node, which the server fills. */
function setQuota(driver: Driver, path: string): void {
  make(driver, quotaLimitsPath(path), 'count=5,bytes=100');
  make(driver, quotaStatsPath(path), 'count=0,bytes=0');
}

function stats(tree: DataTree, path: string): string | undefined {
  const ref = tree.find(quotaStatsPath(path));
  return ref === NO_NODE ? undefined : tree.data(ref)?.toString();
}

describe('a quota', () => {
  it('counts what is there when it is set, and every change after', () => {
    const driver = new Driver();
    const { tree } = driver;
    make(driver, '/q', '12');
    make(driver, '/q/a', '345');
    make(driver, '/other', 'xxxx');
    setQuota(driver, '/q');
    const steps: readonly [() => unknown, string][] = [
      [() => null, 'count=2,bytes=5'],
      [() => make(driver, '/q/b', '6'), 'count=3,bytes=6'],
      [() => make(driver, '/q/b/c', '7'), 'count=4,bytes=7'],
      [
        () => driver.run({ type: OpCode.setData, path: '/q/a', data: Buffer.alloc(10), version: 1 }),
        'count=4,bytes=14',
      ],
      [() => driver.run({ type: OpCode.setData, path: '/q/a', data: null, version: 2 }), 'count=4,bytes=4'],
      [() => make(driver, '/qb', 'not below /q'), 'count=4,bytes=4'],
      [() => driver.run({ type: OpCode.delete, path: '/q/b/c' }), 'count=3,bytes=3'],
      [() => driver.run({ type: OpCode.setACL, path: '/q/a', acl: null, version: 1 }), 'count=3,bytes=3'],
    ];
    for (const [change, expected] of steps) {
      change();
      assert.equal(stats(tree, '/q'), expected);
    }
    assert.deepEqual(
      ['/q', '/q/a', '/q/a/deep', '/qb', '/', '/other'].map((path) => tree.quotaPath(path)),
      ['/q', '/q', '/q', null, null, null],
    );
  });

  it('leaves the stat of its nodes alone but for dataLength', () => {
    const driver = new Driver();
    const { tree } = driver;
    setQuota(driver, '/q');
    const before = tree.stat(tree.find(quotaStatsPath('/q')));
    make(driver, '/q', 'x'.repeat(100));
    assert.deepEqual(tree.stat(tree.find(quotaStatsPath('/q'))), { ...before, dataLength: 'count=1,bytes=100'.length });
  });

  it('counts into the deepest quota only', () => {
    const driver = new Driver();
    make(driver, '/q/in');
    setQuota(driver, '/q');
    setQuota(driver, '/q/in');
    make(driver, '/q/in/x', 'abc');
    assert.equal(stats(driver.tree, '/q'), 'count=2,bytes=0');
    assert.equal(stats(driver.tree, '/q/in'), 'count=2,bytes=3');
  });

  it('ends with its limits node', () => {
    const driver = new Driver();
    make(driver, '/q');
    setQuota(driver, '/q');
    driver.run({ type: OpCode.delete, path: quotaLimitsPath('/q') });
    make(driver, '/q/x');
    assert.equal(stats(driver.tree, '/q'), 'count=1,bytes=0');
    assert.equal(driver.tree.quotaPath('/q/x'), null);
  });

  it('may lack its stats node, or have nonsense in it', () => {
    const driver = new Driver();
    make(driver, '/q');
    make(driver, quotaLimitsPath('/q'), '');
    make(driver, '/q/x', 'abc');
    assert.equal(stats(driver.tree, '/q'), undefined);
    make(driver, quotaStatsPath('/q'));
    driver.run({ type: OpCode.setData, path: quotaStatsPath('/q'), data: Buffer.from('count=x,=,'), version: 1 });
    make(driver, '/q/y', 'abc');
    assert.equal(stats(driver.tree, '/q'), 'count=0,bytes=2');
  });

  it('on the root, or of a node that only looks like one, is none', () => {
    const driver = new Driver();
    make(driver, '/zookeeper/quota/zookeeper_limits', '');
    make(driver, '/elsewhere/zookeeper_limits', '');
    make(driver, '/zookeeper/quota/q/my_zookeeper_limits', '');
    for (const path of ['/x', '/elsewhere/x', '/q/x']) assert.equal(driver.tree.quotaPath(path), null);
  });

  it('is counted anew when a snapshot is loaded', () => {
    const driver = new Driver();
    make(driver, '/q/a', 'abc');
    setQuota(driver, '/q');
    driver.run({
      type: OpCode.setData,
      path: quotaStatsPath('/q'),
      data: Buffer.from('count=77,bytes=88'),
      version: 1,
    });
    const tree = load(serialize(driver.tree));
    assert.equal(stats(tree, '/q'), 'count=2,bytes=3');
    assert.equal(tree.quotaPath('/q/a'), '/q');
  });

  it('agrees with a count of the tree after any history', () => {
    fc.assert(
      fc.property(draws(60), fc.constantFrom('/a', '/a/x', '/b'), (picked, path) => {
        const driver = new Driver();
        setQuota(driver, path);
        const { steps, model } = new History(picked);
        for (const { header, txn } of steps) driver.tree.apply(header, txn, null);
        const nodes = [...(model.has(path) ? [path] : []), ...model.below(path)];
        const bytes = nodes.reduce((sum, each) => sum + (model.node(each).data?.length ?? 0), 0);
        assert.equal(stats(driver.tree, path), `count=${nodes.length},bytes=${bytes}`);
      }),
    );
  });

  it('is in a snapshot as it was at its begin', () => {
    const driver = new Driver();
    const { tree } = driver;
    make(driver, '/q');
    setQuota(driver, '/q');
    const snapshot = tree.beginSnapshot();
    make(driver, '/q/later', 'xyz');
    const w = new JuteWriter();
    while (snapshot.write(w, 1000));
    snapshot.close();
    assert.ok(w.view().includes('count=1,bytes=0'));
    assert.equal(stats(tree, '/q'), 'count=2,bytes=3');
  });
});

describe('the text of a quota', () => {
  const texts: readonly { text: string; values: readonly number[]; again: string }[] = [
    { text: 'count=3,bytes=4', values: [3, 4, -1, -1], again: 'count=3,bytes=4' },
    { text: '', values: [-1, -1, -1, -1], again: 'count=-1,bytes=-1' },
    {
      text: 'count=10,bytes=1000=;byteHardLimit=-1;countHardLimit=7',
      values: [10, 1000, 7, -1],
      again: 'count=10,bytes=1000=;byteHardLimit=-1;countHardLimit=7',
    },
    {
      text: 'bytes=5;countHardLimit=2;byteHardLimit=9,count=1',
      values: [1, 5, 2, 9],
      again: 'count=1,bytes=5=;byteHardLimit=9;countHardLimit=2',
    },
    { text: 'count=,bytes=one', values: [-1, -1, -1, -1], again: 'count=-1,bytes=-1' },
  ];
  for (const { text, values, again } of texts) {
    it(JSON.stringify(text), () => {
      const quota = QuotaValues.parse(Buffer.from(text));
      assert.deepEqual([quota.count, quota.bytes, quota.countHardLimit, quota.bytesHardLimit], values);
      assert.equal(quota.toString(), again);
    });
  }

  it('of null data is that of none', () => {
    assert.equal(QuotaValues.parse(null).toString(), 'count=-1,bytes=-1');
  });
});
