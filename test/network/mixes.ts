/**
 * Which servers of three are Apache ZooKeeper's; server 3 leads first. One at most where ours are there, too: with two of its
 * 3.8.0 an ensemble may lose acknowledged writes by itself (ZOOKEEPER-4643, 4646, 4925).
 */
export const MIXES = {
  ours: [],
  'ours leading': [1],
  'java leading': [3],
  java: [1, 2, 3],
} as const satisfies Readonly<Record<string, readonly number[]>>;

export type Mix = keyof typeof MIXES;
