// Files of both servers, damaged at every place: each tool names what is wrong, none fails in another way.
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { makePacker } from '../../src/storage/index.js';
import {
  chopLog,
  compareSnapshots,
  convertSnapshot,
  dumpLines,
  dumpLog,
  dumpNcdu,
  dumpSnapshot,
  javaFormat,
  JSON_FORMAT,
  repairLog,
  summarizeSnapshot,
  type Tool,
  verifyLog,
  verifySnapshot,
} from '../../src/toolkit/index.js';
import { javaSample, largest, ourSample, type Sample } from './samples.js';
import { runTool, UTC } from './support.js';

type Run = (tool: Tool, path: string) => Promise<number>;

const LOG_TOOLS: Readonly<Record<string, Run>> = {
  'dump as text': (tool, path) => dumpLog(tool, path, javaFormat(UTC)),
  'dump as JSON': (tool, path) => dumpLog(tool, path, JSON_FORMAT),
  verify: (tool, path) => verifyLog(tool, path, false),
  repair: (tool, path) => repairLog(tool, { path, out: '/out', yes: true, verbose: true, dates: UTC }),
  chop: (tool, path) => chopLog(tool, { path, zxid: 6, out: '/out' }),
};
const monotonicMs = () => 0;
const SNAPSHOT_TOOLS: Readonly<Record<string, Run>> = {
  'dump as text': (tool, path) => dumpSnapshot(tool, { path, withData: true, dates: UTC }),
  'dump as JSON': (tool, path) => dumpLines(tool, path),
  'dump for ncdu': (tool, path) => dumpNcdu(tool, path, 0),
  verify: (tool, path) => verifySnapshot(tool, path, false),
  summary: (tool, path) => summarizeSnapshot(tool, { path, start: '/', maxDepth: 0, json: false }),
  compare: (tool, path) => {
    const options = { byteThreshold: 0, nodeThreshold: 0, debug: false, interactive: false, monotonicMs };
    return compareSnapshots(tool, { left: path, right: path, ...options });
  },
  convert: (tool, path) => convertSnapshot(tool, { path, to: 'none', out: '/out' }),
};

/** They can do what they were asked for with a log that is damaged. */
const MAY_SUCCEED = new Set(['repair', 'chop']);

/** About so many places a file, the first and last bytes all of them. */
const PLACES = process.env['ZK_TEST_LONG'] === undefined ? 50 : 5000;
const EDGE_BYTES = 40;

function places(length: number): number[] {
  const step = Math.max(1, Math.floor(length / PLACES));
  const found: number[] = [];
  for (let at = 0; at < length; at++)
    if (at < EDGE_BYTES || at >= length - EDGE_BYTES || at % step === 0) found.push(at);
  return found;
}

type Damage = readonly [name: string, damage: (bytes: Buffer, at: number) => Buffer];
const DAMAGES: readonly Damage[] = [
  ['one bit turned', (bytes, at) => changed(bytes, at, Buffer.from([(bytes[at] ?? 0) ^ 0x10]))],
  ['a byte set to 0xff', (bytes, at) => changed(bytes, at, Buffer.from([0xff]))],
  ['sixteen bytes of zeros', (bytes, at) => changed(bytes, at, Buffer.alloc(Math.min(16, bytes.length - at)))],
  ['cut off', (bytes, at) => bytes.subarray(0, at)],
  ['a byte taken out', (bytes, at) => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)])],
];

function changed(bytes: Buffer, at: number, by: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  by.copy(copy, at);
  return copy;
}

interface Original {
  readonly path: string;
  readonly bytes: Buffer;
  /** Damage begins before this. */
  readonly usedBytes: number;
}

const samples: Sample[] = [];
const logs = new Map<string, Original>();
const snapshots = new Map<string, Original>();
before(async () => {
  for (const [who, make] of [
    ['Java', javaSample],
    ['ours', ourSample],
  ] as const) {
    const sample = await make();
    samples.push(sample);
    const log = await largest(sample.logs);
    logs.set(who, { ...log, path: `/${basename(log.path)}` });
    const snapshot = await largest(sample.snapshots);
    const path = `/${basename(snapshot.path)}`;
    const add = (name: string, ending: string, bytes: Buffer) =>
      snapshots.set(name, { path: path + ending, bytes, usedBytes: bytes.length });
    add(who, '', snapshot.bytes);
    if (who === 'Java') {
      add('Java, gzip', '.gz', gzipSync(snapshot.bytes));
      add('Java, snappy', '.snappy', await makePacker('snappy')(snapshot.bytes));
    }
  }
});
after(async () => {
  for (const sample of samples) await sample.remove();
});

/** What the file says, for comparison; null: it is damaged. */
async function meaning(path: string, bytes: Buffer, verify: Run, dump: Run): Promise<string | null> {
  const verified = await runTool({ [path]: bytes }, (tool) => verify(tool, path));
  if (verified.exitCode !== 0) return null;
  return (await runTool({ [path]: bytes }, (tool) => dump(tool, path))).out;
}

async function tryAll(
  original: Original,
  tools: Readonly<Record<string, Run>>,
  isSame: (now: string, then: string) => boolean,
) {
  const { path, bytes, usedBytes } = original;
  const verify = tools['verify'] as Run;
  const dump = tools['dump as JSON'] as Run;
  const before = await meaning(path, bytes, verify, dump);
  assert.ok(before !== null, 'the original is whole');
  let found = 0;
  for (const [name, damage] of DAMAGES) {
    for (const at of places(usedBytes)) {
      const bad = damage(bytes, at);
      if (bad.equals(bytes)) continue;
      const where = `${name} at ${at}`;
      const now = await meaning(path, bad, verify, dump);
      if (now !== null) {
        assert.ok(isSame(now, before), `${where} passes for whole`);
        continue;
      }
      found++;
      for (const [tool, run] of Object.entries(tools)) {
        const { exitCode, errors, files } = await runTool({ [path]: bad }, (each) => run(each, path));
        assert.ok(exitCode === 0 || errors.length > 0, `${tool}, ${where}: exit code ${exitCode} without a word`);
        if (!MAY_SUCCEED.has(tool)) assert.equal(exitCode, 1, `${tool}, ${where}`);
        for (const line of errors) assert.match(line, /\/(log|snapshot)\.\w+/, `${tool}, ${where}`);
        if (tool === 'verify') assert.match(errors.join('\n'), /offset \d+: .+ \([A-Z_]+\)/, `${tool}, ${where}`);
        assert.deepEqual(
          [...files.keys()].filter((file) => file.includes('.writing-')),
          [],
          `${tool}, ${where}`,
        );
        if (tool === 'convert') assert.ok(!files.has('/out'), where);
      }
    }
  }
  assert.ok(found > 200, `only ${found} damages were noticed`);
}

describe('damaged logs', { concurrency: false }, () => {
  for (const who of ['Java', 'ours']) {
    it(`of ${who}: each tool names the file, the offset and the fault`, async () => {
      // Cut between two records, or in its padding, a log is a shorter log.
      await tryAll(logs.get(who) as Original, LOG_TOOLS, (now, then) => then.startsWith(now));
    });
  }

  it('repaired, they are whole again', async () => {
    const { path, bytes } = logs.get('Java') as Original;
    const [first = ''] = (await runTool({ [path]: bytes }, (tool) => dumpLog(tool, path, JSON_FORMAT))).out.split('\n');
    const { offset } = JSON.parse(first) as { offset: number };
    const bad = changed(bytes, offset + 4, Buffer.from([1, 2, 3, 4]));
    const repaired = await runTool(
      { [path]: bad },
      (tool) => LOG_TOOLS['repair']?.(tool, path) ?? Promise.reject(new Error()),
    );
    assert.equal(repaired.exitCode, 0);
    assert.match(repaired.out, /^CRC FIXED - /m);
    assert.match(repaired.out, /with 1 fixed CRC error\(s\)/);
    const mended = repaired.files.get('/out') ?? Buffer.alloc(0);
    assert.ok(bytes.subarray(0, mended.length).equals(mended), 'byte for byte the original');
  });

  for (const [answers, exitCode, fixed, written] of [
    [['Yes'], 0, 1, true],
    [['what?', 'no'], 0, 0, true],
    [['a'], 0, 0, false],
    [[], 0, 0, false],
  ] as const) {
    it(`asked whether to mend, answered ${answers.join(', ') || 'by nobody'}`, async () => {
      const { path, bytes } = logs.get('Java') as Original;
      const bad = changed(bytes, 16 + 4, Buffer.from([1, 2, 3, 4]));
      const run = (tool: Tool) => repairLog(tool, { path, out: '/out', yes: false, verbose: false, dates: UTC });
      const result = await runTool({ [path]: bad }, run, answers);
      assert.equal(result.exitCode, exitCode);
      assert.equal(result.files.has('/out'), written);
      if (written) assert.match(result.out, new RegExp(`with ${fixed} fixed CRC error\\(s\\)`));
      else assert.deepEqual(result.errors, ['Recovery aborted.']);
    });
  }
});

/** Without the line that tells what stands behind the tree. */
function nodesOf(lines: string): string {
  return lines.replace(/^\{"kind":"end".*\n/m, '');
}

describe('damaged snapshots', { concurrency: false }, () => {
  for (const who of ['Java', 'ours', 'Java, gzip', 'Java, snappy']) {
    it(`of ${who}: each tool names the file, the offset and the fault`, async () => {
      // Cut behind the seal of its tree, or of its digest, it is one of an older release.
      await tryAll(snapshots.get(who) as Original, SNAPSHOT_TOOLS, (now, then) => nodesOf(now) === nodesOf(then));
    });
  }

  it('of Java, that seem to have a digest of the older kind, a text', async () => {
    const { path, bytes } = snapshots.get('Java') as Original;
    // Behind the tree: long zxid, int version, long digest, and a seal of 13 bytes.
    const older = changed(bytes, bytes.length - 25, Buffer.from([0, 0, 0, 1, 0, 0, 0, 4, 0x1c, 0x0a, 0xff, 0x76]));
    for (const [tool, run] of Object.entries(SNAPSHOT_TOOLS)) {
      const { errors } = await runTool({ [path]: older }, (each) => run(each, path));
      assert.match(errors.join('\n'), /offset \d+: its digest cannot be read: it is no hexadecimal number/, tool);
    }
  });
});

describe('files that are none', () => {
  const cases: readonly (readonly [name: string, bytes: Buffer | null, exitCode: number, words: RegExp])[] = [
    ['an absent file', null, 2, /there is no such file \(ABSENT\)/],
    ['an empty file', Buffer.alloc(0), 1, /offset 0: it has 0 bytes, .* \(HEADER\)/],
    ['half a header', Buffer.from('ZKLG'), 1, /offset 0: it has 4 bytes, .* \(HEADER\)/],
    ['a text', Buffer.from('# a configuration, for example\n'), 1, /offset 0: it does not begin as a .* \(HEADER\)/],
  ];
  for (const [name, bytes, exitCode, words] of cases) {
    it(name, async () => {
      for (const [path, tools] of [
        ['/log.1', LOG_TOOLS],
        ['/snapshot.1', SNAPSHOT_TOOLS],
      ] as const) {
        for (const [tool, run] of Object.entries(tools)) {
          const result = await runTool(bytes === null ? {} : { [path]: bytes }, (each) => run(each, path));
          assert.equal(result.exitCode, exitCode, tool);
          assert.match(result.errors.join('\n'), words, tool);
        }
      }
    });
  }
});
