import type { Clock } from './clock.js';
import type { LogFields, Logger } from './logger.js';

const SILENCE_MS = 60_000;
const MAX_TOPICS = 256;

type Level = 'info' | 'warn' | 'error';

/**
 * Says each thing once a minute: whoever keeps sending garbage, or a server that stays away, fills one line and not the
 * disk. The next line about the same thing tells how often it happened meanwhile. However many different things there are,
 * a minute has room for 256 of them; what is hushed can be read at level debug.
 */
export class Complaints {
  /** Ordered by time. */
  private readonly last = new Map<string, { atMs: number; hushed: number }>();
  private overflowSaidMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  /** Tells, unless the same `about` was told within the last minute. */
  info(about: string, message: string, fields: LogFields): void {
    this.say('info', about, message, fields);
  }

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

  private say(level: Level, about: string, message: string, fields: LogFields): void {
    const nowMs = this.clock.monotonicMs();
    const known = this.last.get(about);
    if (known !== undefined && nowMs - known.atMs < SILENCE_MS) {
      known.hushed++;
      this.log.debug(message, fields);
      return;
    }
    if (known === undefined && !this.hasRoom(nowMs)) {
      this.log.debug(message, fields);
      this.sayOverflow(nowMs);
      return;
    }
    // Deleted first, so that the map stays ordered by time.
    this.last.delete(about);
    this.last.set(about, { atMs: nowMs, hushed: 0 });
    const hushed = known?.hushed ?? 0;
    this.log[level](message, hushed === 0 ? fields : { ...fields, timesSinceLastSaid: hushed });
  }

  private hasRoom(nowMs: number): boolean {
    if (this.last.size < MAX_TOPICS) return true;
    for (const [about, { atMs }] of this.last) {
      if (nowMs - atMs < SILENCE_MS) break;
      this.last.delete(about);
    }
    return this.last.size < MAX_TOPICS;
  }

  private sayOverflow(nowMs: number): void {
    if (nowMs - this.overflowSaidMs < SILENCE_MS) return;
    this.overflowSaidMs = nowMs;
    this.log.warn(
      `More than ${MAX_TOPICS} different complaints came within a minute; for a minute, new ones are logged at level debug only.`,
      { code: 'COMPLAINTS_HUSHED' },
    );
  }
}
