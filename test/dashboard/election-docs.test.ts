// docs/election.md: its traces say what the text around them says, and both languages have the same ones.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

function tracesOf(page: string): ReadonlyMap<string, string> {
  const text = readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
  const all = [...text.matchAll(/<!-- trace (\w+) -->\n\n```text\n([^]*?)```\n\n<!-- end -->/g)];
  return new Map(all.map(([, name = '', trace = '']) => [name, trace]));
}

const traces = tracesOf('election.md');

/** What each trace must show. */
const FACTS: readonly [name: string, facts: readonly RegExp[]][] = [
  [
    'start',
    [
      /server [12] changes its mind: leader 3 before leader [12]: epochs and zxids are equal, server id 3 > [12]$/m,
      /server 3 is LEADING with leader 3/,
      /server 1 is FOLLOWING with leader 3/,
      /server 2 is FOLLOWING with leader 3/,
    ],
  ],
  [
    'lost',
    [
      /server 1 changes its mind: leader 2 before leader 1: epochs and zxids are equal, server id 2 > 1$/m,
      /counts a quorum for leader 2: \{1, 2\}$/m,
      /server 2 is LEADING with leader 2/,
      /server 1 synchronization/,
    ],
  ],
  [
    'rejoin',
    [
      /server 3 receives from 2: leader 2 .*, as it is LEADING$/m,
      /server 3 receives from 1: leader 2 .*, as it is FOLLOWING$/m,
      /server 3 counts a quorum for leader 2: \{1, 2\}/,
      /server 3 is FOLLOWING with leader 2/,
    ],
  ],
  [
    'zxid',
    [
      /server 3 changes its mind: leader 1 before leader 3: the epochs are equal \(\d\), zxid 0x\w+ > 0x\w+$/m,
      /server 1 is LEADING with leader 1, by the votes of the round/,
      /server 3 synchronization, [\d.]+ ms \(DIFF/,
    ],
  ],
];

describe('docs/election.md', () => {
  it('has the traces in both languages', () => {
    assert.deepEqual(
      [...traces.keys()],
      FACTS.map(([name]) => name),
    );
    assert.deepEqual(tracesOf('election.zh-CN.md'), traces);
  });

  for (const [name, facts] of FACTS) {
    it(`shows in the trace ${name} what the text says`, () => {
      const trace = traces.get(name) ?? '';
      for (const fact of facts) assert.match(trace, fact);
      assert.match(trace, /server \d serves clients$/m);
    });
  }
});
