import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { CONFIGURATION_FILE, configurationPage } from '../../scripts/docs/configuration.js';
import { ALL_KEYS, KEY_FAMILIES } from '../../src/config/index.js';
import { SHELL_FILES } from '../../src/config/variables.js';
import { FLAG_VARIABLES } from '../../src/config/environment.js';
import { VARIABLES } from '../../src/config/variable-table.js';

const PAGE = readFileSync(CONFIGURATION_FILE, 'utf8');

describe('docs/configuration.md', () => {
  it('is what npm run docs would write', async () => {
    assert.equal(PAGE, await configurationPage());
  });

  it('has a row for every key', () => {
    const missing = [...ALL_KEYS.keys()].filter((key) => !PAGE.includes(`\n| \`${key}\` `));
    assert.deepEqual(missing, []);
  });

  it('has every family, variable and file', () => {
    for (const { form } of KEY_FAMILIES) assert.ok(PAGE.includes(`\`${form.split(', ')[0] ?? ''}\``), form);
    for (const name of VARIABLES.keys()) assert.ok(PAGE.includes(`\n| \`${name}\` `), name);
    for (const name of FLAG_VARIABLES) assert.ok(VARIABLES.has(name), name);
    for (const name of SHELL_FILES) assert.ok(PAGE.includes(`\`${name}\``), name);
  });
});
