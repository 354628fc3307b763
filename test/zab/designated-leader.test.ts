// Who leads after a reconfiguration.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseMembershipText } from '../../src/membership/index.js';
import { chooseLeader, staysLeader } from '../../src/zab/designated-leader.js';

function list(...servers: readonly string[]): ReturnType<typeof parseMembershipText> {
  return parseMembershipText(
    servers
      .map((server) => {
        const [, sid = '', port = '', role = ''] = /^(\d+)(?::(\d+))?(o?)$/.exec(server) ?? [];
        return `server.${sid}=h${sid}:${port || '2888'}:3888:${role === 'o' ? 'observer' : 'participant'}`;
      })
      .join('\n'),
  );
}

describe('the leader of a new configuration', () => {
  const stays: readonly [name: string, now: string[], then: string[], answer: boolean][] = [
    ['goes on leading when it still votes', ['1', '2', '3'], ['1', '3', '4'], true],
    ['leaves with the list', ['1', '2', '3'], ['2', '3'], false],
    ['leaves when it only observes', ['1', '2', '3'], ['1o', '2', '3'], false],
    ['leaves when it is found elsewhere', ['1', '2', '3'], ['1:2889', '2', '3'], false],
    ['goes on when it comes from the new list', ['2', '3'], ['1', '2', '3'], true],
  ];
  for (const [name, now, then, answer] of stays) {
    it(name, () => {
      assert.equal(staysLeader(list(...now), list(...then), 1), answer);
    });
  }

  const chosen: readonly [name: string, then: string[], acked: [number, number][], answer: number][] = [
    [
      'has acknowledged the most',
      ['2', '3', '4'],
      [
        [1, 20],
        [2, 12],
        [3, 15],
        [4, 10],
      ],
      3,
    ],
    [
      'is the one with the largest id among equals',
      ['2', '3', '4'],
      [
        [2, 12],
        [4, 12],
        [3, 12],
      ],
      4,
    ],
    [
      'votes in it',
      ['2', '3o'],
      [
        [2, 10],
        [3, 15],
        [5, 15],
      ],
      2,
    ],
    [
      'has the reconfiguration itself',
      ['2', '3'],
      [
        [2, 10],
        [3, 9],
      ],
      2,
    ],
    ['is the old one where nobody else can be', ['1:2889'], [[1, 20]], 1],
  ];
  for (const [name, then, acked, answer] of chosen) {
    it(name, () => {
      assert.equal(chooseLeader(list(...then), 1, acked, 10), answer);
    });
  }
});
