import type { Acl } from '../protocol/index.js';
import { AddWatchMode, EventType, WatcherType } from '../protocol/index.js';
import { WatchMode, WatchTable } from './watch-table.js';

export interface WatchEvent {
  /** One of `EventType`. */
  readonly type: number;
  readonly path: string;
  /** Of the transaction behind the event, for the notification's header; -1 in events that setWatches makes up. */
  readonly zxid: number;
}

/** One who watches: a client connection. Known by identity. */
export interface Watcher {
  /**
   * One event object is given to all who are told of it. `acl` is that of the node in question: who may not read it must
   * not be told (CVE-2024-23944); null: anyone may. It is called after the tables changed, so it may change them.
   */
  process(event: WatchEvent, acl: readonly Acl[] | null): void;
}

/** What a reconnecting client had (setWatches has the first three lists, setWatches2 all). */
export interface WatchLists {
  readonly data: readonly string[];
  readonly exist: readonly string[];
  readonly child: readonly string[];
  readonly persistent: readonly string[];
  readonly persistentRecursive: readonly string[];
}

/** What setWatches must know of a node; null when there is none. */
export type NodeTimes = (path: string) => { readonly mzxid: number; readonly pzxid: number } | null;

export interface WatchSummary {
  readonly connections: number;
  readonly paths: number;
  readonly watches: number;
}

/**
 * The watches of a tree: one table for data and existence, one for children. A persistent watch is in both; a recursive
 * one is in the data table only and so never hears of changed children, but of each created, changed or deleted node.
 */
export class Watches {
  readonly data = new WatchTable<Watcher>();
  readonly child = new WatchTable<Watcher>();
  /** Told how many watchers heard of an event, for `node_created_watch_count` and its like. */
  onFired: ((type: number, watchers: number) => void) | null = null;

  get count(): number {
    return this.data.size + this.child.size;
  }

  /** The figures of `wchs`: of the data table alone, as ZooKeeper counts them. */
  get summary(): WatchSummary {
    return { connections: this.data.watcherCount, paths: this.data.pathCount, watches: this.data.size };
  }

  /** A one-shot watch of getData or exists. */
  addData(path: string, watcher: Watcher): void {
    this.data.add(path, watcher, WatchMode.standard);
  }

  /** A one-shot watch of getChildren. */
  addChild(path: string, watcher: Watcher): void {
    this.child.add(path, watcher, WatchMode.standard);
  }

  /** `mode`: one of `AddWatchMode`. */
  addLasting(path: string, mode: number, watcher: Watcher): void {
    if (mode === AddWatchMode.persistentRecursive) {
      this.data.add(path, watcher, WatchMode.recursive);
      return;
    }
    this.data.add(path, watcher, WatchMode.persistent);
    this.child.add(path, watcher, WatchMode.persistent);
  }

  /** `type`: one of `WatcherType`; others find nothing. */
  contains(path: string, type: number, watcher: Watcher): boolean {
    switch (type) {
      case WatcherType.children:
        return this.child.has(path, watcher, WatchMode.standard);
      case WatcherType.data:
        return this.data.has(path, watcher, WatchMode.standard);
      case WatcherType.persistent:
        return this.data.has(path, watcher, WatchMode.persistent);
      case WatcherType.persistentRecursive:
        return this.data.has(path, watcher, WatchMode.recursive);
      case WatcherType.any:
        return this.child.has(path, watcher) || this.data.has(path, watcher);
      default:
        return false;
    }
  }

  /** `type`: one of `WatcherType`. True when there was such a watch (else the client is told NoWatcher). */
  remove(path: string, type: number, watcher: Watcher): boolean {
    switch (type) {
      case WatcherType.children:
        return this.child.remove(path, watcher, WatchMode.standard);
      case WatcherType.data:
        return this.data.remove(path, watcher, WatchMode.standard);
      case WatcherType.persistentRecursive:
        return this.data.remove(path, watcher, WatchMode.recursive);
      case WatcherType.persistent: {
        const child = this.child.remove(path, watcher, WatchMode.persistent);
        return this.data.remove(path, watcher, WatchMode.persistent) || child;
      }
      case WatcherType.any: {
        const child = this.child.remove(path, watcher);
        return this.data.remove(path, watcher) || child;
      }
      default:
        return false;
    }
  }

  /** The connection is gone. True when `sweep` has to be called, once a turn, until it says false. */
  removeWatcher(watcher: Watcher): boolean {
    const [data, child] = [this.data.removeWatcher(watcher), this.child.removeWatcher(watcher)];
    return data || child;
  }

  /** Takes away some of what watchers that left have left behind. True when there is more. */
  sweep(): boolean {
    return this.data.sweep() || this.child.sweep();
  }

  /**
   * Sets a reconnected client's watches again; where something happened after `relativeZxid`, the last it saw, it is told
   * at once instead.
   */
  reset(relativeZxid: number, lists: WatchLists, watcher: Watcher, timesOf: NodeTimes): void {
    const tell = (type: number, path: string) => watcher.process({ type, path, zxid: -1 }, null);
    for (const path of lists.data) {
      const times = timesOf(path);
      if (times === null) tell(EventType.deleted, path);
      else if (times.mzxid > relativeZxid) tell(EventType.dataChanged, path);
      else this.addData(path, watcher);
    }
    for (const path of lists.exist) {
      if (timesOf(path) !== null) tell(EventType.created, path);
      else this.addData(path, watcher);
    }
    for (const path of lists.child) {
      const times = timesOf(path);
      if (times === null) tell(EventType.deleted, path);
      else if (times.pzxid > relativeZxid) tell(EventType.childrenChanged, path);
      else this.addChild(path, watcher);
    }
    for (const path of lists.persistent) this.addLasting(path, AddWatchMode.persistent, watcher);
    for (const path of lists.persistentRecursive) this.addLasting(path, AddWatchMode.persistentRecursive, watcher);
  }

  // Firing, in ZooKeeper's order: the node's own watches before its parent's.

  fireCreated(path: string, zxid: number, acl: readonly Acl[] | null, parentAcl: readonly Acl[]): void {
    this.fire(this.data, EventType.created, path, zxid, acl, null);
    this.fireChildrenChanged(path, zxid, parentAcl);
  }

  fireDataChanged(path: string, zxid: number, acl: readonly Acl[]): void {
    this.fire(this.data, EventType.dataChanged, path, zxid, acl, null);
  }

  /** Who watches both data and children of the node is told once. */
  fireDeleted(path: string, zxid: number, acl: readonly Acl[], parentAcl: readonly Acl[]): void {
    const told = this.fire(this.data, EventType.deleted, path, zxid, acl, null);
    this.fire(this.child, EventType.deleted, path, zxid, acl, told);
    this.fireChildrenChanged(path, zxid, parentAcl);
  }

  private fireChildrenChanged(path: string, zxid: number, parentAcl: readonly Acl[]): void {
    if (this.child.size === 0) return;
    const parent = path.slice(0, path.lastIndexOf('/'));
    this.fire(this.child, EventType.childrenChanged, parent === '' ? '/' : parent, zxid, parentAcl, null);
  }

  private fire(
    table: WatchTable<Watcher>,
    type: number,
    path: string,
    zxid: number,
    acl: readonly Acl[] | null,
    alreadyTold: Watcher[] | null,
  ): Watcher[] | null {
    const watchers = table.trigger(path);
    if (watchers === null) return null;
    const event: WatchEvent = { type, path, zxid };
    const skip = alreadyTold === null ? null : new Set(alreadyTold);
    for (const watcher of watchers) if (skip?.has(watcher) !== true) watcher.process(event, acl);
    this.onFired?.(type, watchers.length);
    return watchers;
  }
}
