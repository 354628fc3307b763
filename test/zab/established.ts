/** Server 1 (history 1:1-3) follows or observes server 2, which establishes epoch 2 with the same history. */
export function joined(what: 'follows' | 'observes'): string {
  return `
    1 ${what} 2
    2 < ${what === 'follows' ? 'FOLLOWERINFO' : 'OBSERVERINFO'} 1:0 from 1
    2 > LEADERINFO 2:0
    2 < ACKEPOCH 1:3 epoch 1
    2 > DIFF 1:3
    2 > NEWLEADER 2:0 config 200000000
    2 < ACK 2:0
    2 > UPTODATE
    2 < ACK 2:0
  `;
}

/** Server 2 is in step with 1:1-3 and follows; epoch 2 is established. */
export const ESTABLISHED = `
  1 leads
  2 > FOLLOWERINFO 1:0 from 2
  2 < LEADERINFO 2:0
  2 > ACKEPOCH 1:3 epoch 1
  2 < DIFF 1:3
  2 < NEWLEADER 2:0 config 0
  2 > ACK 2:0
  2 < UPTODATE
  2 > ACK 2:0
`;
