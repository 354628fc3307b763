// docs/known-bugs.md names every bug, and what it points to exists.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { THEMES } from './themes.js';

/** What must not be missing; the family of 3125 is 3127, 3144, 3145, 3249. */
const WANTED = `
  1154 1156 1277 1549 2099 2247 2307 2325 2332 2355 2354 2574 2623 2832 2845 2846 2872 3023 3104 3109
  3125 3127 3144 3145 3249 3526 3642 3701 3911 4269 4394 4502 4541 4643 4646 4685 4712 4743 4785 4837 4846 4882 4925
  5010 5094
`;
const GAPS = ['Zab paper 1', 'Zab paper 2', 'Zab paper 3'];
const ROOT = new URL('../../', import.meta.url);

interface Row {
  readonly bug: string;
  readonly rule: string;
  readonly file: string;
  readonly mutants: string;
}

function rows(): Row[] {
  const text = readFileSync(new URL('docs/known-bugs.md', ROOT), 'utf8');
  const cells = text.split('\n').filter((line) => /^\| (\d{4}|Zab paper \d) /.test(line));
  return cells.map((line) => {
    const [, bug = '', , rule = '', file = '', mutants = ''] = line.split('|').map((cell) => cell.trim());
    return { bug, rule, file, mutants };
  });
}

describe('the table of known bugs', () => {
  it('has a row for every one, once', () => {
    const wanted = [...WANTED.trim().split(/\s+/), ...GAPS].sort();
    const found = rows().map(({ bug }) => bug);
    assert.deepEqual(found.sort(), wanted);
  });

  it('says which history and which mutants belong to it', () => {
    const histories = new Map<string, string>();
    for (const [file, bugs] of Object.entries(THEMES)) {
      for (const { bug, mutants } of bugs) {
        const names = mutants.map(({ mutant }) => mutant.name).join('; ');
        assert.ok(!histories.has(bug), `${bug} has one history`);
        histories.set(bug.replace('ZOOKEEPER-', ''), `\`${file}\` ${names}`);
      }
    }
    const table = new Map(rows().map(({ bug, file, mutants }) => [bug, `${file} ${mutants}`]));
    assert.deepEqual(new Map([...table].sort()), new Map([...histories].sort()));
    for (const file of Object.keys(THEMES)) assert.ok(existsSync(new URL(`test/known-bugs/${file}`, ROOT)), file);
  });

  it('names rules in files that exist', () => {
    for (const { bug, rule } of rows()) {
      const paths = [...rule.matchAll(/`(src\/[^`]+)`/g)].map(([, path = '']) => path);
      assert.notEqual(paths.length, 0, bug);
      for (const path of paths) assert.ok(existsSync(new URL(path, ROOT)), `${bug}: ${path}`);
    }
  });
});
