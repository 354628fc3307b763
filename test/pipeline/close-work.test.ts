// What the end of a session costs the one who proposes it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Metrics } from '../../src/metrics/index.js';
import { PendingChanges } from '../../src/pipeline/pending-changes.js';
import { OpCode, OPEN_ACL_UNSAFE, type Txn } from '../../src/protocol/index.js';
import { DataTree } from '../../src/tree/index.js';

const EPHEMERALS = 1000;
const OWNER = 7n;
const OPTIONS = { digestEnabled: true, extendedTypes: false };

describe('the end of a session with many ephemerals below one parent', () => {
  it('looks each of them up once, and the parent once for all', () => {
    const tree = new DataTree(OPTIONS);
    let zxid = 0;
    const apply = (txn: Txn): void => {
      tree.apply({ clientId: OWNER, cxid: 1, zxid: ++zxid, time: 1, type: txn.type }, txn, null);
    };
    const create = (path: string, ephemeral: boolean, parentCVersion: number): void =>
      apply({ type: OpCode.create, path, data: null, acl: OPEN_ACL_UNSAFE, ephemeral, parentCVersion });
    create('/dir', false, 1);
    for (let n = 0; n < EPHEMERALS; n++) create(`/dir/${n}`, true, n + 1);

    let [lookUps, reads] = [0, 0];
    const [find, readNumbers] = [tree.find.bind(tree), tree.readNumbers.bind(tree)];
    tree.find = (path) => {
      lookUps++;
      return find(path);
    };
    tree.readNumbers = (ref, into) => {
      reads++;
      readNumbers(ref, into);
    };
    const pending = new PendingChanges({ tree }, OPTIONS, new Metrics());
    pending.begin();
    const paths = pending.ephemeralsOf(OWNER);
    pending.removeAll(paths, { zxid: zxid + 1, time: 1 });

    assert.equal(paths.size, EPHEMERALS);
    assert.deepEqual([lookUps, reads], [EPHEMERALS + 1, EPHEMERALS + 1]);
    assert.equal(pending.count, EPHEMERALS + 1);
    const predicted = pending.digest();
    apply({ type: OpCode.closeSession, paths: [...paths] });
    assert.equal(tree.ephemeralCount, 0);
    assert.equal(predicted?.treeDigest, tree.digest);
  });
});
