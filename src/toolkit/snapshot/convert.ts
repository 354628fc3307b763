import { type Compression, makePacker, StagedFile } from '../../storage/index.js';
import { FileFaultError } from '../file-fault.js';
import { refuseFile } from '../log/dump.js';
import { refuseExisting, stagedPath } from '../log/log-copy.js';
import { type Tool, ToolExit } from '../tool.js';
import { compressionOf, readSnapshotFile } from './read.js';

/** So much of the content is packed together. */
const PACKED_BYTES = 512 * 1024;

export interface ConvertOptions {
  readonly path: string;
  readonly to: Compression;
  /** Null: beside the snapshot, under its name with the ending that says how it is compressed. */
  readonly out: string | null;
}

/** The name that ZooKeeper gives a snapshot compressed like that. */
export function convertedPath(path: string, to: Compression): string {
  const plain = compressionOf(path) === 'none' ? path : path.replace(/\.(gz|snappy)$/i, '');
  return to === 'none' ? plain : `${plain}.${to}`;
}

/** Writes a snapshot anew in another compression; the content is verified on the way, and nothing is written of a damaged one. */
export async function convertSnapshot(tool: Tool, options: ConvertOptions): Promise<number> {
  const { path, to } = options;
  const out = options.out ?? convertedPath(path, to);
  try {
    if (compressionOf(out) !== to) {
      const ending = to === 'none' ? 'neither .gz nor .snappy' : `.${to}`;
      const what = `its name has to end in ${ending}, for by that ZooKeeper tells how it is compressed`;
      throw new FileFaultError({ code: 'NAME', path: out, offset: null, what });
    }
    await refuseExisting(tool.disk, out);
    const bytes = await copy(tool, path, out, to);
    tool.write(`${out}: ${bytes} bytes\n`);
    await tool.settled();
    return ToolExit.ok;
  } catch (error) {
    return refuseFile(tool, error);
  }
}

async function copy(tool: Tool, path: string, out: string, to: Compression): Promise<number> {
  const staged = await StagedFile.create(tool.disk, stagedPath(out));
  try {
    const pack = makePacker(to);
    const waiting: Buffer[] = [];
    let waitingBytes = 0;
    const flush = async () => {
      await staged.write(await pack(Buffer.concat(waiting.splice(0))));
      waitingBytes = 0;
    };
    const { fault } = await readSnapshotFile(
      tool.disk,
      path,
      {},
      {
        progress: (bytes) => tool.progress(path, bytes),
        onBytes: async (bytes) => {
          waiting.push(bytes);
          waitingBytes += bytes.length;
          if (waitingBytes >= PACKED_BYTES) await flush();
        },
      },
    );
    if (fault !== null) throw new FileFaultError(fault);
    if (waitingBytes > 0) await flush();
    await staged.seal();
    await staged.publish(out);
    return staged.length;
  } catch (error) {
    await staged.abort().catch(() => undefined);
    throw error;
  }
}
