import { MembershipError } from './errors.js';
import { longMapOrder } from './java-order.js';
import { sameMembers, serverLines, splitRoles, versionLine } from './roles.js';
import type { QuorumServer } from './server.js';
import type { QuorumOracle, QuorumVerifier, Roles } from './verifier.js';

/** Groups by id, each with its servers, and weights by server (1 where a voter has none). */
export interface Hierarchy {
  readonly groups: ReadonlyMap<number, readonly number[]>;
  readonly weights: ReadonlyMap<number, number>;
}

/**
 * Servers stand in disjoint groups and have weights. A quorum has more than half of the weight in each of more than half
 * of the groups; groups without weight do not count.
 */
export class HierarchicalVerifier implements QuorumVerifier {
  readonly kind = 'hierarchical';
  readonly oracle: QuorumOracle | null = null;
  readonly members: Roles['members'];
  readonly voters: Roles['voters'];
  readonly observers: Roles['observers'];
  /** In the order of the text. */
  private readonly groupOf = new Map<number, number>();
  private readonly weights = new Map<number, number>();
  private readonly groupWeights = new Map<number, number>();
  private text: string | null = null;

  /** Throws a `MembershipError` when a participant is in no group or a server in two. */
  constructor(
    servers: readonly QuorumServer[],
    private readonly hierarchy: Hierarchy,
    readonly version = 0,
  ) {
    ({ members: this.members, voters: this.voters, observers: this.observers } = splitRoles(servers));
    this.fillGroups();
    this.fillWeights();
    for (const [sid, group] of this.groupOf) {
      this.groupWeights.set(group, (this.groupWeights.get(group) ?? 0) + this.weight(sid));
    }
  }

  private fillGroups(): void {
    const groupOf = new Map<number, number>();
    for (const [group, sids] of this.hierarchy.groups) {
      for (const sid of sids) {
        if (groupOf.has(sid)) {
          throw new MembershipError(
            'GROUP',
            `group.${group}`,
            `server ${sid} is in more than one group`,
            'each server in exactly one group',
          );
        }
        groupOf.set(sid, group);
      }
    }
    for (const sid of this.voters.keys()) {
      if (groupOf.has(sid)) continue;
      throw new MembershipError(
        'GROUP',
        `server.${sid}`,
        `server ${sid} is in no group`,
        `add ${sid} to one of the group lines`,
      );
    }
    for (const sid of longMapOrder([...groupOf.keys()])) this.groupOf.set(sid, groupOf.get(sid) ?? 0);
  }

  private fillWeights(): void {
    const weights = new Map(this.hierarchy.weights);
    for (const sid of this.voters.keys()) {
      if (!weights.has(sid)) weights.set(sid, 1);
    }
    for (const [sid, group] of this.groupOf) {
      if (weights.has(sid)) continue;
      throw new MembershipError(
        'GROUP',
        `group.${group}`,
        `${sid} is no participant and has no weight`,
        `take ${sid} out of the group or add its server line`,
      );
    }
    for (const sid of longMapOrder([...weights.keys()])) this.weights.set(sid, weights.get(sid) ?? 0);
  }

  weight(sid: number): number {
    return this.weights.get(sid) ?? 0;
  }

  containsQuorum(sids: ReadonlySet<number>): boolean {
    const collected = new Map<number, number>();
    for (const sid of sids) {
      const group = this.groupOf.get(sid);
      if (group !== undefined && this.voters.has(sid)) {
        collected.set(group, (collected.get(group) ?? 0) + this.weight(sid));
      }
    }
    let counting = 0;
    let won = 0;
    for (const [group, weight] of this.groupWeights) {
      if (weight === 0) continue;
      counting++;
      if ((collected.get(group) ?? 0) > Math.floor(weight / 2)) won++;
    }
    return won > Math.floor(counting / 2);
  }

  toText(): string {
    if (this.text !== null) return this.text;
    const groups = new Map<number, number[]>();
    for (const [sid, group] of this.groupOf) {
      const sids = groups.get(group);
      if (sids === undefined) groups.set(group, [sid]);
      else sids.push(sid);
    }
    let text = serverLines(this.members);
    for (const group of longMapOrder([...groups.keys()])) {
      text += `group.${group}=${(groups.get(group) ?? []).join(':')}\n`;
    }
    for (const [sid, weight] of this.weights) text += `weight.${sid}=${weight}\n`;
    return (this.text = text + versionLine(this.version));
  }

  equals(other: QuorumVerifier): boolean {
    if (!(other instanceof HierarchicalVerifier)) return false;
    if (other.version === this.version) return true;
    return (
      sameMembers(this.members, other.members) &&
      sameNumbers(this.weights, other.weights) &&
      sameNumbers(this.groupOf, other.groupOf)
    );
  }

  withVersion(version: number): QuorumVerifier {
    return new HierarchicalVerifier([...this.members.values()], this.hierarchy, version);
  }
}

function sameNumbers(a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) {
    if (b.get(key) !== value) return false;
  }
  return true;
}
