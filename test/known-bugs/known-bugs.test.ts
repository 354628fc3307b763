// Each history holds on the production classes, and ends in the damage that ZooKeeper took when the rule is switched off.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { without } from './known-bug.js';
import { THEMES } from './themes.js';

for (const [theme, bugs] of Object.entries(THEMES)) {
  describe(`bugs that ZooKeeper had: ${theme}`, () => {
    for (const { bug, name, history, mutants } of bugs) {
      it(`${bug}: ${name}`, async () => {
        await history();
        assert.notEqual(mutants.length, 0);
        for (const { mutant, shows } of mutants) {
          await assert.rejects(without(mutant, history), shows, `"${mutant.name}" does the damage`);
        }
      });
    }
  });
}
