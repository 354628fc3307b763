import type { ClientWorld } from '../zk-client/index.js';
import { Outcome } from './outcome.js';
import type { Plan, Share } from './plan.js';
import type { Measured } from './report.js';
import type { SceneRun } from './scene.js';
import { setUp, tearDown, withClient } from './stage.js';

/** Where the work is done. */
export interface Crew {
  readonly workers: number;
  /** Begins one worker's share. */
  start(share: Share): SceneRun;
}

/** Told now and then how many answers came so far. */
export type OnProgress = (target: string, round: number, answers: number) => void;

const PROGRESS_MS = 500;

/** Somebody ended it before its time. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** One target once: nodes are made, all workers run, nodes are removed. */
async function runOnce(
  world: ClientWorld,
  crew: Crew,
  server: string,
  plan: Plan,
  onProgress: (answers: number) => void,
  interrupt: AbortSignal,
): Promise<Outcome> {
  const root = `/zk-bench-${world.random.bytes(6).toString('hex')}`;
  return withClient(world, server, async (client) => {
    await setUp(client, root, plan);
    try {
      return await work(world, crew, { servers: server, root, plan }, onProgress, interrupt);
    } finally {
      await tearDown(client, root);
    }
  });
}

function throwWhenInterrupted({ aborted }: AbortSignal): void {
  if (aborted) throw new Interrupted('interrupted');
}

async function work(
  world: ClientWorld,
  crew: Crew,
  common: Pick<Share, 'servers' | 'root' | 'plan'>,
  onProgress: (answers: number) => void,
  interrupt: AbortSignal,
): Promise<Outcome> {
  throwWhenInterrupted(interrupt);
  const { workers } = crew;
  const runs = Array.from({ length: workers }, (_, worker) =>
    crew.start({ ...common, worker, workers, seed: world.random.below(2 ** 31) }),
  );
  const stop = (): void => {
    for (const run of runs) run.stop();
  };
  interrupt.addEventListener('abort', stop);
  let isOver = false;
  const tell = (): void => {
    if (isOver) return;
    onProgress(runs.reduce((sum, { answers }) => sum + answers, 0));
    world.clock.after(PROGRESS_MS, tell);
  };
  tell();
  try {
    const all = new Outcome();
    for (const outcome of await Promise.all(runs.map((run) => run.run()))) all.add(outcome);
    throwWhenInterrupted(interrupt);
    return all;
  } finally {
    isOver = true;
    interrupt.removeEventListener('abort', stop);
  }
}

/**
 * Rounds take turns between the targets, so that a machine that drifts drags all of them. Rejects with `Interrupted`, its nodes
 * removed, when it was ended by `interrupt`.
 */
export async function runPlan(
  world: ClientWorld,
  crew: Crew,
  servers: readonly string[],
  rounds: number,
  plan: Plan,
  onProgress: OnProgress,
  interrupt: AbortSignal = new AbortController().signal,
): Promise<Measured[]> {
  const measured = servers.map((server) => ({ server, rounds: [] as Outcome[] }));
  for (let round = 0; round < rounds; round++) {
    for (const target of measured) {
      const told = (answers: number): void => onProgress(target.server, round, answers);
      target.rounds.push(await runOnce(world, crew, target.server, plan, told, interrupt));
    }
  }
  return measured;
}
