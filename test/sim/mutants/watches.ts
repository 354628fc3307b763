import { ClientSession } from '../../../src/client/client-session.js';
import type { WatchTable } from '../../../src/tree/watch-table.js';
import { Watches } from '../../../src/tree/index.js';
import { field, type Mutant, mutant } from './mutant.js';

interface Clocked {
  readonly clock: { after(delayMs: number, fn: () => void): unknown };
}

export const WATCH_MUTANTS: readonly Mutant[] = [
  mutant('watch late', 'an event goes before the data', ClientSession.prototype, 'process', (original) => {
    return function (this: object, ...args: unknown[]) {
      (field(this, 'hub') as Clocked).clock.after(25, () => Reflect.apply(original, this, args));
    };
  }),
  mutant('watch twice', 'a watch fires once', ClientSession.prototype, 'process', (original) => {
    return function (this: object, ...args: unknown[]) {
      Reflect.apply(original, this, args);
      Reflect.apply(original, this, args);
    };
  }),
  mutant('watch lost', 'a watch fires', ClientSession.prototype, 'process', (original) => {
    let count = 0;
    return function (this: object, ...args: unknown[]) {
      if (++count % 10 !== 0) Reflect.apply(original, this, args);
    };
  }),
  mutant('watches stay', 'a watch fires once', Watches.prototype, 'addData', () => {
    return function (this: object, path: unknown, watcher: unknown) {
      (field(this, 'data') as WatchTable<object>).add(String(path), watcher as object, 2);
    };
  }),
  mutant(
    'setWatches without catching up',
    'what was missed is told when watches are set again',
    Watches.prototype,
    'reset',
    (original) => {
      return function (this: object, _zxid: unknown, ...rest: unknown[]) {
        return Reflect.apply(original, this, [Number.MAX_SAFE_INTEGER, ...rest]);
      };
    },
  ),
  mutant(
    'deleted parents are not told',
    'children watches hear of the end of their node',
    Watches.prototype,
    'fireChildrenChanged',
    () => {
      return () => undefined;
    },
  ),
];
