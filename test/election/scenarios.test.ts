import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { runDataDriven } from './data-driven.js';
import { Scenario } from './scenario-commands.js';

const FOLDER = new URL('./scenarios/', import.meta.url);

describe('elections, as texts', () => {
  const only = process.env['SCENARIO_ONLY'];
  for (const name of readdirSync(FOLDER)
    .filter((file) => file.endsWith(only === undefined ? '.txt' : `${only}.txt`))
    .sort()) {
    it(name, async () => {
      const scenario = new Scenario();
      await runDataDriven(new URL(name, FOLDER).pathname, (command) => scenario.run(command));
      await scenario.end();
    });
  }
});
