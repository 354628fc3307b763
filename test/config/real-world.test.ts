// Configurations as installations have them, written for this test: what becomes of each is in real-world-expected/, which
// REWRITE_EXPECTED=1 writes anew.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, it } from 'node:test';
import { formatFault, type LoadResult } from '../../src/config/index.js';
import { parseProperties } from '../../src/config/properties.js';
import { loadText } from './memory-files.js';
import { REAL_WORLD_NAMES, realWorldCase, realWorldFile } from './real-world-cases.js';

const EXPECTED = new URL('real-world-expected/', import.meta.url);

function valueOf(text: Buffer, key: string): string | undefined {
  return parseProperties(text)
    .entries.find((entry) => entry.key.trim() === key)
    ?.value.trim();
}

function load(name: string): Promise<LoadResult> {
  const text = readFileSync(realWorldFile(name));
  const { myId, dynamic } = realWorldCase(name);
  const at = (path: string): string => posix.resolve('/etc', path);
  const dynamicFile = valueOf(text, 'dynamicConfigFile');
  return loadText(text, {
    files: {
      ...(myId === null ? {} : { [at(`${valueOf(text, 'dataDir') ?? ''}/myid`)]: `${myId}\n` }),
      ...(dynamic === undefined || dynamicFile === undefined ? {} : { [at(dynamicFile)]: dynamic }),
    },
  });
}

function describeResult({ config, faults }: LoadResult): string {
  const head =
    config === null
      ? 'does not start'
      : `starts: ${config.mode}, ${config.role}, server ${config.myId} of ${config.membership.members.size}, ` +
        `clients on ${config.clients.endpoint?.host ?? ''}:${config.clients.endpoint?.port ?? 'none'}, ` +
        `tick ${config.tickTimeMs} ms, data in ${config.storage.dataDir}`;
  return `${[head, ...faults.map(formatFault)].join('\n')}\n`;
}

describe('configurations of the real world', () => {
  it('are many, and all expected', () => {
    assert.ok(REAL_WORLD_NAMES.length >= 25);
    if (process.env['REWRITE_EXPECTED'] === '1') return;
    assert.deepEqual(
      readdirSync(EXPECTED).sort(),
      REAL_WORLD_NAMES.map((name) => name.replace('.cfg', '.txt')),
    );
  });

  for (const name of REAL_WORLD_NAMES) {
    it(name, async () => {
      const actual = describeResult(await load(name));
      const file = new URL(name.replace('.cfg', '.txt'), EXPECTED);
      if (process.env['REWRITE_EXPECTED'] === '1') writeFileSync(file, actual);
      assert.ok(existsSync(file), `${file.pathname} is there`);
      assert.equal(actual, readFileSync(file, 'utf8'));
      if (realWorldCase(name).cannotRun === undefined) assert.match(actual, /^starts/);
    });
  }
});
