import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Vote } from '../../src/election/index.js';
import { compareProposals, votesAgree } from '../../src/election/vote.js';

const VOTE: Vote = { leader: 3, zxid: 0x200000005, electionEpoch: 4n, peerEpoch: 2, state: 'FOLLOWING', version: 2 };
const LOOKING: Vote = { ...VOTE, state: 'LOOKING' };

describe('two votes', () => {
  const RULES: readonly { name: string; a: Vote; b: Vote; agree: boolean }[] = [
    { name: 'of settled servers: the same', a: VOTE, b: VOTE, agree: true },
    { name: 'of settled servers: a follower and the leader', a: VOTE, b: { ...VOTE, state: 'LEADING' }, agree: true },
    { name: 'of settled servers: another leader', a: VOTE, b: { ...VOTE, leader: 2 }, agree: false },
    {
      name: 'of settled servers: zxid and round do not count',
      a: VOTE,
      b: { ...VOTE, zxid: 1, electionEpoch: 9n },
      agree: true,
    },
    { name: 'of settled servers: another epoch', a: VOTE, b: { ...VOTE, peerEpoch: 1 }, agree: false },
    { name: 'versions 1 and 2 are both versions', a: VOTE, b: { ...VOTE, peerEpoch: 1, version: 1 }, agree: false },
    {
      name: 'exactly one unversioned: the leader alone',
      a: VOTE,
      b: { ...VOTE, peerEpoch: 1, version: 0 },
      agree: true,
    },
    { name: 'exactly one unversioned: another leader', a: VOTE, b: { ...VOTE, leader: 1, version: 0 }, agree: false },
    {
      name: 'both unversioned: another epoch',
      a: { ...VOTE, version: 0 },
      b: { ...VOTE, peerEpoch: 1, version: 0 },
      agree: false,
    },
    { name: 'of looking servers: the same', a: LOOKING, b: LOOKING, agree: true },
    { name: 'of looking servers: another zxid', a: LOOKING, b: { ...LOOKING, zxid: 1 }, agree: false },
    { name: 'of looking servers: another round', a: LOOKING, b: { ...LOOKING, electionEpoch: 5n }, agree: false },
    { name: 'of looking servers: another epoch', a: LOOKING, b: { ...LOOKING, peerEpoch: 1 }, agree: false },
    { name: 'of looking servers: versions do not count', a: LOOKING, b: { ...LOOKING, version: 0 }, agree: true },
    { name: 'one looking, one settled: everything counts', a: LOOKING, b: { ...VOTE, zxid: 1 }, agree: false },
    { name: 'one looking, one settled: the same', a: LOOKING, b: VOTE, agree: true },
    {
      name: 'one looking and unversioned: everything counts',
      a: { ...LOOKING, version: 0 },
      b: { ...VOTE, zxid: 1 },
      agree: false,
    },
  ];
  for (const { name, a, b, agree } of RULES) {
    it(name, () => {
      assert.equal(votesAgree(a, b), agree);
      assert.equal(votesAgree(b, a), agree, 'the other way round');
    });
  }
});

describe('two proposals', () => {
  const weight = (sid: number): number => (sid === 9 ? 0 : 1);
  const own = { leader: 2, zxid: 0x100000005, peerEpoch: 1 };
  const RULES = [
    { name: 'a later epoch beats all', candidate: { leader: 1, zxid: 0, peerEpoch: 2 }, wins: true, by: 'peerEpoch' },
    {
      name: 'an older epoch loses',
      candidate: { leader: 5, zxid: 0x1ffffffff, peerEpoch: 0 },
      wins: false,
      by: 'peerEpoch',
    },
    { name: 'a later zxid', candidate: { leader: 1, zxid: 0x100000006, peerEpoch: 1 }, wins: true, by: 'zxid' },
    { name: 'an older zxid', candidate: { leader: 5, zxid: 0x100000004, peerEpoch: 1 }, wins: false, by: 'zxid' },
    { name: 'a larger id', candidate: { ...own, leader: 3 }, wins: true, by: 'sid' },
    { name: 'a smaller id', candidate: { ...own, leader: 1 }, wins: false, by: 'sid' },
    { name: 'the same', candidate: own, wins: false, by: 'same' },
    { name: 'no weight', candidate: { leader: 9, zxid: 0x900000000, peerEpoch: 9 }, wins: false, by: 'weight' },
  ];
  for (const { name, candidate, wins, by } of RULES) {
    it(name, () => {
      assert.deepEqual(compareProposals(candidate, own, weight), { wins, by });
    });
  }
});
