// What a request costs, in multiples of a fixed loop in the same process: a figure that holds on a busy machine, too.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';

const GUARD = new URL('../../scripts/bench-guard.mjs', import.meta.url).pathname;

interface Verdict {
  readonly row: string;
  readonly figure: string;
  readonly value: number;
  readonly bound: number;
  readonly holds: boolean;
}

function guard(...words: readonly string[]): Promise<readonly Verdict[]> {
  return new Promise((resolve, reject) => {
    const args = ['--max-semi-space-size=4', GUARD, '--json', ...words];
    execFile(process.execPath, args, { timeout: 300_000 }, (error, stdout, stderr) => {
      // An exit code of 1 says that a bound does not hold; the verdicts say which.
      if (stdout === '') reject(new Error(stderr, { cause: error }));
      else resolve((JSON.parse(stdout) as { readonly verdicts: readonly Verdict[] }).verdicts);
    });
  });
}

const broken = (verdicts: readonly Verdict[]) => verdicts.filter(({ holds }) => !holds);

describe('the cost of a request', () => {
  it('is within the margin of what is stored, for get, set and create', async () => {
    let verdicts = await guard();
    assert.equal(verdicts.length, 6);
    // The least is what the code costs: who is too slow because of others gets two more turns.
    for (let left = 2; left > 0 && broken(verdicts).length > 0; left--) verdicts = await guard();
    assert.deepEqual(broken(verdicts), []);
  });

  it('breaks the bound of every row when a slow-down is planted', async () => {
    const failed = broken(await guard('--windows', '2', '--slow-down-ns', '10000'));
    assert.deepEqual(
      failed.filter(({ figure }) => figure === 'cost').map(({ row }) => row),
      ['get', 'set', 'create'],
    );
  });
});
