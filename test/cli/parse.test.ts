// Two ways of parsing, one table: what the quick one takes means the same to yargs.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Command, OptionSpec } from '../../src/cli/command.js';
import { COMMANDS } from '../../src/cli/commands.js';
import { type Invocation, quickParse } from '../../src/cli/quick-parse.js';
import { yargsParse } from '../../src/cli/yargs-parse.js';

async function byYargs(args: readonly string[]): Promise<Invocation> {
  const parsed = await yargsParse(args);
  assert.equal(parsed.kind, 'run', 'text' in parsed ? parsed.text : '');
  return parsed.invocation;
}

function valuesOf(spec: OptionSpec): fc.Arbitrary<string | null> {
  switch (spec.kind) {
    case 'flag':
      return fc.constant(null);
    case 'seconds':
      return fc.oneof(
        fc.integer({ min: 1 }).map(String),
        fc.integer({ min: 1 }).map((value) => (value / 100).toFixed(2)),
      );
    case 'id':
      return fc.nat().map(String);
    case 'choice':
      return fc.constantFrom(...spec.choices);
    case 'text':
      return fc.stringMatching(/^[a-z0-9./:][a-z0-9./: -]*$/);
  }
}

function wordsOf(command: Command): fc.Arbitrary<string[]> {
  const options = Object.entries(command.options).map(([name, spec]) =>
    fc
      .tuple(valuesOf(spec), fc.boolean(), fc.boolean())
      .map(([value, isGiven, isJoined]) =>
        !isGiven ? [] : value === null ? [`--${name}`] : isJoined ? [`--${name}=${value}`] : [`--${name}`, value],
      ),
  );
  const { argument } = command;
  const word = argument?.choices ? fc.constantFrom(...argument.choices) : fc.stringMatching(/^[a-z./][a-z0-9./ -]*$/);
  const given = argument === null ? fc.constant([]) : word.map((each) => [each]);
  const optional = argument?.required === true ? given : fc.oneof(given, fc.constant<string[]>([]));
  return fc
    .tuple(fc.constantFrom(command.name, ...(command.aliases ?? [])), optional, fc.tuple(...options))
    .map(([name, argumentWords, optionWords]) => [name, ...argumentWords, ...optionWords.flat()]);
}

describe('a command line in which all is well', () => {
  for (const command of COMMANDS) {
    it(`means the same to both parsers: ${command.name}`, async () => {
      await fc.assert(
        fc.asyncProperty(wordsOf(command), async (words) => {
          const quick = quickParse(words);
          assert.ok(quick, words.join(' '));
          const slow = await byYargs(words);
          assert.equal(quick.command, slow.command);
          assert.equal(quick.argument, slow.argument);
          assert.deepEqual(quick.options, slow.options);
        }),
        { numRuns: 25 },
      );
    });
  }
});

describe('what the quick parser leaves to yargs', () => {
  const LINES: readonly (readonly string[])[] = [
    [],
    ['--help'],
    ['--version'],
    ['strat'],
    ['start', '--help'],
    ['start', '-h'],
    ['start', '--colour'],
    ['start', 'a', 'b'],
    ['start', '--timeout', 'soon'],
    ['start', '--timeout', '-1'],
    ['start', '--timeout', '0'],
    ['init', '--myid', '1.5'],
    ['start', '--timeout'],
    ['start', '--log-level', 'loud'],
    ['start', '--daemon=no'],
    ['status', '--no-json'],
    ['version', 'a'],
    ['completion'],
    ['completion', 'csh'],
  ];
  for (const line of LINES) {
    it(line.join(' ') || 'nothing', () => {
      assert.equal(quickParse(line), null);
    });
  }
});
