import type { Clock, Timer } from '../host/index.js';

const MIN_INTERVAL_MS = 1000;
/** Who stays away is dialled ever less often, but not less than that. */
const MAX_WAIT_MS = 5000;

interface Around {
  /** None when this server does not lead any more. */
  members(): Iterable<number>;
  /** Those that follow or observe this server, or are being synchronized, and itself. */
  present(): readonly number[];
  /** A connection over which nothing has come since `sinceMs` (monotonic) is worth nothing. */
  dial(sid: number, sinceMs: number): void;
  /** Says to the server, as soon as it is connected, who leads by which configuration. */
  tell(sid: number): void;
}

interface Absence {
  waitMs: number;
  nextMs: number;
}

/**
 * While a server leads, it dials the members that do not follow it, on their election ports, and tells them the configuration
 * in force. One that was away while the others moved or were replaced knows none of them any more, and nobody else has
 * anything to say to it.
 *
 * What seems to be a connection to it may be left from before its machine lost power; so one that has been silent since the
 * member was last here is made anew, and later one that has been silent for longer than a server that looks ever is.
 */
export class AbsentMembers {
  private timer: Timer | null = null;
  private beganMs = 0;
  /** When each was here last, as far as anybody looked (monotonic). */
  private readonly presentMs = new Map<number, number>();
  private readonly absences = new Map<number, Absence>();
  private readonly intervalMs: number;

  constructor(
    private readonly clock: Clock,
    tickTimeMs: number,
    /** The longest time between two notifications of a server that looks. */
    private readonly notificationMs: number,
    private readonly around: Around,
  ) {
    this.intervalMs = Math.max(MIN_INTERVAL_MS, tickTimeMs);
  }

  /** Begins, when the epoch is established: before, everybody may still be on the way. Until `rest`. */
  seek(): void {
    this.beganMs = this.clock.monotonicMs();
    this.lookLater();
  }

  rest(): void {
    this.timer?.cancel();
    this.timer = null;
    this.presentMs.clear();
    this.absences.clear();
  }

  private lookLater(): void {
    this.timer = this.clock.after(this.intervalMs, () => {
      this.look(this.clock.monotonicMs());
      this.lookLater();
    });
  }

  private look(nowMs: number): void {
    const absent = new Set(this.around.members());
    for (const sid of this.around.present()) {
      absent.delete(sid);
      this.presentMs.set(sid, nowMs);
    }
    for (const sid of [...this.absences.keys()]) if (!absent.has(sid)) this.absences.delete(sid);
    for (const sid of absent) this.seekOne(sid, nowMs);
  }

  private seekOne(sid: number, nowMs: number): void {
    const absence = this.absences.get(sid) ?? { waitMs: this.intervalMs, nextMs: nowMs };
    this.absences.set(sid, absence);
    if (nowMs < absence.nextMs) return;
    absence.nextMs = nowMs + absence.waitMs;
    absence.waitMs = Math.max(this.intervalMs, Math.min(2 * absence.waitMs, MAX_WAIT_MS));
    const quietMs = this.notificationMs + MAX_WAIT_MS;
    this.around.dial(sid, Math.max(this.presentMs.get(sid) ?? this.beganMs, nowMs - quietMs));
    this.around.tell(sid);
  }
}
