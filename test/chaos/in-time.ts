import { setTimeout as delay } from 'node:timers/promises';

/** What `promise` gives; fails with `what` when that takes longer. The promise goes on. */
export async function inTime<T>(what: string, limitMs: number, promise: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = delay(limitMs, undefined, { signal: over.signal }).then(() => {
    throw new Error(`${what}: not within ${limitMs} ms`);
  });
  late.catch(() => undefined);
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    over.abort();
  }
}
