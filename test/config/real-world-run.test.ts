// Every configuration of the real world that can run here does: all of its servers, with ports and folders of this machine.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { REAL_WORLD_NAMES, realWorldCase } from './real-world-cases.js';
import { runRealWorld } from './real-world-run.js';

describe('servers of the real world serve', () => {
  for (const name of REAL_WORLD_NAMES.filter((each) => realWorldCase(each).cannotRun === undefined)) {
    it(name, async () => {
      const modes = await runRealWorld(name);
      if (modes.length === 1) assert.deepEqual(modes, ['standalone']);
      else assert.equal(modes.filter((mode) => mode === 'leader').length, 1, modes.join(', '));
    });
  }
});
