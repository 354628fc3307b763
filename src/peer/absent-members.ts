import type { Clock, Timer } from '../host/index.js';

/** Members that are away are not looked for more often. */
const MIN_INTERVAL_MS = 1000;

interface Around {
  members(): Iterable<number>;
  /** Those of them that follow or observe this server, or are being synchronized. */
  present(): readonly number[];
  /** A connection that stands since before `sinceMs` (monotonic) is worth nothing. */
  dial(sid: number, sinceMs: number): void;
}

/**
 * While a server leads, it dials the members that do not follow it, on their election ports. One that was away while the
 * others moved knows none of their addresses any more, and nobody else has anything to say to it: connected, it asks, and
 * the answer carries the configuration in force. What seems to be a connection to it may be left from before its machine
 * lost power; so when a member goes, its connection is made anew once.
 */
export class AbsentMembers {
  private timer: Timer | null = null;
  /** When each was found absent (monotonic). */
  private readonly since = new Map<number, number>();

  constructor(
    private readonly clock: Clock,
    private readonly tickTimeMs: number,
    private readonly around: Around,
  ) {}

  /** Begins for the server `myId`; until `rest`. */
  seek(myId: number): void {
    this.timer = this.clock.after(Math.max(MIN_INTERVAL_MS, this.tickTimeMs), () => {
      this.dialAbsent(myId);
      this.seek(myId);
    });
  }

  rest(): void {
    this.timer?.cancel();
    this.timer = null;
    this.since.clear();
  }

  private dialAbsent(myId: number): void {
    const nowMs = this.clock.monotonicMs();
    const absent = new Set(this.around.members());
    for (const sid of [myId, ...this.around.present()]) absent.delete(sid);
    for (const sid of [...this.since.keys()]) if (!absent.has(sid)) this.since.delete(sid);
    for (const sid of absent) {
      const sinceMs = this.since.get(sid) ?? nowMs;
      this.since.set(sid, sinceMs);
      this.around.dial(sid, sinceMs);
    }
  }
}
