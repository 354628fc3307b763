/**
 * Disk operations of this process that are under way on Node's threads. While one hangs the process cannot end by itself:
 * `process.exit` waits for its threads.
 */
const startedMs = new Map<object, number>();

/** The promise of a disk operation, remembered until it settles. */
export async function tracked<T>(operation: Promise<T>): Promise<T> {
  const token = {};
  startedMs.set(token, performance.now());
  try {
    return await operation;
  } finally {
    startedMs.delete(token);
  }
}

/** How long the oldest operation has been under way; 0 when none is. */
export function oldestOperationMs(): number {
  // A map keeps its order: the first one is the oldest.
  for (const started of startedMs.values()) return performance.now() - started;
  return 0;
}
