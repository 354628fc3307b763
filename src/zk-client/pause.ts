import type { Clock } from '../host/index.js';

/** Resolves after `delayMs`, or at once when `signal` is aborted; no timer is left behind. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const over = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', over);
      resolve();
    };
    const timer = clock.after(delayMs, over);
    signal.addEventListener('abort', over);
  });
}
