import type { AppendFile, Disk, DiskError, Host } from '../host/index.js';
import { JuteWriter } from '../jute/index.js';
import type { Counter, Metrics, Summary } from '../metrics/index.js';
import type { TxnEntry } from '../protocol/index.js';
import type { StorageError } from './errors.js';
import { asStorageError } from './errors.js';
import { FILE_HEADER_BYTES, LOG_HEADER } from './file-header.js';
import { writeRecord } from './log-record.js';
import { MAX_GROUP_BYTES } from './log-tail.js';
import { joinPath, logName, STAGED_PREFIX } from './names.js';
import { StagedFile } from './staged-file.js';

export interface LogWriterOptions {
  readonly dir: string;
  readonly preAllocBytes: number;
  readonly txnLogSizeLimitBytes: number;
  readonly forceSync: boolean;
  readonly fsyncWarningThresholdMs: number;
}

export interface LogWriterHooks {
  /** Once a group commit: everything up to `zxid` is durable. */
  durable(zxid: number): void;
  /** Once, at the first error: nothing will become durable any more. */
  failed(error: StorageError): void;
  /** Resolves when a log that begins with `zxid` may be created. */
  beforeFile(zxid: number): Promise<void>;
  /** A log has its name, and nothing in it yet: resolves when something may be. */
  afterFile(): Promise<void>;
}

/** Entries that are handed to the disk together. */
interface Group {
  readonly bytes: JuteWriter;
  readonly startsFile: boolean;
  readonly firstZxid: number;
  readonly firstAppendMs: number;
  lastZxid: number;
  count: number;
  /** When it was handed over. */
  sentMs: number;
}

/**
 * Buffers of finished groups kept for the next ones, in bytes. As many groups are under way as connections were heard during
 * one fdatasync; buffers thrown away and made anew at that rate make the garbage collector run ten times a second.
 */
const KEPT_BUFFERS_BYTES = 4 * MAX_GROUP_BYTES;
const FIRST_BUFFER_BYTES = 8 * 1024;
const STAGED_LOG = `${STAGED_PREFIX}log`;

/**
 * Appends to ZooKeeper's transaction log with group commit: the entries of one turn form a group, which goes to the disk at
 * the turn's end, and the disk makes all groups durable together that came while it was busy. What is under way is never
 * longer than one group may be, so an unsynced tail is not, either.
 */
export class LogWriter {
  private file: AppendFile | null = null;
  private filePath = '';
  private fileBytes = 0;
  /** Not handed over yet. */
  private readonly groups: Group[] = [];
  /** The last of `groups`, while more may join it. */
  private open: Group | null = null;
  /** Handed over, oldest first; those that are durable already leave together. */
  private underWay: Group[] = [];
  private underWayBytes = 0;
  private finished = 0;
  private isCreating = false;
  private lastDurable: number;
  private startNewFile = true;
  private scheduled = false;
  private failure: StorageError | null = null;
  private waiters: { zxid: number; resolve: () => void; reject: (error: StorageError) => void }[] = [];
  private readonly spareBuffers: JuteWriter[] = [];
  private spareBytes = 0;
  private readonly fsyncTime: Summary;
  private readonly slowSyncs: Counter;
  private readonly groupEntries: Summary;
  private readonly groupBytes: Summary;
  private readonly queued: Counter;
  private readonly queueTime: Summary;
  private readonly flushTime: Summary;
  private readonly queueAndFlushTime: Summary;

  constructor(
    private readonly host: Host,
    metrics: Metrics,
    private readonly options: LogWriterOptions,
    private lastAppended: number,
    private readonly hooks: LogWriterHooks,
  ) {
    this.lastDurable = lastAppended;
    this.fsyncTime = metrics.summary('fsynctime');
    this.slowSyncs = metrics.counter('fsync_threshold_exceed_count');
    this.groupEntries = metrics.summary('sync_processor_batch_size');
    this.groupBytes = metrics.summary('log_group_bytes');
    this.queued = metrics.counter('sync_processor_request_queued');
    this.queueTime = metrics.summary('sync_processor_queue_time_ms');
    this.flushTime = metrics.summary('sync_processor_queue_flush_time_ms');
    this.queueAndFlushTime = metrics.summary('sync_processor_queue_and_flush_time_ms');
  }

  get lastZxid(): number {
    return this.lastAppended;
  }

  get durableZxid(): number {
    return this.lastDurable;
  }

  /** How long the oldest entry has been waiting to become durable; 0 when none waits. */
  oldestUnsyncedMs(nowMonotonicMs: number): number {
    const oldest = this.underWay[0] ?? this.groups[0];
    return oldest === undefined ? 0 : nowMonotonicMs - oldest.firstAppendMs;
  }

  /** Queues an entry; the caller has checked its zxid. Answers the bytes it takes in the log. */
  append(entry: TxnEntry): number {
    if (this.failure !== null) throw this.failure;
    const { zxid } = entry.header;
    const group = this.open ?? this.openGroup(zxid);
    const before = group.bytes.length;
    writeRecord(group.bytes, entry.bytes);
    group.lastZxid = zxid;
    group.count++;
    this.lastAppended = zxid;
    if (group.bytes.length >= MAX_GROUP_BYTES) this.open = null;
    if (!this.scheduled) {
      this.scheduled = true;
      this.host.clock.deferFirst(this.onTurnEnd);
    }
    return group.bytes.length - before;
  }

  /** The next entry begins a new file. */
  roll(): void {
    this.startNewFile = true;
    this.open = null;
  }

  private get isRolling(): boolean {
    return this.startNewFile || [...this.underWay, ...this.groups].some((group) => group.startsFile);
  }

  /** Resolves when everything appended so far is durable. */
  flush(): Promise<void> {
    if (this.failure !== null) return Promise.reject(this.failure);
    if (this.lastDurable >= this.lastAppended) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.waiters.push({ zxid: this.lastAppended, resolve, reject });
    });
  }

  /** Closes the file after a flush; the next entry begins a new one. */
  async closeFile(): Promise<void> {
    const { file } = this;
    this.file = null;
    this.roll();
    await file?.close();
  }

  /** Everything appended is gone from disk but what is up to `zxid`: the log was cut, or replaced by a snapshot. */
  continueFrom(zxid: number): void {
    this.lastAppended = zxid;
    this.lastDurable = zxid;
  }

  private openGroup(zxid: number): Group {
    const bytes = this.takeBuffer();
    const firstAppendMs = this.host.clock.monotonicMs();
    const group = {
      bytes,
      startsFile: this.startNewFile,
      firstZxid: zxid,
      firstAppendMs,
      lastZxid: zxid,
      count: 0,
      sentMs: 0,
    };
    this.startNewFile = false;
    this.groups.push(group);
    this.open = group;
    return group;
  }

  private readonly onTurnEnd = (): void => {
    this.scheduled = false;
    this.pump();
  };

  /** Sends groups on their way, as many as may be under way together. */
  private pump(): void {
    for (let group = this.groups[0]; group !== undefined && this.maySend(group); group = this.groups[0]) {
      this.groups.shift();
      if (group === this.open) this.open = null;
      this.underWay.push(group);
      this.underWayBytes += group.bytes.length;
      if (group.startsFile) this.sendToNewFile(group);
      else this.write(group);
    }
  }

  private maySend(group: Group): boolean {
    if (this.failure !== null || this.isCreating) return false;
    if (this.underWay.length === 0) return true;
    return !group.startsFile && this.underWayBytes + group.bytes.length <= MAX_GROUP_BYTES;
  }

  private sendToNewFile(group: Group): void {
    this.isCreating = true;
    this.createFile(group)
      .then(() => {
        this.isCreating = false;
        this.write(group);
        this.pump();
      })
      .catch((error: unknown) => this.fail(asStorageError(error, 'creating a transaction log', this.options.dir)));
  }

  private async createFile(group: Group): Promise<void> {
    const { clock, disk } = this.host;
    const startMs = clock.monotonicMs();
    await this.hooks.beforeFile(group.firstZxid);
    const path = joinPath(this.options.dir, logName(group.firstZxid));
    await writeHeader(disk, this.options.dir, path);
    await this.hooks.afterFile();
    const preallocateBytes = this.options.preAllocBytes;
    const file = await disk.openAppend(path, {
      position: FILE_HEADER_BYTES,
      preallocateBytes,
      allocatedBytes: FILE_HEADER_BYTES,
    });
    const finished = this.file;
    this.file = file;
    this.filePath = path;
    this.fileBytes = FILE_HEADER_BYTES;
    await finished?.close();
    this.warnOfSlowFile(clock.monotonicMs() - startMs);
  }

  /** The group that waits for its file is measured only from when it is handed over. */
  private warnOfSlowFile(elapsedMs: number): void {
    if (elapsedMs <= this.options.fsyncWarningThresholdMs) return;
    this.host.log.warn(
      `Beginning ${this.filePath} took ${Math.round(elapsedMs)} ms, with the fsyncs of its header, its folder and, in a new ` +
        `epoch, of an epoch file; every write waited for that. Give the transaction log a disk of its own (dataLogDir) or a ` +
        `faster one.`,
      { code: 'LOG_FILE_SLOW', elapsedMs, file: this.filePath },
    );
  }

  private write(group: Group): void {
    const { file } = this;
    if (file === null) throw new Error('no log file is open');
    group.sentMs = this.host.clock.monotonicMs();
    file.append(group.bytes.view(), this.options.forceSync, this.onWritten);
  }

  /** The oldest group that was not told of is durable, and when it is not the last one, others are with it. */
  private readonly onWritten = (error: DiskError | undefined, isLast: boolean): void => {
    if (error !== undefined) {
      this.fail(asStorageError(error, `writing ${this.filePath}`, this.filePath));
      return;
    }
    if (this.failure !== null) return;
    this.finished++;
    if (isLast) this.leave(this.underWay.splice(0, this.finished));
  };

  /** These groups became durable together. */
  private leave(groups: readonly Group[]): void {
    this.finished = 0;
    let bytes = 0;
    let count = 0;
    for (const group of groups) {
      bytes += group.bytes.length;
      count += group.count;
      this.lastDurable = group.lastZxid;
      this.recycle(group.bytes);
    }
    this.underWayBytes -= bytes;
    this.measure(count, bytes, groups[0]);
    this.fileBytes += bytes;
    const { txnLogSizeLimitBytes } = this.options;
    if (txnLogSizeLimitBytes > 0 && this.fileBytes > txnLogSizeLimitBytes && !this.isRolling) this.roll();
    // The disk works on while the callers below act on what is durable now.
    this.pump();
    this.hooks.durable(this.lastDurable);
    this.releaseWaiters();
  }

  private measure(count: number, bytes: number, first: Group | undefined): void {
    const nowMs = this.host.clock.monotonicMs();
    const sentMs = first?.sentMs ?? nowMs;
    const waitedMs = sentMs - (first?.firstAppendMs ?? sentMs);
    const elapsedMs = nowMs - sentMs;
    this.groupEntries.record(count);
    this.groupBytes.record(bytes);
    this.queued.add(count);
    this.queueTime.record(waitedMs);
    this.flushTime.record(elapsedMs);
    this.queueAndFlushTime.record(waitedMs + elapsedMs);
    if (!this.options.forceSync) return;
    this.fsyncTime.record(elapsedMs);
    if (elapsedMs <= this.options.fsyncWarningThresholdMs) return;
    this.slowSyncs.add();
    this.host.log.warn(
      `Making ${count} transactions durable in ${this.filePath} took ${Math.round(elapsedMs)} ms; every write waits ` +
        `for that. Give the transaction log a disk of its own (dataLogDir) or a faster one.`,
      { code: 'FSYNC_SLOW', elapsedMs, fileBytes: this.fileBytes },
    );
  }

  private takeBuffer(): JuteWriter {
    const spare = this.spareBuffers.pop();
    if (spare === undefined) return new JuteWriter(FIRST_BUFFER_BYTES);
    this.spareBytes -= spare.room;
    return spare;
  }

  private recycle(bytes: JuteWriter): void {
    bytes.reset();
    if (this.spareBytes + bytes.room > KEPT_BUFFERS_BYTES) return;
    this.spareBytes += bytes.room;
    this.spareBuffers.push(bytes);
  }

  private releaseWaiters(): void {
    if (this.waiters.length === 0) return;
    const { waiters } = this;
    this.waiters = [];
    for (const waiter of waiters) {
      if (waiter.zxid <= this.lastDurable) waiter.resolve();
      else this.waiters.push(waiter);
    }
  }

  /** Nothing becomes durable from now on, not even what is on its way. */
  fail(error: StorageError): void {
    if (this.failure !== null) return;
    this.failure = error;
    for (const waiter of this.waiters.splice(0)) waiter.reject(error);
    this.hooks.failed(error);
  }
}

/**
 * A log has its header from the moment it has its name: the process may be killed at any time, and Java refuses to start on
 * a newest log that begins with zeros, before 3.9 on an empty one, too. Its name is durable, without which the whole file,
 * acknowledged entries and all, could be gone after a power failure.
 */
async function writeHeader(disk: Disk, dir: string, path: string): Promise<void> {
  const staged = await StagedFile.create(disk, joinPath(dir, STAGED_LOG));
  try {
    await staged.write(LOG_HEADER);
    await staged.seal();
  } catch (error) {
    await staged.abort().catch(() => undefined);
    throw error;
  }
  await staged.publish(path);
}
