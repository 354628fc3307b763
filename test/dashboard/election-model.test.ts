// What the dashboard and docs/election.md make of the traces of several servers.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  decisionOf,
  electionEvents,
  explain,
  proposalText,
  standingsAfter,
  stepsOf,
  summaryOf,
} from '../../src/dashboard/election-model.js';
import type { ComparisonView, ElectionStatus, ElectionView, ProposalView } from '../../src/status/index.js';

const ONE: ProposalView = { leader: 1, zxid: '0x100000005', epoch: 1 };
const TWO: ProposalView = { leader: 2, zxid: '0x100000003', epoch: 1 };
const WON: ComparisonView = { atMs: 3, candidate: ONE, current: TWO, wins: true, by: 'zxid' };
const START = 1_700_000_000_000;

function vote(of: ProposalView, round = 2): ProposalView & { round: number; state: 'LOOKING' } {
  return { ...of, round, state: 'LOOKING' };
}

/** Server 2 wants itself, hears of server 1, changes its mind and follows. */
const FOLLOWED: ElectionView = {
  startedWallMs: START,
  durationMs: 10,
  outcome: { state: 'FOLLOWING', leader: 1, round: 2, by: 'round' },
  rounds: [
    {
      round: 2,
      startMs: 0,
      votes: [{ voter: 1, ...vote(ONE) }],
      notifications: [
        { atMs: 1, direction: 'sent', peers: [1, 2, 3], vote: vote(TWO) },
        { atMs: 3, direction: 'received', peers: [1], vote: vote(ONE) },
        { atMs: 3, direction: 'sent', peers: [1, 2, 3], vote: vote(ONE) },
      ],
      comparisons: [WON],
      ignored: [{ atMs: 4, from: 9, because: 'sender does not vote' }],
      decision: WON,
      quorum: { atMs: 5, leader: 1, votes: 'round', agreed: [[1, 2]] },
    },
  ],
  phases: [
    { name: 'voting', startMs: 0, durationMs: 5, note: '' },
    { name: 'finalizing', startMs: 5, durationMs: 5, note: '' },
    { name: 'discovery', startMs: 10, durationMs: 2, note: '' },
    { name: 'synchronization', startMs: 12, durationMs: 3, note: 'DIFF' },
    { name: 'broadcast', startMs: 15, durationMs: null, note: '' },
  ],
  servedAfterMs: 16,
  droppedSteps: 0,
};

function server(sid: number, elections: readonly ElectionView[]): ElectionStatus {
  const state = 'FOLLOWING';
  return { sid, state, leader: 1, epoch: 2, peerState: 'following - broadcast', serving: true, elections };
}

function moved(view: ElectionView, byMs: number): ElectionView {
  return { ...view, startedWallMs: view.startedWallMs + byMs };
}

describe('elections of several servers', () => {
  it('are one event when they were under way at the same time, newest first', () => {
    const events = electionEvents(
      [
        server(2, [FOLLOWED, moved(FOLLOWED, 60_000)]),
        server(3, [moved(FOLLOWED, 12)]),
        server(4, [moved(FOLLOWED, 60_100)]),
      ],
      START + 70_000,
    );
    assert.deepEqual(
      events.map(({ parts }) => parts.map(({ sid }) => sid)),
      [
        [2, 4],
        [2, 3],
      ],
    );
    assert.deepEqual(
      events.map(({ leader }) => leader),
      [1, 1],
    );
    assert.equal(events[1]?.endedWallMs, START + 28);
  });

  it('have no end while one lasts', () => {
    const open: ElectionView = { ...FOLLOWED, durationMs: null, outcome: null, servedAfterMs: null, phases: [] };
    const [event] = electionEvents([server(2, [open])], START + 5);
    assert.ok(event);
    assert.equal(event.endedWallMs, null);
    assert.equal(summaryOf(event), 'Server 2 looked for a leader and still do.');
  });

  it('are told step by step, in an order that makes sense', () => {
    const [event] = electionEvents([server(2, [FOLLOWED])], START);
    assert.ok(event);
    const steps = stepsOf(event);
    assert.deepEqual(
      steps.map(({ atMs, kind }) => `${atMs} ${kind}`),
      [
        '1 sent',
        '3 received',
        '3 changed',
        '3 sent',
        '4 ignored',
        '5 quorum',
        '10 elected',
        '10 phase',
        '12 phase',
        '15 phase',
        '16 serving',
      ],
    );
    assert.equal(steps[1]?.text, 'receives from 1: leader 1 (epoch 1, zxid 0x100000005), round 2');
    assert.equal(steps[5]?.text, 'counts a quorum for leader 1: {1, 2}');
    assert.equal(steps[8]?.text, 'synchronization, 3.0 ms (DIFF)');
    const [before] = standingsAfter(event, steps, 1);
    const [after] = standingsAfter(event, steps, 4);
    const [end] = standingsAfter(event, steps, steps.length);
    assert.deepEqual([before?.wants?.leader, before?.doing], [2, 'looking for a leader']);
    assert.equal(after?.wants?.leader, 1);
    assert.deepEqual([before?.leader, end?.leader, end?.doing], [null, 1, 'serves clients']);
    assert.deepEqual(decisionOf(event), WON);
    assert.match(summaryOf(event), /server 1 leads\. What decided: .*zxid 0x100000005 > 0x100000003\..* after 16 ms\./);
  });
});

describe('a comparison', () => {
  const cases: readonly [by: ComparisonView['by'], wins: boolean, expected: string][] = [
    ['epoch', true, 'leader 1 before leader 2: epoch 1 > 1'],
    ['zxid', true, 'leader 1 before leader 2: the epochs are equal (1), zxid 0x100000005 > 0x100000003'],
    ['server id', false, 'leader 2 before leader 1: epochs and zxids are equal, server id 2 > 1'],
    ['weight', false, 'leader 2 before leader 1: the other has no weight'],
  ];
  for (const [by, wins, expected] of cases) {
    it(`by ${by} is explained`, () => {
      assert.equal(explain({ atMs: 0, candidate: ONE, current: TWO, wins, by }), expected);
    });
  }

  it('names nobody and unknown zxids', () => {
    assert.equal(proposalText({ leader: null, zxid: null, epoch: null }), 'nobody');
    assert.equal(proposalText({ leader: 3, zxid: null, epoch: 1 }), 'leader 3 (epoch 1, zxid unknown)');
  });
});
