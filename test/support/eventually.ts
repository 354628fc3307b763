import { setTimeout as delay } from 'node:timers/promises';

/**
 * Asks again until `probe` gives something other than undefined or false: for facts of other processes that cannot be
 * awaited as an event. Fails with `what` after `timeoutMs`.
 */
export async function eventually<T>(
  what: string,
  timeoutMs: number,
  probe: () => Promise<T | undefined | false>,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await delay(20);
  }
}
