import type { EnsembleView, Latency, ServerSummary } from '../status/index.js';

/** Ten minutes at one point a second. */
const KEPT_POINTS = 600;

/** What the charts show of a server at one time; null: unknown. */
export interface Point {
  readonly requestsPerSecond: number | null;
  readonly writeMs: number | null;
  readonly fsyncMs: number | null;
  readonly lag: number | null;
}

export type Figure = keyof Point;

const UNKNOWN: Point = { requestsPerSecond: null, writeMs: null, fsyncMs: null, lag: null };

/** Figures of the last minutes, made of the differences of totals between two answers. */
export class History {
  /** Seconds since 1970, one for each answer. */
  readonly times: number[] = [];
  readonly sids: number[] = [];
  private readonly points = new Map<number, Point[]>();
  private readonly before = new Map<number, ServerSummary>();
  private newest: EnsembleView | null = null;

  /** The same answer twice is one. */
  add(ensemble: EnsembleView): void {
    if (ensemble === this.newest) return;
    this.newest = ensemble;
    this.times.push(Date.now() / 1000);
    for (const { sid, summary, learner } of ensemble.members) {
      this.pointsOf(sid).push(
        summary === null ? { ...UNKNOWN, lag: learner?.lag ?? null } : this.point(sid, summary, learner?.lag),
      );
      if (summary === null) this.before.delete(sid);
      else this.before.set(sid, summary);
    }
    for (const points of this.points.values()) while (points.length < this.times.length) points.push(UNKNOWN);
    if (this.times.length <= KEPT_POINTS) return;
    this.times.shift();
    for (const points of this.points.values()) points.shift();
  }

  series(sid: number, figure: Figure): (number | null)[] {
    return (this.points.get(sid) ?? []).map((point) => point[figure]);
  }

  private pointsOf(sid: number): Point[] {
    const known = this.points.get(sid);
    if (known !== undefined) return known;
    const points = new Array<Point>(this.times.length - 1).fill(UNKNOWN);
    this.points.set(sid, points);
    this.sids.push(sid);
    this.sids.sort((a, b) => a - b);
    return points;
  }

  private point(sid: number, now: ServerSummary, lag: number | undefined): Point {
    const before = this.before.get(sid);
    const known = { ...UNKNOWN, lag: lag ?? (now.mode === 'leader' || now.mode === 'standalone' ? 0 : null) };
    const seconds = before === undefined ? 0 : (now.wallMs - before.wallMs) / 1000;
    // After a restart or `srst` totals begin anew.
    if (before === undefined || seconds <= 0 || now.clients.packetsReceived < before.clients.packetsReceived)
      return known;
    return {
      ...known,
      requestsPerSecond: (now.clients.packetsReceived - before.clients.packetsReceived) / seconds,
      writeMs: meanSince(now.clients.writes, before.clients.writes),
      fsyncMs: meanSince(now.disk.fsync, before.disk.fsync),
    };
  }
}

/** Null: there was none in between. */
function meanSince(now: Latency, before: Latency): number | null {
  const counted = now.count - before.count;
  if (counted <= 0) return null;
  return Math.max(0, (now.sum - before.sum) / counted);
}
