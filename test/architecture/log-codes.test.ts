// docs/logging.md has every code that is logged, at the levels at which it is, and no other.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import ts from 'typescript';
import { readSources } from './house.js';

const PAGE = readFileSync(new URL('../../docs/logging.md', import.meta.url), 'utf8');
const LEVELS: ReadonlySet<string> = new Set(['trace', 'debug', 'info', 'warn', 'error', 'fatal']);

/** Rows of the table under a heading: code to the cells behind it. */
function rowsUnder(heading: string): Map<string, string[]> {
  const section = PAGE.split('\n## ').find((part) => part.startsWith(`${heading}\n`)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return new Map(
    rows.map((line) => {
      const [code = '', ...cells] = line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim());
      return [code.replaceAll('`', ''), cells] as const;
    }),
  );
}

const LOGGED = [
  'Start and stop',
  'Data on disk',
  'Elections',
  'Reconfiguration',
  'Leader and learners',
  'Clients and sessions',
  'HTTP',
];
const documented = new Map(LOGGED.flatMap((heading) => [...rowsUnder(heading)]));

/** Codes in the fields of calls such as `log.warn(message, { code: 'X' })`, with the levels of those calls. */
function loggedCodes(): Map<string, Set<string>> {
  const codes = new Map<string, Set<string>>();
  const visit = (node: ts.Node, level: string | null): void => {
    let inside = level;
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const { text } = node.expression.name;
      if (LEVELS.has(text)) inside = text;
    }
    if (inside !== null && ts.isPropertyAssignment(node) && node.name.getText() === 'code') {
      for (const literal of literalsIn(node.initializer)) {
        codes.set(literal, (codes.get(literal) ?? new Set()).add(inside));
      }
    }
    ts.forEachChild(node, (child) => visit(child, inside));
  };
  for (const { path, text } of readSources())
    visit(ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true), null);
  return codes;
}

function literalsIn(node: ts.Expression): string[] {
  if (ts.isStringLiteral(node)) return [node.text];
  return ts.isConditionalExpression(node) ? [...literalsIn(node.whenTrue), ...literalsIn(node.whenFalse)] : [];
}

/** Every `code: 'X'` that anything in the source has, whatever it is for; the file tools and the doctor have their own page. */
function allCodes(ofTools: boolean): Set<string> {
  const texts = readSources()
    .filter(({ folder }) => (folder === 'toolkit') === ofTools)
    .map(({ text }) => text);
  return new Set(
    texts.flatMap((text) => [...text.matchAll(/\bcode: '([A-Z_]+)'/g)].flatMap((match) => match[1] ?? [])),
  );
}

/** The members of a union of words. */
function union(path: string, name: string): string[] {
  const source = readSources().find((file) => file.path === path);
  const body = new RegExp(`type ${name} =([^;]*);`).exec(source?.text ?? '')?.[1] ?? '';
  return [...body.matchAll(/'([A-Z_]+)'/g)].flatMap((match) => match[1] ?? []);
}

/** Codes of errors and faults, which are logged as fields of other lines. */
const NOT_LOGGED = new Set(['DATA_DIR', 'FILE', 'LOG_DIR_HAS_SNAPSHOTS']);

describe('docs/tools.md', () => {
  it('has every code of the file tools and of the doctor', () => {
    const page = readFileSync(new URL('../../docs/tools.md', import.meta.url), 'utf8');
    const missing = [...allCodes(true)].filter((code) => !page.includes(`\`${code}\``));
    assert.deepEqual(missing, []);
  });
});

describe('docs/logging.md', () => {
  it('has every code that is logged', () => {
    const codes = loggedCodes();
    assert.ok(codes.size > 40);
    assert.deepEqual(
      [...codes.keys()].filter((code) => !documented.has(code)),
      [],
    );
  });

  it('has every code that the source has', () => {
    const missing = [...allCodes(false)].filter((code) => !NOT_LOGGED.has(code) && !PAGE.includes(`\n| \`${code}\` `));
    assert.deepEqual(missing, []);
  });

  it('has each at its levels', () => {
    const wrong = [...loggedCodes()].filter(([code, levels]) => {
      const told = documented.get(code)?.[0]?.split(', ') ?? [];
      return [...levels].some((level) => !told.includes(level));
    });
    assert.deepEqual(wrong, []);
  });

  it('has none that the source does not have', () => {
    const codes = allCodes(false);
    assert.deepEqual(
      [...documented.keys()].filter((code) => !codes.has(code)),
      [],
    );
  });

  it('has the codes of the configuration', () => {
    const codes = union('config/fault.ts', 'FaultCode').map((code) => `CONFIG_${code}`);
    assert.ok(codes.length > 10);
    assert.deepEqual([...rowsUnder('Configuration').keys()].sort(), codes.sort());
  });

  it('has the ends of roles and connections', () => {
    const ends = union('zab/life.ts', 'EndCode');
    assert.ok(ends.length > 10);
    assert.deepEqual([...rowsUnder('Why a role or a connection ended').keys()].sort(), ends.sort());
  });

  it('says what each means and what to do', () => {
    for (const [code, cells] of documented) {
      assert.equal(cells.length, 3, code);
      for (const cell of cells.slice(1)) assert.match(cell, /^.+[.?]$/, code);
    }
  });
});
