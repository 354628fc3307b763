import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  ambientNames,
  brokenRules,
  type Folder,
  importRings,
  readSources,
  readTable,
  ROOT,
  sourceFile,
} from './house.js';

/** Where the real world is named: whole folders, and the main files of programs; the dashboard's world is a browser. */
const EDGE = new Set(['platform', 'cli', 'dashboard']);
const EDGE_FILES = /^[^/]+\/edge\//;

const folders = readTable(readFileSync(join(ROOT, 'docs/ARCHITECTURE.md'), 'utf8'));
const sources = readSources();

describe('the house', () => {
  it('has a row for every folder of src and a folder for every row', () => {
    const rows = folders.map((folder) => folder.name).sort();
    const there = readdirSync(join(ROOT, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
    assert.deepEqual(there, rows);
  });

  it('has no import that points up, is not in the table, or goes around an index.ts', () => {
    assert.deepEqual(brokenRules(folders, sources), []);
  });

  it('has no ring of imports within a folder', () => {
    assert.deepEqual(importRings(sources), []);
  });

  it(`names time, chance, sockets, files, environment and threads in ${[...EDGE].join(', ')} and */edge only`, () => {
    const core = sources.filter((file) => !EDGE.has(file.folder) && !EDGE_FILES.test(file.path));
    assert.ok(core.length > 0);
    assert.deepEqual(core.flatMap(ambientNames), []);
  });
});

describe('the guards themselves', () => {
  const house: Folder[] = [
    { name: 'host', mayImport: [] },
    { name: 'tree', mayImport: ['host'] },
    { name: 'zab', mayImport: ['tree'] },
    { name: 'cli', mayImport: 'everything' },
  ];

  const table = [
    '| folder | what | may import |',
    '| --- | --- | --- |',
    '| `host/` | a, `b` | nothing |',
    '| `cli/` | c | everything |',
    '| `tree/` | d | host, cli |',
    '',
    '| `not/` | in the table | nothing |',
  ].join('\n');

  it('read the table', () => {
    assert.deepEqual(readTable(`text\n${table}`), [
      { name: 'host', mayImport: [] },
      { name: 'cli', mayImport: 'everything' },
      { name: 'tree', mayImport: ['host', 'cli'] },
    ]);
    assert.throws(() => readTable('no table'), /no table/);
  });

  const imports: readonly [path: string, text: string, broken: readonly string[]][] = [
    ['tree/a.ts', "import { x } from '../host/index.js';", []],
    ['tree/a.ts', "import { x } from './b.js';", []],
    ['tree/deep/a.ts', "import { x } from '../b.js'; import { y } from '../../host/index.js';", []],
    ['cli/a.ts', "import { x } from '../zab/index.js';", []],
    [
      'tree/a.ts',
      "import type { X } from '../zab/index.js';",
      ['tree/a.ts imports zab, which is below it in the table'],
    ],
    ['tree/a.ts', "export * from '../zab/index.js';", ['tree/a.ts imports zab, which is below it in the table']],
    ['zab/a.ts', "import { x } from '../host/index.js';", ['zab/a.ts imports host, which is not among its imports']],
    [
      'zab/a.ts',
      "import { x } from '../tree/node.js';",
      ['zab/a.ts goes around the index.ts of tree: ../tree/node.js'],
    ],
    [
      'zab/a.ts',
      "const x = await import('../host/index.js');",
      ['zab/a.ts imports host, which is not among its imports'],
    ],
    [
      'cli/a.ts',
      "import { x } from '../host/clock.js';",
      ['cli/a.ts goes around the index.ts of host: ../host/clock.js'],
    ],
    ['new/a.ts', '', ['new/a.ts is in a folder without a row in the table']],
    ['zab/a.ts', "import '../../test/x.js';", ['zab/a.ts imports ../../test/x.js, which is outside of the house']],
  ];
  for (const [path, text, broken] of imports) {
    it(`judge ${path}: ${text}`, () => {
      assert.deepEqual(brokenRules(house, [sourceFile(path, text)]), broken);
    });
  }

  it('find a table that points up', () => {
    const crooked: Folder[] = [
      { name: 'host', mayImport: ['tree'] },
      { name: 'tree', mayImport: ['nowhere'] },
    ];
    assert.deepEqual(brokenRules(crooked, []), [
      'the table lets host import tree below it',
      'the table lets tree import nowhere, which has no row',
    ]);
  });

  it('find rings of values, not of types', () => {
    const ring = [
      sourceFile('zab/a.ts', "import { b } from './b.js';"),
      sourceFile('zab/b.ts', "import { c, type D } from './c.js';"),
      sourceFile('zab/c.ts', "export { a } from './a.js'; import type { B } from './b.js';"),
    ];
    assert.deepEqual(importRings(ring), ['zab/a.ts > zab/b.ts > zab/c.ts > zab/a.ts']);
    assert.deepEqual(importRings(ring.slice(0, 2)), []);
    const types = [
      sourceFile('zab/a.ts', "import type { B } from './b.js'; export type { C } from './b.js';"),
      sourceFile('zab/b.ts', "import { a } from './a.js';"),
    ];
    assert.deepEqual(importRings(types), []);
  });

  const ambient: readonly [text: string, found: readonly string[]][] = [
    ["import { createHash } from 'node:crypto';", []],
    ["import { Buffer } from 'node:buffer'; import { crc32 } from 'node:zlib';", []],
    ['const at = new Date(wallMs); clock.after(1, () => log.info("process"));', []],
    ['interface A { process(): void; performance: number } queue.process(1); const a = { console: 1 };', []],
    ["import { readFile } from 'node:fs/promises';", ['the module node:fs/promises']],
    ["import type { Socket } from 'net';", ['the module net']],
    ["import { pino } from 'pino';", ['the module pino']],
    ["import { randomBytes, createHash } from 'node:crypto';", ['randomBytes of crypto']],
    ["import * as crypto from 'node:crypto';", ['all of crypto']],
    ['const now = new Date();', ['the time by new Date()']],
    ['const now = Date.now() + Math.random();', ['Date.now', 'Math.random']],
    ['setTimeout(() => undefined, 1);', ['setTimeout']],
    ['const later = setImmediate;', ['setImmediate']],
    ['globalThis.setTimeout(f, 1);', ['globalThis']],
    ["if (process.env['X']) f();", ['process']],
    ['Atomics.wait(a, 0, 0);', ['Atomics.wait']],
    ["const fs = await import('node:fs');", ['the module node:fs', 'import()']],
  ];
  for (const [text, found] of ambient) {
    it(`look for ambient names in: ${text}`, () => {
      const named = ambientNames(sourceFile('zab/a.ts', text)).map((line) => line.replace(/^zab\/a\.ts:1 names /, ''));
      assert.deepEqual(named, found);
    });
  }
});
