import { Worker, type WorkerOptions } from 'node:worker_threads';
import type { ClientWorld } from '../../zk-client/index.js';
import { Outcome } from '../outcome.js';
import type { Share } from '../plan.js';
import type { Crew } from '../runner.js';
import type { SceneRun } from '../scene.js';
import { sceneOf } from '../stage.js';
import type { WorkerMessage } from './load-worker.js';

/** This thread alone, or so many threads. */
export function crewOf(world: ClientWorld, workers: number): Crew {
  if (workers === 1) return { workers, start: (share) => sceneOf(world, share) };
  return { workers, start: (share) => new ThreadRun(share) };
}

/** A share in a thread of its own. */
class ThreadRun implements SceneRun {
  answers = 0;
  private worker: Worker | null = null;

  constructor(private readonly share: Share) {}

  run(): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const worker = createWorker({ workerData: this.share });
      this.worker = worker;
      worker.on('message', (message: WorkerMessage) => {
        if ('answers' in message) this.answers = message.answers;
        else resolve(Outcome.ofParts(message.outcome));
      });
      worker.on('error', reject);
      worker.on('exit', (code) => reject(new Error(`a worker ended early with ${code}`)));
    });
  }

  stop(): void {
    this.worker?.postMessage('stop');
  }
}

/** From TypeScript, as the tests run it, a thread has to load what compiles first. */
function createWorker(options: WorkerOptions): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./load-worker.js', import.meta.url), options);
  const source = new URL('./load-worker.ts', import.meta.url).href;
  const tsx = import.meta.resolve('tsx/esm/api');
  const code = `import('${tsx}').then((tsx) => tsx.tsImport('${source}', '${import.meta.url}'))`;
  return new Worker(code, { ...options, eval: true });
}
