import type { Problems } from '../problems.js';
import { EventKind, type Trigger, type TreeHistory } from '../model/tree-history.js';

interface OneShot {
  /** The watch was set on the state after this transaction. */
  baseZxid: number;
  /** Set by exists on a node that was not there. */
  readonly awaitsCreation: boolean;
}

interface Lasting {
  readonly isRecursive: boolean;
  baseZxid: number;
  /** Place of the last event in the tree's list of triggers. */
  lastIndex: number;
}

/** What a client sends to have its watches back on a new connection. */
export interface WatchPaths {
  readonly data: readonly string[];
  readonly exist: readonly string[];
  readonly child: readonly string[];
  readonly persistent: readonly string[];
  readonly persistentRecursive: readonly string[];
}

/**
 * The watches of one session and what they must hear: each change behind the state on which a watch was set, once, and
 * before any reply that shows a state with that change. Lasting watches hear every change, in order.
 */
export class WatchLedger {
  private readonly data = new Map<string, OneShot>();
  private readonly child = new Map<string, OneShot>();
  private readonly lasting = new Map<string, Lasting>();
  /** Triggers before this index were shown to the client by a reply and are checked. */
  private cursor = 0;
  private restoring: { readonly paths: ReadonlySet<string>; readonly sinceZxid: number } | null = null;
  eventCount = 0;

  constructor(
    private readonly who: string,
    private readonly tree: TreeHistory,
    private readonly problems: Problems,
  ) {}

  get isEmpty(): boolean {
    return this.data.size + this.child.size + this.lasting.size === 0;
  }

  get lastingCount(): number {
    return this.lasting.size;
  }

  hasLasting(path: string): boolean {
    return this.lasting.has(path);
  }

  setData(path: string, zxid: number, nodeExists: boolean): void {
    if (!this.data.has(path)) this.data.set(path, { baseZxid: zxid, awaitsCreation: !nodeExists });
  }

  setChild(path: string, zxid: number): void {
    if (!this.child.has(path)) this.child.set(path, { baseZxid: zxid, awaitsCreation: false });
  }

  setLasting(path: string, isRecursive: boolean, zxid: number): void {
    this.lasting.set(path, { isRecursive, baseZxid: zxid, lastIndex: -1 });
  }

  // --- a new connection

  /** What to send in setWatches; until `restored` nothing is expected of the server. */
  restore(lastZxidSeen: number): WatchPaths {
    const ofKind = (awaitsCreation: boolean) =>
      [...this.data].filter(([, watch]) => watch.awaitsCreation === awaitsCreation).map(([path]) => path);
    const lasting = (isRecursive: boolean) =>
      [...this.lasting].filter(([, watch]) => watch.isRecursive === isRecursive).map(([path]) => path);
    this.restoring = { paths: new Set([...this.data.keys(), ...this.child.keys()]), sinceZxid: lastZxidSeen };
    return {
      data: ofKind(false),
      exist: ofKind(true),
      child: [...this.child.keys()],
      persistent: lasting(false),
      persistentRecursive: lasting(true),
    };
  }

  /** setWatches was answered on the state after `zxid`: what has not fired must have had no reason to. */
  restored(zxid: number): void {
    const sinceZxid = this.restoring?.sinceZxid ?? 0;
    this.restoring = null;
    for (const [path, watch] of this.data) {
      const node = this.tree.at(path, zxid);
      const isQuiet = watch.awaitsCreation ? node === null : node !== null && node.mzxid <= sinceZxid;
      if (!isQuiet) this.missed('setWatches', `the data of ${path}`);
      watch.baseZxid = zxid;
    }
    for (const [path, watch] of this.child) {
      const node = this.tree.at(path, zxid);
      if (node === null || node.pzxid > sinceZxid) this.missed('setWatches', `the children of ${path}`);
      watch.baseZxid = zxid;
    }
    for (const watch of this.lasting.values()) Object.assign(watch, { baseZxid: zxid, lastIndex: -1 });
    this.cursor = this.indexBehind(zxid);
  }

  // --- what comes

  event(type: number, path: string, zxid: number): void {
    this.eventCount++;
    if (zxid < 0) {
      if (this.restoring?.paths.has(path) !== true) this.spurious(type, path, 'nothing was being restored');
      this.consume(type, path, Number.POSITIVE_INFINITY);
      return;
    }
    this.shown(zxid - 1);
    const indexes = this.find(type, path, zxid);
    if (indexes.length === 0) {
      this.spurious(type, path, `zxid ${zxid.toString(16)} does not do that`);
      return;
    }
    const isOneShot = this.consume(type, path, zxid);
    const isLasting = this.passLasting({ type, path, zxid }, indexes);
    if (!isOneShot && !isLasting) this.spurious(type, path, 'nobody watches (any more)');
  }

  /** A reply shows the state after `zxid`: every event up to there must have come. */
  shown(zxid: number): void {
    if (this.restoring !== null) return;
    const { triggers } = this.tree;
    for (; this.cursor < triggers.length; this.cursor++) {
      const trigger = triggers[this.cursor] as Trigger;
      if (trigger.zxid > zxid) return;
      if (this.isAwaited(trigger, this.cursor)) {
        this.missed(`a reply at zxid ${zxid.toString(16)}`, `${nameOfKind(trigger.type)} ${trigger.path}`);
      }
    }
  }

  private isAwaited(trigger: Trigger, index: number): boolean {
    const { type, path, zxid } = trigger;
    for (const table of this.tablesOf(type)) {
      const watch = table.get(path);
      if (watch !== undefined && watch.baseZxid < zxid) return true;
    }
    for (const [watched, watch] of this.lasting) {
      if (watch.baseZxid < zxid && watch.lastIndex < index && covers(watched, watch, trigger)) return true;
    }
    return false;
  }

  private consume(type: number, path: string, zxid: number): boolean {
    let found = false;
    for (const table of this.tablesOf(type)) {
      const watch = table.get(path);
      if (watch === undefined || watch.baseZxid >= zxid) continue;
      table.delete(path);
      found = true;
    }
    return found;
  }

  private passLasting(trigger: Trigger, indexes: readonly number[]): boolean {
    let found = false;
    for (const [watched, watch] of this.lasting) {
      if (watch.baseZxid >= trigger.zxid || !covers(watched, watch, trigger)) continue;
      const index = indexes.find((at) => at > watch.lastIndex);
      if (index === undefined) this.spurious(trigger.type, trigger.path, 'it was told before');
      watch.lastIndex = index ?? watch.lastIndex;
      found = true;
    }
    return found;
  }

  private tablesOf(type: number): readonly Map<string, OneShot>[] {
    if (type === EventKind.deleted) return [this.data, this.child];
    return [type === EventKind.childrenChanged ? this.child : this.data];
  }

  /** Where the transaction does that: more than once, if it is a multi. */
  private find(type: number, path: string, zxid: number): number[] {
    const { triggers } = this.tree;
    const found: number[] = [];
    for (let at = triggers.length - 1; at >= 0; at--) {
      const trigger = triggers[at] as Trigger;
      if (trigger.zxid < zxid) break;
      if (trigger.zxid === zxid && trigger.type === type && trigger.path === path) found.unshift(at);
    }
    return found;
  }

  private indexBehind(zxid: number): number {
    const { triggers } = this.tree;
    let at = triggers.length;
    while (at > 0 && (triggers[at - 1] as Trigger).zxid > zxid) at--;
    return at;
  }

  private missed(when: string, what: string): void {
    this.problems.report('watches fire before the data', `${this.who}: ${when} came before the event for ${what}`);
  }

  private spurious(type: number, path: string, why: string): void {
    this.problems.report('watches fire once', `${this.who} was told ${nameOfKind(type)} ${path}, but ${why}`);
  }
}

function covers(watched: string, { isRecursive }: Lasting, { type, path }: Trigger): boolean {
  if (!isRecursive) return path === watched;
  return type !== EventKind.childrenChanged && (path === watched || path.startsWith(`${watched}/`));
}

function nameOfKind(type: number): string {
  return Object.entries(EventKind).find(([, code]) => code === type)?.[0] ?? `event ${type}`;
}
