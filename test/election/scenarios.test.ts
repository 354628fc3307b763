import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { runDataDriven } from './data-driven.js';
import { Scenario } from './scenario-commands.js';

const FOLDER = new URL('./scenarios/', import.meta.url);

describe('elections, as texts', () => {
  for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.txt'))) {
    it(name, async () => {
      const scenario = new Scenario();
      await runDataDriven(new URL(name, FOLDER).pathname, (command) => scenario.run(command));
      await scenario.end();
    });
  }
});
