import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { requestPath, SLOW_WINDOW_MS, type SlowNote, SlowRequests } from '../../src/client/slow-requests.js';
import { OpCode } from '../../src/protocol/index.js';

const MINUTE_MS = 60_000;

function note(atMs: number, latencyMs: number): SlowNote {
  return { atMs, latencyMs, type: OpCode.setData, path: '/a', sessionId: 1n, remoteText: '/127.0.0.1:1' };
}

function answer(slow: SlowRequests, atMs: number, latencyMs: number): void {
  if (slow.wants(latencyMs, atMs)) slow.note(note(atMs, latencyMs));
}

function latencies(slow: SlowRequests, nowMs: number): number[] {
  return slow.slowest(nowMs).map(({ latencyMs }) => latencyMs);
}

describe('slow requests', () => {
  it('are those from 5 ms on', () => {
    const slow = new SlowRequests();
    for (const latencyMs of [0, 4, 5, 6]) answer(slow, 10, latencyMs);
    assert.deepEqual(latencies(slow, 10), [6, 5]);
  });

  it('are the slowest eight of a minute', () => {
    const slow = new SlowRequests();
    for (let latencyMs = 5; latencyMs <= 100; latencyMs++) answer(slow, latencyMs, latencyMs);
    assert.deepEqual(latencies(slow, 100), [100, 99, 98, 97, 96, 95, 94, 93]);
    assert.equal(slow.wants(93, 101), false);
    assert.equal(slow.wants(94, 101), true);
  });

  it('of the next minute are kept beside them, however fast they are', () => {
    const slow = new SlowRequests();
    for (let i = 0; i < 8; i++) answer(slow, i, 1000);
    answer(slow, MINUTE_MS - 1, 500);
    answer(slow, MINUTE_MS + 1, 7);
    assert.deepEqual(latencies(slow, MINUTE_MS + 1), [...new Array<number>(8).fill(1000), 7]);
  });

  it('are forgotten after the window', () => {
    const slow = new SlowRequests();
    for (let minute = 0; minute < 40; minute++) answer(slow, minute * MINUTE_MS, 10 + minute);
    const nowMs = 39 * MINUTE_MS;
    const kept = slow.slowest(nowMs);
    assert.equal(kept.length, 15);
    assert.ok(kept.every(({ atMs }) => nowMs - atMs <= SLOW_WINDOW_MS));
    assert.deepEqual(latencies(slow, nowMs + 2 * SLOW_WINDOW_MS), []);
  });
});

describe('the path of a slow request', () => {
  function body(path: string, rest = 4): Buffer {
    const bytes = Buffer.from(path);
    const length = Buffer.alloc(4);
    length.writeInt32BE(bytes.length);
    return Buffer.concat([length, bytes, Buffer.alloc(rest)]);
  }

  const cases: readonly [what: string, type: number, body: Buffer | null, expected: string | null][] = [
    ['is what its body begins with', OpCode.create, body('/a/b'), '/a/b'],
    ['is cut where it is long', OpCode.getData, body(`/${'x'.repeat(300)}`), `/${'x'.repeat(255)}…`],
    ['is none of a multi', OpCode.multi, body('/a'), null],
    ['is none without a body', OpCode.setData, null, null],
    ['is none where the body is too short for a length', OpCode.setData, Buffer.alloc(3), null],
    ['is none where the length is wrong', OpCode.setData, body('/abc').subarray(0, 6), null],
    ['is none where it is null', OpCode.setData, Buffer.from([255, 255, 255, 255]), null],
  ];
  for (const [what, type, bytes, expected] of cases) {
    it(what, () => {
      assert.equal(requestPath(type, bytes), expected);
    });
  }
});
