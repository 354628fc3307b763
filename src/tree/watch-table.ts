import { BlockStore } from './block-store.js';
import { HashIndex } from './hash-index.js';
import { PathKey } from './path-key.js';
import { RecordTable } from './record-table.js';

/** How a watch stays: bits, since one watcher may watch a path in several ways at once. */
export const WatchMode = { standard: 1, persistent: 2, recursive: 4 } as const;
const ANY_MODE = 7;

const NONE = -1;
/** About a millisecond's worth. */
const SWEPT_AT_ONCE = 2000;

/** Words of a watched path. Its bytes are in a block. */
const PathField = { block: 0, length: 1, hash: 2, firstWatch: 3 } as const;
const PATH_WORDS_BITS = 2;

/** Words of a watch: one path and one watcher, in a ring by path and a ring by watcher. */
const WatchField = {
  path: 0,
  watcher: 1,
  modes: 2,
  nextOfPath: 3,
  previousOfPath: 4,
  nextOfWatcher: 5,
  previousOfWatcher: 6,
};
const WATCH_WORDS_BITS = 3;

/** A watcher's own entry: its number, and any one of its watches. */
interface Registration<W> {
  readonly watcher: W;
  readonly id: number;
  firstWatch: number;
  count: number;
  /** The watcher left, and is told nothing; its watches go by and by. */
  hasLeft: boolean;
}

function pairHash(path: number, watcher: number): number {
  const h = Math.imul(path, 0x9e3779b1) ^ Math.imul(watcher, 0x85ebca77);
  return Math.imul(h ^ (h >>> 15), 0x2c1b3c6d) ^ (h >>> 12);
}

/**
 * Who watches which path, and how. Paths need not exist. Some 130 bytes for a watch on a path of its own, 50 for one more
 * watcher of a path, nearly all outside the JavaScript heap; each change costs the same however many other watches there
 * are.
 */
export class WatchTable<W extends object> {
  /** Pairs of a path and a watcher, those of watchers that left too. */
  private total = 0;
  /** Of `total`, those of watchers that left. */
  private deadCount = 0;
  /** Watchers that watch something now. */
  watcherCount = 0;
  private recursiveCount = 0;
  private readonly key = new PathKey();
  private readonly names = new BlockStore();
  private readonly paths = new RecordTable(PATH_WORDS_BITS);
  private readonly watches = new RecordTable(WATCH_WORDS_BITS);
  private readonly pathIndex = new HashIndex();
  private readonly pairIndex = new HashIndex();
  private readonly registrations = new Map<W, Registration<W>>();
  private readonly byId: (Registration<W> | undefined)[] = [];
  private readonly freeIds: number[] = [];
  private readonly leaving: Registration<W>[] = [];

  /** So many more may go before the next `sweep`, however many watchers leave until then. */
  private budget: number;

  /** So many watches of watchers that left go at a time. */
  constructor(private readonly sweptAtOnce = SWEPT_AT_ONCE) {
    this.budget = sweptAtOnce;
  }

  /** Pairs of a path and a watcher. */
  get size(): number {
    return this.total - this.deadCount;
  }

  get pathCount(): number {
    return this.paths.count;
  }

  /** Adds a mode; true when this watcher did not watch this path that way before. */
  add(path: string, watcher: W, mode: number): boolean {
    this.key.set(path);
    const pathId = this.findPath(this.key.end, this.key.hash);
    const registration = this.registrations.get(watcher) ?? this.register(watcher);
    const watch = pathId === NONE ? NONE : this.findPair(pathId, registration.id);
    if (watch === NONE) {
      this.newWatch(pathId === NONE ? this.newPath() : pathId, registration, mode);
    } else {
      const modes = this.watches.get(watch, WatchField.modes);
      if ((modes & mode) !== 0) return false;
      this.watches.put(watch, WatchField.modes, modes | mode);
    }
    if (mode === WatchMode.recursive) this.recursiveCount++;
    return true;
  }

  /** Does this watcher watch this path in (one of) these modes? */
  has(path: string, watcher: W, modes: number = ANY_MODE): boolean {
    const watch = this.find(path, watcher);
    return watch !== NONE && (this.watches.get(watch, WatchField.modes) & modes) !== 0;
  }

  /** Takes modes away; true when there was one of them. */
  remove(path: string, watcher: W, modes: number = ANY_MODE): boolean {
    const watch = this.find(path, watcher);
    if (watch === NONE || (this.watches.get(watch, WatchField.modes) & modes) === 0) return false;
    this.dropModes(watch, modes);
    return true;
  }

  /**
   * Forgets a watcher, which is remembered from its first watch until then: it is told nothing more. True when so many
   * watches are left that `sweep` has to be called, once a turn, until it says false.
   */
  removeWatcher(watcher: W): boolean {
    const registration = this.registrations.get(watcher);
    if (registration !== undefined) {
      this.registrations.delete(watcher);
      registration.hasLeft = true;
      this.deadCount += registration.count;
      if (registration.count > 0) this.watcherCount--;
      this.leaving.push(registration);
    }
    return this.spend();
  }

  /** Takes away some watches of watchers that left. True when there are more. */
  sweep(): boolean {
    this.budget = this.sweptAtOnce;
    return this.spend();
  }

  private spend(): boolean {
    for (let gone = this.leaving.at(-1); gone !== undefined; gone = this.leaving.at(-1)) {
      for (; gone.firstWatch !== NONE; this.budget--) {
        if (this.budget === 0) return true;
        this.dropModes(gone.firstWatch, ANY_MODE);
      }
      this.byId[gone.id] = undefined;
      this.freeIds.push(gone.id);
      this.leaving.pop();
    }
    return false;
  }

  /**
   * The watchers to be told of an event at `path`: all of the path itself, whose standard watches are used up by it, and
   * the recursive ones of the paths above. Each watcher once. Null when there is none.
   */
  trigger(path: string): W[] | null {
    if (this.total === 0) return null;
    this.key.set(path);
    let told: W[] | null = null;
    const pathId = this.findPath(this.key.end, this.key.hash);
    if (pathId !== NONE) told = this.takeWatchers(pathId);
    if (this.recursiveCount > 0) told = this.addRecursive(path, told);
    return told;
  }

  private takeWatchers(pathId: number): W[] | null {
    const told: W[] = [];
    let watch = this.paths.get(pathId, PathField.firstWatch);
    const last = this.watches.get(watch, WatchField.previousOfPath);
    for (;;) {
      const next = this.watches.get(watch, WatchField.nextOfPath);
      const { hasLeft, watcher } = this.registrationOf(watch);
      if (!hasLeft) told.push(watcher);
      const end = watch === last;
      this.dropModes(watch, WatchMode.standard);
      if (end) return told.length === 0 ? null : told;
      watch = next;
    }
  }

  private addRecursive(path: string, direct: W[] | null): W[] | null {
    const told = new Set(direct ?? []);
    for (let above = parentPath(path); above !== null; above = parentPath(above)) {
      this.key.set(above);
      const pathId = this.findPath(this.key.end, this.key.hash);
      if (pathId === NONE) continue;
      for (const watch of this.watchesOf(pathId)) {
        if ((this.watches.get(watch, WatchField.modes) & WatchMode.recursive) === 0) continue;
        const { hasLeft, watcher } = this.registrationOf(watch);
        if (!hasLeft) told.add(watcher);
      }
    }
    return told.size === 0 ? null : [...told];
  }

  // Reports

  /** Each watcher with the paths it watches. The paths must be read before the table changes. */
  *watchers(): Generator<readonly [W, Iterable<string>]> {
    for (const registration of this.registrations.values()) {
      if (registration.count > 0) yield [registration.watcher, this.pathsOf(registration)];
    }
  }

  /** Each watched path with its watchers. The watchers must be read before the table changes. */
  *watchedPaths(): Generator<readonly [string, Iterable<W>]> {
    for (let pathId = 0; pathId < this.paths.limit; pathId++) {
      if (this.paths.get(pathId, PathField.length) < 0 || this.isForsaken(pathId)) continue;
      yield [this.pathText(pathId), this.watchersOf(pathId)];
    }
  }

  private *pathsOf(registration: Registration<W>): Generator<string> {
    let watch = registration.firstWatch;
    for (let left = registration.count; left > 0; left--) {
      yield this.pathText(this.watches.get(watch, WatchField.path));
      watch = this.watches.get(watch, WatchField.nextOfWatcher);
    }
  }

  /** Have all left who watched it? */
  private isForsaken(pathId: number): boolean {
    return this.deadCount > 0 && this.watchersOf(pathId).next().done === true;
  }

  private *watchersOf(pathId: number): Generator<W> {
    for (const watch of this.watchesOf(pathId)) {
      const { hasLeft, watcher } = this.registrationOf(watch);
      if (!hasLeft) yield watcher;
    }
  }

  private *watchesOf(pathId: number): Generator<number> {
    const first = this.paths.get(pathId, PathField.firstWatch);
    let watch = first;
    do {
      yield watch;
      watch = this.watches.get(watch, WatchField.nextOfPath);
    } while (watch !== first);
  }

  private registrationOf(watch: number): Registration<W> {
    return this.byId[this.watches.get(watch, WatchField.watcher)] as Registration<W>;
  }

  private pathText(pathId: number): string {
    const handle = this.paths.get(pathId, PathField.block);
    const at = this.names.offset(handle);
    return this.names.bytes(handle).toString('utf8', at, at + this.paths.get(pathId, PathField.length));
  }

  // Finding

  private find(path: string, watcher: W): number {
    const registration = this.registrations.get(watcher);
    if (registration === undefined) return NONE;
    this.key.set(path);
    const pathId = this.findPath(this.key.end, this.key.hash);
    return pathId === NONE ? NONE : this.findPair(pathId, registration.id);
  }

  private findPath(length: number, hash: number): number {
    for (let id = this.pathIndex.first(hash); id !== -1; id = this.pathIndex.next()) {
      if (this.paths.get(id, PathField.length) === length && this.isPath(id, length)) return id;
    }
    return NONE;
  }

  private isPath(pathId: number, length: number): boolean {
    const handle = this.paths.get(pathId, PathField.block);
    const bytes = this.names.bytes(handle);
    const at = this.names.offset(handle);
    for (let i = 0; i < length; i++) if (bytes[at + i] !== this.key.bytes[i]) return false;
    return true;
  }

  private findPair(pathId: number, watcherId: number): number {
    const hash = pairHash(pathId, watcherId);
    for (let watch = this.pairIndex.first(hash); watch !== -1; watch = this.pairIndex.next()) {
      const page = this.watches.page(watch);
      const base = this.watches.base(watch);
      if (page[base + WatchField.path] === pathId && page[base + WatchField.watcher] === watcherId) return watch;
    }
    return NONE;
  }

  // Adding and removing

  private register(watcher: W): Registration<W> {
    const id = this.freeIds.pop() ?? this.byId.length;
    const registration: Registration<W> = { watcher, id, firstWatch: NONE, count: 0, hasLeft: false };
    this.byId[id] = registration;
    this.registrations.set(watcher, registration);
    return registration;
  }

  private newPath(): number {
    const { bytes, end, hash } = this.key;
    const id = this.paths.allocate();
    const handle = this.names.allocate(end);
    const target = this.names.bytes(handle);
    const at = this.names.offset(handle);
    for (let i = 0; i < end; i++) target[at + i] = bytes[i] as number;
    this.paths.put(id, PathField.block, handle);
    this.paths.put(id, PathField.length, end);
    this.paths.put(id, PathField.hash, hash);
    this.paths.put(id, PathField.firstWatch, NONE);
    this.pathIndex.add(hash, id);
    return id;
  }

  private newWatch(pathId: number, registration: Registration<W>, mode: number): void {
    const watch = this.watches.allocate();
    this.watches.put(watch, WatchField.path, pathId);
    this.watches.put(watch, WatchField.watcher, registration.id);
    this.watches.put(watch, WatchField.modes, mode);
    const firstOfPath = this.paths.get(pathId, PathField.firstWatch);
    this.enter(watch, firstOfPath, WatchField.nextOfPath, WatchField.previousOfPath);
    if (firstOfPath === NONE) this.paths.put(pathId, PathField.firstWatch, watch);
    this.enter(watch, registration.firstWatch, WatchField.nextOfWatcher, WatchField.previousOfWatcher);
    if (registration.firstWatch === NONE) registration.firstWatch = watch;
    if (registration.count++ === 0) this.watcherCount++;
    this.pairIndex.add(pairHash(pathId, registration.id), watch);
    this.total++;
  }

  /** Takes modes from a watch, and removes it when none is left. */
  private dropModes(watch: number, modes: number): void {
    const before = this.watches.get(watch, WatchField.modes);
    const after = before & ~modes;
    if ((before & ~after & WatchMode.recursive) !== 0) this.recursiveCount--;
    if (after !== 0) {
      this.watches.put(watch, WatchField.modes, after);
      return;
    }
    const pathId = this.watches.get(watch, WatchField.path);
    const registration = this.registrationOf(watch);
    const nextOfPath = this.leave(watch, WatchField.nextOfPath, WatchField.previousOfPath);
    if (nextOfPath === NONE) this.freePath(pathId);
    else if (this.paths.get(pathId, PathField.firstWatch) === watch)
      this.paths.put(pathId, PathField.firstWatch, nextOfPath);
    const nextOfWatcher = this.leave(watch, WatchField.nextOfWatcher, WatchField.previousOfWatcher);
    if (registration.firstWatch === watch) registration.firstWatch = nextOfWatcher;
    registration.count--;
    if (registration.hasLeft) this.deadCount--;
    else if (registration.count === 0) this.watcherCount--;
    this.pairIndex.remove(pairHash(pathId, registration.id), watch);
    this.watches.free(watch);
    this.total--;
  }

  private freePath(pathId: number): void {
    this.pathIndex.remove(this.paths.get(pathId, PathField.hash), pathId);
    this.names.free(this.paths.get(pathId, PathField.block));
    this.paths.put(pathId, PathField.length, -1);
    this.paths.free(pathId);
  }

  /** Puts a watch at the end of the ring that `first` heads; alone when there is none. */
  private enter(watch: number, first: number, next: number, previous: number): void {
    const after = first === NONE ? watch : first;
    const before = first === NONE ? watch : this.watches.get(first, previous);
    this.watches.put(watch, next, after);
    this.watches.put(watch, previous, before);
    this.watches.put(before, next, watch);
    this.watches.put(after, previous, watch);
  }

  /** Takes a watch out of a ring; returns the one behind it, NONE when it was alone. */
  private leave(watch: number, next: number, previous: number): number {
    const after = this.watches.get(watch, next);
    if (after === watch) return NONE;
    const before = this.watches.get(watch, previous);
    this.watches.put(before, next, after);
    this.watches.put(after, previous, before);
    return after;
  }
}

function parentPath(path: string): string | null {
  if (path.length <= 1) return null;
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}
