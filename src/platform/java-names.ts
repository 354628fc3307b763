import { readFileSync } from 'node:fs';
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import type { AddFamily, Sample } from './exposition.js';

/**
 * Metrics of the Java machine that Node has a counterpart of, under the names of Prometheus' Java client, so that dashboards
 * and alerts made for ZooKeeper go on. The same figures have their Node names beside them (`nodejs_*`, `process_*`).
 */
export function registerJavaNames(add: AddFamily): void {
  registerMemory(add);
  registerThreads(add);
  const collections = watchCollections();
  add('jvm_gc_collection_seconds', 'summary', function* () {
    for (const [gc, { count, seconds }] of collections) {
      yield { name: 'jvm_gc_collection_seconds_count', labels: { gc }, value: count };
      yield { name: 'jvm_gc_collection_seconds_sum', labels: { gc }, value: seconds };
    }
  });
  const { v8 } = process.versions;
  add('jvm_info', 'gauge', () => [{ labels: { runtime: 'Node.js', vendor: 'V8', version: v8 }, value: 1 }]);
}

/** No limit, as Java says it. */
const UNLIMITED = -1;

function registerMemory(add: AddFamily): void {
  const areas = (heap: () => number, nonheap: () => number) => (): Sample[] => [
    { labels: { area: 'heap' }, value: heap() },
    { labels: { area: 'nonheap' }, value: nonheap() },
  ];
  const { memoryUsage } = process;
  add(
    'jvm_memory_bytes_used',
    'gauge',
    areas(
      () => memoryUsage().heapUsed,
      () => memoryUsage().external,
    ),
  );
  add(
    'jvm_memory_bytes_committed',
    'gauge',
    areas(
      () => memoryUsage().heapTotal,
      () => memoryUsage().external,
    ),
  );
  add(
    'jvm_memory_bytes_max',
    'gauge',
    areas(
      () => getHeapStatistics().heap_size_limit,
      () => UNLIMITED,
    ),
  );
  const pools = (field: 'space_used_size' | 'space_size') => (): Sample[] =>
    getHeapSpaceStatistics().map((space) => ({ labels: { pool: space.space_name }, value: space[field] }));
  add('jvm_memory_pool_bytes_used', 'gauge', pools('space_used_size'));
  add('jvm_memory_pool_bytes_committed', 'gauge', pools('space_size'));
  const direct = (): Sample[] => [{ labels: { pool: 'direct' }, value: memoryUsage().arrayBuffers }];
  add('jvm_buffer_pool_used_bytes', 'gauge', direct);
  add('jvm_buffer_pool_capacity_bytes', 'gauge', direct);
}

function registerThreads(add: AddFamily): void {
  let peak = 0;
  const current = (): number => {
    const threads = threadCount();
    peak = Math.max(peak, threads);
    return threads;
  };
  const one = (read: () => number) => (): Sample[] => [{ labels: {}, value: read() }];
  add('jvm_threads_current', 'gauge', one(current));
  add(
    'jvm_threads_peak',
    'gauge',
    one(() => Math.max(peak, current())),
  );
  // All but the one that runs JavaScript end with it.
  add(
    'jvm_threads_daemon',
    'gauge',
    one(() => current() - 1),
  );
  add(
    'jvm_threads_deadlocked',
    'gauge',
    one(() => 0),
  );
  add(
    'jvm_threads_deadlocked_monitor',
    'gauge',
    one(() => 0),
  );
}

function threadCount(): number {
  try {
    return Number(/^Threads:\s+(\d+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? 1);
  } catch {
    return 1;
  }
}

const KINDS: ReadonlyMap<number, string> = new Map([
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
]);

interface Collections {
  count: number;
  seconds: number;
}

/** What Node tells of one; its types leave the kind out. */
interface CollectionEntry {
  readonly detail: { readonly kind: number };
  /** Milliseconds. */
  readonly duration: number;
}

/** Counts garbage collections from now on, by kind. */
function watchCollections(): ReadonlyMap<string, Collections> {
  const byKind = new Map<string, Collections>();
  for (const kind of KINDS.values()) byKind.set(kind, { count: 0, seconds: 0 });
  const observer = new PerformanceObserver((list) => {
    for (const { detail, duration } of list.getEntries() as unknown as readonly CollectionEntry[]) {
      const collections = byKind.get(KINDS.get(detail.kind) ?? '');
      if (collections === undefined) continue;
      collections.count++;
      collections.seconds += duration / 1000;
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return byKind;
}
