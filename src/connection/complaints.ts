import type { Clock, LogFields, Logger } from '../host/index.js';

const SILENCE_MS = 60_000;
const MAX_KEYS = 256;

/**
 * Says each thing once a minute: whoever keeps sending garbage, or a server that stays away, fills one line and not the
 * disk. The next line about the same thing tells how often it happened meanwhile.
 */
export class Complaints {
  private readonly last = new Map<string, { atMs: number; hushed: number }>();

  constructor(
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  /** Warns, unless the same `about` was warned of within the last minute. */
  warn(about: string, message: string, fields: LogFields): void {
    this.say('warn', about, message, fields);
  }

  error(about: string, message: string, fields: LogFields): void {
    this.say('error', about, message, fields);
  }

  /** What begins like this is news again. */
  forget(prefix: string): void {
    for (const about of [...this.last.keys()]) {
      if (about.startsWith(prefix)) this.last.delete(about);
    }
  }

  private say(level: 'warn' | 'error', about: string, message: string, fields: LogFields): void {
    const nowMs = this.clock.monotonicMs();
    const known = this.last.get(about);
    if (known !== undefined && nowMs - known.atMs < SILENCE_MS) {
      known.hushed++;
      this.log.debug(message, fields);
      return;
    }
    if (known === undefined && this.last.size >= MAX_KEYS) this.dropOldest();
    // Deleted first, so that the map stays ordered by time.
    this.last.delete(about);
    this.last.set(about, { atMs: nowMs, hushed: 0 });
    const hushed = known?.hushed ?? 0;
    this.log[level](message, hushed === 0 ? fields : { ...fields, timesSinceLastSaid: hushed });
  }

  private dropOldest(): void {
    for (const key of this.last.keys()) {
      this.last.delete(key);
      return;
    }
  }
}
