import { parentPort, workerData } from 'node:worker_threads';
import { watchAllocations } from './allocations.js';
import { Coverage } from './coverage.js';
import { fuzz } from './fuzzer.js';
import { targetNamed } from './targets/index.js';

/** What a run in a thread of its own is told. */
export interface WorkerTask {
  readonly target: string;
  readonly seed: number;
  readonly limitMs: number;
  readonly leastInputs: number;
  /** Counts inputs; then the length of the newest. */
  readonly progress: Int32Array;
  /** The newest input. */
  readonly input: Uint8Array;
}

const task = workerData as WorkerTask;
watchAllocations();
const coverage = new Coverage();
const result = await fuzz(targetNamed(task.target), coverage, {
  seed: task.seed,
  limitMs: task.limitMs,
  leastInputs: task.leastInputs,
  begin: (bytes) => {
    task.input.set(bytes.subarray(0, task.input.length));
    Atomics.store(task.progress, 1, bytes.length);
    Atomics.add(task.progress, 0, 1);
  },
});
coverage.close();
parentPort?.postMessage(result);
