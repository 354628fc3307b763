import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { QuorumVerifier } from '../../src/membership/index.js';
import { parseMembership, QuorumTally } from '../../src/membership/index.js';

function membership(
  sids: readonly number[],
  more: Record<string, string> = {},
  observers: readonly number[] = [],
): QuorumVerifier {
  return parseMembership([
    ...sids.map((sid) => [`server.${sid}`, `s${sid}:2888:3888`] as const),
    ...observers.map((sid) => [`server.${sid}`, `s${sid}:2888:3888:observer`] as const),
    ...Object.entries(more),
  ]);
}

function check(verifier: QuorumVerifier, cases: readonly (readonly [readonly number[], boolean])[]): void {
  for (const [sids, expected] of cases) {
    assert.equal(verifier.containsQuorum(new Set(sids)), expected, `[${sids.join(',')}]`);
  }
}

describe('a quorum', () => {
  it('is more than half of the voters; observers and strangers do not count', () => {
    check(membership([1, 2, 3], {}, [4, 5]), [
      [[], false],
      [[1], false],
      [[1, 2], true],
      [[1, 2, 3], true],
      [[1, 4, 5, 9], false],
    ]);
    check(membership([1, 2, 3, 4]), [
      [[1, 2], false],
      [[1, 2, 3], true],
    ]);
    check(membership([1]), [
      [[1], true],
      [[2], false],
    ]);
  });

  it('is more than half of the weight in more than half of the groups', () => {
    const groups = { 'group.1': '1:2:3', 'group.2': '4:5:6', 'group.3': '7:8:9' };
    check(membership([1, 2, 3, 4, 5, 6, 7, 8, 9], groups), [
      [[1, 2, 4, 5], true],
      [[1, 2, 4, 7], false],
      [[1, 2, 3, 4], false],
      [[1, 2, 3, 4, 5, 6], true],
      [[], false],
    ]);
  });

  it('does not need groups and servers without weight', () => {
    const groups = { 'group.1': '1:2:3', 'group.2': '4:5', 'weight.4': '0', 'weight.5': '0', 'weight.1': '3' };
    const verifier = membership([1, 2, 3, 4, 5], groups);
    check(verifier, [
      [[1], true],
      [[2, 3], false],
      [[2, 3, 4, 5], false],
      [[4, 5], false],
    ]);
    assert.deepEqual(
      [1, 2, 4, 9].map((sid) => verifier.weight(sid)),
      [3, 1, 0, 0],
    );
  });

  it('always shares a server with any other quorum', () => {
    const sids = [1, 2, 3, 4, 5, 6, 7];
    const subset = fc.subarray(sids);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 7, maxLength: 7 }),
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 7, maxLength: 7 }),
        subset,
        subset,
        (weights, groupOf, a, b) => {
          const lines: Record<string, string> = {};
          for (const group of [1, 2, 3]) {
            const inside = sids.filter((_, index) => groupOf[index] === group);
            if (inside.length > 0) lines[`group.${group}`] = inside.join(':');
          }
          sids.forEach((sid, index) => (lines[`weight.${sid}`] = String(weights[index])));
          for (const verifier of [membership(sids, lines), membership(sids)]) {
            if (verifier.containsQuorum(new Set(a)) && verifier.containsQuorum(new Set(b))) {
              assert.ok(a.some((sid) => b.includes(sid)));
            }
          }
        },
      ),
      { numRuns: 300, seed: 7 },
    );
  });

  it('of two servers is one, while it has no follower and the oracle allows it', () => {
    let allows = false;
    const verifier = parseMembership({ 'server.1': 'a:1:2', 'server.2': 'b:1:2' }, { oracle: () => allows });
    check(verifier, [
      [[1], false],
      [[1, 2], true],
    ]);
    allows = true;
    check(verifier, [[[1], true]]);
    assert.equal(verifier.oracle?.update(true), false);
    check(verifier, [[[1], false]]);
    assert.equal(verifier.oracle.update(false), true);
    check(verifier, [[[1], true]]);
  });

  it('of three servers asks no oracle', () => {
    const verifier = parseMembership(
      { 'server.1': 'a:1:2', 'server.2': 'b:1:2', 'server.3': 'c:1:2' },
      { oracle: () => true },
    );
    check(verifier, [
      [[1], false],
      [[1, 2], true],
    ]);
    assert.equal(verifier.oracle?.update(false), false);
  });
});

describe('a tally', () => {
  it('needs a quorum of each configuration', () => {
    const tally = new QuorumTally([membership([1, 2, 3]), membership([3, 4, 5])]);
    assert.equal(tally.add(9), false);
    for (const sid of [1, 2, 4]) assert.equal(tally.add(sid), true);
    assert.equal(tally.hasAllQuorums(), false);
    assert.equal(tally.add(5), true);
    assert.equal(tally.hasAllQuorums(), true);
    assert.equal(String(tally), '[1, 2],[4, 5]');
    assert.deepEqual([tally.isVoter(3), tally.isVoter(1)], [true, false]);
  });
});

describe('two memberships', () => {
  const base = { 'server.1': 'a:2888:3888;2181', 'server.2': '[::1]:2888:3888|b:2889:3889', version: '5' };
  const RULES: readonly { name: string; other: Record<string, string>; equal: boolean }[] = [
    { name: 'the same', other: base, equal: true },
    { name: 'the same version, whatever else', other: { 'server.9': 'z:1:2', version: '5' }, equal: true },
    { name: 'the same servers in another version', other: { ...base, version: '6' }, equal: true },
    {
      name: 'another order of addresses and another spelling of a host',
      other: { ...base, 'server.2': 'B:2889:3889|[0:0::1]:2888:3888', version: '6' },
      equal: true,
    },
    { name: 'one server more', other: { ...base, 'server.3': 'c:1:2', version: '6' }, equal: false },
    { name: 'another role', other: { ...base, 'server.1': 'a:2888:3888:observer;2181', version: '6' }, equal: false },
    { name: 'another client port', other: { ...base, 'server.1': 'a:2888:3888;2182', version: '6' }, equal: false },
    { name: 'no client port', other: { ...base, 'server.1': 'a:2888:3888', version: '6' }, equal: false },
    { name: 'another election port', other: { ...base, 'server.1': 'a:2888:3889;2181', version: '6' }, equal: false },
    { name: 'another kind', other: { ...base, 'group.1': '1:2' }, equal: false },
  ];
  for (const { name, other, equal } of RULES) {
    it(`are ${equal ? '' : 'not '}equal: ${name}`, () => {
      assert.equal(parseMembership(base).equals(parseMembership(other)), equal);
      assert.equal(parseMembership(other).equals(parseMembership(base)), equal);
    });
  }

  it('with groups compare groups and weights', () => {
    const lines = { 'group.1': '1:2', 'group.2': '3', 'weight.1': '2', version: '1' };
    const same = membership([1, 2, 3], { ...lines, version: '2' });
    assert.equal(membership([1, 2, 3], lines).equals(same), true);
    for (const change of [{ 'weight.1': '1' }, { 'group.1': '1', 'group.2': '2:3' }]) {
      const other = membership([1, 2, 3], { ...lines, ...change, version: '2' });
      assert.equal(membership([1, 2, 3], lines).equals(other), false);
    }
  });
});
