// Files are read in pieces, whatever their size, and the bar hears how far the work is.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { encodeToBuffer } from '../../src/jute/index.js';
import { makeTxnEntry, OpCode, writeAclList } from '../../src/protocol/index.js';
import { adler32, LOG_HEADER, makePacker, SNAPSHOT_HEADER } from '../../src/storage/index.js';
import {
  convertSnapshot,
  dumpLines,
  dumpLog,
  dumpSnapshot,
  JSON_FORMAT,
  summarizeSnapshot,
  type Tool,
  verifyLog,
  verifySnapshot,
} from '../../src/toolkit/index.js';
import { runTool, UTC } from './support.js';

const MEGABYTE = 1024 * 1024;
/** More than one piece, and a node and a transaction that are larger than one. */
const NODES = 300;
const LARGE_BYTES = 3 * MEGABYTE;

function dataOf(index: number): Buffer {
  return Buffer.alloc(index === 7 ? LARGE_BYTES : 40_000, index);
}

function largeLog(): Buffer {
  const parts: Buffer[] = [LOG_HEADER];
  for (let i = 1; i <= NODES; i++) {
    const header = { clientId: 1n, cxid: i, zxid: i, time: 1_700_000_000_000, type: OpCode.setData };
    const { bytes } = makeTxnEntry(header, { type: OpCode.setData, path: `/n${i}`, data: dataOf(i), version: 1 }, null);
    const prefix = Buffer.alloc(12);
    prefix.writeUInt32BE(adler32(bytes), 4);
    prefix.writeInt32BE(bytes.length, 8);
    parts.push(prefix, bytes, Buffer.from('B'));
  }
  return Buffer.concat([...parts, Buffer.alloc(2 * MEGABYTE)]);
}

function largeSnapshot(): Buffer {
  const body = encodeToBuffer((w) => {
    w.raw(SNAPSHOT_HEADER);
    w.int(1);
    w.long64(0x77n);
    w.int(30_000);
    w.int(1);
    w.long(1);
    writeAclList(w, [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }]);
    for (let i = 0; i <= NODES; i++) {
      w.string(i === 0 ? '' : `/n${i}`);
      w.buffer(i === 0 ? null : dataOf(i));
      w.long(1);
      w.raw(Buffer.alloc(60));
    }
    w.string('/');
  });
  const seal = encodeToBuffer((w) => {
    w.int(0);
    w.int(adler32(body));
    w.string('/');
  });
  return Buffer.concat([body, seal]);
}

describe('a log larger than what is read at once', () => {
  const bytes = largeLog();
  it('dump: every transaction, in pieces', async () => {
    const run = (tool: Tool) => dumpLog(tool, '/log.1', JSON_FORMAT);
    const { exitCode, out, progressed, memory } = await runTool({ '/log.1': bytes }, run);
    assert.equal(exitCode, 0);
    assert.equal(out.trimEnd().split('\n').length, NODES);
    assert.ok(memory.longestRead < 2 * LARGE_BYTES, `${memory.longestRead}`);
    assert.equal(progressed.at(-1), bytes.length);
    assert.ok(progressed.length > 5);
    assert.deepEqual(
      [...progressed].sort((a, b) => a - b),
      progressed,
    );
  });

  it('verify: whole, with its zxids', async () => {
    const { exitCode, out } = await runTool({ '/log.1': bytes }, (tool) => verifyLog(tool, '/log.1', true));
    assert.equal(exitCode, 0);
    const report = JSON.parse(out) as { recordCount: number; lastZxid: string };
    assert.deepEqual([report.recordCount, report.lastZxid], [NODES, `0x${NODES.toString(16)}`]);
  });

  it('verify: an intact record behind a hole is found', async () => {
    const bad = Buffer.from(bytes);
    bad.fill(0, 16, 16 + 60_000);
    const { exitCode, errors } = await runTool({ '/log.1': bad }, (tool) => verifyLog(tool, '/log.1', false));
    assert.equal(exitCode, 1);
    assert.match(
      errors.join('\n'),
      /the records end at offset 16, but an intact one lies behind a hole \(BEHIND_END\)/,
    );
  });
});

describe('a snapshot larger than what is read at once', async () => {
  const bytes = largeSnapshot();
  const packed = {
    '/snapshot.1': bytes,
    '/snapshot.1.gz': gzipSync(bytes),
    '/snapshot.1.snappy': await makePacker('snappy')(bytes),
  };
  for (const [path, content] of Object.entries(packed)) {
    it(`${path}: verified, dumped and summed up in pieces`, async () => {
      const verified = await runTool({ [path]: content }, (tool) => verifySnapshot(tool, path, true));
      assert.equal(verified.exitCode, 0, verified.errors.join('\n'));
      const report = JSON.parse(verified.out) as { nodes: number; dataBytes: number };
      assert.deepEqual(report.nodes, NODES + 1);
      assert.ok(verified.memory.longestRead <= MEGABYTE);
      assert.equal(verified.progressed.at(-1), content.length);
      const lines = await runTool({ [path]: content }, (tool) => dumpLines(tool, path));
      assert.equal(lines.out.trimEnd().split('\n').length, NODES + 4);
      const options = { path, withData: false, dates: UTC };
      const text = await runTool({ [path]: content }, (tool) => dumpSnapshot(tool, options));
      assert.match(text.out, new RegExp(`^  dataLength = ${LARGE_BYTES}$`, 'm'));
      const summary = { path, start: '/', maxDepth: 0, json: false };
      const summed = await runTool({ [path]: content }, (tool) => summarizeSnapshot(tool, summary));
      assert.equal(summed.out, ` /\n   children: ${NODES}\n   data: ${report.dataBytes}\n\n`);
    });

    for (const to of ['none', 'gz', 'snappy'] as const) {
      it(`${path}: converted to ${to}`, async () => {
        const out = `/out${to === 'none' ? '' : `.${to}`}`;
        const converted = await runTool({ [path]: content }, (tool) => convertSnapshot(tool, { path, to, out }));
        assert.equal(converted.exitCode, 0, converted.errors.join('\n'));
        const again = await runTool(Object.fromEntries(converted.files), (tool) =>
          convertSnapshot(tool, { path: out, to: 'none', out: '/plain' }),
        );
        assert.ok(again.files.get('/plain')?.equals(bytes));
      });
    }
  }

  it('converted under a name that says otherwise is refused', async () => {
    const { exitCode, errors } = await runTool({ '/snapshot.1': bytes }, (tool) =>
      convertSnapshot(tool, { path: '/snapshot.1', to: 'gz', out: '/snapshot.2' }),
    );
    assert.equal(exitCode, 1);
    assert.match(errors[0] ?? '', /has to end in \.gz/);
  });
});
