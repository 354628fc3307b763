import type { Host, Random } from '../host/index.js';
import type { Metrics } from '../metrics/index.js';
import { formatZxid } from '../protocol/index.js';
import type { DataTree } from '../tree/index.js';
import { asStorageError } from './errors.js';
import type { DatabaseOptions } from './options.js';
import { SnapshotBody } from './snapshot-body.js';
import { SnapshotWriting } from './snapshot-writing.js';

/**
 * Says when it is time for the next snapshot: after more than `snapCount` transactions or `snapSizeLimitBytes` of log, each
 * less a random part of up to a half, so that the servers of an ensemble do not all write at the same time.
 */
export class SnapshotSchedule {
  private bytes = 0;
  private countLimit = 0;
  private bytesLimit = 0;

  /** `count`: transactions since the last snapshot. */
  constructor(
    private readonly random: Random,
    private readonly options: Pick<DatabaseOptions, 'snapCount' | 'snapSizeLimitBytes'>,
    private count: number,
  ) {
    this.draw();
  }

  /** A transaction of so many bytes was logged. True: roll the log and take a snapshot. */
  logged(bytes: number): boolean {
    this.count++;
    this.bytes += bytes;
    if (this.count <= this.countLimit && this.bytes <= this.bytesLimit) return false;
    this.snapshotTaken();
    return true;
  }

  snapshotTaken(): void {
    this.count = 0;
    this.bytes = 0;
    this.draw();
  }

  private draw(): void {
    const { snapCount, snapSizeLimitBytes } = this.options;
    const half = Math.max(1, Math.floor(snapCount / 2));
    this.countLimit = half + this.random.below(half);
    this.bytesLimit =
      snapSizeLimitBytes > 0
        ? (snapSizeLimitBytes / 2) * (1 + this.random.below(1024) / 1024)
        : Number.POSITIVE_INFINITY;
  }
}

/** Fewer are replayed in no time. */
const MANY_REPLAYED = 10_000;
/** A transaction takes about as long to replay as so many nodes to write and read. */
const NODES_PER_REPLAYED = 4;

/** Takes snapshots in the background, one at a time. */
export class SnapshotTaker {
  /** Transactions that are applied and in no snapshot: a start would replay them. */
  unsavedCount = 0;
  private writing: SnapshotWriting | null = null;
  private writingZxid = -1;
  private done: Promise<void> = Promise.resolve();

  constructor(
    private readonly host: Host,
    private readonly metrics: Metrics,
    private readonly snapDir: string,
    private readonly options: DatabaseOptions,
  ) {}

  get isBusy(): boolean {
    return this.writing !== null;
  }

  /** Would reading a snapshot of this tree, and writing it before, take less than replaying? */
  sparesTime(tree: DataTree): boolean {
    return this.unsavedCount >= MANY_REPLAYED && this.unsavedCount * NODES_PER_REPLAYED >= tree.nodeCount;
  }

  /** Resolves at the end of one under way that does not hold everything up to `zxid`; null: there is none. */
  endOfOlder(zxid: number): Promise<void> | null {
    return this.writing === null || this.writingZxid >= zxid ? null : this.done.catch(() => undefined);
  }

  /** Joins one that is under way. Rejects when the disk fails, which harms nothing but the next start's speed. */
  take(tree: DataTree, sessions: ReadonlyMap<bigint, number>): Promise<void> {
    if (this.writing !== null) return this.done;
    // An empty database that may not create itself has no state yet.
    if (tree.lastProcessedZxid < 0) return Promise.resolve();
    const body = new SnapshotBody(sessions, tree.beginSnapshot());
    this.writing = new SnapshotWriting(this.host, this.snapDir, this.options, body);
    this.writingZxid = body.zxid;
    this.done = this.run(this.writing, body.zxid);
    return this.done;
  }

  /** Gives up the one under way; resolves when nothing of it is left. */
  async cancel(): Promise<void> {
    this.writing?.cancel();
    await this.done.catch(() => undefined);
  }

  private async run(writing: SnapshotWriting, zxid: number): Promise<void> {
    const { clock, log } = this.host;
    const startMs = clock.monotonicMs();
    const { unsavedCount } = this;
    try {
      if (!(await writing.run())) return;
      this.unsavedCount -= unsavedCount;
      const elapsedMs = clock.monotonicMs() - startMs;
      this.metrics.summary('snapshottime').record(elapsedMs);
      log.info(`A snapshot of ${formatZxid(zxid)} was taken in ${Math.round(elapsedMs)} ms.`, {
        code: 'SNAPSHOT_TAKEN',
      });
    } catch (error) {
      this.metrics.counter('snapshot_error_count').add();
      const failure = asStorageError(error, `writing a snapshot of ${formatZxid(zxid)}`, this.snapDir);
      log.error(`${failure.message}. The log goes on; the next snapshot is tried when it is time.`, {
        code: 'SNAPSHOT_FAILED',
      });
      throw failure;
    } finally {
      this.writing = null;
    }
  }
}
