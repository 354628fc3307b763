import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { resolve } from 'node:path';
import { makeFolderSync } from '../platform/index.js';
import type { CliContext } from './context.js';

const TOLD_LINES = 15;
const TOLD_BYTES = 16 * 1024;

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number without a name.
    return String(process.getuid?.() ?? '');
  }
}

/** The file that a server in the background writes its log to, named as `zkServer.sh` names it. What is in it is kept. */
export class DaemonLog {
  private constructor(
    /** Absolute. */
    readonly path: string,
    readonly fd: number,
    /** What was there before. */
    private readonly oldBytes: number,
  ) {}

  /** In `$ZOO_LOG_DIR`, or in the data folder. Or the words that tell why it cannot be written. */
  static open(context: CliContext, dataDir: string): DaemonLog | string {
    const named = context.env['ZOO_LOG_DIR'] ?? '';
    const folder = named === '' ? dataDir : resolve(context.workingDir, named);
    const path = resolve(folder, `zookeeper-${userName()}-server-${hostname()}.out`);
    try {
      makeFolderSync(folder);
      // Reading, too, to be able to show what the server said last.
      const fd = openSync(path, 'a+', 0o644);
      return new DaemonLog(path, fd, fstatSync(fd).size);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return `The log ${path} cannot be written: ${why}. Give this user the right to, or set ZOO_LOG_DIR to another folder.`;
    }
  }

  /** The last lines that were written since it was opened. */
  newLines(): readonly string[] {
    const { size } = fstatSync(this.fd);
    const from = Math.max(this.oldBytes, size - TOLD_BYTES);
    const bytes = Buffer.alloc(Math.max(0, size - from));
    readSync(this.fd, bytes, 0, bytes.length, from);
    const lines = bytes.toString('utf8').split('\n');
    return lines.filter((line) => line !== '').slice(-TOLD_LINES);
  }

  close(): void {
    closeSync(this.fd);
  }
}
