/** Gathering never waits longer, however slow the disk is. */
const MOST_WAIT_MS = 5;
/** Of the time that making a group durable takes, so much at most may be waited for a fuller next one. */
const WAIT_SHARE = 0.9;
/**
 * A disk this fast is not waited for: two camps are better then, for the event loop answers the one while the other's writes
 * are being made durable, which takes about as long.
 */
const FAST_SYNC_MS = 0.3;
/** So much of what is expected is enough: one client that went away must not make the others wait. */
const ENOUGH_SHARE = 0.875;
/** After a wait in vain at least one group goes without waiting; after each further one twice as many, up to this. */
const MOST_SKIPPED = 64;

/**
 * Decides whether the next group is worth waiting for.
 *
 * Clients that wait for one write before they send the next would otherwise fall into two camps: while the one's group is
 * being made durable the other's waits, and each write costs two fdatasyncs of time. Those whose writes have just become
 * durable are heard from again soon, much sooner than an fdatasync takes on most disks. Waiting for them puts all into one
 * group: half the fdatasyncs, and less time for each write. Where they do not come in time the waits end by themselves.
 *
 * Counts are in bytes of the log, times in milliseconds.
 */
export class Gathering {
  private syncMs = 0;
  private endedMs = Number.NEGATIVE_INFINITY;
  private expectedBytes = 0;
  private skipNext = 0;
  private skipAfterMiss = 1;

  /** A group of `groupBytes` became durable at `nowMs` after `tookMs`; `waitingBytes` have come meanwhile. */
  groupDone(nowMs: number, tookMs: number, groupBytes: number, waitingBytes: number): void {
    this.endedMs = nowMs;
    this.syncMs = this.syncMs === 0 ? tookMs : this.syncMs + (tookMs - this.syncMs) / 8;
    this.expectedBytes = Math.floor((groupBytes + waitingBytes) * ENOUGH_SHARE);
    if (this.syncMs < FAST_SYNC_MS) this.expectedBytes = 0;
    if (this.skipNext > 0) {
      this.skipNext--;
      this.expectedBytes = 0;
    }
  }

  /** With so many bytes waiting the next group goes at once; 0: with any. */
  get enoughBytes(): number {
    return this.expectedBytes;
  }

  /** How long the next group may still be waited for. */
  leftMs(nowMs: number): number {
    return this.endedMs + Math.min(this.syncMs * WAIT_SHARE, MOST_WAIT_MS) - nowMs;
  }

  /** What was waited for came, or did not. */
  waited(cameInTime: boolean): void {
    if (cameInTime) {
      this.skipAfterMiss = 1;
      return;
    }
    this.skipNext = this.skipAfterMiss;
    this.skipAfterMiss = Math.min(this.skipAfterMiss * 2, MOST_SKIPPED);
  }
}
