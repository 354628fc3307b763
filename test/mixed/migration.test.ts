// scripts/migrate-demo: Apache ZooKeeper's servers are replaced one by one by ours under load, and ours by them.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { it } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const DEMO = new URL('../../scripts/migrate-demo', import.meta.url).pathname;
const WRITES = process.env['ZK_TEST_LONG'] === undefined ? '30' : '2000';

it('a rolling migration and the way back lose no write and no session', { timeout: 900_000 }, async (t) => {
  const { stdout } = await run(DEMO, ['--writes', WRITES]);
  const kinds = [...stdout.matchAll(/^Server \d \(\w+\) is (.+) now, after \d+ ms\./gm)].map((match) => match[1]);
  assert.deepEqual(kinds, [...Array<string>(3).fill('zk-server'), ...Array<string>(3).fill('Apache ZooKeeper')]);
  const [, acknowledged] =
    /^(\d+) writes were acknowledged, and every server has all of them\. 4 sessions, none lost\.$/m.exec(stdout) ?? [];
  assert.ok(Number(acknowledged) >= 4 * 6 * Number(WRITES), stdout);
  // The load went on between any two replacements: a run that began after the one before had answers.
  const loads = [...stdout.matchAll(/^ {2}zk-bench meanwhile: (\d+) runs.*?, (\d+) answers, worst p99 \d+ ms/gm)];
  assert.equal(loads.length, kinds.length, stdout);
  for (const [line, runs, answers] of loads) assert.ok(Number(runs) >= 2 && Number(answers) > 0, line);
  const [, total] = /^zk-bench, \d+ requests a second in runs of \d+ s: \d+ runs.*?, (\d+) answers/m.exec(stdout) ?? [];
  assert.equal(
    Number(total),
    loads.reduce((sum, [, , answers]) => sum + Number(answers), 0),
    stdout,
  );
  assert.match(stdout, /^Longest pause: \d+ ms \(.+, while server \d was replaced\)\.$/m);
  for (const line of stdout.trimEnd().split('\n').slice(-2)) t.diagnostic(line);
});
