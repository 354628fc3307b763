import type { Disk, ReadableFile } from '../host/index.js';
import { StorageError } from './errors.js';
import { FILE_HEADER_BYTES, LOG_HEADER, readHeader } from './file-header.js';
import type { HeaderState } from './file-header.js';
import type { LogRecord, RecordFault } from './log-record.js';
import { scanRecord } from './log-record.js';
import type { StoredFile } from './names.js';

const CHUNK_BYTES = 512 * 1024;

/** Where the readable records of a log end, and why. */
export interface LogTail {
  readonly offset: number;
  readonly fault: RecordFault;
}

/** Reads one log from its first record to the first that is none. */
export class LogFile {
  /** As it was when the file was opened. */
  readonly sizeBytes: number;
  private position = FILE_HEADER_BYTES;
  private end: LogTail | null = null;
  private peeked: readonly LogRecord[] | null = null;

  private constructor(
    readonly stored: StoredFile,
    readonly file: ReadableFile,
    readonly header: HeaderState,
  ) {
    this.sizeBytes = file.sizeBytes;
    if (header !== 'whole') this.end = { offset: 0, fault: this.sizeBytes === 0 ? 'end' : 'header' };
  }

  static async open(disk: Disk, stored: StoredFile): Promise<LogFile> {
    const file = await disk.openRead(stored.path);
    try {
      return new LogFile(stored, file, readHeader(await file.read(0, FILE_HEADER_BYTES), LOG_HEADER));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get path(): string {
    return this.stored.path;
  }

  /** Set once `nextBatch` answered no records. */
  get tail(): LogTail | null {
    return this.end;
  }

  /** Zxid of the next record; null when there is none. */
  async peekZxid(): Promise<number | null> {
    this.peeked ??= await this.nextBatch();
    return this.peeked[0]?.zxid ?? null;
  }

  /** The next records, a chunk at a time; none at the end. */
  async nextBatch(): Promise<readonly LogRecord[]> {
    const { peeked } = this;
    this.peeked = null;
    if (peeked !== null && peeked.length > 0) return peeked;
    const records: LogRecord[] = [];
    let wanted = CHUNK_BYTES;
    while (this.end === null && records.length === 0) {
      const chunk = await this.file.read(this.position, wanted);
      if (chunk.length < Math.min(wanted, this.sizeBytes - this.position)) {
        throw new StorageError('IO', `${this.path} became shorter while it was read`, this.path, this.position);
      }
      wanted = Math.max(CHUNK_BYTES, this.scan(chunk, records));
    }
    return records;
  }

  /** Takes the whole records of a chunk; answers how many bytes the next one needs. */
  private scan(chunk: Buffer, records: LogRecord[]): number {
    const base = this.position;
    for (;;) {
      const found = scanRecord(chunk, this.position - base, base, this.sizeBytes);
      if (typeof found === 'number') return found;
      if (typeof found === 'string') {
        this.end = { offset: this.position, fault: found };
        return 0;
      }
      records.push(found);
      this.position = found.end;
    }
  }

  close(): Promise<void> {
    return this.file.close();
  }
}
