import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Gathering } from '../../src/platform/gathering.js';

const WRITE_BYTES = 100;

interface Loop {
  readonly clients: number;
  readonly syncMs: number;
  /** From a write being durable until the client's next one. */
  readonly answerMs: (client: number, round: number) => number;
  readonly totalMs: number;
}

/** Clients with one write in flight each and a disk that takes `syncMs` a group: how many writes it does in `totalMs`. */
function writesDone({ clients, syncMs, answerMs, totalMs }: Loop, gathering: Gathering | null): number {
  let nowMs = 0;
  let done = 0;
  let round = 0;
  const nextMs = Array.from({ length: clients }, (_, client) => (client * syncMs) / clients);
  while (nowMs < totalMs) {
    nowMs = Math.max(nowMs, Math.min(...nextMs));
    if (gathering !== null) nowMs = gather(gathering, nowMs, nextMs);
    const group = nextMs.flatMap((atMs, client) => (atMs <= nowMs ? [client] : []));
    nowMs += syncMs;
    for (const client of group) nextMs[client] = nowMs + answerMs(client, round);
    done += group.length;
    round++;
    const waiting = nextMs.filter((atMs) => atMs <= nowMs).length;
    gathering?.groupDone(nowMs, syncMs, group.length * WRITE_BYTES, waiting * WRITE_BYTES);
  }
  return done;
}

/** As the append thread does it; returns when the group goes. */
function gather(gathering: Gathering, nowMs: number, nextMs: readonly number[]): number {
  const enough = Math.ceil(gathering.enoughBytes / WRITE_BYTES);
  const cameMs = nextMs.toSorted((a, b) => a - b)[enough - 1] ?? 0;
  if (enough === 0 || cameMs <= nowMs) return nowMs;
  const leftMs = gathering.leftMs(nowMs);
  if (leftMs <= 0) return nowMs;
  const isInTime = cameMs <= nowMs + leftMs;
  gathering.waited(isInTime);
  return isInTime ? cameMs : nowMs + leftMs;
}

function gain(loop: Loop): number {
  return writesDone(loop, new Gathering()) / writesDone(loop, null);
}

describe('waiting for a fuller group', () => {
  it('nearly doubles what a slow disk does for clients that answer soon', () => {
    const loop = { clients: 16, syncMs: 1, answerMs: () => 0.1, totalMs: 1000 };
    assert.ok(gain(loop) > 1.6, String(gain(loop)));
  });

  it('costs next to nothing where clients answer too late', () => {
    for (const answerMs of [0.95, 1.5, 3, 20]) {
      const loop = { clients: 16, syncMs: 1, answerMs: () => answerMs, totalMs: 4000 };
      assert.ok(gain(loop) > 0.95, `${answerMs}: ${gain(loop)}`);
    }
  });

  it('leaves two camps to themselves on a disk that is as fast as the event loop', () => {
    const loop = { clients: 16, syncMs: 0.2, answerMs: () => 0.15, totalMs: 1000 };
    assert.equal(gain(loop), 1);
    assert.ok(gain({ ...loop, syncMs: 0.4 }) > 1.1);
  });

  it('is not spoilt by one client that answers seldom', () => {
    const answerMs = (client: number): number => (client === 3 ? 50 : 0.1);
    const loop = { clients: 16, syncMs: 1, answerMs, totalMs: 1000 };
    assert.ok(gain(loop) > 1.4, String(gain(loop)));
  });

  it('never holds back a client that is alone', () => {
    const loop = { clients: 1, syncMs: 1, answerMs: () => 0.3, totalMs: 1000 };
    assert.equal(gain(loop), 1);
  });

  it('ends after 5 ms, however slow the disk is', () => {
    const gathering = new Gathering();
    gathering.groupDone(1000, 400, WRITE_BYTES, WRITE_BYTES);
    assert.equal(gathering.leftMs(1000), 5);
    assert.equal(gathering.leftMs(1005), 0);
  });
});
