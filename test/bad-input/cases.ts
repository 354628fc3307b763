import { CLIENT_CASES } from './client-cases.js';
import { ELECTION_CASES } from './election-cases.js';
import { QUORUM_CASES } from './quorum-cases.js';

/** One of the three ports of a server. */
export type PortName = 'client' | 'quorum' | 'election';

/**
 * What the stranger does next: sends bytes, bytes that depend on all it heard, waits until it hears something, or closes its
 * direction.
 */
export type Step = Buffer | ((heard: Buffer) => Buffer) | 'hear' | 'end';

export interface BadCase {
  readonly name: string;
  readonly port: PortName;
  /** On whose port; the leader's when absent. Only the leader listens for learners. */
  readonly at?: 'leader' | 'follower';
  readonly steps: readonly Step[];
  /** Does the server end the connection? If not, it is still open after a while. */
  readonly closes: boolean;
  /** The code of the one line that the server logs; null when the matter is worth none. */
  readonly code: string | null;
  /** What the line says. */
  readonly says?: RegExp;
  /** The line need not name the stranger's address, because an id says more. */
  readonly anonymous?: boolean;
}

/** Ids 1 to 3 are those of the ensemble; server 3 leads, so that it is the one with the largest id. */
export const CASES: readonly BadCase[] = [...CLIENT_CASES, ...QUORUM_CASES, ...ELECTION_CASES];
