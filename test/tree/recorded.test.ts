import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JuteReader } from '../../src/jute/index.js';
import { readTxnEntry } from '../../src/protocol/index.js';
import { DataTree } from '../../src/tree/index.js';
import { RECORDED_DIGEST, RECORDED_TREE, RECORDED_TXNS } from './recorded.js';
import { load, OPTIONS, serialize } from './support.js';

function replayed(): DataTree {
  const tree = new DataTree(OPTIONS);
  tree.onDigestMismatch = (zxid) => assert.fail(`digest differs after ${zxid}`);
  for (const bytes of RECORDED_TXNS) {
    const { header, txn, digest } = readTxnEntry(bytes);
    tree.apply(header, txn, digest);
    if (digest !== null) assert.equal(tree.digest, digest.treeDigest, `after zxid ${header.zxid}`);
  }
  return tree;
}

describe("what Apache ZooKeeper's server recorded", () => {
  it('has our digest for an empty tree', () => {
    // The digest of the first recorded transaction, a createSession, which changes nothing.
    assert.equal(new DataTree(OPTIONS).digest, 1371985504n);
  });

  it('has our digest after each transaction', () => {
    const tree = replayed();
    assert.equal(tree.digest, 28464366471n);
    assert.equal(tree.lastProcessedZxid, 55);
  });

  it('has our figures and stats at the end', () => {
    const tree = replayed();
    // zk_znode_count and zk_approximate_data_size of mntr, stats as kazoo printed them.
    assert.equal(tree.nodeCount, 21);
    assert.equal(tree.approximateDataSize, 300);
    const stats = { version: 0, aversion: 0, ephemeralOwner: 0n };
    assert.deepEqual(tree.stat(tree.find('/zookeeper')), {
      ...stats,
      ...{ czxid: 0, mzxid: 0, ctime: 0, mtime: 0, cversion: -2, dataLength: 0, numChildren: 2, pzxid: 0 },
    });
    assert.deepEqual(tree.stat(tree.find('/q')), {
      ...stats,
      ...{ czxid: 19, mzxid: 19, ctime: 1795489611648, mtime: 1795489611648 },
      ...{ cversion: 6, dataLength: 0, numChildren: 4, pzxid: 48 },
    });
    assert.deepEqual(tree.stat(tree.find('/a')), {
      ...{ czxid: 2, mzxid: 51, ctime: 1795489611544, mtime: 1795489641975, version: 2 },
      ...{ cversion: 6, aversion: 1, ephemeralOwner: 0n, dataLength: 1, numChildren: 2, pzxid: 51 },
    });
    assert.equal(tree.data(tree.find('/zookeeper/quota/q/zookeeper_stats'))?.toString(), 'count=5,bytes=8');
    assert.deepEqual([...tree.containers()], ['/cont']);
    assert.deepEqual([...tree.ttlNodes()], ['/ttl']);
    assert.equal(tree.ttlMs(tree.find('/ttl')), 3_600_000);
  });

  it('loads from its snapshot as the same tree', () => {
    const loaded = load(RECORDED_TREE);
    const tree = replayed();
    assert.equal(loaded.digest, RECORDED_DIGEST.digest);
    assert.equal(loaded.nodeCount, tree.nodeCount);
    assert.equal(loaded.approximateDataSize, tree.approximateDataSize);
    assert.deepEqual(nodesOf(serialize(loaded)), nodesOf(serialize(tree)));
    assert.deepEqual(nodesOf(RECORDED_TREE), nodesOf(serialize(tree)));
  });

  it('has our system nodes byte for byte', () => {
    // The nodes of its snapshot.0; the order of siblings is that of a Java HashSet.
    const zeros = (count: number) => '00'.repeat(count);
    const noData = zeros(4);
    const open = 'ff'.repeat(8);
    const aclOne = '0000000000000001';
    const expected = [
      [zeros(4), noData, open, zeros(60)].join(''),
      [hex('/zookeeper'), noData, open, zeros(60)].join(''),
      [hex('/zookeeper/config'), noData, aclOne, zeros(40), 'ffffffff', zeros(16)].join(''),
      [hex('/zookeeper/quota'), noData, open, zeros(60)].join(''),
    ];
    const acls = ['00000001', aclOne, '00000001', '00000001', hex('world'), hex('anyone')].join('');
    const bytes = serialize(new DataTree(OPTIONS)).toString('hex');
    assert.ok(bytes.startsWith(acls));
    assert.ok(bytes.endsWith(hex('/')));
    for (const node of expected) assert.ok(bytes.includes(node), node);
    assert.equal(bytes.length, acls.length + expected.join('').length + hex('/').length);
  });
});

function hex(text: string): string {
  return text.length.toString(16).padStart(8, '0') + Buffer.from(text).toString('hex');
}

/** Path to everything else of each node; ACL ids become lists, since servers may number them differently. */
function nodesOf(bytes: Buffer): Map<string, string> {
  const r = new JuteReader(bytes);
  const acls = new Map<bigint, string>([[-1n, 'open']]);
  for (let left = r.int(); left > 0; left--) {
    const id = r.long64();
    const entries = r.vector(12, (each) => [each.int(), each.string(), each.string()]);
    acls.set(id, JSON.stringify(entries));
  }
  const nodes = new Map<string, string>();
  for (let path = r.string(); path !== '/'; path = r.string()) {
    const data = r.bufferOrNull()?.toString('hex') ?? 'null';
    nodes.set(path, `${data} ${acls.get(r.long64()) ?? '?'} ${r.raw(60).toString('hex')}`);
  }
  return new Map([...nodes].sort());
}
