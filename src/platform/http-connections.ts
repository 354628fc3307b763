import type { Socket as RawSocket } from 'node:net';

/** From the first byte of a request, or from the beginning of its connection, its head has to be there in this time. */
export const HEAD_MS = 30_000;

interface Place {
  /** Requests that are not answered yet. */
  requests: number;
  /** Bytes that had come when the last request was answered. */
  bytesBefore: number;
  /** When more than those were first seen; null: nothing has begun. */
  beganMs: number | null;
}

/**
 * The connections of an HTTP port: so many at most. Whoever comes when all places are taken gets that of the one that has
 * been idle longest, so that connections that say nothing, or a byte now and then, never keep a probe away.
 */
export class HttpConnections {
  /** The one that has been idle longest first. */
  private readonly places = new Map<RawSocket, Place>();

  constructor(private readonly max: number) {}

  get size(): number {
    return this.places.size;
  }

  /** Gives it a place. Answers who loses his: null when there was room, itself when all others wait for answers. */
  admit(raw: RawSocket, nowMs: number): RawSocket | null {
    let loser: RawSocket | null = null;
    if (this.places.size >= this.max) {
      loser = raw;
      for (const [other, { requests }] of this.places) {
        if (requests > 0) continue;
        loser = other;
        break;
      }
      this.places.delete(loser);
    }
    if (loser !== raw) this.places.set(raw, { requests: 0, bytesBefore: 0, beganMs: nowMs });
    return loser;
  }

  gone(raw: RawSocket): void {
    this.places.delete(raw);
  }

  /** The head of a request is there. */
  asked(raw: RawSocket): void {
    const place = this.places.get(raw);
    if (place === undefined) return;
    place.requests++;
    place.beganMs = null;
  }

  /** A request is answered, or given up. */
  answered(raw: RawSocket): void {
    const place = this.places.get(raw);
    if (place === undefined) return;
    place.requests--;
    place.bytesBefore = raw.bytesRead;
    this.places.delete(raw);
    this.places.set(raw, place);
  }

  /** Those whose request has begun and not come in time; to be called now and then. */
  *overdue(nowMs: number): Generator<RawSocket> {
    for (const [raw, place] of this.places) {
      if (place.requests > 0) continue;
      if (place.beganMs === null && raw.bytesRead > place.bytesBefore) place.beganMs = nowMs;
      if (place.beganMs !== null && nowMs - place.beganMs > HEAD_MS) yield raw;
    }
  }

  all(): Iterable<RawSocket> {
    return this.places.keys();
  }
}
