import { Worker } from 'node:worker_threads';
import { IS_SOURCE } from '../support/own-program.js';
import type { FuzzResult } from './fuzzer.js';
import type { WorkerTask } from './worker.js';

const WORKER = IS_SOURCE ? new URL('worker.mjs', import.meta.url) : new URL('worker.js', import.meta.url);

const HANG_MS = 15_000;
/** So long a thread may load its decoder, on a machine that has much else to do. */
const START_MS = 60_000;
const INPUT_BYTES = 64 * 1024;
const HEAP_MB = 512;

export interface WatchOptions {
  /** No input takes longer than this, or it never ends. */
  readonly hangMs?: number;
  /** See `FuzzOptions`. */
  readonly leastInputs?: number;
}

/** Fuzzes in a thread of its own, so that inputs that never end, or take all memory, are found, too. */
export async function fuzzWatched(
  target: string,
  seed: number,
  limitMs: number,
  { hangMs = HANG_MS, leastInputs = 0 }: WatchOptions = {},
): Promise<FuzzResult> {
  const task: WorkerTask = {
    ...{ target, seed, limitMs, leastInputs },
    progress: new Int32Array(new SharedArrayBuffer(8)),
    input: new Uint8Array(new SharedArrayBuffer(INPUT_BYTES)),
  };
  const worker = new Worker(WORKER, {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  const failed = (text: string): FuzzResult => {
    const inputHex = Buffer.from(task.input.subarray(0, task.progress[1])).toString('hex');
    return { inputs: task.progress[0] ?? 0, corpus: 0, characters: 0, finding: { text, inputHex } };
  };
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<FuzzResult>((resolve) => {
      let before = -1;
      const beganMs = performance.now();
      timer = setInterval(() => {
        const now = Atomics.load(task.progress, 0);
        const isStarting = now === 0 && performance.now() - beganMs < START_MS;
        if (now === before && !isStarting) resolve(failed(`no end within ${hangMs} ms`));
        before = now;
      }, hangMs);
      worker.once('message', resolve);
      worker.once('error', (error: Error) => resolve(failed(error.stack ?? error.message)));
      worker.once('exit', (code) => resolve(failed(`the thread ended with ${code}`)));
    });
  } finally {
    clearInterval(timer);
    await worker.terminate();
  }
}
