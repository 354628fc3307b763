import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ElectionTrace, type Proposal } from '../../src/election/index.js';
import { viewElections } from '../../src/peer/election-view.js';
import { makeZxid, NO_PROPOSAL } from '../../src/protocol/index.js';
import { PhaseTrace } from '../../src/zab/index.js';
import { FakeClock } from '../fakes/index.js';

const ONE: Proposal = { leader: 1, zxid: makeZxid(1, 7), peerEpoch: 1 };
const TWO: Proposal = { leader: 2, zxid: makeZxid(1, 9), peerEpoch: 1 };
const NOBODY: Proposal = { leader: NO_PROPOSAL, zxid: NO_PROPOSAL, peerEpoch: NO_PROPOSAL };

const isVoter = (sid: number): boolean => sid <= 3;

interface Traces {
  readonly clock: FakeClock;
  readonly elections: ElectionTrace;
  readonly phases: PhaseTrace;
}

function traces(): Traces {
  const clock = new FakeClock();
  return { clock, elections: new ElectionTrace(clock), phases: new PhaseTrace(clock) };
}

function received({ elections }: Traces, from: number, proposal: Proposal, round: bigint): void {
  const vote = { ...proposal, electionEpoch: round, state: 'LOOKING', version: 2 } as const;
  elections.add({ kind: 'received', from, vote, configVersion: null });
}

/** Server 1 looks in round 1, joins server 2 in round 2, and follows it. */
async function followServer2(t: Traces): Promise<void> {
  const { clock, elections, phases } = t;
  elections.begin(1n);
  elections.add({ kind: 'started', round: 1n, proposal: ONE });
  elections.add({ kind: 'sent', to: [1, 2, 3], round: 1n, proposal: ONE });
  received(t, 1, ONE, 1n);
  await clock.advance(5);
  received(t, 2, TWO, 2n);
  elections.add({ kind: 'newer round', round: 2n, from: 2 });
  elections.add({ kind: 'compared', candidate: TWO, current: ONE, verdict: { wins: true, by: 'zxid' } });
  elections.add({ kind: 'proposed', proposal: TWO });
  elections.add({ kind: 'sent', to: [1, 2, 3], round: 2n, proposal: TWO });
  elections.add({ kind: 'counted', set: 'round', leader: 2, agreed: [[2]], quorum: false });
  received(t, 4, NOBODY, 0n);
  elections.add({ kind: 'ignored', from: 4, because: 'sender does not vote' });
  received(t, 1, TWO, 2n);
  elections.add({ kind: 'counted', set: 'round', leader: 2, agreed: [[1, 2]], quorum: true });
  elections.phase('finalizing');
  await clock.advance(200);
  elections.add({ kind: 'final', early: false, refused: [] });
  elections.add({ kind: 'elected', state: 'FOLLOWING', leader: 2, round: 2n, by: 'round' });
  elections.end({ state: 'FOLLOWING', leader: 2, by: 'round' });
  await clock.advance(1);
  phases.begin('following', 'discovery', null);
  await clock.advance(2);
  phases.begin('following', 'synchronization', 2);
  phases.note('DIFF');
  await clock.advance(3);
  phases.serving();
  phases.begin('following', 'broadcast', 2);
}

describe('the view of elections', () => {
  it('tells who voted for whom in which round, what decided, the quorum, and every phase', async () => {
    const t = traces();
    await followServer2(t);
    const [view] = viewElections(t.elections.elections, t.phases.records, isVoter);
    assert.ok(view);
    assert.deepEqual(view.outcome, { state: 'FOLLOWING', leader: 2, round: 2, by: 'round' });
    assert.deepEqual(
      view.rounds.map(({ round, startMs }) => [round, startMs]),
      [
        [1, 0],
        [2, 5],
      ],
    );
    const [first, second] = view.rounds;
    const one = { leader: 1, zxid: '0x100000007', epoch: 1 };
    const two = { leader: 2, zxid: '0x100000009', epoch: 1 };
    assert.deepEqual(first?.votes, [
      { voter: 1, ...one, round: 1, state: 'LOOKING' },
      { voter: 2, ...two, round: 2, state: 'LOOKING' },
    ]);
    assert.equal(first.decision, null);
    assert.equal(first.quorum, null);
    assert.deepEqual(second?.votes, [{ voter: 1, ...two, round: 2, state: 'LOOKING' }]);
    assert.deepEqual(second.notifications[0], {
      atMs: 5,
      direction: 'sent',
      peers: [1, 2, 3],
      vote: { ...two, round: 2, state: 'LOOKING' },
    });
    assert.deepEqual(second.decision, { atMs: 5, candidate: two, current: one, wins: true, by: 'zxid' });
    assert.deepEqual(second.quorum, { atMs: 5, leader: 2, votes: 'round', agreed: [[1, 2]] });
    assert.deepEqual(second.ignored, [{ atMs: 5, from: 4, because: 'sender does not vote' }]);
    assert.deepEqual(view.phases, [
      { name: 'voting', startMs: 0, durationMs: 5, note: '' },
      { name: 'finalizing', startMs: 5, durationMs: 200, note: '' },
      { name: 'discovery', startMs: 206, durationMs: 2, note: '' },
      { name: 'synchronization', startMs: 208, durationMs: 3, note: 'DIFF' },
      { name: 'broadcast', startMs: 211, durationMs: null, note: '' },
    ]);
    assert.equal(view.durationMs, 205);
    assert.equal(view.servedAfterMs, 211);
  });

  it('gives each election its own phases', async () => {
    const t = traces();
    await followServer2(t);
    await t.clock.advance(1000);
    t.phases.end('the connection is lost');
    await followServer2(t);
    const views = viewElections(t.elections.elections, t.phases.records, isVoter);
    assert.deepEqual(
      views.map(({ phases }) => phases.map(({ name }) => name)),
      [
        ['voting', 'finalizing', 'discovery', 'synchronization', 'broadcast'],
        ['voting', 'finalizing', 'discovery', 'synchronization', 'broadcast'],
      ],
    );
    assert.equal(views[0]?.phases.at(-1)?.durationMs, 1000);
    assert.equal(views[0].phases.at(-1)?.note, 'the connection is lost');
  });

  it('of an election that goes on has no outcome', () => {
    const t = traces();
    t.elections.begin(3n);
    t.elections.add({ kind: 'started', round: 3n, proposal: ONE });
    const [view] = viewElections(t.elections.elections, t.phases.records, isVoter);
    assert.equal(view?.outcome, null);
    assert.equal(view.durationMs, null);
    assert.equal(view.servedAfterMs, null);
    assert.equal(view.rounds[0]?.round, 3);
  });

  it('knows the round when its beginning is forgotten', () => {
    const t = traces();
    t.elections.begin(9n);
    t.elections.add({ kind: 'started', round: 9n, proposal: ONE });
    for (let n = 0; n < 300; n++) t.elections.add({ kind: 'sent', to: [2], round: 9n, proposal: ONE });
    const [view] = viewElections(t.elections.elections, [], isVoter);
    assert.ok((view?.droppedSteps ?? 0) > 0);
    assert.deepEqual(
      view?.rounds.map(({ round }) => round),
      [9],
    );
  });
});
