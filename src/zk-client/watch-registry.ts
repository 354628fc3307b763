import { EventType, type SetWatchesRequest, type WatcherEvent } from '../protocol/index.js';

export type WatchEventType =
  | 'created'
  | 'deleted'
  | 'dataChanged'
  | 'childrenChanged'
  /** This client removed the watch. */
  | 'dataWatchRemoved'
  | 'childWatchRemoved'
  | 'persistentWatchRemoved'
  /** The session is over, and no event will come any more. */
  | 'sessionEnded';

export interface WatchEvent {
  readonly type: WatchEventType;
  /** Without the chroot; empty for `sessionEnded`. */
  readonly path: string;
  /** Of the change, from servers of 3.9; else -1. */
  readonly zxid: number;
}

/** A function counts once a path and kind, however often it was given. */
export type Watcher = (event: WatchEvent) => void;

/** Kinds of watch, as the client keeps them. `exist` waits for a node that is not there. */
export type WatchKind = 'data' | 'exist' | 'child' | 'persistent' | 'persistentRecursive';
export type RemovableKind = 'children' | 'data' | 'persistent' | 'persistentRecursive' | 'any';

type Watchers = Map<string, Set<Watcher>>;

const KINDS_OF: Readonly<Record<RemovableKind, readonly WatchKind[]>> = {
  children: ['child'],
  data: ['data', 'exist'],
  persistent: ['persistent'],
  persistentRecursive: ['persistentRecursive'],
  any: ['child', 'data', 'exist', 'persistent', 'persistentRecursive'],
};

const REMOVED: Readonly<Record<WatchKind, WatchEventType>> = {
  data: 'dataWatchRemoved',
  exist: 'dataWatchRemoved',
  child: 'childWatchRemoved',
  persistent: 'persistentWatchRemoved',
  persistentRecursive: 'persistentWatchRemoved',
};

/** Lists of one setWatches stay below this, as in ZooKeeper's clients: a larger request would be refused. */
const SET_WATCHES_BYTES = 128 * 1024;
const PATH_OVERHEAD_BYTES = 4;

/** Who watches what, by the server's paths: what is told when an event comes, and what a new connection is told anew. */
export class WatchRegistry {
  private readonly kinds: Readonly<Record<WatchKind, Watchers>> = {
    data: new Map(),
    exist: new Map(),
    child: new Map(),
    persistent: new Map(),
    persistentRecursive: new Map(),
  };

  add(kind: WatchKind, path: string, watcher: Watcher): void {
    const watchers = this.kinds[kind].get(path);
    if (watchers === undefined) this.kinds[kind].set(path, new Set([watcher]));
    else watchers.add(watcher);
  }

  /** Null: anybody. */
  has(path: string, removable: RemovableKind, watcher: Watcher | null): boolean {
    return KINDS_OF[removable].some((kind) => {
      const watchers = this.kinds[kind].get(path);
      return watchers !== undefined && (watcher === null || watchers.has(watcher));
    });
  }

  /** Does anybody else watch so? Then the server's watch has to stay. */
  hasOthers(path: string, removable: RemovableKind, watcher: Watcher): boolean {
    return KINDS_OF[removable].some((kind) =>
      [...(this.kinds[kind].get(path) ?? [])].some((other) => other !== watcher),
    );
  }

  /** Takes watches away; who watched, and what each is told. */
  remove(path: string, removable: RemovableKind, watcher: Watcher | null): Map<WatchEventType, Set<Watcher>> {
    const removed = new Map<WatchEventType, Set<Watcher>>();
    for (const kind of KINDS_OF[removable]) {
      const watchers = this.kinds[kind].get(path);
      if (watchers === undefined) continue;
      const going = watcher === null ? [...watchers] : [...watchers].filter((one) => one === watcher);
      for (const one of going) {
        watchers.delete(one);
        const told = removed.get(REMOVED[kind]) ?? new Set();
        removed.set(REMOVED[kind], told.add(one));
      }
      if (watchers.size === 0) this.kinds[kind].delete(path);
    }
    return removed;
  }

  /** Who is told of a server's event; watches that fire once are gone afterwards. */
  fire(event: WatcherEvent): Set<Watcher> {
    const told = new Set<Watcher>();
    const take = (kind: WatchKind): void => {
      for (const one of this.kinds[kind].get(event.path) ?? []) told.add(one);
      this.kinds[kind].delete(event.path);
    };
    const isOfChildren = event.type === EventType.childrenChanged;
    if (!isOfChildren) {
      take('data');
      take('exist');
    }
    if (isOfChildren || event.type === EventType.deleted) take('child');
    for (const one of this.kinds.persistent.get(event.path) ?? []) told.add(one);
    // A recursive watch promises no events of children, but a plain child watch below it brings them to this connection.
    if (!isOfChildren) this.addRecursive(event.path, told);
    return told;
  }

  private addRecursive(path: string, told: Set<Watcher>): void {
    const recursive = this.kinds.persistentRecursive;
    if (recursive.size === 0) return;
    for (let at = path; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
      for (const one of recursive.get(at) ?? []) told.add(one);
    }
    for (const one of recursive.get('/') ?? []) told.add(one);
  }

  /** Everybody; afterwards nobody watches. */
  clear(): Set<Watcher> {
    const all = new Set<Watcher>();
    for (const watchers of Object.values(this.kinds)) {
      for (const some of watchers.values()) for (const one of some) all.add(one);
      watchers.clear();
    }
    return all;
  }

  /** What a new connection has to be told, in requests of a bounded size. */
  *setWatches(relativeZxid: number): Generator<SetWatchesRequest> {
    let chunk = emptyRequest(relativeZxid);
    let size = 0;
    for (const kind of KINDS_OF.any) {
      for (const path of this.kinds[kind].keys()) {
        const bytes = Buffer.byteLength(path) + PATH_OVERHEAD_BYTES;
        if (size > 0 && size + bytes > SET_WATCHES_BYTES) {
          yield chunk;
          chunk = emptyRequest(relativeZxid);
          size = 0;
        }
        chunk[kind].push(path);
        size += bytes;
      }
    }
    if (size > 0) yield chunk;
  }
}

type Chunk = { readonly relativeZxid: number } & Readonly<Record<WatchKind, string[]>>;

function emptyRequest(relativeZxid: number): Chunk {
  return { relativeZxid, data: [], exist: [], child: [], persistent: [], persistentRecursive: [] };
}
