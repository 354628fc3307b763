import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { DigestStat } from '../../src/tree/index.js';
import { contentDigest, DataTree, nodeDigest, NO_NODE, TreeDigest } from '../../src/tree/index.js';
import { draws, History } from './history.js';
import type { Model } from './model.js';
import { assertSame, OPTIONS } from './support.js';

describe('a tree and the naive model of one', () => {
  it('agree after every history, digest included', () => {
    fc.assert(
      fc.property(draws(60), (picked) => {
        const { steps, model } = new History(picked);
        const tree = new DataTree(OPTIONS);
        for (const { header, txn } of steps) tree.apply(header, txn, null);
        assertSame(tree, model);
      }),
      { numRuns: 300 },
    );
  });

  it('agree after every step of a long history', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000_000), { minLength: 200, maxLength: 200 }), (numbers) => {
        const history = new History([]);
        const tree = new DataTree(OPTIONS);
        for (const n of numbers) {
          const { header, txn } = history.add({
            kind: n % 100,
            pick: (n >> 7) % 100,
            detail: (n >> 4) % 100,
            size: (n >> 9) % 160,
          });
          tree.apply(header, txn, null);
          assert.equal(tree.digest, history.model.digest());
          assert.equal(tree.lastProcessedZxid, header.zxid);
        }
        assertSame(tree, history.model);
      }),
      { numRuns: 10 },
    );
  });

  it('agree on ephemerals, containers and TTL nodes', () => {
    fc.assert(
      fc.property(draws(60), (picked) => {
        const { steps, model } = new History(picked);
        const tree = new DataTree(OPTIONS);
        for (const { header, txn } of steps) tree.apply(header, txn, null);
        const owners = new Set([...model.nodes.values()].map(({ owner }) => owner));
        const sessions = [...owners].filter((owner) => owner !== 0n && tree.ephemeralsOf(owner).size > 0);
        assert.deepEqual(new Set(tree.sessionsWithEphemerals()), new Set(sessions));
        for (const session of sessions) assert.deepEqual(tree.ephemeralsOf(session), new Set(model.owned(session)));
        const all = sessions.flatMap((session) => model.owned(session));
        assert.equal(tree.ephemeralCount, all.length);
        const kinds = (kind: string) => [...model.nodes.keys()].filter((p) => tree.ownerKind(tree.find(p)) === kind);
        assert.deepEqual(new Set(tree.containers()), new Set(kinds('container')));
        assert.deepEqual(new Set(tree.ttlNodes()), new Set(kinds('ttl')));
        assert.equal(kinds('ephemeral').length, all.length);
      }),
    );
  });

  it('have digests that can be said before a transaction is applied', () => {
    fc.assert(
      fc.property(draws(40), (picked) => {
        const { steps } = new History(picked);
        const tree = new DataTree(OPTIONS);
        const model = new History([]).model;
        for (const { header, txn } of steps) {
          const after = model.clone();
          after.apply(header, txn);
          const predicted = predict(tree, model, after);
          tree.apply(header, txn, { version: 2, treeDigest: predicted });
          assert.equal(tree.digest, predicted);
          model.apply(header, txn);
        }
      }),
    );
  });
});

/** As a leader does it: only the nodes that change are looked at. */
function predict(tree: DataTree, before: Model, after: Model): bigint {
  const ahead = tree.digestSum.copy();
  for (const path of new Set([...before.nodes.keys(), ...after.nodes.keys()])) {
    const old = before.nodes.get(path);
    const now = after.nodes.get(path);
    if (JSON.stringify(old, plain) === JSON.stringify(now, plain)) continue;
    const ref = tree.find(path);
    let digest = 0;
    if (now !== undefined) {
      const content = old?.data === now.data ? tree.contentDigest(ref) : contentDigest(path, now.data);
      digest = nodeDigest(path, content, { ...now, ephemeralOwner: now.owner });
    }
    ahead.replace(ref === NO_NODE ? 0 : tree.nodeDigest(ref), digest);
  }
  return ahead.value;
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

describe('TreeDigest', () => {
  it('is a sum of 64 bits', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(0xffff_ffff)), { maxLength: 50 }), (changes) => {
        const sum = new TreeDigest();
        let expected = 0n;
        for (const [add, crc] of changes) {
          if (add) sum.add(crc);
          else sum.remove(crc);
          expected = BigInt.asIntN(64, add ? expected + BigInt(crc) : expected - BigInt(crc));
          assert.equal(sum.value, expected);
          assert.ok(sum.is(expected));
          assert.ok(!sum.is(expected + 1n));
        }
      }),
    );
  });

  it('is copied, not shared', () => {
    const sum = new TreeDigest();
    sum.add(5);
    const copy = sum.copy();
    sum.add(1);
    assert.equal(copy.value, 5n);
    copy.set(sum);
    assert.equal(copy.value, 6n);
  });
});

describe('nodeDigest', () => {
  const stat: DigestStat = {
    ...{ czxid: 1, mzxid: 2, pzxid: 3, ctime: 4, mtime: 5 },
    ...{ version: 6, cversion: 7, aversion: 8, ephemeralOwner: 9n },
  };
  const fields: readonly (keyof DigestStat)[] = [
    ...(['czxid', 'mzxid', 'pzxid', 'ctime', 'mtime', 'version', 'cversion', 'aversion', 'ephemeralOwner'] as const),
  ];

  it('covers each field', () => {
    const content = contentDigest('/a', Buffer.from('x'));
    const seen = new Set(
      fields.map((field) => nodeDigest('/a', content, { ...stat, [field]: field === 'ephemeralOwner' ? 77n : 77 })),
    );
    seen.add(nodeDigest('/a', content, stat));
    seen.add(nodeDigest('/a', contentDigest('/b', Buffer.from('x')), stat));
    seen.add(nodeDigest('/a', contentDigest('/a', Buffer.from('y')), stat));
    assert.equal(seen.size, fields.length + 3);
  });

  it('is the same for null and empty data, and for both names of the root', () => {
    assert.equal(contentDigest('/a', null), contentDigest('/a', Buffer.alloc(0)));
    assert.equal(contentDigest('/', Buffer.from('x')), contentDigest('', Buffer.from('x')));
  });

  it('is 0 below /zookeeper/ and not for /zookeeper', () => {
    assert.equal(nodeDigest('/zookeeper/config', contentDigest('/zookeeper/config', null), stat), 0);
    assert.notEqual(nodeDigest('/zookeeper', contentDigest('/zookeeper', null), stat), 0);
    assert.notEqual(nodeDigest('/zookeeperx/a', contentDigest('/zookeeperx/a', null), stat), 0);
  });
});
