// Quorums by their definition, and texts that say the same after they were written and read.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MembershipError, parseMembershipText, type QuorumVerifier, QuorumTally } from '../../src/membership/index.js';
import { isTyped } from '../fuzz/target.js';
import { character } from '../support/arbitraries.js';
import { holds } from '../support/property.js';
import { type Configuration, configuration, inGroup, textOf } from './configurations.js';

const BUDGET_MS = 300;
const STRANGER = 999;

/** All sets of its servers. */
function subsets({ members }: Configuration): Set<number>[] {
  return members.reduce<Set<number>[]>(
    (sets, { sid }) => [...sets, ...sets.map((set) => new Set([...set, sid]))],
    [new Set()],
  );
}

/**
 * More than half of the voters; with groups, more than half of the weight in more than half of the groups that have any.
 * An observer's weight counts for its group, but nobody gets it.
 */
function isQuorum({ hasGroups, members }: Configuration, set: ReadonlySet<number>): boolean {
  const voters = members.filter(({ isVoter }) => isVoter);
  if (!hasGroups) return voters.filter(({ sid }) => set.has(sid)).length * 2 > voters.length;
  const sum = (weights: readonly { readonly weight: number | null }[]) =>
    weights.reduce((total, { weight }) => total + (weight ?? 1), 0);
  const grouped = members.filter(inGroup);
  const groups = [...new Set(grouped.map(({ group }) => group))]
    .map((group) => grouped.filter((one) => one.group === group))
    .filter((all) => sum(all) > 0);
  const won = groups.filter((all) => sum(all.filter((one) => one.isVoter && set.has(one.sid))) * 2 > sum(all));
  return won.length * 2 > groups.length;
}

/** Says the same: the same servers in the same roles, and the same quorums. */
function assertSame(found: QuorumVerifier, expected: QuorumVerifier, sets: readonly ReadonlySet<number>[]): void {
  assert.ok(found.equals(expected) && expected.equals(found));
  assert.equal(found.version, expected.version);
  assert.deepEqual([...found.voters.keys()].sort(), [...expected.voters.keys()].sort());
  assert.deepEqual([...found.observers.keys()].sort(), [...expected.observers.keys()].sort());
  for (const sid of expected.members.keys()) assert.equal(found.weight(sid), expected.weight(sid));
  for (const set of sets) assert.equal(found.containsQuorum(set), expected.containsQuorum(set));
}

describe('quorums of any configuration', () => {
  it('are what their definition says, whoever else is among them', () => {
    const property = fc.property(configuration, (one) => {
      const verifier = parseMembershipText(textOf(one));
      for (const set of subsets(one)) {
        assert.equal(verifier.containsQuorum(set), isQuorum(one, set), [...set].join());
        assert.equal(verifier.containsQuorum(new Set([...set, STRANGER])), isQuorum(one, set));
      }
    });
    holds(property, BUDGET_MS);
  });

  it('share a voter with each other, and stay quorums when others join', () => {
    const property = fc.property(configuration, (one) => {
      const verifier = parseMembershipText(textOf(one));
      const voting = (set: ReadonlySet<number>) => [...set].filter((sid) => verifier.voters.has(sid));
      const quorums = subsets(one).filter((set) => verifier.containsQuorum(set));
      for (const quorum of quorums) {
        for (const { sid } of one.members) assert.ok(verifier.containsQuorum(new Set([...quorum, sid])));
        for (const other of quorums) assert.ok(voting(quorum).some((sid) => other.has(sid)));
      }
    });
    holds(property, BUDGET_MS);
  });

  it('are needed of both configurations while one takes the place of the other', () => {
    const property = fc.property(configuration, configuration, fc.nat(), (before, after, salt) => {
      const verifiers = [before, after].map((one) => parseMembershipText(textOf(one)));
      const tally = new QuorumTally(verifiers);
      const agreed = new Set<number>();
      for (const { sid } of [...before.members, ...after.members].filter((_, at) => ((salt >> at) & 1) === 1)) {
        agreed.add(sid);
        assert.equal(
          tally.add(sid),
          verifiers.some(({ voters }) => voters.has(sid)),
        );
      }
      assert.equal(tally.hasAllQuorums(), isQuorum(before, agreed) && isQuorum(after, agreed));
      assert.equal(tally.hasAnyQuorum(), isQuorum(before, agreed) || isQuorum(after, agreed));
    });
    holds(property, BUDGET_MS);
  });
});

describe('the text of any configuration', () => {
  it('says the same after it was read, in the same lines, which then stay', () => {
    const property = fc.property(configuration, (one) => {
      const verifier = parseMembershipText(textOf(one));
      const again = parseMembershipText(verifier.toText());
      assertSame(again, verifier, subsets(one));
      assertSame(again.withVersion(one.version), parseMembershipText(textOf(one)), subsets(one));
      const text = again.toText();
      assert.deepEqual(text.split('\n').sort(), verifier.toText().split('\n').sort());
      // Java's maps hand keys of one bin out as they came in, and weights that nobody had named are named from now on.
      if (!one.hasGroups) assert.equal(text, verifier.toText());
      assert.equal(parseMembershipText(text).toText(), text);
    });
    holds(property, BUDGET_MS);
  });

  it('with a character gone wrong, or cut off anywhere, is a configuration or refused with a reason', () => {
    const odd = character('0;:|=.[]%#! \n\tx-/ß\0');
    const property = fc.property(configuration, odd, (one, wrongOne) => {
      const text = parseMembershipText(textOf(one)).toText();
      for (let at = 0; at < text.length; at += 1 + (text.length >> 6)) {
        for (const wrong of [text.slice(0, at), text.slice(0, at) + wrongOne + text.slice(at + 1)]) checkText(wrong);
      }
    });
    holds(property, BUDGET_MS);
  });
});

function checkText(text: string): void {
  let verifier: QuorumVerifier;
  try {
    verifier = parseMembershipText(text);
  } catch (error) {
    assert.ok(isTyped(error, [MembershipError]), `${JSON.stringify(text)}: ${String(error)}`);
    return;
  }
  const printed = verifier.toText();
  assertSame(parseMembershipText(printed), verifier, []);
}
