import { OpCode } from '../protocol/index.js';

/** Faster ones are not worth a line. */
export const SLOW_FROM_MS = 5;
const MINUTE_MS = 60_000;
const MINUTES = 15;
/** Of each minute the slowest are kept, so that a bad minute does not hide what came before and after it. */
const KEPT_A_MINUTE = 8;
const MAX_PATH_BYTES = 256;

/** How far back the list goes. */
export const SLOW_WINDOW_MS = MINUTES * MINUTE_MS;

export interface SlowNote {
  /** Monotonic, of the answer. */
  readonly atMs: number;
  readonly latencyMs: number;
  readonly type: number;
  /** Null: it has none, or several, or was one of many that were answered together. */
  readonly path: string | null;
  readonly sessionId: bigint;
  readonly remoteText: string;
}

/** The slowest requests of each of the last minutes. Whoever answers a request in less than `SLOW_FROM_MS` need not ask. */
export class SlowRequests {
  private readonly minutes: { readonly minute: number; readonly notes: SlowNote[] }[] = [];
  /** A request of the minute under way must be slower than this. */
  private floorMs = SLOW_FROM_MS - 1;
  private minuteEndsMs = Number.NEGATIVE_INFINITY;

  /** Is one with that latency worth a note? */
  wants(latencyMs: number, nowMs: number): boolean {
    return latencyMs > this.floorMs || (latencyMs >= SLOW_FROM_MS && nowMs >= this.minuteEndsMs);
  }

  note(note: SlowNote): void {
    const { notes } = this.minuteOf(note.atMs);
    notes.push(note);
    notes.sort((a, b) => b.latencyMs - a.latencyMs);
    if (notes.length > KEPT_A_MINUTE) notes.pop();
    const last = notes.at(-1);
    this.floorMs = notes.length === KEPT_A_MINUTE && last !== undefined ? last.latencyMs : SLOW_FROM_MS - 1;
  }

  /** Slowest first. */
  slowest(nowMs: number): SlowNote[] {
    return this.minutes
      .flatMap(({ notes }) => notes)
      .filter(({ atMs }) => nowMs - atMs <= SLOW_WINDOW_MS)
      .sort((a, b) => b.latencyMs - a.latencyMs);
  }

  private minuteOf(atMs: number): { readonly notes: SlowNote[] } {
    const minute = Math.floor(atMs / MINUTE_MS);
    const newest = this.minutes.at(-1);
    if (newest !== undefined && newest.minute >= minute) return newest;
    const next = { minute, notes: [] };
    this.minutes.push(next);
    if (this.minutes.length > MINUTES) this.minutes.shift();
    this.minuteEndsMs = (minute + 1) * MINUTE_MS;
    return next;
  }
}

/** Those whose body begins with the path that they are about. */
const WITH_PATH: ReadonlySet<number> = new Set([
  OpCode.create,
  OpCode.create2,
  OpCode.createContainer,
  OpCode.createTTL,
  OpCode.delete,
  OpCode.deleteContainer,
  OpCode.setData,
  OpCode.setACL,
  OpCode.sync,
  OpCode.exists,
  OpCode.getData,
  OpCode.getACL,
  OpCode.getChildren,
  OpCode.getChildren2,
  OpCode.getAllChildrenNumber,
  OpCode.addWatch,
  OpCode.checkWatches,
  OpCode.removeWatches,
]);

/** The path of a request by its body, cut where it is long; null where there is none. */
export function requestPath(type: number, body: Buffer | null): string | null {
  if (body === null || body.length < 4 || !WITH_PATH.has(type)) return null;
  const bytes = body.readInt32BE(0);
  if (bytes < 0 || bytes > body.length - 4) return null;
  const text = body.toString('utf8', 4, 4 + Math.min(bytes, MAX_PATH_BYTES));
  return bytes > MAX_PATH_BYTES ? `${text}…` : text;
}
