import type { PauseSettings } from '../config/index.js';
import type { Clock, Logger, Timer } from '../host/index.js';
import type { Metrics, Summary } from '../metrics/index.js';

/**
 * Notices when the event loop stood still (a long garbage collection, a machine that was suspended or is overcommitted): a
 * timer comes late by so much. ZooKeeper's `JvmPauseMonitor`, with its keys, metric and thresholds.
 */
export class PauseMonitor {
  private timer: Timer | null = null;
  private readonly pauses: Summary;

  constructor(
    private readonly clock: Clock,
    private readonly log: Logger,
    metrics: Metrics,
    private readonly settings: PauseSettings,
  ) {
    this.pauses = metrics.summary('jvm_pause_time_ms');
  }

  start(): void {
    if (this.settings.isOn) this.arm();
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  private arm(): void {
    const { sleepMs } = this.settings;
    const startMs = this.clock.monotonicMs();
    this.timer = this.clock.after(sleepMs, () => {
      this.noticed(Math.floor(this.clock.monotonicMs() - startMs - sleepMs));
      this.arm();
    });
  }

  private noticed(pauseMs: number): void {
    const { infoThresholdMs, warnThresholdMs } = this.settings;
    this.pauses.record(Math.max(0, pauseMs));
    const text = `The event loop stood still for about ${pauseMs} ms: a long garbage collection, or the machine did.`;
    if (pauseMs > warnThresholdMs) this.log.warn(text, { code: 'PAUSED', pauseMs });
    else if (pauseMs > infoThresholdMs) this.log.info(text, { code: 'PAUSED', pauseMs });
  }
}
