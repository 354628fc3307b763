import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EPOCH_BUGS } from './epochs.js';
import type { KnownBug } from './known-bug.js';
import { without } from './known-bug.js';
import { FILE_BUGS } from './files.js';
import { LEADER_BUGS } from './leaders.js';
import { ROLE_BUGS } from './roles.js';
import { SYNC_BUGS } from './synchronization.js';

const THEMES: Readonly<Record<string, readonly KnownBug[]>> = {
  epochs: EPOCH_BUGS,
  synchronization: SYNC_BUGS,
  roles: ROLE_BUGS,
  files: FILE_BUGS,
  leaders: LEADER_BUGS,
};

for (const [theme, bugs] of Object.entries(THEMES)) {
  describe(`bugs that ZooKeeper had: ${theme}`, () => {
    for (const { bug, name, history, mutants } of bugs) {
      it(`${bug}: ${name}`, async () => {
        await history();
        for (const { mutant, shows } of mutants) {
          await assert.rejects(without(mutant, history), shows, `"${mutant.name}" does the damage`);
        }
      });
    }
  });
}
