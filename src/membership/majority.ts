import { sameMembers, serverLines, splitRoles, versionLine } from './roles.js';
import type { QuorumServer } from './server.js';
import type { QuorumOracle, QuorumVerifier, Roles } from './verifier.js';

/** More than half of the voters are a quorum. */
export class MajorityVerifier implements QuorumVerifier {
  readonly kind: QuorumVerifier['kind'] = 'majority';
  readonly oracle: QuorumOracle | null = null;
  readonly members: Roles['members'];
  readonly voters: Roles['voters'];
  readonly observers: Roles['observers'];
  private readonly half: number;
  private text: string | null = null;

  constructor(
    servers: readonly QuorumServer[],
    readonly version = 0,
  ) {
    ({ members: this.members, voters: this.voters, observers: this.observers } = splitRoles(servers));
    this.half = Math.floor(this.voters.size / 2);
  }

  weight(sid: number): number {
    return this.voters.has(sid) ? 1 : 0;
  }

  containsQuorum(sids: ReadonlySet<number>): boolean {
    let count = 0;
    for (const sid of sids) {
      if (this.voters.has(sid)) count++;
    }
    return count > this.half;
  }

  toText(): string {
    return (this.text ??= serverLines(this.members) + versionLine(this.version));
  }

  equals(other: QuorumVerifier): boolean {
    if (other.kind !== this.kind) return false;
    return other.version === this.version || sameMembers(this.members, other.members);
  }

  withVersion(version: number): QuorumVerifier {
    return new MajorityVerifier([...this.members.values()], version);
  }
}
