import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Listed, Roster } from '../../src/client/roster.js';

interface Thing extends Listed {
  readonly name: number;
}

describe('Roster', () => {
  it('holds what a Set would hold, in any order', () => {
    const step = fc.record({ comes: fc.boolean(), name: fc.nat(20) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const things = Array.from({ length: 21 }, (_, name): Thing => ({ name, rosterPlace: -1 }));
        const roster = new Roster<Thing>();
        const model = new Set<Thing>();
        for (const { comes, name } of steps) {
          const thing = things[name] as Thing;
          if (!comes) assert.equal(roster.delete(thing), model.delete(thing));
          else if (!model.has(thing)) {
            roster.add(thing);
            model.add(thing);
          }
        }
        assert.equal(roster.size, model.size);
        const names = (all: Iterable<Thing>): number[] => [...all].map(({ name }) => name).sort((a, b) => a - b);
        assert.deepEqual(names(roster), names(model));
      }),
    );
  });

  it('does not take one that stands in another for its own', () => {
    const [one, other] = [new Roster<Thing>(), new Roster<Thing>()];
    const thing = { name: 1, rosterPlace: -1 };
    one.add(thing);
    other.add({ name: 2, rosterPlace: -1 });
    assert.equal(other.delete(thing), false);
    assert.equal(one.delete(thing), true);
    assert.equal(one.delete(thing), false);
  });
});
