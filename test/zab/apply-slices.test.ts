// A leader applies what is committed in slices, so that others have their turn.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseMembershipText } from '../../src/membership/index.js';
import { Metrics } from '../../src/metrics/index.js';
import { makeTxnEntry, makeZxid, OpCode, type TxnEntry } from '../../src/protocol/index.js';
import { Life } from '../../src/zab/life.js';
import type { History, LeaderServer } from '../../src/zab/needs.js';
import { Proposals } from '../../src/zab/proposals.js';
import { ZabMetrics } from '../../src/zab/zab-metrics.js';

const COUNT = 1000;

function entry(zxid: number): TxnEntry {
  return makeTxnEntry(
    { clientId: 1n, cxid: 0, zxid, time: 0, type: OpCode.error },
    { type: OpCode.error, err: -101 },
    null,
  );
}

/** A leader alone whose log became durable at once; applying one transaction takes a millisecond. */
function backlog() {
  let nowMs = 0;
  const deferred: (() => void)[] = [];
  const clock = {
    monotonicMs: () => nowMs,
    wallMs: () => nowMs,
    after: () => ({ cancel: () => undefined }),
    defer: (fn: () => void) => void deferred.push(fn),
    deferFirst: (fn: () => void) => void deferred.push(fn),
  };
  const log: number[] = [];
  const state = { durableZxid: 0, lastAppliedZxid: 0 };
  const history = {
    get durableZxid() {
      return state.durableZxid;
    },
    get lastAppliedZxid() {
      return state.lastAppliedZxid;
    },
    append: ({ header }: TxnEntry) => void log.push(header.zxid),
  } as unknown as History;
  const server = {
    committed: (zxid: number) => {
      nowMs++;
      state.lastAppliedZxid = zxid;
    },
  } as unknown as LeaderServer;
  const verifier = parseMembershipText('server.1=a:2888:3888\nversion=0', {});
  const proposals = new Proposals(
    {
      ...{ clock, history, server, myId: 1 },
      config: { verifier: () => verifier, lastSeenVerifier: () => null },
      life: new Life(clock),
      metrics: new ZabMetrics(new Metrics()),
    },
    1,
    1e9,
  );
  for (let at = 1; at <= COUNT; at++) proposals.propose(entry(makeZxid(1, at)));
  state.durableZxid = makeZxid(1, COUNT);
  return { proposals, deferred, now: () => nowMs };
}

describe('a long backlog of a leader', () => {
  it('is applied to its end, one slice a turn, however many acknowledgements come', () => {
    const { proposals, deferred, now } = backlog();
    for (let ack = 0; ack < 5; ack++) proposals.advance();
    for (let turn = 0; proposals.outstandingCount > 0; turn++) {
      assert.ok(turn < COUNT);
      assert.equal(deferred.length, 1);
      const before = now();
      for (const fn of deferred.splice(0)) fn();
      assert.ok(now() - before <= 40, `${now() - before} ms in one turn`);
    }
    assert.equal(now(), COUNT);
    assert.equal(deferred.length, 0);
  });
});
