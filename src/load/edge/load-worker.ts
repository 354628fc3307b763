import { parentPort, workerData } from 'node:worker_threads';
import { createClientHost } from '../../platform/index.js';
import type { OutcomeParts } from '../outcome.js';
import type { Share } from '../plan.js';
import { sceneOf } from '../stage.js';

/** What a worker says: how far it is, and at the end what it measured. */
export type WorkerMessage = { readonly answers: number } | { readonly outcome: OutcomeParts };

const PROGRESS_MS = 250;

async function main(): Promise<void> {
  const run = sceneOf(createClientHost(), workerData as Share);
  const say = (message: WorkerMessage): void => parentPort?.postMessage(message);
  parentPort?.once('message', () => run.stop());
  const timer = setInterval(() => say({ answers: run.answers }), PROGRESS_MS);
  try {
    say({ outcome: (await run.run()).toParts() });
  } finally {
    clearInterval(timer);
    parentPort?.close();
  }
}

await main();
