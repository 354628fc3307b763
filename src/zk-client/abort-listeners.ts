/** Those who listen to one signal. */
interface Crowd {
  readonly callbacks: Set<() => void>;
  readonly hear: () => void;
}

const crowds = new WeakMap<AbortSignal, Crowd>();

/**
 * Calls `callback` when the signal is aborted, until what is answered is called. A signal has one listener however many calls
 * share it: thousands may be under way, and Node warns of more than ten.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const crowd = crowds.get(signal) ?? makeCrowd(signal);
  crowd.callbacks.add(callback);
  return () => {
    crowd.callbacks.delete(callback);
    if (crowd.callbacks.size > 0) return;
    signal.removeEventListener('abort', crowd.hear);
    crowds.delete(signal);
  };
}

function makeCrowd(signal: AbortSignal): Crowd {
  const callbacks = new Set<() => void>();
  const hear = (): void => {
    for (const callback of [...callbacks]) callback();
  };
  const crowd = { callbacks, hear };
  signal.addEventListener('abort', hear);
  crowds.set(signal, crowd);
  return crowd;
}
