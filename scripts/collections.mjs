// The pauses that garbage collectors say they made, in what a server printed: ours with --trace-gc, Java with -Xlog:gc,safepoint.
/** Options of node for ours, options of java for Apache ZooKeeper, that make them print it. */
export const TRACE_OURS = '--trace-gc';
export const TRACE_JAVA = '-Xlog:gc,safepoint';

/** Each with the milliseconds since the process began, and the milliseconds of the pause. */
const LINES = [
  // [123:0x5f]     1096 ms: Scavenge 16.0 (21.7) -> 13.9 (21.7) MB, 1.67 / 0.00 ms
  { kind: 'collection', pattern: /^\[\d+:\w+\]\s+(\d+) ms: .*MB, ([\d.]+) \/ [\d.]+\s+ms/, unitMs: 1, pauseMs: 1 },
  // [4.385s][info][gc       ] GC(4) Pause Young (Normal) (G1 Evacuation Pause) 127M->10M(380M) 79.253ms
  { kind: 'collection', pattern: /^\[([\d.]+)s\].*GC\(\d+\) Pause .* ([\d.]+)ms$/, unitMs: 1000, pauseMs: 1 },
  // [4.385s][info][safepoint] Safepoint "Cleanup", ..., Total: 11261941 ns
  { kind: 'safepoint', pattern: /^\[([\d.]+)s\].*Safepoint .*Total: (\d+) ns/, unitMs: 1000, pauseMs: 1e-6 },
];

/** `kind`: `collection`, or `safepoint` (all threads of Java stand, for a collection or something else). */
export function pausesIn(text) {
  return text.split('\n').flatMap((line) => {
    for (const { kind, pattern, unitMs, pauseMs } of LINES) {
      const found = pattern.exec(line);
      if (found !== null) return [{ kind, atMs: Number(found[1]) * unitMs, pauseMs: Number(found[2]) * pauseMs }];
    }
    return [];
  });
}

/** How many there were between two times, and the longest. */
export function between(pauses, kind, fromMs, toMs) {
  const found = pauses.filter((one) => one.kind === kind && one.atMs >= fromMs && one.atMs <= toMs);
  return { count: found.length, longestMs: found.reduce((most, { pauseMs }) => Math.max(most, pauseMs), 0) };
}
