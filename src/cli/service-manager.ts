import type { Logger } from '../host/index.js';

/** How long a word may take: systemd-notify waits until the service manager has read it. */
const NOTIFY_TIMEOUT_MS = 10_000;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Milliseconds between two signs of life, half of what the service manager allows; null when it does not watch this process
 * (sd_watchdog_enabled(3): `WATCHDOG_USEC` in microseconds, meant for `WATCHDOG_PID`).
 */
export function watchdogIntervalMs(env: Environment, pid: number): number | null {
  const limitUs = Number(env['WATCHDOG_USEC'] ?? '');
  if (!Number.isSafeInteger(limitUs) || limitUs <= 0) return null;
  const watched = env['WATCHDOG_PID'] ?? '';
  if (watched !== '' && Number(watched) !== pid) return null;
  return Math.max(1, Math.floor(limitUs / 2000));
}

/**
 * Tells systemd when the server listens, that its event loop turns, and when it stops (sd_notify(3), `Type=notify`). Node has
 * no datagram sockets of the file system, so the words go through the program systemd-notify; the unit therefore needs
 * `NotifyAccess=all`. Does nothing where `NOTIFY_SOCKET` is not set.
 */
export class ServiceManager {
  private readonly told: boolean;
  private readonly intervalMs: number | null;
  private timer: NodeJS.Timeout | undefined;
  private last: Promise<void> = Promise.resolve();
  private pending = 0;
  private failed = false;

  constructor(
    private readonly env: Environment,
    pid: number,
    private readonly log: Logger,
  ) {
    this.told = (env['NOTIFY_SOCKET'] ?? '') !== '';
    this.intervalMs = this.told ? watchdogIntervalMs(env, pid) : null;
  }

  /** The server listens. From now on the service manager hears that it is alive, when it wants to. */
  ready(status: string): void {
    this.tell('READY=1', `STATUS=${status}`);
    if (this.intervalMs === null || this.timer !== undefined) return;
    this.timer = setInterval(() => {
      // One that still waits says the same.
      if (this.pending === 0) this.tell('WATCHDOG=1');
    }, this.intervalMs);
    this.timer.unref();
  }

  stopping(): void {
    this.tell('STOPPING=1', 'STATUS=Stopping');
  }

  /** Resolves when everything has been told. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.last;
  }

  private tell(...words: string[]): void {
    if (!this.told) return;
    this.pending++;
    this.last = this.last.then(() => this.run(words)).finally(() => this.pending--);
  }

  private async run(words: string[]): Promise<void> {
    // Loaded only here: most servers run without a service manager.
    const { execFile } = await import('node:child_process');
    return new Promise((resolve) => {
      execFile('systemd-notify', words, { env: { ...this.env }, timeout: NOTIFY_TIMEOUT_MS }, (error) => {
        if (error !== null) this.complain(error);
        resolve();
      });
    });
  }

  private complain(error: Error): void {
    if (this.failed) return;
    this.failed = true;
    this.log.warn(
      `The service manager cannot be told how the server is: ${error.message.trim()}. Install systemd's systemd-notify, or use Type=exec in the unit.`,
      { code: 'SERVICE_MANAGER' },
    );
  }
}
