import type { Host, Timer } from '../host/index.js';
import type { Counter, Metrics, Summary } from '../metrics/index.js';
import type { Database } from '../storage/index.js';

export interface BackupOptions {
  /** Null: no backups are made. */
  readonly dir: string | null;
  readonly intervalMs: number;
  /** Newest ones of this server that are kept. */
  readonly retainCount: number;
  readonly serverId: number;
}

/** Writes a backup of what is committed here, again and again (`backup.*`). The first one comes one interval after the start. */
export class BackupSchedule {
  private timer: Timer | null = null;
  private running: Promise<void> = Promise.resolve();
  private isStopped = false;
  private readonly times: Summary;
  private readonly errors: Counter;
  private lastWallMs = 0;

  constructor(
    private readonly host: Host,
    metrics: Metrics,
    private readonly database: Database,
    private readonly options: BackupOptions,
  ) {
    this.times = metrics.summary('backup_time');
    this.errors = metrics.counter('backup_error_count');
    metrics.gauge('backup_last_time', () => this.lastWallMs);
  }

  start(): void {
    if (this.options.dir !== null) this.arm(this.options.dir);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.timer?.cancel();
    this.database.giveUpBackups('this server stops');
    await this.running;
  }

  private arm(dir: string): void {
    if (this.isStopped) return;
    this.timer = this.host.clock.after(this.options.intervalMs, () => {
      this.running = this.backUp(dir).then(() => {
        this.arm(dir);
      });
    });
  }

  private async backUp(dir: string): Promise<void> {
    const { clock, log } = this.host;
    const { retainCount, serverId } = this.options;
    const startMs = clock.monotonicMs();
    try {
      const { manifest, path } = await this.database.backUp(dir, { serverId, retainCount });
      const tookMs = clock.monotonicMs() - startMs;
      this.times.record(tookMs);
      this.lastWallMs = clock.wallMs();
      log.info(`A backup up to ${manifest.lastZxid} was written to ${path} in ${Math.round(tookMs)} ms.`, {
        code: 'BACKUP_TAKEN',
        path,
      });
    } catch (error) {
      this.errors.add();
      log.error(`A backup could not be written to ${dir}: ${String(error)}`, { code: 'BACKUP_FAILED' });
    }
  }
}
