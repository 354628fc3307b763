import type { Disk } from '../host/index.js';
import { isNotFound, StorageError } from './errors.js';
import type { LogTail } from './log-file.js';
import { LogFile } from './log-file.js';
import type { LogRecord } from './log-record.js';
import type { Doubt, TornGroup } from './log-tail.js';
import { judgeTail } from './log-tail.js';
import type { StoredFile } from './names.js';

export interface LogBatch {
  readonly file: StoredFile;
  readonly records: readonly LogRecord[];
}

/** How a log file ended. */
export interface LogEnd {
  readonly file: StoredFile;
  readonly tail: LogTail;
  /** Whole records in it. */
  readonly recordCount: number;
  /** Set when a torn group was cut off behind the tail's offset. */
  readonly torn: TornGroup | null;
  /** Set when there is damage at the tail's offset, and intact records behind it that later logs must have, too. */
  readonly doubt: Doubt | null;
}

/**
 * Reads the records of several logs, oldest first, as one sequence: also old ones and ones that are there twice (see
 * `Continuity`). Throws LOG_CORRUPT where a log ends in a way that power loss cannot explain, and that no other log makes up
 * for.
 */
export class LogReader {
  /** How each log that was read to its end ended. */
  readonly ends: LogEnd[] = [];
  private readonly waiting: LogFile[] = [];
  private nextFile = 0;
  private current: LogFile | null = null;
  private recordCount = 0;
  private lastZxid = 0;
  /** Open ones. */
  private doubts: Doubt[] = [];

  constructor(
    private readonly disk: Disk,
    private readonly files: readonly StoredFile[],
  ) {}

  /** The next records; null at the end of the last log. */
  async nextBatch(): Promise<LogBatch | null> {
    for (;;) {
      this.current ??= await this.openNext();
      const log = this.current;
      if (log === null) {
        if (this.doubts[0] !== undefined) throw this.doubts[0].error;
        return null;
      }
      const records = await log.nextBatch();
      const last = records.at(-1);
      if (last !== undefined) {
        this.recordCount += records.length;
        this.lastZxid = Math.max(this.lastZxid, last.zxid);
        if (this.doubts.length > 0) this.settleDoubts(records);
        return { file: log.stored, records };
      }
      await this.finish(log);
    }
  }

  /** Records come in order: whoever has the last one of a file's lost end has them all. */
  private settleDoubts(records: readonly LogRecord[]): void {
    for (const { zxid } of records) {
      this.doubts = this.doubts.filter(({ lastZxid, error }) => {
        if (zxid > lastZxid) throw error;
        return zxid < lastZxid;
      });
    }
  }

  async close(): Promise<void> {
    const open = this.current === null ? this.waiting : [this.current, ...this.waiting];
    this.current = null;
    for (const log of open.splice(0)) await log.close();
  }

  private async openNext(): Promise<LogFile | null> {
    const waiting = this.waiting.shift();
    if (waiting !== undefined) return waiting;
    const stored = this.files[this.nextFile];
    if (stored === undefined) return null;
    this.nextFile++;
    try {
      return await LogFile.open(this.disk, stored);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      throw new StorageError('LOG_GAP', `${stored.path} was removed while the log was read`, stored.path);
    }
  }

  private async finish(log: LogFile): Promise<void> {
    const { tail } = log;
    if (tail === null) throw new Error('a log without records left has no tail');
    const context = { lastZxid: this.lastZxid, nextZxid: await this.peekNextZxid() };
    const { torn, doubt } = await judgeTail(log, tail, context);
    if (doubt !== null) this.doubts.push(doubt);
    this.ends.push({ file: log.stored, tail, recordCount: this.recordCount, torn, doubt });
    this.recordCount = 0;
    this.current = null;
    await log.close();
  }

  /** The first transaction of the later logs. */
  private async peekNextZxid(): Promise<number | null> {
    for (let ahead = 0; ; ahead++) {
      let log = this.waiting[ahead];
      if (log === undefined) {
        const stored = this.files[this.nextFile];
        if (stored === undefined) return null;
        this.nextFile++;
        log = await LogFile.open(this.disk, stored);
        this.waiting.push(log);
      }
      const zxid = await log.peekZxid();
      if (zxid !== null) return zxid;
    }
  }
}
