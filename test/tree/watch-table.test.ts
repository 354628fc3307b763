import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { WatchMode, WatchTable } from '../../src/tree/watch-table.js';

const PATHS = ['/', '/a', '/a/b', '/a/b/c', '/ab', '/ü', '/ü/中'];
const MODES = [WatchMode.standard, WatchMode.persistent, WatchMode.recursive];
interface Someone {
  readonly id: number;
}

/** Path to watcher to modes, as plainly as it can be said. */
class NaiveTable {
  readonly entries = new Map<string, Map<Someone, number>>();

  private change(path: string, who: Someone, modes: number): void {
    const watchers = this.entries.get(path) ?? new Map<Someone, number>();
    this.entries.set(path, watchers);
    if (modes === 0) watchers.delete(who);
    else watchers.set(who, modes);
    if (watchers.size === 0) this.entries.delete(path);
  }

  modes(path: string, who: Someone): number {
    return this.entries.get(path)?.get(who) ?? 0;
  }

  add(path: string, who: Someone, mode: number): boolean {
    const had = this.modes(path, who);
    this.change(path, who, had | mode);
    return (had & mode) === 0;
  }

  remove(path: string, who: Someone, modes: number): boolean {
    const had = this.modes(path, who);
    this.change(path, who, had & ~modes);
    return (had & modes) !== 0;
  }

  removeWatcher(who: Someone): void {
    for (const path of PATHS) this.remove(path, who, 7);
  }

  trigger(path: string): Set<Someone> {
    const told = new Set<Someone>(this.entries.get(path)?.keys());
    for (const who of told) this.remove(path, who, WatchMode.standard);
    for (const [above, watchers] of this.entries) {
      const isAbove = above !== path && (above === '/' || path.startsWith(`${above}/`));
      if (!isAbove) continue;
      for (const [who, modes] of watchers) if ((modes & WatchMode.recursive) !== 0) told.add(who);
    }
    return told;
  }
}

describe('WatchTable', () => {
  it('agrees with a naive one', () => {
    const someones = Array.from({ length: 5 }, (_, id) => ({ id }));
    const step = fc.record({
      verb: fc.constantFrom('add', 'add', 'add', 'remove', 'removeAll', 'gone', 'trigger', 'trigger', 'sweep'),
      path: fc.constantFrom(...PATHS),
      who: fc.constantFrom(...someones),
      mode: fc.constantFrom(...MODES),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        // Who left has watches for some time yet, which nobody must see.
        const table = new WatchTable<Someone>(1);
        const naive = new NaiveTable();
        for (const { verb, path, who, mode } of steps) {
          if (verb === 'add') assert.equal(table.add(path, who, mode), naive.add(path, who, mode));
          if (verb === 'remove') assert.equal(table.remove(path, who, mode), naive.remove(path, who, mode));
          if (verb === 'removeAll') assert.equal(table.remove(path, who), naive.remove(path, who, 7));
          if (verb === 'gone') table.removeWatcher(who);
          if (verb === 'gone') naive.removeWatcher(who);
          if (verb === 'sweep') table.sweep();
          if (verb === 'trigger') {
            const told = table.trigger(path);
            assert.deepEqual(new Set(told ?? []), naive.trigger(path));
            assert.notEqual(told?.length, 0);
          }
        }
        const entries = [...naive.entries].flatMap(([path, watchers]) =>
          [...watchers.keys()].map((who) => [path, who] as const),
        );
        assert.equal(table.size, entries.length);
        assert.equal(table.watcherCount, new Set(entries.map(([, who]) => who)).size);
        for (const who of someones) {
          for (const path of PATHS) {
            for (const mode of MODES) assert.equal(table.has(path, who, mode), (naive.modes(path, who) & mode) !== 0);
          }
        }
        const listed = [...table.watchers()].flatMap(([who, paths]) => [...paths].map((path) => `${path} ${who.id}`));
        assert.deepEqual(listed.sort(), entries.map(([path, who]) => `${path} ${who.id}`).sort());
        const byPath = new Map([...table.watchedPaths()].map(([path, watchers]) => [path, new Set(watchers)]));
        assert.deepEqual(
          byPath,
          new Map([...naive.entries].map(([path, watchers]) => [path, new Set(watchers.keys())])),
        );
        while (table.sweep());
        assert.deepEqual([table.size, table.pathCount], [entries.length, naive.entries.size]);
      }),
      { numRuns: 500 },
    );
  });

  it('holds and lets go of many watches', () => {
    const table = new WatchTable<Someone>();
    const someones = Array.from({ length: 100 }, (_, id) => ({ id }));
    for (let i = 0; i < 20_000; i++)
      table.add(`/many/${i % 8999}`, someones[i % 100] ?? { id: -1 }, WatchMode.standard);
    assert.deepEqual([table.size, table.pathCount, table.watcherCount], [20_000, 8999, 100]);
    for (let i = 0; i < 4500; i++) table.trigger(`/many/${i}`);
    for (const who of someones) table.removeWatcher(who);
    while (table.sweep());
    assert.deepEqual([table.size, table.pathCount, table.watcherCount], [0, 0, 0]);
    assert.deepEqual([...table.watchedPaths()], []);
  });

  it('lets go of what one watcher had in pieces, while others come and go', () => {
    const table = new WatchTable<Someone>(1000);
    const [gone, stays, comes] = [{ id: 1 }, { id: 2 }, { id: 3 }];
    for (let i = 0; i < 5000; i++) table.add(`/many/${i}`, gone, WatchMode.persistent);
    table.add('/many', gone, WatchMode.recursive);
    table.add('/many/4999', stays, WatchMode.standard);
    assert.equal(table.removeWatcher(gone), true);
    assert.deepEqual([table.size, table.watcherCount], [1, 1]);
    assert.deepEqual(
      [...table.watchedPaths()].map(([path]) => path),
      ['/many/4999'],
    );
    assert.equal(table.add('/many/4998', comes, WatchMode.standard), true);
    assert.deepEqual(table.trigger('/many/4999'), [stays]);
    assert.deepEqual(table.trigger('/many/4998'), [comes]);
    assert.equal(table.trigger('/many/4997'), null);
    let turns = 1;
    while (table.sweep()) turns++;
    assert.deepEqual([turns, table.size, table.pathCount], [5, 0, 0]);
  });

  it('does no more of that in a turn when many leave at once', () => {
    const table = new WatchTable<Someone>(1000);
    const someones = Array.from({ length: 50 }, (_, id) => ({ id }));
    for (const who of someones)
      for (let i = 0; i < 100; i++) table.add(`/many/${who.id}/${i}`, who, WatchMode.standard);
    for (const who of someones) table.removeWatcher(who);
    assert.deepEqual([table.size, table.pathCount], [0, 4000]);
    let turns = 1;
    while (table.sweep()) turns++;
    assert.deepEqual([turns, table.pathCount], [4, 0]);
  });
});
