import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { DiskError } from '../../src/host/index.js';
import { type LoggerOptions, RealLogger } from '../../src/platform/index.js';

describe('RealLogger', () => {
  const dir = mkdtempSync(join(tmpdir(), 'zk-log-'));
  let files = 0;
  after(() => rmSync(dir, { recursive: true }));

  async function logged(options: LoggerOptions, use: (log: RealLogger) => void): Promise<string[]> {
    const path = join(dir, `${files++}`);
    const fd = openSync(path, 'w');
    const log = RealLogger.create({ ...options, fd });
    use(log);
    await log.flush();
    const lines = readFileSync(path, 'utf8').split('\n');
    closeSync(fd);
    assert.equal(lines.pop(), '');
    return lines;
  }

  it('writes one JSON object a line, with level, time, message and fields', async () => {
    const [line] = await logged({}, (log) =>
      log.warn('The disk is slow.', { code: 'SLOW_DISK', tookMs: 17, sessionId: -2n }),
    );
    const { time, ...rest } = JSON.parse(line ?? '') as Record<string, unknown>;
    assert.deepEqual(rest, {
      level: 'warn',
      code: 'SLOW_DISK',
      tookMs: 17,
      sessionId: '0xfffffffffffffffe',
      message: 'The disk is slow.',
    });
    assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('prints errors with code, stack and cause', async () => {
    const cause = new Error('inner');
    const [line] = await logged({}, (log) =>
      log.error('It broke.', { error: new DiskError('IO', '/data/log', 'outer', { cause }) }),
    );
    const { error } = JSON.parse(line ?? '') as { error: Record<string, unknown> };
    assert.equal(error['type'], 'DiskError');
    assert.equal(error['code'], 'IO');
    assert.equal(error['message'], 'outer');
    assert.match(String(error['stack']), /real-logger\.test/);
    assert.equal((error['cause'] as Record<string, unknown>)['message'], 'inner');
  });

  it('keeps to its level, which can change at any time and for all children', async () => {
    const lines = await logged({ level: 'warn' }, (log) => {
      const child = log.child({ sid: 3 });
      log.info('1 not written');
      child.info('2 not written');
      assert.equal(child.isEnabled('info'), false);
      log.setLevel('debug');
      assert.equal(child.isEnabled('debug'), true);
      child.debug('3 written');
      child.trace('4 not written');
      log.setLevel('fatal');
      child.error('5 not written');
      child.fatal('6 written');
    });
    const messages = lines.map((line) => JSON.parse(line) as { message: string; sid: number });
    assert.deepEqual(
      messages.map(({ message, sid }) => [message, sid]),
      [
        ['3 written', 3],
        ['6 written', 3],
      ],
    );
  });

  it('goes on when its lines cannot be written', async () => {
    const fd = openSync('/dev/full', 'w');
    const log = RealLogger.create({ fd });
    for (let line = 0; line < 10; line++) log.info('a line that finds no room');
    await log.flush();
    log.info('another one');
    await log.flush();
    closeSync(fd);
  });

  it('writes lines for people when asked', async () => {
    const lines = await logged({ format: 'text' }, (log) => {
      log.child({ sid: 3 }).info('Following.', { leader: 2, note: 'two words', list: [1, 2] });
      log.error('It broke.', { error: new Error('inner') });
    });
    assert.match(
      lines[0] ?? '',
      /^\d{4}-\d\d-\d\dT[\d:.]{12}Z INFO {2}Following\. sid=3 leader=2 note="two words" list=\[1,2\]$/,
    );
    assert.match(lines[1] ?? '', /Z ERROR It broke\. error=Error: inner$/);
    assert.match(lines[2] ?? '', /^ +at /);
  });

  it('writes one line for people, whatever others put into it', async () => {
    const forged = 'x\n2026-11-28T00:00:00.000Z INFO  forged\r\u0085\u2028\u001b[2J';
    const shown = 'x\\u000a2026-11-28T00:00:00.000Z INFO  forged\\u000d\\u0085\\u2028\\u001b[2J';
    const [line, failed, ...more] = await logged({ format: 'text' }, (log) => {
      log.info(`a\tb ${forged}`, { bare: '\u001b[2J\u009b', quoted: forged, list: [forged] });
      log.error('It broke.', { error: new Error(forged) });
    });
    assert.ok(line?.includes(` INFO  a\tb ${shown} bare=\\u001b[2J\\u009b quoted="x\\n2026`), line);
    assert.ok(failed?.endsWith(` error=Error: ${shown}`), failed);
    for (const frame of more) assert.match(frame, /^ {4}at /);
    assert.doesNotMatch([line, failed, ...more].join(''), /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029]/);
  });
});
