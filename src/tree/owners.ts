import type { OwnerKind } from '../protocol/index.js';
import { CONTAINER_OWNER, ownerKind, ownerTtlMs, ttlOwner } from '../protocol/index.js';
import type { NodeRef, NodeTable } from './node-table.js';
import { Field, Flag, StatAt } from './node-table.js';

/** By the number that a node's flags hold. */
const KINDS: readonly OwnerKind[] = ['persistent', 'ephemeral', 'container', 'ttl'];
const EPHEMERAL = 1;
const CONTAINER = 2;
const TTL = 3;

const NO_ROWS: ReadonlySet<NodeRef> = new Set();

/** Which nodes end by themselves: ephemerals by session, containers, and TTL nodes with their time. */
export class Owners {
  ephemeralCount = 0;
  private readonly bySession = new Map<bigint, Set<NodeRef>>();
  private readonly containerRows = new Set<NodeRef>();
  private readonly ttlMsOf = new Map<NodeRef, number>();

  constructor(
    private readonly nodes: NodeTable,
    /** Is `zookeeper.extendedTypesEnabled` on? Without it a TTL node counts as an ephemeral of a session that never was. */
    private readonly extendedTypes: boolean,
  ) {}

  /** Notes the owner of a new node. Clients see only a session as ephemeralOwner; the marks of other kinds read as 0. */
  add(row: NodeRef, owner: bigint): void {
    if (owner === 0n) return;
    switch (ownerKind(owner, this.extendedTypes)) {
      case 'ephemeral': {
        this.setKind(row, EPHEMERAL);
        this.nodes.putLong64(row, StatAt.ephemeralOwner, owner);
        const rows = this.bySession.get(owner);
        if (rows === undefined) this.bySession.set(owner, new Set([row]));
        else rows.add(row);
        this.ephemeralCount++;
        return;
      }
      case 'container':
        this.setKind(row, CONTAINER);
        this.containerRows.add(row);
        return;
      case 'ttl':
        this.setKind(row, TTL);
        this.ttlMsOf.set(row, ownerTtlMs(owner));
        return;
      case 'persistent':
    }
  }

  /** Forgets a node that is about to be removed (or given another owner). */
  remove(row: NodeRef): void {
    switch (this.kindNumber(row)) {
      case EPHEMERAL:
        this.removeEphemeral(row);
        break;
      case CONTAINER:
        this.containerRows.delete(row);
        break;
      case TTL:
        this.ttlMsOf.delete(row);
    }
    this.nodes.put(row, Field.flags, this.nodes.get(row, Field.flags) & ~Flag.kindMask);
  }

  private removeEphemeral(row: NodeRef): void {
    const owner = this.owner(row);
    const rows = this.bySession.get(owner);
    rows?.delete(row);
    if (rows?.size === 0) this.bySession.delete(owner);
    this.ephemeralCount--;
  }

  kind(row: NodeRef): OwnerKind {
    return KINDS[this.kindNumber(row)] as OwnerKind;
  }

  /** The owner as it is persisted, with the marks of containers and TTL nodes. */
  owner(row: NodeRef): bigint {
    switch (this.kindNumber(row)) {
      case EPHEMERAL:
        return this.nodes.long64(row, StatAt.ephemeralOwner);
      case CONTAINER:
        return CONTAINER_OWNER;
      case TTL:
        return ttlOwner(this.ttlMsOf.get(row) ?? 0);
      default:
        return 0n;
    }
  }

  /** Does the stat of this node hold the persisted owner, bit for bit? */
  isOwnerInStat(row: NodeRef): boolean {
    return this.kindNumber(row) <= EPHEMERAL;
  }

  ephemerals(sessionId: bigint): ReadonlySet<NodeRef> {
    return this.bySession.get(sessionId) ?? NO_ROWS;
  }

  sessions(): Iterable<bigint> {
    return this.bySession.keys();
  }

  get sessionCount(): number {
    return this.bySession.size;
  }

  get containers(): ReadonlySet<NodeRef> {
    return this.containerRows;
  }

  get ttlRows(): Iterable<NodeRef> {
    return this.ttlMsOf.keys();
  }

  private kindNumber(row: NodeRef): number {
    return (this.nodes.get(row, Field.flags) & Flag.kindMask) >>> Flag.kindShift;
  }

  private setKind(row: NodeRef, kind: number): void {
    this.nodes.put(row, Field.flags, this.nodes.get(row, Field.flags) | (kind << Flag.kindShift));
  }
}
