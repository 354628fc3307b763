// What `check` and `print-config` print for the folders in golden/. GOLDEN_REWRITE=1 writes the expectations anew.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { cli, type CliResult } from './harness.js';

const GOLDEN = new URL('golden/', import.meta.url).pathname;

function transcript(folder: string, { exitCode, out, err }: CliResult): string {
  const text = [out, err === '' ? '' : `-- stderr\n${err}`, `-- exit ${exitCode}`].filter((part) => part !== '');
  return `${text.join('\n')}\n`.replaceAll(folder, '.');
}

for (const command of ['check', 'print-config']) {
  describe(command, () => {
    for (const name of readdirSync(GOLDEN)) {
      it(name, async () => {
        const folder = join(GOLDEN, name);
        const actual = transcript(folder, await cli([command, 'zoo.cfg'], { workingDir: folder }));
        const file = join(folder, `${command}.txt`);
        if (process.env['GOLDEN_REWRITE'] === '1') writeFileSync(file, actual);
        assert.ok(existsSync(file), `${file} is there`);
        assert.equal(actual, readFileSync(file, 'utf8'));
      });
    }
  });
}
