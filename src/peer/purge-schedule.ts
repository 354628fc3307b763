import type { Clock, Logger, Timer } from '../host/index.js';
import type { Database } from '../storage/index.js';

export interface PurgeOptions {
  /** 0: never. */
  readonly intervalMs: number;
  readonly snapRetainCount: number;
}

/** Removes snapshots and logs that recovery does not need: at the start, then every `intervalMs` (`autopurge.*`). */
export class PurgeSchedule {
  private timer: Timer | null = null;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly log: Logger,
    private readonly database: Database,
    private readonly options: PurgeOptions,
  ) {}

  start(): void {
    if (this.options.intervalMs <= 0) return;
    this.running = this.purge();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.timer?.cancel();
    await this.running;
  }

  private async purge(): Promise<void> {
    try {
      const removed = await this.database.purge(this.options.snapRetainCount);
      if (removed.length > 0) this.log.info(`Purged ${removed.length} old files`, { code: 'PURGED', removed });
    } catch (error) {
      this.log.warn(`Purging failed: ${String(error)}`, { code: 'PURGE_FAILED' });
    }
    if (this.stopped) return;
    this.timer = this.clock.after(this.options.intervalMs, () => {
      this.running = this.purge();
    });
  }
}
