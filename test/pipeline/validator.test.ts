import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ValidatorScenario } from './validator-scenario.js';

/**
 * A scenario begins with `== its name`. A line is a command; `=> text` at its end is what it must print, without it
 * it must succeed. Every scenario ends with an `apply` of its own, so that the predicted digests are compared.
 */
const FOLDER = new URL('./scenarios/', import.meta.url);

interface Scenario {
  readonly name: string;
  readonly lines: { readonly number: number; readonly text: string }[];
}

function parse(text: string): Scenario[] {
  const scenarios: Scenario[] = [];
  text.split('\n').forEach((line, at) => {
    if (line.startsWith('== ')) scenarios.push({ name: line.slice(3), lines: [] });
    else if (line.trim() !== '' && !line.startsWith('#')) {
      const scenario = scenarios.at(-1);
      assert.ok(scenario, `line ${at + 1} stands before the first scenario`);
      scenario.lines.push({ number: at + 1, text: line.trim() });
    }
  });
  return scenarios;
}

for (const file of readdirSync(FOLDER).sort()) {
  describe(file, () => {
    for (const { name, lines } of parse(readFileSync(new URL(file, FOLDER), 'utf8'))) {
      it(name, () => {
        const scenario = new ValidatorScenario();
        for (const { number, text } of lines) {
          const [command = '', expected] = text.split(/\s+=> /);
          const printed = scenario.run(command);
          const where = `${file}:${number}: ${command}`;
          if (expected === undefined) assert.doesNotMatch(printed, / error /, where);
          else assert.equal(printed, expected, where);
        }
        scenario.run('apply');
      });
    }
  });
}
