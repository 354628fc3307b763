import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LogFinding } from '../../src/zab/sync-plan.js';
import { LogProbe, planSync } from '../../src/zab/sync-plan.js';
import type { TxnEntry } from '../../src/protocol/index.js';
import { createEntry, history, showZxid, zxid, zxids } from './zxids.js';

/**
 * One row a case: `peer`, the learner's last zxid; `memory`, the leader's committed log; `applied`, its last applied zxid
 * (absent: the end of `memory`); `proposed`, the last zxid it gave away; `epoch`, its own; `disk`, the log on disk that it
 * reads when the plan asks for it. `plan` is what must come out, `then` the transactions that are sent with it.
 */
interface Row {
  readonly name: string;
  readonly peer: string;
  readonly epoch?: number;
  readonly memory: string;
  readonly applied?: string;
  readonly proposed?: string;
  readonly disk?: string;
  readonly diskLimit?: number;
  readonly force?: boolean;
  readonly noLog?: boolean;
  /** Transactions that are larger than learners take. */
  readonly large?: string;
  readonly plan: string;
  readonly then?: string;
}

const ROWS: readonly Row[] = [
  // --- nothing to do
  { name: 'in step', peer: '1:5', memory: '1:1-5', plan: 'DIFF 1:5' },
  { name: 'both empty', peer: '0:0', memory: '', applied: '0:0', plan: 'DIFF 0:0' },
  { name: 'in step after a restart from a snapshot', peer: '1:9', memory: '', applied: '1:9', plan: 'DIFF 1:9' },
  // --- within the committed log
  { name: 'behind by some', peer: '1:3', memory: '1:1-5', plan: 'DIFF 1:5', then: '1:4-5' },
  { name: 'at the oldest in memory', peer: '1:1', memory: '1:1-5', plan: 'DIFF 1:5', then: '1:2-5' },
  { name: 'behind by an epoch', peer: '1:3', epoch: 3, memory: '1:2-3 2:1-2', plan: 'DIFF 2:2', then: '2:1-2' },
  {
    name: 'at the start of an epoch: an image from its leader (peer of a new epoch, counter 0)',
    peer: '2:0',
    epoch: 3,
    memory: '1:2-3 2:1-2',
    plan: 'DIFF 2:2',
    then: '2:1-2',
  },
  {
    name: 'at the start of an epoch in which nothing happened',
    peer: '2:0',
    epoch: 4,
    memory: '1:2-3 3:1',
    plan: 'DIFF 3:1',
    then: '3:1',
  },
  // --- ahead
  { name: 'a dead tail beyond the end (1154, 2832)', peer: '1:7', epoch: 2, memory: '1:1-5', plan: 'TRUNC 1:5' },
  { name: 'a dead tail of a dead epoch', peer: '2:2', epoch: 3, memory: '1:1-5', plan: 'TRUNC 1:5' },
  {
    name: 'a dead tail beyond a snapshot that is all there is',
    peer: '1:9',
    epoch: 2,
    memory: '',
    applied: '1:7',
    plan: 'TRUNC 1:7',
  },
  {
    name: 'ahead of an image without transactions: there is no zxid to truncate to',
    peer: '2:2',
    epoch: 3,
    memory: '',
    applied: '2:0',
    plan: 'SNAP',
  },
  { name: 'at the start of an epoch that left nothing', peer: '2:0', epoch: 3, memory: '1:1-5', plan: 'DIFF 1:5' },
  // --- dead tails within the committed log: TRUNC and DIFF in one
  {
    name: 'a dead tail, then history went on (1154)',
    peer: '1:7',
    epoch: 3,
    memory: '1:1-5 2:1-2',
    plan: 'TRUNC 1:5',
    then: '2:1-2',
  },
  {
    name: 'a dead tail of an epoch that memory does not have: truncation might need a log the learner lacks',
    peer: '2:2',
    epoch: 4,
    memory: '1:1-5 3:1-2',
    plan: 'SNAP',
  },
  // --- proposals of this epoch that are still under way
  {
    name: 'came back with proposals under way: they may have been counted',
    peer: '2:4',
    epoch: 2,
    memory: '1:1-5 2:1-2',
    proposed: '2:6',
    plan: 'DIFF 2:4 serve after 2:4',
  },
  {
    name: 'came back with the newest proposal',
    peer: '2:6',
    epoch: 2,
    memory: '2:1-2',
    proposed: '2:6',
    plan: 'DIFF 2:6 serve after 2:6',
  },
  { name: 'of this epoch, never proposed', peer: '2:7', epoch: 2, memory: '2:1-2', proposed: '2:6', plan: 'REFUSE' },
  { name: 'of a later epoch', peer: '3:1', epoch: 2, memory: '2:1-2', proposed: '2:6', plan: 'REFUSE' },
  { name: 'of a later epoch, counter 0', peer: '3:0', epoch: 2, memory: '2:1-2', plan: 'REFUSE' },
  {
    name: 'behind what is applied while proposals are under way',
    peer: '2:1',
    epoch: 2,
    memory: '2:1-2',
    proposed: '2:6',
    plan: 'DIFF 2:2',
    then: '2:2',
  },
  // --- the log on disk
  {
    name: 'older than memory, the log reaches back',
    peer: '1:2',
    memory: '1:4-6',
    disk: '1:1-6',
    plan: 'DIFF 1:6',
    then: '1:3-6',
  },
  {
    name: 'older than memory, the log begins right behind the learner',
    peer: '0:0',
    memory: '1:4-6',
    disk: '1:1-6',
    plan: 'DIFF 1:6',
    then: '1:1-6',
  },
  {
    name: 'the log begins too late: a gap must not be bridged (2099)',
    peer: '1:2',
    memory: '1:6-8',
    disk: '1:4-8',
    plan: 'SNAP',
  },
  {
    name: 'the log has a hole where an image was received (2846)',
    peer: '1:2',
    epoch: 3,
    memory: '2:8-9',
    disk: '1:1-5 2:7-9',
    plan: 'SNAP',
  },
  {
    name: 'the log ends before the learner',
    peer: '1:2',
    memory: '1:6-8',
    disk: '1:1',
    plan: 'SNAP',
  },
  {
    name: 'a dead tail, older than memory',
    peer: '1:7',
    epoch: 4,
    memory: '3:1-2',
    disk: '1:4-5 2:1 3:1-2',
    plan: 'TRUNC 1:5',
    then: '2:1 3:1-2',
  },
  {
    name: 'a dead tail of another epoch, older than memory',
    peer: '2:7',
    epoch: 5,
    memory: '4:1-2',
    disk: '1:4-5 3:1 4:1-2',
    plan: 'SNAP',
  },
  {
    name: 'the start of an epoch, older than memory',
    peer: '2:0',
    epoch: 4,
    memory: '3:1-2',
    disk: '1:4-5 2:1-2 3:1-2',
    plan: 'DIFF 3:2',
    then: '2:1-2 3:1-2',
  },
  {
    name: 'too much log for the size of a snapshot',
    peer: '1:2',
    memory: '1:7-8',
    disk: '1:1-8',
    diskLimit: 5,
    plan: 'SNAP',
  },
  { name: 'the log on disk is switched off', peer: '1:2', memory: '1:4-6', disk: '1:1-6', noLog: true, plan: 'SNAP' },
  { name: 'the log cannot be read', peer: '1:2', memory: '1:4-6', plan: 'SNAP' },
  {
    name: 'nothing in memory, all on disk',
    peer: '1:2',
    memory: '',
    applied: '1:4',
    disk: '1:1-4',
    plan: 'DIFF 1:4',
    then: '1:3-4',
  },
  // --- snapshots
  { name: 'forced', peer: '1:3', memory: '1:1-5', force: true, plan: 'SNAP' },
  { name: 'forced, a dead tail', peer: '1:7', epoch: 2, memory: '1:1-5', force: true, plan: 'SNAP' },
  {
    name: 'forced, but it holds proposals under way: an image would cut off what it was counted for',
    peer: '2:4',
    epoch: 2,
    memory: '1:1-5 2:1-2',
    proposed: '2:6',
    force: true,
    plan: 'DIFF 2:4 serve after 2:4',
  },
  { name: 'no history at all', peer: '-1', memory: '1:1-5', disk: '1:1-5', plan: 'SNAP' },
  { name: 'a hole in the committed log (4925)', peer: '1:2', memory: '1:1-3 1:5-6', plan: 'SNAP' },
  { name: 'a hole that begins at the learner', peer: '1:3', memory: '1:1-3 1:5-6', plan: 'SNAP' },
  {
    name: 'a hole before the learner does not matter',
    peer: '1:5',
    memory: '1:3 1:5-6',
    plan: 'DIFF 1:6',
    then: '1:6',
  },
  { name: 'too large a transaction in memory', peer: '1:2', memory: '1:1-5', large: '1:4', plan: 'SNAP' },
  {
    name: 'too large a transaction that the learner has',
    peer: '1:4',
    memory: '1:1-5',
    large: '1:4',
    plan: 'DIFF 1:5',
    then: '1:5',
  },
  {
    name: 'too large a transaction, a dead tail',
    peer: '2:2',
    epoch: 4,
    memory: '1:1-3 3:1',
    large: '3:1',
    plan: 'SNAP',
  },
  {
    name: 'too large a transaction in the log on disk',
    peer: '1:2',
    memory: '1:8-9',
    disk: '1:1-9',
    large: '1:5',
    plan: 'SNAP',
  },
  {
    name: 'too large a transaction in memory, behind the log on disk',
    peer: '1:2',
    memory: '1:8-9',
    disk: '1:1-8',
    large: '1:9',
    plan: 'SNAP',
  },
  {
    name: 'too large a transaction in the log on disk that the learner has',
    peer: '1:2',
    memory: '1:5-6',
    disk: '1:2-6',
    large: '1:2',
    plan: 'DIFF 1:6',
    then: '1:3-6',
  },
  { name: 'a committed log that ends early', peer: '1:2', memory: '1:1-4', applied: '1:6', plan: 'SNAP' },
];

const MAX_ENTRY_BYTES = 200;

/** The committed log. */
function memoryOf({ memory, large }: Row): TxnEntry[] {
  const isLarge = new Set(zxids(large ?? ''));
  return history(memory).map((entry) => {
    const at = entry.header.zxid;
    return isLarge.has(at) ? createEntry(at, '/large'.padEnd(MAX_ENTRY_BYTES, '-')) : entry;
  });
}

function findInLog(peer: number, row: Row): LogFinding {
  if (row.disk === undefined) return { found: 'unreadable', common: peer, upTo: peer };
  const disk = zxids(row.disk);
  const first = Math.max(
    0,
    disk.findLastIndex((at) => at <= peer),
  );
  const probe = new LogProbe(peer, row.diskLimit ?? 1000, MAX_ENTRY_BYTES);
  const large = zxids(row.large ?? '');
  for (const at of disk.slice(first)) {
    if (!probe.feed(at, large.includes(at) ? MAX_ENTRY_BYTES + 1 : 1)) break;
  }
  return probe.finding();
}

describe('the plan to synchronize a learner', () => {
  for (const row of ROWS) {
    it(`${row.name}: ${row.peer} → ${row.plan}`, () => {
      const peer = row.peer === '-1' ? -1 : zxid(row.peer);
      const committed = memoryOf(row);
      const applied = row.applied === undefined ? (committed.at(-1)?.header.zxid ?? 0) : zxid(row.applied);
      const view = {
        epoch: row.epoch ?? 1,
        lastAppliedZxid: applied,
        lastProposedZxid: row.proposed === undefined ? zxid(`${row.epoch ?? 1}:0`) : zxid(row.proposed),
        committed,
        forceSnapshot: row.force ?? false,
        maxEntryBytes: MAX_ENTRY_BYTES,
        logAllowed: row.noLog !== true,
      };
      let plan = planSync(peer, { ...view, log: null });
      if (plan.kind === 'LOG') plan = planSync(peer, { ...view, log: findInLog(peer, row) });
      if (plan.kind === 'SNAP' || plan.kind === 'REFUSE' || plan.kind === 'LOG') {
        assert.equal(plan.kind, row.plan, plan.why);
        return;
      }
      const wait = plan.serveAfter === null ? '' : ` serve after ${showZxid(plan.serveAfter)}`;
      assert.equal(`${plan.kind} ${showZxid(plan.zxid)}${wait}`, row.plan, plan.why);
      const { log } = plan;
      const fromLog = log === null ? [] : zxids(row.disk ?? '').filter((at) => at > log.after && at <= log.upTo);
      const fromMemory = committed.slice(plan.committedFrom).map((entry) => entry.header.zxid);
      assert.deepEqual([...fromLog, ...fromMemory].map(showZxid), zxids(row.then ?? '').map(showZxid));
      assert.equal(plan.upTo, plan.serveAfter ?? Math.max(applied, plan.kind === 'TRUNC' ? 0 : peer));
    });
  }

  it('asks for the log again when the committed log has moved on meanwhile', () => {
    const view = {
      epoch: 1,
      lastAppliedZxid: zxid('1:9'),
      lastProposedZxid: zxid('1:9'),
      committed: history('1:8-9'),
      forceSnapshot: false,
      maxEntryBytes: MAX_ENTRY_BYTES,
      logAllowed: true,
    };
    const stale = { found: 'continues', common: zxid('1:2'), upTo: zxid('1:6') } as const;
    assert.equal(planSync(zxid('1:2'), { ...view, log: stale }).kind, 'LOG');
    assert.equal(planSync(zxid('1:2'), { ...view, log: { ...stale, upTo: zxid('1:8') } }).kind, 'DIFF');
  });
});
