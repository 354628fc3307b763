// Each tool works through a file that is several times larger than the heap it may have.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { writeLargeLog, writeLargeSnapshot } from './large-files.js';

const BIN = new URL('../../bin/', import.meta.url).pathname;
const HEAP_MIB = 64;
const SNAPSHOT_NODES = 400_000;
const MIB = 1024 * 1024;

const folder = mkdtempSync(join(tmpdir(), 'zk-small-heap-'));
const [left, right, log] = [join(folder, 'left'), join(folder, 'right'), join(folder, 'log.1')];

before(() => {
  writeLargeSnapshot(left, SNAPSHOT_NODES, 300);
  writeLargeSnapshot(right, SNAPSHOT_NODES - 3, 300);
  writeLargeLog(log, 100_000, 2000);
  for (const path of [left, log]) assert.ok(statSync(path).size > 2.5 * HEAP_MIB * MIB, path);
});
after(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  readonly code: number | null;
  /** The end of what was written. */
  readonly tail: string;
  readonly err: string;
}

async function run(words: readonly string[]): Promise<Ran> {
  const [program = '', ...args] = words;
  const child = spawn(join(BIN, program), args, {
    env: { ...process.env, NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}`, TMPDIR: folder },
  });
  let tail = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => {
    tail = (tail + chunk.toString('utf8')).slice(-4000);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString('utf8');
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, tail, err };
}

const SHORT: readonly [name: string, words: readonly string[], shown: RegExp][] = [
  [
    'compare',
    ['zk-snapshot', 'compare', left, right, '-b', '50'],
    /found only in left tree.*\nAll layers compared\.\n$/,
  ],
  ['verify of a log', ['zk-log', 'verify', log], /: whole\. 100000 transactions, 0x1 to 0x186a0/],
];
const LONG: typeof SHORT = [
  ['summary', ['zk-snapshot', 'summary', left], /-- \/folder-99\n-- {3}children: 1000\n-- {3}data: 300000\n\n$/],
  ['ncdu', ['zk-snapshot', 'dump', '--format', 'ncdu', left], /\]\]\]$/],
  ['JSON', ['zk-snapshot', 'dump', '--format', 'json', left], /\n$/],
  ['text', ['zk-snapshot', 'dump', left], /Last zxid/],
  ['verify', ['zk-snapshot', 'verify', left], /whole\. 400401 nodes/],
  ['convert to gzip', ['zk-snapshot', 'convert', left, '--to', 'gz', '--out', join(folder, 'l.gz')], /bytes\n$/],
  ['verify of gzip', ['zk-snapshot', 'verify', join(folder, 'l.gz')], /whole\. 400401 nodes/],
  ['convert to snappy', ['zk-snapshot', 'convert', left, '--to', 'snappy', '--out', join(folder, 'l.snappy')], /bytes/],
  ['verify of snappy', ['zk-snapshot', 'verify', join(folder, 'l.snappy')], /whole\. 400401 nodes/],
  ['dump of a log', ['zk-log', 'dump', log], /EOF reached after 100000 txns/],
  ['JSON of a log', ['zk-log', 'dump', '--json', log], /"zxid":"0x186a0"/],
  ['chop', ['zk-log', 'chop', log, '--zxid', '0x18000', '--out', join(folder, 'c')], /has 98304 records/],
  ['repair', ['zk-log', 'repair', log, '-y', '--out', join(folder, 'r')], /written with 0 fixed CRC/],
];

describe(`with a heap of ${HEAP_MIB} MiB`, () => {
  for (const [name, words, shown] of process.env['ZK_TEST_LONG'] === undefined ? SHORT : [...SHORT, ...LONG]) {
    it(name, async () => {
      const { code, tail, err } = await run(words);
      assert.equal(code, 0, err.slice(-4000));
      assert.match(tail, shown);
    });
  }

  it('left no temporary files', () => {
    assert.deepEqual(
      readdirSync(folder).filter((entry) => entry.startsWith('zk-tool-')),
      [],
    );
  });
});
