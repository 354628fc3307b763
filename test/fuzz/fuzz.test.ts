// Every decoder for a short while; with ZK_TEST_LONG for two minutes each. FUZZ_SEED repeats a run.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PLANTED } from './targets/planted.js';
import { TARGETS } from './targets/index.js';
import { fuzzWatched } from './watched.js';

const IS_LONG = process.env['ZK_TEST_LONG'] === '1';
const LIMIT_MS = IS_LONG ? 120_000 : 1500;
// With fewer a decoder is not fuzzed at all: the slowest ones go on until they have tried so many.
const LEAST_INPUTS = IS_LONG ? 4000 : 300;
// A new one each time, so that many short runs get as far as a long one.
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000);

describe(`decoders with inputs gone wrong (FUZZ_SEED=${SEED})`, () => {
  for (const { name } of TARGETS) {
    it(`${name}: succeeds or gives a typed error`, async () => {
      const { characters, finding, inputs } = await fuzzWatched(name, SEED, LIMIT_MS, { leastInputs: LEAST_INPUTS });
      assert.equal(finding, null, `npm run fuzz -- --target ${name} --input ${finding?.inputHex}\n${finding?.text}`);
      assert.ok(inputs >= LEAST_INPUTS, `only ${inputs} inputs`);
      assert.ok(characters > 0);
    });
  }
});

describe('the fuzzer', () => {
  const expected: Readonly<Record<string, RegExp>> = {
    'planted-deep': /the bottom/,
    'planted-untyped': /TypeError: no such thing/,
    'planted-hidden': /StorageError: damaged/,
    'planted-greedy': /bytes at once for an input of/,
    'planted-endless': /no end within/,
  };

  for (const { name } of PLANTED) {
    it(`finds ${name}`, async () => {
      const { finding } = await fuzzWatched(name, 1, 60_000, { hangMs: 3000 });
      assert.match(finding?.text ?? 'nothing', expected[name] ?? /never/);
    });
  }
});
