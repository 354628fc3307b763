import assert from 'node:assert/strict';
import { JuteReader, JuteWriter } from '../../src/jute/index.js';
import type { Txn, TxnDigest } from '../../src/protocol/index.js';
import { readStat } from '../../src/protocol/index.js';
import type { TreeOptions, TxnResult } from '../../src/tree/index.js';
import { DataTree, NO_NODE } from '../../src/tree/index.js';
import type { Model } from './model.js';

export const OPTIONS: TreeOptions = { digestEnabled: true, extendedTypes: true };
export const START_MS = 1_600_000_000_000;

/** Applies transactions one zxid after the other: zxid 1 at START_MS + 1 and so on. */
export class Driver {
  zxid = 0;

  constructor(
    readonly tree: DataTree = new DataTree(OPTIONS),
    readonly clientId = 0x1000n,
  ) {}

  run(txn: Txn, clientId = this.clientId, digest: TxnDigest | null = null): TxnResult {
    const zxid = ++this.zxid;
    return this.tree.apply({ clientId, cxid: zxid, zxid, time: START_MS + zxid, type: txn.type }, txn, digest);
  }
}

/** The bytes of a snapshot taken at once, in slices of `maxBytes`. */
export function serialize(tree: DataTree, maxBytes = 1 << 20): Buffer {
  const snapshot = tree.beginSnapshot();
  const w = new JuteWriter();
  while (snapshot.write(w, maxBytes));
  snapshot.close();
  return w.copy();
}

export function load(bytes: Buffer, options: TreeOptions = OPTIONS): DataTree {
  const loader = DataTree.loader(options);
  const r = new JuteReader(bytes);
  while (!loader.readItem(r));
  assert.equal(r.remaining, 0);
  return loader.finish();
}

/** Everything that can be read of a tree is what the model says. */
export function assertSame(tree: DataTree, model: Model): void {
  for (const key of model.nodes.keys()) {
    const path = key === '' ? '/' : key;
    const node = model.node(path);
    const ref = tree.find(path);
    assert.notEqual(ref, NO_NODE, path);
    assert.deepEqual(tree.data(ref), node.data, path);
    assert.deepEqual(tree.stat(ref), model.stat(path), path);
    assert.deepEqual(writtenStat(tree, path), model.stat(path), path);
    assert.deepEqual([...tree.children(ref)].sort(), model.children(path).sort(), path);
    assert.deepEqual(tree.acl(ref), node.acl, path);
    assert.equal(tree.cversion(ref), node.cversion, path);
    assert.equal(tree.ephemeralOwner(ref), node.owner, path);
    assert.equal(tree.allDescendantsCount(path), model.below(path).length, path);
    assert.equal(tree.pathOf(ref), path);
  }
  assert.equal(tree.nodeCount, model.nodes.size + 1);
  assert.equal(tree.digest, model.digest());
  const sizes = [...model.nodes].map(([path, node]) => path.length + (node.data?.length ?? 0));
  assert.equal(tree.approximateDataSize, 1 + sizes.reduce((a, b) => a + b, 0));
}

export function writtenStat(tree: DataTree, path: string): unknown {
  const w = new JuteWriter();
  tree.writeStat(tree.find(path), w);
  return readStat(new JuteReader(w.view()));
}
