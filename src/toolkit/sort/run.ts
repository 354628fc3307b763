import type { Disk, WritableFile } from '../../host/index.js';
import { cutShort, decodeRecord, encodeRecord, type SizeRecord } from './size-record.js';

const WRITE_BYTES = 512 * 1024;
const READ_BYTES = 32 * 1024;
const BATCH = 512;

/** Where a level begins in a run. */
export type Marks = readonly number[];

/** Records in order. */
export interface Run {
  /** Per level, for `batches`. */
  readonly marks: Marks;
  batches(from: number): AsyncGenerator<readonly SizeRecord[], void, undefined>;
  remove(): Promise<void>;
}

export class MemoryRun implements Run {
  readonly marks: Marks;

  /** `records` are in order. */
  constructor(private readonly records: readonly SizeRecord[]) {
    const marks: number[] = [];
    for (const [index, { level }] of records.entries()) marks[level] ??= index;
    this.marks = marks;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- as files have it
  async *batches(from: number): AsyncGenerator<readonly SizeRecord[], void, undefined> {
    for (let at = from; at < this.records.length; at += BATCH) yield this.records.slice(at, at + BATCH);
  }

  remove(): Promise<void> {
    return Promise.resolve();
  }
}

class FileRun implements Run {
  constructor(
    private readonly disk: Disk,
    private readonly path: string,
    readonly marks: Marks,
  ) {}

  async *batches(from: number): AsyncGenerator<readonly SizeRecord[], void, undefined> {
    const file = await this.disk.openRead(this.path);
    try {
      let wanted = READ_BYTES;
      for (let position = from; position < file.sizeBytes;) {
        const bytes = await file.read(position, Math.min(wanted, file.sizeBytes - position));
        const batch: SizeRecord[] = [];
        let at = 0;
        let found = decodeRecord(bytes, at);
        for (; typeof found !== 'number'; found = decodeRecord(bytes, at)) {
          batch.push(found.record);
          at = found.end;
        }
        if (batch.length === 0 && (found <= bytes.length || bytes.length < wanted)) throw cutShort(this.path);
        wanted = Math.max(READ_BYTES, found);
        position += at;
        if (batch.length > 0) yield batch;
      }
    } finally {
      await file.close();
    }
  }

  remove(): Promise<void> {
    return this.disk.remove(this.path);
  }
}

/** Writes a run into a temporary file. */
export class RunWriter {
  private waiting: Buffer[] = [];
  private waitingBytes = 0;
  private position = 0;
  private readonly marks: number[] = [];

  private constructor(
    private readonly disk: Disk,
    private readonly path: string,
    private readonly file: WritableFile,
  ) {}

  static async create(disk: Disk, path: string): Promise<RunWriter> {
    return new RunWriter(disk, path, await disk.create(path));
  }

  /** A promise when it should be waited for. */
  add(record: SizeRecord): Promise<void> | null {
    this.marks[record.level] ??= this.position + this.waitingBytes;
    const bytes = encodeRecord(record);
    this.waiting.push(bytes);
    this.waitingBytes += bytes.length;
    return this.waitingBytes < WRITE_BYTES ? null : this.flush();
  }

  async end(): Promise<Run> {
    await this.flush();
    await this.file.close();
    return new FileRun(this.disk, this.path, this.marks);
  }

  async abandon(): Promise<void> {
    await this.file.close();
    await this.disk.remove(this.path);
  }

  private async flush(): Promise<void> {
    const bytes = Buffer.concat(this.waiting);
    const at = this.position;
    this.position += bytes.length;
    this.waiting = [];
    this.waitingBytes = 0;
    await this.file.write(bytes, at);
  }
}
