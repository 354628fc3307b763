import type { Disk } from '../../host/index.js';
import { type Compression, CompressionError, unpack } from '../../storage/index.js';
import { diskFault, type FileFault, FileFaultError } from '../file-fault.js';
import type { Progress } from '../tool.js';
import { SnapshotDamage, SnapshotDecoder } from './decoder.js';
import type { SnapshotTrailer, SnapshotVisitor } from './node.js';

const CHUNK_BYTES = 512 * 1024;

/** What was read of a snapshot. */
export interface SnapshotReading {
  readonly nodeCount: number;
  /** Null: it is damaged. */
  readonly trailer: SnapshotTrailer | null;
  /** Null: it is whole, and its checksums are right. */
  readonly fault: FileFault | null;
}

export interface ReadOptions {
  readonly progress: (totalBytes: number) => Progress;
  /** Gets the content, piece by piece. */
  readonly onBytes?: (bytes: Buffer) => Promise<void>;
}

/** By the end of the name, as ZooKeeper tells it. */
export function compressionOf(path: string): Compression {
  const ending = /\.(gz|snappy)$/i.exec(path)?.[1]?.toLowerCase();
  return ending === 'gz' || ending === 'snappy' ? ending : 'none';
}

/** The zxid in a snapshot's name; -1 when there is none. */
export function zxidOfName(path: string): number {
  const digits = /(?:^|\/)snapshot\.([0-9a-f]{1,16})(?:\.(?:gz|snappy))?$/i.exec(path)?.[1];
  return digits === undefined ? -1 : Number.parseInt(digits, 16);
}

/**
 * Reads a snapshot of ZooKeeper 3.4 to 3.9 or of ours, compressed or not, and tells the visitor what is in it; the visitor
 * has heard of all that stands before the damage, if there is any. Throws `FileFaultError` for a file that cannot be read.
 */
export async function readSnapshotFile(
  disk: Disk,
  path: string,
  visitor: SnapshotVisitor,
  options: ReadOptions,
): Promise<SnapshotReading> {
  const decoder = new SnapshotDecoder(visitor);
  const source = new FileSource(disk, path, options.progress);
  try {
    for await (const chunk of unpack(source.chunks(), compressionOf(path))) {
      decoder.push(chunk);
      await options.onBytes?.(chunk);
      await visitor.pause?.();
    }
    const trailer = decoder.finish();
    return { nodeCount: decoder.nodeCount, trailer, fault: null };
  } catch (error) {
    const fault = faultOf(error, path);
    if (fault === null) throw error;
    return { nodeCount: decoder.nodeCount, trailer: null, fault };
  } finally {
    source.progress?.end();
  }
}

function faultOf(error: unknown, path: string): FileFault | null {
  if (error instanceof SnapshotDamage) return { code: error.code, path, offset: error.offset, what: error.message };
  if (error instanceof CompressionError) return { code: 'PACKED', path, offset: error.offset, what: error.message };
  return null;
}

class FileSource {
  progress: Progress | null = null;

  constructor(
    private readonly disk: Disk,
    private readonly path: string,
    private readonly makeProgress: (totalBytes: number) => Progress,
  ) {}

  async *chunks(): AsyncGenerator<Buffer, void, undefined> {
    let at = 0;
    try {
      const file = await this.disk.openRead(this.path);
      try {
        this.progress = this.makeProgress(file.sizeBytes);
        while (at < file.sizeBytes) {
          const chunk = await file.read(at, CHUNK_BYTES);
          if (chunk.length === 0) return;
          at += chunk.length;
          yield chunk;
          this.progress.at(at);
        }
      } finally {
        await file.close();
      }
    } catch (error) {
      throw new FileFaultError({ ...diskFault(this.path, error), offset: at === 0 ? null : at }, { cause: error });
    }
  }
}
