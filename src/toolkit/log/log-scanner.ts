import type { Disk, ReadableFile } from '../../host/index.js';
import { adler32, FILE_HEADER_BYTES, LOG_HEADER, readHeader } from '../../storage/index.js';
import { diskFault, type FileFault, type FileFaultCode, FileFaultError } from '../file-fault.js';
import type { Progress } from '../tool.js';

/** `long checksum; int length; entry; byte 'B'` */
const PREFIX_BYTES = 12;
const FRAME_BYTES = 13;
const END_MARK = 0x42;
/** The header of a transaction, with which every entry begins. */
const SMALLEST_ENTRY_BYTES = 32;
/** No transaction is larger: a length beyond it is damage, and would cost memory. */
const LARGEST_ENTRY_BYTES = 256 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;

/** A record whose frame is whole. */
export interface ScannedRecord {
  readonly offset: number;
  /** As it stands in the file. */
  readonly checksum: bigint;
  /** Of the bytes that are there. */
  readonly computed: bigint;
  /** The entry, a view of what was read. */
  readonly bytes: Buffer;
}

export function isIntact(record: ScannedRecord): boolean {
  return record.checksum === record.computed;
}

/** `int version; long dbid` behind the magic. */
export interface LogHeader {
  readonly version: number;
  readonly dbid: bigint;
}

/** Where the records end. */
export interface LogEnd {
  readonly offset: number;
  /** Null: it ends as a log does, at the end of the file or in zeros. */
  readonly fault: FileFault | null;
}

/**
 * Reads the records of one log to where they end. Unlike recovery it goes on behind a record with a wrong checksum, and it
 * looks at every byte behind the end. It keeps a piece of the file in memory, or one record where that is larger.
 */
export class LogScanner {
  private position = FILE_HEADER_BYTES;
  private found: LogEnd | null = null;

  private constructor(
    readonly path: string,
    private readonly file: ReadableFile,
    readonly header: LogHeader,
    private readonly progress: Progress,
  ) {}

  /** Throws `FileFaultError` for a file that cannot be read or is no log. */
  static async open(disk: Disk, path: string, progress: (totalBytes: number) => Progress): Promise<LogScanner> {
    let file: ReadableFile;
    try {
      file = await disk.openRead(path);
    } catch (error) {
      throw new FileFaultError(diskFault(path, error), { cause: error });
    }
    try {
      const header = await file.read(0, FILE_HEADER_BYTES);
      if (readHeader(header, LOG_HEADER) !== 'whole') throw new FileFaultError(headerFault(path, header));
      const parts = { version: header.readInt32BE(4), dbid: header.readBigInt64BE(8) };
      return new LogScanner(path, file, parts, progress(file.sizeBytes));
    } catch (error) {
      await file.close();
      throw error instanceof FileFaultError ? error : new FileFaultError(diskFault(path, error), { cause: error });
    }
  }

  get sizeBytes(): number {
    return this.file.sizeBytes;
  }

  /** Set once `nextBatch` answered no records. */
  get end(): LogEnd | null {
    return this.found;
  }

  /** The next records; none at the end. */
  async nextBatch(): Promise<readonly ScannedRecord[]> {
    const records: ScannedRecord[] = [];
    let wanted = CHUNK_BYTES;
    while (this.found === null && records.length === 0) {
      const chunk = await this.read(this.position, wanted);
      wanted = await this.scan(chunk, records);
    }
    this.progress.at(this.found === null ? this.position : this.sizeBytes);
    return records;
  }

  async close(): Promise<void> {
    this.progress.end();
    await this.file.close();
  }

  /** Takes the whole records of a chunk; answers how many bytes to read next. */
  private async scan(chunk: Buffer, records: ScannedRecord[]): Promise<number> {
    const base = this.position;
    for (;;) {
      const found = scanFrame(chunk, this.position - base, this.sizeBytes - this.position);
      if (typeof found === 'number') return Math.max(found, CHUNK_BYTES);
      if ('bytes' in found) {
        records.push({ ...found, offset: this.position });
        this.position += found.bytes.length + FRAME_BYTES;
        continue;
      }
      if (records.length === 0) this.found = await this.judgeEnd(found);
      return 0;
    }
  }

  private async judgeEnd(stop: Stop): Promise<LogEnd> {
    const offset = this.position;
    if (stop.code !== null) {
      const next = await this.intactBehind(offset + 1);
      const behind = next === null ? '' : `; the next intact record begins at offset ${next}`;
      return { offset, fault: { code: stop.code, path: this.path, offset, what: stop.what + behind } };
    }
    const stray = await this.nonZeroBehind(offset);
    if (stray === null) return { offset, fault: null };
    const next = await this.intactBehind(offset + 1);
    const what =
      next === null
        ? `the records end at offset ${offset}, but these bytes behind them are not zero`
        : `the records end at offset ${offset}, but an intact one lies behind a hole`;
    return { offset, fault: { code: 'BEHIND_END', path: this.path, offset: next ?? stray, what } };
  }

  private async nonZeroBehind(from: number): Promise<number | null> {
    for (let at = from; at < this.sizeBytes;) {
      const chunk = await this.read(at, CHUNK_BYTES);
      const found = firstNonZero(chunk);
      if (found >= 0) return at + found;
      at += chunk.length;
    }
    return null;
  }

  /** Where the next record with a right checksum begins. */
  private async intactBehind(from: number): Promise<number | null> {
    for (let at = from; at < this.sizeBytes;) {
      const chunk = await this.read(at, CHUNK_BYTES);
      for (let i = 0; i + PREFIX_BYTES <= chunk.length; i++) {
        // The high half of a checksum is zero, the low half never is, and no entry is shorter than a header.
        if (chunk[i] !== 0 || chunk[i + 1] !== 0 || chunk[i + 2] !== 0 || chunk[i + 3] !== 0) continue;
        if (chunk.readUInt32BE(i + 4) === 0 || chunk.readInt32BE(i + 8) < SMALLEST_ENTRY_BYTES) continue;
        if (await this.isRecord(chunk, i, at + i)) return at + i;
      }
      if (at + chunk.length >= this.sizeBytes) return null;
      at += Math.max(1, chunk.length - PREFIX_BYTES + 1);
    }
    return null;
  }

  private async isRecord(chunk: Buffer, at: number, offset: number): Promise<boolean> {
    let found = scanFrame(chunk, at, this.sizeBytes - offset);
    if (typeof found === 'number') found = scanFrame(await this.read(offset, found), 0, this.sizeBytes - offset);
    return typeof found === 'object' && 'bytes' in found && found.checksum === found.computed;
  }

  private async read(position: number, length: number): Promise<Buffer> {
    const wanted = Math.min(length, this.sizeBytes - position);
    let chunk: Buffer;
    try {
      chunk = await this.file.read(position, wanted);
    } catch (error) {
      throw new FileFaultError({ ...diskFault(this.path, error), offset: position }, { cause: error });
    }
    if (chunk.length === wanted) return chunk;
    const what = 'the file became shorter while it was read';
    throw new FileFaultError({ code: 'IO', path: this.path, offset: position, what });
  }
}

/** No record here; `code` is null at a regular end. */
interface Stop {
  readonly code: FileFaultCode | null;
  readonly what: string;
}

const END: Stop = { code: null, what: '' };

/** The record at `at` of `bytes`, why there is none, or how many bytes from `at` it needs. `left`: bytes to the file's end. */
function scanFrame(bytes: Buffer, at: number, left: number): Omit<ScannedRecord, 'offset'> | Stop | number {
  const there = bytes.length - at;
  if (left < PREFIX_BYTES) {
    if (there < left) return left;
    return firstNonZero(bytes.subarray(at, at + left)) < 0
      ? END
      : { code: 'CUT', what: `the file ends in ${left} bytes that are too few for a record` };
  }
  if (there < PREFIX_BYTES) return PREFIX_BYTES;
  const checksum = bytes.readBigInt64BE(at);
  const length = bytes.readInt32BE(at + 8);
  if (length === 0) {
    return checksum === 0n ? END : { code: 'LENGTH', what: 'a record has a checksum, but a length of 0' };
  }
  if (length < SMALLEST_ENTRY_BYTES || length > LARGEST_ENTRY_BYTES) {
    return { code: 'LENGTH', what: `a record claims a length of ${length} bytes, which none has` };
  }
  const size = length + FRAME_BYTES;
  if (size > left) return { code: 'CUT', what: `a record of ${size} bytes begins, but only ${left} bytes are left` };
  if (there < size) return size;
  const from = at + PREFIX_BYTES;
  const entry = bytes.subarray(from, from + length);
  if (bytes[from + length] !== END_MARK) {
    return { code: 'MARK', what: `a record of ${size} bytes has no end mark (0x42) behind it` };
  }
  return { checksum, computed: BigInt(adler32(entry)), bytes: entry };
}

const ZEROS = Buffer.alloc(64 * 1024);

function firstNonZero(bytes: Buffer): number {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const part = bytes.subarray(at, at + ZEROS.length);
    if (part.equals(ZEROS.subarray(0, part.length))) continue;
    return at + part.findIndex((byte) => byte !== 0);
  }
  return -1;
}

function headerFault(path: string, header: Buffer): FileFault {
  if (header.length < FILE_HEADER_BYTES) {
    const what = `it has ${header.length} bytes, a transaction log begins with a header of ${FILE_HEADER_BYTES}`;
    return { code: 'HEADER', path, offset: 0, what };
  }
  const what = `it does not begin as a transaction log does (ZKLG), but with 0x${header.toString('hex', 0, 4)}`;
  return { code: 'HEADER', path, offset: 0, what };
}
