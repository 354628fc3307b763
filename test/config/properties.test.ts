import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import ini from 'ini';
import { javaTrim, parseProperties } from '../../src/config/properties.js';

interface JavaCase {
  readonly text: string;
  readonly properties?: Readonly<Record<string, string>>;
  readonly error?: true;
}

/** What java.util.Properties (OpenJDK 17) made of each text. */
const JAVA_CASES = JSON.parse(
  readFileSync(new URL('fixtures/java-properties.json', import.meta.url), 'utf8'),
) as readonly JavaCase[];

function read(text: string): Map<string, string> {
  return new Map(parseProperties(Buffer.from(text, 'latin1')).entries.map(({ key, value }) => [key, value]));
}

describe('java.util.Properties', () => {
  for (const { text, properties, error } of JAVA_CASES) {
    it(JSON.stringify(text), () => {
      if (error === true) {
        assert.notEqual(parseProperties(Buffer.from(text, 'latin1')).problems.length, 0);
      } else {
        assert.deepEqual(new Map([...read(text)].sort()), new Map(Object.entries(properties ?? {}).sort()));
      }
    });
  }

  it('names the line where an entry begins', () => {
    const { entries } = parseProperties(Buffer.from('# one\n\na=1\nb=2\\\n  3\r\nc=4\rd=5'));
    assert.deepEqual(
      entries.map(({ key, line }) => [key, line]),
      [
        ['a', 3],
        ['b', 4],
        ['c', 6],
        ['d', 7],
      ],
    );
  });

  it('keeps every entry of a repeated key', () => {
    const { entries } = parseProperties(Buffer.from('a=1\na=2\n'));
    assert.deepEqual(
      entries.map(({ value }) => value),
      ['1', '2'],
    );
  });

  it('tells lines beyond ASCII', () => {
    assert.deepEqual(parseProperties(Buffer.from('a=1\nb=donn\u00e9es\n', 'utf8')).beyondAscii, [2]);
  });

  it('trims as String.trim does', () => {
    assert.equal(javaTrim(' \u0000\t a b\u001f \n'), 'a b');
    assert.equal(javaTrim('\u00a0a\u00a0'), '\u00a0a\u00a0');
    assert.equal(javaTrim('  '), '');
  });
});

describe('why not the ini package', () => {
  const cases: readonly (readonly [text: string, key: string, java: string])[] = [
    ['server.1=a:2888:3888;2181', 'server.1', 'a:2888:3888;2181'],
    ['a=1 # two', 'a', '1 # two'],
    ['a="quoted"', 'a', '"quoted"'],
    ['a:1', 'a', '1'],
    ['a 1', 'a', '1'],
    ['a=one\\\n  two', 'a', 'onetwo'],
    ['a=\\u0041', 'a', 'A'],
    ['[s]\na=1', 'a', '1'],
    ['a[]=1', 'a[]', '1'],
    ['a=true', 'a', 'true'],
  ];
  for (const [text, key, java] of cases) {
    it(JSON.stringify(text), () => {
      assert.equal(read(text).get(key), java);
      assert.notEqual(ini.parse(text)[key], java);
    });
  }
});
