// npm run bench as a program, with rows that take no time.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';

const BENCH = new URL('../../scripts/bench.mjs', import.meta.url).pathname;
const BASELINE = new URL('../../scripts/bench-baseline.json', import.meta.url);
const SERVER = new URL('../../bin/zk-server', import.meta.url).pathname;

type Row = Readonly<Record<string, number | string>>;

describe('npm run bench', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'zk-bench-test-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('shows each row beside its floor, what is stored, and another server', async () => {
    const json = join(folder, 'rows.json');
    const words = '--rounds 1 --seconds 0.3 --warm-up 0.1 --nodes 1000 --rows read-1,write-1,fill'.split(' ');
    await promisify(execFile)(process.execPath, [BENCH, ...words, '--json', json, '--other', `${SERVER} start`], {
      timeout: 120_000,
    });
    const rows = JSON.parse(await readFile(json, 'utf8')) as Readonly<Record<string, Row>>;
    assert.ok(Number(rows['write-1 /s']?.['of fsync']) > 0, JSON.stringify(rows['write-1 /s']));
    assert.ok(Number(rows['fsync of 16 /s']?.['floor']) > 0, JSON.stringify(rows));
    for (const row of ['start ms', 'idle MB', 'read-1 /s', 'write-1 /s', 'fill /s', 'restarted MB']) {
      for (const column of ['ours', 'floor', 'of floor', 'other', 'ours/other']) {
        assert.ok(Number(rows[row]?.[column]) > 0, `${row}, ${column}: ${JSON.stringify(rows[row])}`);
      }
    }
  });

  it('tells who was busy, and what the generator could do with a core of its own', async () => {
    const json = join(folder, 'busy.json');
    const words = '--rounds 1 --seconds 1 --warm-up 0.1 --rows read-32'.split(' ');
    await promisify(execFile)(process.execPath, [BENCH, ...words, '--json', json], { timeout: 120_000 });
    const { busy } = JSON.parse(await readFile(json, 'utf8')) as { busy: Readonly<Record<string, Row>> };
    for (const column of ['server', 'generator', 'floor server', 'its generator', 'generator could /s', 'by ours']) {
      assert.ok(Number(busy['read-32']?.[column]) > 0, `${column}: ${JSON.stringify(busy)}`);
    }
  });

  it('has a stored distance from the floor for every row of throughput', async () => {
    const { rows } = JSON.parse(await readFile(BASELINE, 'utf8')) as { rows: Record<string, Record<string, Row>> };
    const judged = Object.entries(rows['1 server(s)'] ?? {}).filter(([row]) => row.endsWith('/s'));
    const known = judged.filter(([row, { ofFloor }]) => row.startsWith('fsync') || Number(ofFloor) > 0);
    assert.ok(known.length >= 10, JSON.stringify(rows));
    assert.deepEqual(known, judged);
  });
});
