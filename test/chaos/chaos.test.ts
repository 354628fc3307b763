// Real faults on real processes. A short run of the kinds that need nothing but the kernel; with ZK_TEST_LONG ten minutes of
// everything. CHAOS_SEED repeats one.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parseHistory } from '../sim/history.js';
import { ownProgram } from '../support/own-program.js';
import { canIsolate } from './lab.js';
import { describeFault, drawFaults, FAULT_KINDS, NAMESPACE_KINDS } from './plan.js';
import { judge } from './verify.js';

const MAIN = ownProgram(new URL('main.ts', import.meta.url));
const SEED = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);
const LONG_MINUTES = 10;

interface Run {
  readonly code: number;
  readonly text: string;
}

function chaos(...args: readonly string[]): Promise<Run> {
  const command = [...MAIN, '--seed', String(SEED), ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, command, { maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), text: `${stdout}${stderr}` });
    });
  });
}

describe(`real servers under real faults (CHAOS_SEED=${SEED})`, () => {
  const kinds = ['kill', 'stop', 'partition'] as const;
  const possible = kinds.filter((kind) => canIsolate() || !NAMESPACE_KINDS.includes(kind));

  it(`keep every promise: ${possible.join(', ')}`, { timeout: 300_000 }, async () => {
    const { code, text } = await chaos('--minutes', '0.25', '--faults', possible.join(','));
    assert.equal(code, 0, text);
    assert.match(text, /"problems":0/);
  });

  it('are caught when they lose acknowledged writes', { timeout: 300_000 }, async () => {
    const { code, text } = await chaos('--minutes', '0.01', '--faults', 'rollback');
    const kept = /are kept in (\S+)$/m.exec(text)?.[1];
    assert.equal(code, 1, text);
    assert.match(text, /PROBLEM: not linearizable/);
    assert.ok(kept !== undefined && existsSync(`${kept}/history.jsonl`), text);
    rmSync(kept, { recursive: true });
  });

  if (process.env['ZK_TEST_LONG']) {
    it(
      `keep every promise for ${LONG_MINUTES} minutes: ${FAULT_KINDS.join(', ')}`,
      { timeout: 1_800_000 },
      async () => {
        const { code, text } = await chaos('--minutes', String(LONG_MINUTES), '--faults', FAULT_KINDS.join(','));
        assert.equal(code, 0, text);
      },
    );
  }
});

describe('the faults of a run', () => {
  const first = (seed: number, count: number): string[] => {
    const texts: string[] = [];
    for (const fault of drawFaults(seed, FAULT_KINDS)) {
      if (texts.push(`${describeFault(fault)} ${fault.seed}`) === count) break;
    }
    return texts;
  };

  it('are the same for the same seed, and others for another', () => {
    assert.deepEqual(first(7, 50), first(7, 50));
    assert.notDeepEqual(first(7, 50), first(8, 50));
  });

  it('have each kind once in a round', () => {
    const found = first(3, FAULT_KINDS.length).map((text) => text.slice(0, text.indexOf(' ')));
    assert.deepEqual(found.sort(), [...FAULT_KINDS].sort());
  });
});

describe('the verdict on a recorded history', () => {
  const create =
    '{"client":"c0","session":"0x1","op":{"kind":"create","path":"/nodes/0-1","data":"a","sequential":false,"ephemeral":false},"invokedMs":1,"returnedMs":2,"zxid":5,"err":0,"result":{"path":"/nodes/0-1"}}';
  const read = (data: string, version: number, mzxid: number, err = 0) =>
    `{"client":"end1","session":"0x2","op":{"kind":"get","path":"/nodes/0-1","isSynced":true},"invokedMs":8,"returnedMs":9,"zxid":9,"err":${err},"result":${err === 0 ? `{"data":"${data}","version":${version},"mzxid":${mzxid},"czxid":5}` : '{}'}}`;
  const set =
    '{"client":"c0","session":"0x1","op":{"kind":"set","path":"/nodes/0-1","data":"b","version":-1},"invokedMs":3,"returnedMs":4,"zxid":6,"err":0,"result":{"version":1,"mzxid":6,"czxid":5}}';
  const unanswered = set
    .replace('"returnedMs":4,"zxid":6', '"returnedMs":null,"zxid":0')
    .replace(/"result":.*$/, '"result":{}}');
  const cases: readonly [name: string, isGood: boolean, lines: readonly string[]][] = [
    ['what was written last is read', true, [create, set, read('b', 1, 6)]],
    ['an unanswered write may have happened', true, [create, unanswered, read('b', 1, 6)]],
    ['an unanswered write may be lost', true, [create, unanswered, read('a', 0, 5)]],
    ['an acknowledged write is lost', false, [create, set, read('a', 0, 5)]],
    ['an acknowledged node is lost', false, [create, set, read('', 0, 0, -101)]],
    ['a server shows another state', false, [create, set, read('b', 1, 6), read('c', 1, 6)]],
  ];
  for (const [name, isGood, lines] of cases) {
    it(`is ${isGood ? 'good' : 'bad'} when ${name}`, () => {
      assert.equal(judge(parseHistory(lines.join('\n'))).problems.length === 0, isGood);
    });
  }
});
