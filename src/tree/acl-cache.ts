import type { Acl } from '../protocol/index.js';
import { OPEN_ACL_UNSAFE } from '../protocol/index.js';

/** Slot (and snapshot id) of a null ACL list: open to everyone. */
export const OPEN_ACL_SLOT = -1;

/**
 * What a node is given whose ACL id no snapshot explains (a Java snapshot taken under load may hold such a node until the
 * log behind it is replayed). Java's server fails each request for such a node; here nobody but the super user has a
 * permission on it.
 */
const MISSING_ACL: readonly Acl[] = [{ perms: 0, id: { scheme: 'world', id: 'anyone' } }];

interface Entry {
  /** ZooKeeper's number for the list, a long in snapshots. */
  readonly id: number;
  readonly list: readonly Acl[];
  /** Null for an id that the snapshot did not explain. */
  readonly key: string | null;
  uses: number;
}

/** An id and its list, as a snapshot writes them. */
export interface AclEntry {
  readonly id: number;
  readonly list: readonly Acl[];
}

/**
 * Each distinct ACL list once, counted by its users. Nodes hold a slot (a small int); snapshots hold ZooKeeper's ids,
 * which count up from 1 and are not used twice.
 */
export class AclCache {
  private readonly entries: (Entry | undefined)[] = [];
  private readonly freeSlots: number[] = [];
  private readonly slotOfKey = new Map<string, number>();
  private readonly slotOfId = new Map<number, number>();
  private lastId = 0;
  /** The list converted last: in most trees nearly all nodes have the same one. */
  private recentSlot = OPEN_ACL_SLOT;

  /** Lists in use. */
  get size(): number {
    return this.slotOfKey.size;
  }

  /** Counts one more use of `list` and returns its slot. */
  use(list: readonly Acl[] | null): number {
    if (list === null) return OPEN_ACL_SLOT;
    const recent = this.entries[this.recentSlot];
    if (recent !== undefined && recent.key !== null && sameList(recent.list, list)) {
      recent.uses++;
      return this.recentSlot;
    }
    const key = keyOf(list);
    const slot = this.slotOfKey.get(key) ?? this.add(this.lastId + 1, list, key);
    (this.entries[slot] as Entry).uses++;
    this.recentSlot = slot;
    return slot;
  }

  release(slot: number): void {
    if (slot === OPEN_ACL_SLOT) return;
    const entry = this.entries[slot] as Entry;
    if (--entry.uses === 0) this.drop(slot, entry);
  }

  list(slot: number): readonly Acl[] {
    return slot === OPEN_ACL_SLOT ? OPEN_ACL_UNSAFE : (this.entries[slot] as Entry).list;
  }

  id(slot: number): number {
    return slot === OPEN_ACL_SLOT ? OPEN_ACL_SLOT : (this.entries[slot] as Entry).id;
  }

  /** What a snapshot of this moment must hold. */
  snapshot(): AclEntry[] {
    const all: AclEntry[] = [];
    for (const entry of this.entries) if (entry !== undefined && entry.key !== null) all.push(entry);
    return all;
  }

  /** Takes an entry of a snapshot; it has no users yet. */
  load(id: number, list: readonly Acl[]): void {
    if (id !== OPEN_ACL_SLOT && !this.slotOfId.has(id)) this.add(id, list, keyOf(list));
  }

  /** Counts one more use of a snapshot's id and returns its slot. */
  useId(id: number): number {
    if (id === OPEN_ACL_SLOT) return OPEN_ACL_SLOT;
    const slot = this.slotOfId.get(id) ?? this.add(id, MISSING_ACL, null);
    (this.entries[slot] as Entry).uses++;
    return slot;
  }

  /** After loading: forgets lists without users. */
  purgeUnused(): void {
    this.entries.forEach((entry, slot) => {
      if (entry?.uses === 0) this.drop(slot, entry);
    });
  }

  private add(id: number, list: readonly Acl[], key: string | null): number {
    const slot = this.freeSlots.pop() ?? this.entries.length;
    this.entries[slot] = { id, list, key, uses: 0 };
    this.slotOfId.set(id, slot);
    if (key !== null) this.slotOfKey.set(key, slot);
    // Ids that no list explains count too: a new list must not become theirs.
    this.lastId = Math.max(this.lastId, id);
    return slot;
  }

  private drop(slot: number, entry: Entry): void {
    this.entries[slot] = undefined;
    this.freeSlots.push(slot);
    this.slotOfId.delete(entry.id);
    // An old snapshot may hold one list under two ids; the key then belongs to one of them.
    if (entry.key !== null && this.slotOfKey.get(entry.key) === slot) this.slotOfKey.delete(entry.key);
  }
}

function sameList(a: readonly Acl[], b: readonly Acl[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const x = a[i] as Acl;
    const y = b[i] as Acl;
    if (x.perms !== y.perms || x.id.scheme !== y.id.scheme || x.id.id !== y.id.id) return false;
  }
  return true;
}

function keyOf(list: readonly Acl[]): string {
  return JSON.stringify(list.map(({ perms, id }) => [perms, id.scheme, id.id]));
}
