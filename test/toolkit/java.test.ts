// The file tools beside Apache ZooKeeper's own, on the same files: those of its server and those of ours.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { javaCommand } from '../support/java.js';
import { javaSample, largest, ourSample, type Sample } from './samples.js';

const run = promisify(execFile);
const BIN = new URL('../../bin/', import.meta.url).pathname;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const UTC = { ...process.env, TZ: 'UTC' };

interface Said {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

async function said(command: string, args: readonly string[]): Promise<Said> {
  try {
    const { stdout, stderr } = await run(command, [...args], { maxBuffer: MAX_OUTPUT_BYTES, env: UTC });
    return { exitCode: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { exitCode: code, out: stdout, err: stderr };
  }
}

/** Runs a class of Debian's Apache ZooKeeper with UTF-8 on its output. */
function java(mainClass: string, ...args: string[]): Promise<Said> {
  const properties = ['zookeeper.extendedTypesEnabled=true', 'file.encoding=UTF-8', 'sun.stdout.encoding=UTF-8'];
  const [command = '', ...rest] = javaCommand(mainClass, properties);
  return said(command, [...rest, ...args]);
}

function ours(script: string, ...args: string[]): Promise<Said> {
  return said(join(BIN, script), args);
}

/** In 3.8 one kind of transaction has another name than in 3.9. */
function named39(text: string): string {
  return text.replaceAll(' createTtl ', ' createTTL ');
}

/** Blocks of a SnapshotFormatter's text: the nodes come in an order of their own in Java. */
function blocks(text: string): string[] {
  return text.split('----\n').sort();
}

const LOGS = 'org.apache.zookeeper.server.persistence.TxnLogToolkit';
const FORMATTER = 'org.apache.zookeeper.server.SnapshotFormatter';
const COMPARER = 'org.apache.zookeeper.server.SnapshotComparer';

const samples = new Map<string, Sample>();
let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zk-toolkit-java-'));
  samples.set('Java', await javaSample());
  samples.set('ours', await ourSample());
});
after(async () => {
  for (const sample of samples.values()) await sample.remove();
  await rm(folder, { recursive: true, force: true });
});

function sample(who: string): Sample {
  const found = samples.get(who);
  assert.ok(found !== undefined);
  return found;
}

for (const who of ['Java', 'ours']) {
  describe(`files of ${who}`, { concurrency: false }, () => {
    it('logs are dumped as TxnLogToolkit dumps them', async () => {
      for (const path of sample(who).logs) {
        const theirs = await java(LOGS, path);
        const mine = await ours('zkTxnLogToolkit.sh', path);
        assert.equal(mine.out, named39(theirs.out), path);
        assert.deepEqual([mine.exitCode, mine.err], [theirs.exitCode, ''], path);
      }
    });

    it('a log with a wrong checksum is dumped and repaired as TxnLogToolkit does', async () => {
      const { path, bytes } = await largest(sample(who).logs);
      const broken = join(folder, `${who}-${basename(path)}`);
      const bad = Buffer.from(bytes);
      bad.writeUInt32BE(0x01020304, 20);
      await writeFile(broken, bad);
      const theirs = await java(LOGS, '-d', broken);
      const mine = await ours('zkTxnLogToolkit.sh', '-d', broken);
      assert.equal(mine.out, named39(theirs.out));
      assert.match(mine.err, /offset 16: the checksum of a record is 0x1020304, .* \(CHECKSUM\)/);
      for (const flags of [
        ['-r', '-y'],
        ['-r', '-y', '-v'],
      ]) {
        const repaired = await java(LOGS, ...flags, broken);
        const theirCopy = await readFile(`${broken}.fixed`);
        await rm(`${broken}.fixed`);
        const again = await ours('zkTxnLogToolkit.sh', ...flags, broken);
        assert.equal(again.out, named39(repaired.out));
        assert.equal(again.exitCode, 0);
        const copy = await readFile(`${broken}.fixed`);
        // Theirs is padded with zeros.
        assert.ok(theirCopy.subarray(0, copy.length).equals(copy));
        assert.ok(theirCopy.subarray(copy.length).every((byte) => byte === 0));
        await rm(`${broken}.fixed`);
      }
    });

    it('a log is chopped as LogChopper does', async () => {
      const { path } = await largest(sample(who).logs);
      const dump = (await ours('zkTxnLogToolkit.sh', path)).out;
      const zxids = [...dump.matchAll(/ zxid 0x([0-9a-f]+) /g)].map(([, hex = '']) => Number.parseInt(hex, 16));
      const source = join(folder, `chop-${who}-${basename(path)}`);
      await copyFile(path, source);
      const [first = 0] = zxids;
      const middle = zxids[Math.floor(zxids.length / 2)] ?? 0;
      for (const zxid of [middle, (zxids.at(-1) ?? 0) + 7, Math.max(0, first - 1)]) {
        const theirs = await java(LOGS, '-c', '-z', `0x${zxid.toString(16)}`, source);
        const copyPath = `${source}.chopped${zxid}`;
        const theirCopy = await readFile(copyPath);
        await rm(copyPath);
        const mine = await ours('zkTxnLogToolkit.sh', '-c', '-z', `0x${zxid.toString(16)}`, source);
        // Theirs tells a failure on the same output, and leaves an empty copy.
        assert.equal(mine.out, theirs.out.replace(/^Got exception: .*\n/m, ''), `zxid ${zxid}`);
        if (zxid !== middle) assert.match(mine.err, /Failed to chop .*: nothing was written/);
        else assert.ok((await readFile(copyPath)).equals(theirCopy));
        await rm(copyPath, { force: true });
      }
    });

    it('snapshots are dumped as SnapshotFormatter dumps them', async () => {
      for (const path of sample(who).snapshots) {
        for (const flags of [[], ['-d']]) {
          const theirs = await java(FORMATTER, ...flags, path);
          const mine = await ours('zkSnapShotToolkit.sh', ...flags, path);
          assert.deepEqual(blocks(mine.out), blocks(theirs.out), path);
          assert.deepEqual([mine.exitCode, mine.err], [0, ''], path);
        }
      }
      const { path } = await largest(sample(who).snapshots);
      const [theirs, mine] = [await java(FORMATTER, '-json', path), await ours('zkSnapShotToolkit.sh', '-json', path)];
      assert.deepEqual(ncduTree(mine.out), ncduTree(theirs.out));
    });

    it('snapshots are summed up as SnapshotRecursiveSummary does (3.8.0 has no such class)', async () => {
      const { path } = await largest(sample(who).snapshots);
      const nodes = nodesIn((await java(FORMATTER, path)).out);
      for (const [start, depth] of [
        ['/', 0],
        ['/', 1],
        ['/zookeeper', 2],
      ] as const) {
        const mine = await ours('zkSnapshotRecursiveSummaryToolkit.sh', path, start, String(depth));
        assert.deepEqual(paragraphs(mine.out), summaryOf(nodes, start, depth), `${start} ${depth}`);
      }
    });
  });
}

/** Nodes with their parents, in order of their names; inode numbers follow the order of the walk. */
function ncduTree(text: string): string[] {
  const found: string[] = [];
  const walk = (value: unknown, parent: string): void => {
    if (!Array.isArray(value)) return;
    const [own, ...children] = value as [{ name: string; asize: number }, ...unknown[]];
    const path = `${parent}/${own.name}`;
    found.push(`${path} ${own.asize}`);
    for (const child of children) {
      if (Array.isArray(child)) walk(child, path);
      else found.push(`${path}/${(child as { name: string }).name} ${(child as { asize: number }).asize}`);
    }
  };
  walk((JSON.parse(text) as unknown[])[3], '');
  return found.sort();
}

/** Paths and bytes of data, from SnapshotFormatter's text. */
function nodesIn(text: string): Map<string, number> {
  const found = [...text.matchAll(/^----\n(\/.*)\n(?: .*\n)*? {2}dataLength = (\d+)$/gm)];
  return new Map(found.map(([, path = '', bytes]) => [path, Number(bytes)] as const));
}

/** What SnapshotRecursiveSummary of 3.9.5 tells of these nodes: each with children, down to a depth (0: all). */
function summaryOf(nodes: ReadonlyMap<string, number>, start: string, depth: number): string[] {
  const base = start === '/' ? 0 : start.split('/').length - 1;
  return [...nodes.keys()]
    .filter((path) => path === start || path.startsWith(start === '/' ? '/' : `${start}/`))
    .flatMap((path) => {
      const level = path === '/' ? 0 : path.split('/').length - 1 - base;
      const below = [...nodes.keys()].filter((one) => one !== path && one.startsWith(path === '/' ? '/' : `${path}/`));
      if (below.length === 0 || (depth > 0 && level > depth)) return [];
      const bytes = [path, ...below].reduce((sum, one) => sum + (nodes.get(one) ?? 0), 0);
      const tab = '--'.repeat(level);
      return [`${tab} ${path}\n${tab}   children: ${below.length}\n${tab}   data: ${bytes}`];
    })
    .sort();
}

function paragraphs(text: string): string[] {
  return text
    .replace(/\n(?=-* \/)/g, '\u0000')
    .split('\u0000')
    .map((part) => part.trimEnd())
    .sort();
}

describe('snapshots compared', { concurrency: false }, () => {
  const cases: readonly (readonly [name: string, flags: readonly string[]])[] = [
    ['every difference', ['-b', '0', '-n', '0']],
    ['large ones only', ['-b', '20', '-n', '3']],
    ['with all that is left out', ['-b', '20', '-n', '3', '-d']],
  ];
  for (const [name, flags] of cases) {
    it(`as SnapshotComparer does: ${name}`, async () => {
      const left = sample('Java').snapshots[0] ?? '';
      const right = (await largest(sample('Java').snapshots)).path;
      const args = ['-l', left, '-r', right, ...flags];
      const [theirs, mine] = [await java(COMPARER, ...args), await ours('zkSnapshotComparer.sh', ...args)];
      const timeless = (text: string) => text.replace(/in [0-9.]+ seconds/g, 'in N seconds');
      assert.equal(timeless(mine.out), timeless(theirs.out));
      assert.equal(mine.exitCode, 0);
    });
  }
});

describe('snapshots converted', { concurrency: false }, () => {
  it('by us are read by SnapshotFormatter, and back again byte for byte', async () => {
    const { path, bytes } = await largest(sample('Java').snapshots);
    const source = join(folder, basename(path));
    await copyFile(path, source);
    const expected = blocks((await java(FORMATTER, '-d', source)).out);
    for (const to of ['gz', 'snappy']) {
      const converted = await ours('zk-snapshot', 'convert', source, '--to', to);
      assert.equal(converted.exitCode, 0, converted.err);
      assert.deepEqual(blocks((await java(FORMATTER, '-d', `${source}.${to}`)).out), expected, to);
      assert.deepEqual(blocks((await ours('zkSnapShotToolkit.sh', '-d', `${source}.${to}`)).out), expected, to);
      const back = join(folder, `snapshot.${to === 'gz' ? '1' : '2'}`);
      assert.equal(
        (await ours('zk-snapshot', 'convert', `${source}.${to}`, '--to', 'plain', '--out', back)).exitCode,
        0,
      );
      assert.ok((await readFile(back)).equals(bytes), to);
    }
    const again = await ours('zk-snapshot', 'convert', source, '--to', 'gz');
    assert.equal(again.exitCode, 1);
    assert.match(again.err, /exists already/);
  });

  it('by Java are read by us', async () => {
    for (const method of ['gz', 'snappy']) {
      const made = await javaSample([`zookeeper.snapshot.compression.method=${method}`]);
      try {
        const { path } = await largest(made.snapshots);
        assert.ok(path.endsWith(`.${method}`), path);
        const theirs = await java(FORMATTER, '-d', path);
        const mine = await ours('zkSnapShotToolkit.sh', '-d', path);
        assert.deepEqual(blocks(mine.out), blocks(theirs.out));
        assert.equal((await ours('zk-snapshot', 'verify', path)).exitCode, 0);
      } finally {
        await made.remove();
      }
    }
  });
});
