import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Double, fields, type Json, printJson } from '../../src/admin/json.js';

const CASES: readonly [what: string, value: Json, text: string][] = [
  ['nothing', fields({}), '{ }'],
  ['an empty list', [], '[ ]'],
  ['a list', [1, 'two', null, true], '[ 1, "two", null, true ]'],
  ['64 bits', 9_223_372_036_854_775_807n, '9223372036854775807'],
  ['whole doubles', new Double(5), '5.0'],
  ['large doubles', new Double(12_345_678), '1.2345678E7'],
  ['no number', new Double(Number.NaN), '"NaN"'],
  ['quotes', fields({ 'a"b': 'c\nd' }), '{\n  "a\\"b" : "c\\nd"\n}'],
  ['keys of 64 bits', new Map([[72_057_594_037_927_936n, ['/a']]]), '{\n  "72057594037927936" : [ "/a" ]\n}'],
  [
    'objects in lists in objects',
    fields({ list: [fields({ a: 1 }), fields({ b: fields({ c: 2 }) })] }),
    '{\n  "list" : [ {\n    "a" : 1\n  }, {\n    "b" : {\n      "c" : 2\n    }\n  } ]\n}',
  ],
];

describe('JSON of the admin server', () => {
  for (const [what, value, text] of CASES) {
    it(`prints ${what}`, () => assert.equal(printJson(value), text));
  }
});
