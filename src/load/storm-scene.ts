import type { Endpoint } from '../host/index.js';
import { LoadConnection, type LoadOwner, type LoadWorld } from './connection.js';
import { Outcome } from './outcome.js';
import { type Share, shareOf } from './plan.js';
import type { SceneRun } from './scene.js';

const CLOSE_MS = 5000;
const RETRY_MS = 50;

/** So many sessions at a time open, and close as soon as they are open. */
export class StormScene implements SceneRun, LoadOwner {
  private readonly outcome = new Outcome();
  private done = 0;
  private endMs = Infinity;

  constructor(
    private readonly world: LoadWorld,
    private readonly share: Share,
    private readonly targets: readonly Endpoint[],
  ) {}

  get answers(): number {
    return this.done;
  }

  async run(): Promise<Outcome> {
    const { plan, worker, workers } = this.share;
    const measureMs = this.world.clock.monotonicMs() + plan.warmUpMs;
    this.endMs = Math.min(this.endMs, measureMs + plan.measuredMs);
    const count = shareOf(plan.sessions, worker, workers);
    await Promise.all(Array.from({ length: count }, (_, at) => this.repeat(at, measureMs)));
    this.outcome.measuredMs = plan.measuredMs;
    return this.outcome;
  }

  stop(): void {
    this.endMs = this.world.clock.monotonicMs();
  }

  private async repeat(at: number, measureMs: number): Promise<void> {
    const { clock } = this.world;
    const { sessionTimeoutMs } = this.share.plan;
    for (let round = at; clock.monotonicMs() < this.endMs; round++) {
      const target = this.targets[round % this.targets.length] as Endpoint;
      const startMs = clock.monotonicMs();
      const isMeasured = (): boolean => clock.monotonicMs() >= measureMs && clock.monotonicMs() < this.endMs;
      try {
        const connection = await LoadConnection.open(this.world, target, sessionTimeoutMs, 1, this);
        this.done++;
        if (isMeasured()) this.outcome.of('session').record((clock.monotonicMs() - startMs) * 1000);
        await connection.close(CLOSE_MS);
      } catch {
        if (isMeasured()) this.outcome.errors++;
        await new Promise<void>((resolve) => {
          clock.after(RETRY_MS, resolve);
        });
      }
    }
  }

  onReply(): void {
    // Nothing is asked.
  }

  onBatch(): void {
    // Nothing is asked.
  }

  onLost(): void {
    this.outcome.lostConnections++;
  }
}
