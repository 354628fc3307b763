// What a request costs with many nodes, children, sessions and watches that it has nothing to do with, by what it costs with few
// in the same process: a figure that holds on a busy machine, too.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';

const GUARD = new URL('../../scripts/growth-guard.mjs', import.meta.url).pathname;
const CURVES = ['nodes', 'children', 'sessions', 'watches'];
const KINDS = ['get', 'set', 'create and delete'];

interface Verdict {
  readonly curve: string;
  readonly kind: string;
  readonly small: number;
  readonly large: number;
  readonly ratio: number;
  readonly holds: boolean;
}

function guard(...words: readonly string[]): Promise<readonly Verdict[]> {
  return new Promise((resolve, reject) => {
    const args = ['--max-semi-space-size=4', GUARD, '--json', ...words];
    execFile(process.execPath, args, { timeout: 600_000 }, (error, stdout, stderr) => {
      // An exit code of 1 says that a bound does not hold; the verdicts say which.
      if (stdout === '') reject(new Error(stderr, { cause: error }));
      else resolve((JSON.parse(stdout) as { readonly verdicts: readonly Verdict[] }).verdicts);
    });
  });
}

const broken = (verdicts: readonly Verdict[]) => verdicts.filter(({ holds }) => !holds);
const named = ({ curve, kind }: Verdict) => `${curve}: ${kind}`;

describe('the cost of a request, as the server holds more', () => {
  it('stays flat with nodes, children of one parent, sessions and watches', async () => {
    const verdicts = await guard();
    assert.deepEqual(
      verdicts.map(named),
      CURVES.flatMap((curve) => KINDS.map((kind) => `${curve}: ${kind}`)),
    );
    assert.ok(
      verdicts.every(({ large, small }) => large >= 200 * small),
      JSON.stringify(verdicts),
    );
    // The least is what the code costs: a curve that is too steep because of others gets two more turns.
    let failed = broken(verdicts);
    for (let left = 2; left > 0 && failed.length > 0; left--) {
      failed = broken(await guard('--curves', [...new Set(failed.map(({ curve }) => curve))].join()));
    }
    assert.deepEqual(failed, []);
  });

  it('breaks its bound for every kind of request when the large server loops over some thousand things', async () => {
    const failed = broken(await guard('--curves', 'watches', '--windows', '2', '--planted-ns', '20000'));
    assert.deepEqual(
      failed.map(named),
      KINDS.map((kind) => `watches: ${kind}`),
    );
  });
});
