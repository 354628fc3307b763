// What scripts/pauses-outside.mjs takes for pauses of a garbage collector.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

interface Pause {
  readonly kind: string;
  readonly atMs: number;
  readonly pauseMs: number;
}

interface Collections {
  readonly pausesIn: (text: string) => readonly Pause[];
  readonly between: (
    pauses: readonly Pause[],
    kind: string,
    fromMs: number,
    toMs: number,
  ) => { readonly count: number; readonly longestMs: number };
}

const MODULE = new URL('../../scripts/collections.mjs', import.meta.url).href;
const PRINTED = `[14210:0xbc68f00]     1096 ms: Scavenge 16.0 (21.7) -> 13.9 (21.7) MB, 1.67 / 0.00 ms  (average mu = 1.000, current mu = 1.000) task;
[14210:0xbc68f00]     1248 ms: Mark-Compact 22.5 (30.7) -> 13.2 (21.7) MB, 5.05 / 0.02 ms  (+ 9.1 ms in 12 steps since start of marking) (average mu = 1.000, current mu = 1.000) finalize;
a line of the log, 5 ms
[4.385s][info][gc       ] GC(4) Pause Young (Normal) (G1 Evacuation Pause) 127M->10M(380M) 79.253ms
[4.385s][info][safepoint] Safepoint "G1CollectForAllocation", Time since last: 345179132 ns, Reaching safepoint: 7023 ns, Cleanup: 81765 ns, At safepoint: 79391393 ns, Total: 79480181 ns
[5.101s][info][gc       ] GC(5) Concurrent Mark Cycle 10.000ms`;

describe('collections.mjs', () => {
  it('reads the pauses that the collectors of V8 and of Java print', async () => {
    const { pausesIn } = (await import(MODULE)) as Collections;
    assert.deepEqual(pausesIn(PRINTED), [
      { kind: 'collection', atMs: 1096, pauseMs: 1.67 },
      { kind: 'collection', atMs: 1248, pauseMs: 5.05 },
      { kind: 'collection', atMs: 4385, pauseMs: 79.253 },
      { kind: 'safepoint', atMs: 4385, pauseMs: 79480181 * 1e-6 },
    ]);
  });

  it('counts those of one kind between two times', async () => {
    const { between, pausesIn } = (await import(MODULE)) as Collections;
    const pauses = pausesIn(PRINTED);
    assert.deepEqual(between(pauses, 'collection', 1100, 5000), { count: 2, longestMs: 79.253 });
    assert.deepEqual(between(pauses, 'collection', 2000, 3000), { count: 0, longestMs: 0 });
  });
});
