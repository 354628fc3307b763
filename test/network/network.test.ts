// Real processes, each in a network name space of its own: links that are cut, in one direction or both, that lose packets,
// and leaders that die, in ensembles of ours, of ours and Apache ZooKeeper's, and of Apache ZooKeeper's for comparison. The
// history of the clients of ours is checked, and that all servers have the same tree.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { canIsolate } from '../chaos/lab.js';
import { ownProgram } from '../support/own-program.js';
import { MIXES, type Mix } from './mixes.js';
import type { WalkResult } from './walk.js';

const MAIN = ownProgram(new URL('main.ts', import.meta.url));
/** For each ensemble. */
const IS_LONG = process.env['ZK_TEST_LONG'] !== undefined;
const MINUTES = IS_LONG ? 2.5 : 0;
/** The network of the machine itself is a part of what is measured. */
const NOISE_MS = 250;

function walk(mix: Mix): Promise<WalkResult> {
  const command = [...MAIN, mix, String(MINUTES)];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, command, { maxBuffer: 2 ** 26 }, (_error, stdout, stderr) => {
      const last = stdout.trimEnd().split('\n').at(-1) ?? '';
      if (last.startsWith('{')) resolve(JSON.parse(last) as WalkResult);
      else reject(new Error(`${stdout}${stderr}`));
    });
  });
}

function median(numbers: readonly number[] = []): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

describe('three servers on machines of their own', { timeout: 900_000 }, () => {
  // Name spaces want a right that root has.
  if (!canIsolate()) return;
  const results = new Map<Mix, WalkResult>();

  const mixes = (Object.keys(MIXES) as Mix[]).filter((mix) => IS_LONG || mix !== 'java');

  for (const mix of mixes) {
    it(`keep their promises: ${mix}`, async (t) => {
      const result = await walk(mix);
      results.set(mix, result);
      for (const [fault, pauses] of Object.entries(result.pausesMs)) t.diagnostic(`${fault}: ${pauses.join(', ')} ms`);
      assert.deepEqual(result.problems, []);
      // Apache ZooKeeper alone is only measured.
      assert.ok(mix === 'java' || result.writes > 100, `${result.writes} writes`);
    });
  }

  // What is compared wants a machine of its own for longer.
  if (!IS_LONG) return;

  it('take writes after the death of their leader in half the time of Apache ZooKeeper', (t) => {
    // What else the machine does only makes it longer.
    const best = (mix: Mix): number => Math.min(...(results.get(mix)?.pausesMs['kill'] ?? []));
    const [ours, java] = [best('ours'), best('java')];
    t.diagnostic(`ours ${ours} ms, Apache ZooKeeper ${java} ms`);
    assert.ok(ours <= java / 2, `ours ${ours} ms, Apache ZooKeeper ${java} ms`);
  });

  it('take writes no later than Apache ZooKeeper when their leader is cut off', (t) => {
    for (const fault of ['cut', 'mute']) {
      const [ours, java] = [median(results.get('ours')?.pausesMs[fault]), median(results.get('java')?.pausesMs[fault])];
      t.diagnostic(`${fault}: ours ${ours} ms, Apache ZooKeeper ${java} ms`);
      assert.ok(ours <= java + NOISE_MS, `${fault}: ours ${ours} ms, Apache ZooKeeper ${java} ms`);
    }
  });
});
