import { type FileHandle, lstat, open, readdir, readFile, rename, rmdir, stat, statfs, unlink } from 'node:fs/promises';
import { constants, type Stats } from 'node:fs';
import { basename, join } from 'node:path';
import {
  type AppendFile,
  type AppendOptions,
  type DirEntry,
  type Disk,
  DiskError,
  type FolderClaim,
  type ReadableFile,
  type WritableFile,
} from '../host/index.js';
import type { AppendThread } from './append-thread.js';
import { diskErrorFrom } from './disk-errors.js';
import { claimFolder } from './folder-claim.js';
import { makeFolder } from './make-folder.js';
import { tracked } from './pending-operations.js';

/** Files by `node:fs`: on its thread pool, but for appends, which have a thread of their own. */
export class RealDisk implements Disk {
  constructor(private readonly appends: AppendThread) {}

  async list(dir: string): Promise<readonly DirEntry[]> {
    const names = await guarded(dir, readdir(dir));
    const entries = await Promise.all(names.map((name) => entryIfThere(join(dir, name))));
    return entries.filter((entry) => entry !== undefined);
  }

  async stat(path: string): Promise<DirEntry> {
    return entryOf(path, await guarded(path, stat(path)));
  }

  readFile(path: string): Promise<Buffer> {
    return guarded(path, readFile(path));
  }

  async openRead(path: string): Promise<ReadableFile> {
    const handle = await guarded(path, open(path, 'r'));
    return new RealReader(path, handle, await sizeOrClose(path, handle));
  }

  async create(path: string): Promise<WritableFile> {
    return new RealWriter(path, await guarded(path, open(path, 'w')));
  }

  async openWrite(path: string): Promise<WritableFile> {
    return new RealWriter(path, await guarded(path, open(path, 'r+')));
  }

  async openAppend(path: string, options: AppendOptions): Promise<AppendFile> {
    const handle = await guarded(path, open(path, constants.O_RDWR | constants.O_CREAT, 0o666));
    return this.appends.open(path, handle, options);
  }

  rename(from: string, to: string): Promise<void> {
    return guarded(from, rename(from, to));
  }

  async remove(path: string): Promise<void> {
    try {
      await unlink(path);
    } catch (error) {
      if (!isFolderError(error)) throw diskErrorFrom(error, path);
      await guarded(path, rmdir(path));
    }
  }

  async makeDir(dir: string): Promise<void> {
    await guarded(dir, makeFolder(dir));
  }

  async syncDir(dir: string): Promise<void> {
    const handle = await guarded(dir, open(dir, constants.O_RDONLY | constants.O_DIRECTORY));
    try {
      await guarded(dir, handle.sync());
    } finally {
      await guarded(dir, handle.close());
    }
  }

  async freeBytes(dir: string): Promise<number> {
    const { bavail, bsize } = await guarded(dir, statfs(dir));
    return bavail * bsize;
  }

  claim(dir: string): Promise<FolderClaim | null> {
    return guarded(dir, claimFolder(dir));
  }
}

class RealReader implements ReadableFile {
  private closed = false;

  constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    readonly sizeBytes: number,
  ) {}

  async read(position: number, length: number): Promise<Buffer> {
    if (this.closed) throw closedError(this.path);
    const bytes = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await guarded(
        this.path,
        this.handle.read(bytes, filled, length - filled, position + filled),
      );
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await guarded(this.path, this.handle.close());
  }
}

class RealWriter implements WritableFile {
  private closed = false;

  constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
  ) {}

  async write(bytes: Buffer, position: number): Promise<void> {
    if (this.closed) throw closedError(this.path);
    let written = 0;
    while (written < bytes.length) {
      const { bytesWritten } = await guarded(
        this.path,
        this.handle.write(bytes, written, bytes.length - written, position + written),
      );
      written += bytesWritten;
    }
  }

  async truncate(length: number): Promise<void> {
    if (this.closed) throw closedError(this.path);
    await guarded(this.path, this.handle.truncate(length));
  }

  async sync(): Promise<void> {
    if (this.closed) throw closedError(this.path);
    await guarded(this.path, this.handle.datasync());
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await guarded(this.path, this.handle.close());
  }
}

/** The promise with its rejection turned into a DiskError. */
async function guarded<T>(path: string, promise: Promise<T>): Promise<T> {
  try {
    return await tracked(promise);
  } catch (error) {
    throw diskErrorFrom(error, path);
  }
}

async function sizeOrClose(path: string, handle: FileHandle): Promise<number> {
  try {
    return (await handle.stat()).size;
  } catch (error) {
    await handle.close();
    throw diskErrorFrom(error, path);
  }
}

/** Undefined when it vanished since its folder was read. */
async function entryIfThere(path: string): Promise<DirEntry | undefined> {
  try {
    return entryOf(path, await stat(path));
  } catch (error) {
    const failure = diskErrorFrom(error, path);
    if (failure.code !== 'NOT_FOUND') throw failure;
    const link = await lstat(path).catch(() => null);
    // A link that leads nowhere has not vanished: what it should lead to is missing.
    return link?.isSymbolicLink() === true ? { ...entryOf(path, link), kind: 'other' } : undefined;
  }
}

function entryOf(path: string, stats: Stats): DirEntry {
  const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'dir' : 'other';
  return {
    name: basename(path),
    kind,
    sizeBytes: kind === 'dir' ? 0 : stats.size,
    modifiedMs: Math.floor(stats.mtimeMs),
  };
}

/** What unlink says about a folder: EISDIR on Linux, EPERM elsewhere. */
function isFolderError(error: unknown): boolean {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code === 'EISDIR' || code === 'EPERM';
}

function closedError(path: string): DiskError {
  return new DiskError('CLOSED', path, `${path} is closed`);
}
