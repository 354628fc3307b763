import type { QuorumVerifier } from './verifier.js';

/**
 * Servers that agreed to something, counted under one or two configurations at a time: while a new configuration is on its
 * way, both the old and the new one need a quorum. Only voters count.
 */
export class QuorumTally {
  private readonly counts: readonly { verifier: QuorumVerifier; agreed: Set<number> }[];

  constructor(verifiers: readonly QuorumVerifier[]) {
    this.counts = verifiers.map((verifier) => ({ verifier, agreed: new Set<number>() }));
  }

  /** Counts a server; false when it votes in none of the configurations. */
  add(sid: number): boolean {
    let counted = false;
    for (const { verifier, agreed } of this.counts) {
      if (!verifier.voters.has(sid)) continue;
      agreed.add(sid);
      counted = true;
    }
    return counted;
  }

  /** Does the server vote in every configuration? */
  isVoter(sid: number): boolean {
    return this.counts.every(({ verifier }) => verifier.voters.has(sid));
  }

  hasAllQuorums(): boolean {
    return this.counts.every(({ verifier, agreed }) => verifier.containsQuorum(agreed));
  }

  hasAnyQuorum(): boolean {
    return this.counts.some(({ verifier, agreed }) => verifier.containsQuorum(agreed));
  }

  /** Who agreed, one set for each configuration. */
  agreed(): readonly ReadonlySet<number>[] {
    return this.counts.map(({ agreed }) => agreed);
  }

  /** `[1, 2]`, or `[1, 2],[2, 4]` for two configurations. */
  toString(): string {
    return this.counts.map(({ agreed }) => `[${[...agreed].join(', ')}]`).join(',');
  }
}
