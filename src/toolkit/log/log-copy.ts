import type { Disk } from '../../host/index.js';
import { StagedFile, joinPath, parentPath } from '../../storage/index.js';
import { FileFaultError } from '../file-fault.js';
import type { LogScanner, ScannedRecord } from './log-scanner.js';

const BUFFER_BYTES = 256 * 1024;
const FRAME_BYTES = 13;

/** A log that is written from the records of another; it appears whole or not at all. */
export class LogCopy {
  private parts: Buffer[] = [];
  private waitingBytes = 0;

  private constructor(
    private readonly path: string,
    private readonly staged: StagedFile,
  ) {}

  /** Throws `FileFaultError` when something has that name already. */
  static async create(disk: Disk, path: string, source: LogScanner): Promise<LogCopy> {
    await refuseExisting(disk, path);
    const staged = await StagedFile.create(disk, stagedPath(path));
    const copy = new LogCopy(path, staged);
    const header = Buffer.alloc(16);
    header.write('ZKLG', 0, 'latin1');
    header.writeInt32BE(source.header.version, 4);
    header.writeBigInt64BE(source.header.dbid, 8);
    copy.push(header);
    return copy;
  }

  /** `checksum` takes the place of the record's own. */
  async add({ bytes }: ScannedRecord, checksum: bigint): Promise<void> {
    const frame = Buffer.allocUnsafe(bytes.length + FRAME_BYTES);
    frame.writeBigInt64BE(checksum, 0);
    frame.writeInt32BE(bytes.length, 8);
    bytes.copy(frame, 12);
    frame[frame.length - 1] = 0x42;
    this.push(frame);
    if (this.waitingBytes >= BUFFER_BYTES) await this.flush();
  }

  /** Durable under its name. */
  async publish(): Promise<void> {
    await this.flush();
    await this.staged.seal();
    await this.staged.publish(this.path);
  }

  /** Best effort: nothing of it is left. */
  async abort(): Promise<void> {
    await this.staged.abort().catch(() => undefined);
  }

  private push(bytes: Buffer): void {
    this.parts.push(bytes);
    this.waitingBytes += bytes.length;
  }

  private async flush(): Promise<void> {
    const bytes = Buffer.concat(this.parts);
    this.parts = [];
    this.waitingBytes = 0;
    await this.staged.write(bytes);
  }
}

/** Under a name that no server takes for a log or snapshot. */
export function stagedPath(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return joinPath(parentPath(path), `.writing-${name}`);
}

/** Throws `FileFaultError` when something has that name. */
export async function refuseExisting(disk: Disk, path: string): Promise<void> {
  const isThere = await disk.stat(path).then(
    () => true,
    () => false,
  );
  if (!isThere) return;
  const what = 'it exists already; name another file with --out, or move it away';
  throw new FileFaultError({ code: 'NAME', path, offset: null, what });
}
