import {
  type AppendFile,
  type AppendOptions,
  type DirEntry,
  type Disk,
  DiskError,
  type FolderClaim,
  type ReadableFile,
  type WritableFile,
} from '../../src/host/index.js';
import { FakeAppendFile } from './fake-append-file.js';
import type { FakeClock } from './fake-clock.js';
import { type DiskOperationKind, type FakeDisk, partsOf, splitPath } from './fake-disk.js';
import { FakeDir, FakeFile, type FakeNode } from './fake-file.js';

/** A FakeDisk as one process sees it. When the process is dead, its calls have no effect and never return. */
export class MountedDisk implements Disk {
  constructor(
    private readonly disk: FakeDisk,
    private readonly clock: FakeClock,
  ) {}

  list(dir: string): Promise<readonly DirEntry[]> {
    return this.operate('list', dir, () => [...this.dir(dir).entries].map(([name, node]) => entryOf(name, node)));
  }

  stat(path: string): Promise<DirEntry> {
    return this.operate('stat', path, () => entryOf(splitPath(path).name, this.node(path)));
  }

  readFile(path: string): Promise<Buffer> {
    return this.operate('read', path, () => {
      const file = this.file(path);
      return file.read(0, file.size);
    });
  }

  openRead(path: string): Promise<ReadableFile> {
    return this.operate('open', path, () => new Reader(this, path, this.file(path)));
  }

  create(path: string): Promise<WritableFile> {
    return this.operate('create', path, () => {
      const { parent, name } = this.place(path);
      let file = parent.entries.get(name);
      if (file?.kind === 'dir') throw new DiskError('OTHER', path, `${path} is a folder`);
      if (file === undefined) {
        file = new FakeFile();
        parent.change([name, file]);
      } else file.resize(0);
      file.modifiedMs = this.clock.wallMs();
      return new Writer(this, path, file);
    });
  }

  openWrite(path: string): Promise<WritableFile> {
    return this.operate('open', path, () => new Writer(this, path, this.file(path)));
  }

  openAppend(path: string, options: AppendOptions): Promise<AppendFile> {
    return this.operate('create', path, () => {
      const { parent, name } = this.place(path);
      let file = parent.entries.get(name);
      if (file?.kind === 'dir') throw new DiskError('OTHER', path, `${path} is a folder`);
      if (file === undefined) {
        file = new FakeFile();
        parent.change([name, file]);
      }
      return new FakeAppendFile(this.disk, this.clock, path, file, options);
    });
  }

  claim(dir: string): Promise<FolderClaim | null> {
    return this.operate('stat', dir, () => {
      const { claims } = this.disk;
      const node = this.dir(dir);
      const holder = claims.get(node);
      const { gate } = this.clock;
      if (holder !== undefined && holder !== gate && !holder.isDead) return null;
      claims.set(node, gate);
      return {
        release: () => {
          if (claims.get(node) === gate) claims.delete(node);
          return Promise.resolve();
        },
      };
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.operate('rename', from, () => {
      const node = this.node(from);
      const source = this.place(from);
      const target = this.place(to);
      const replaced = target.parent.entries.get(target.name);
      if (replaced !== undefined && (replaced.kind === 'dir' || node.kind === 'dir')) {
        throw new DiskError('OTHER', to, `${to} is in the way`);
      }
      if (source.parent === target.parent) {
        source.parent.change([source.name, null], [target.name, node]);
      } else {
        source.parent.change([source.name, null]);
        target.parent.change([target.name, node]);
      }
    });
  }

  remove(path: string): Promise<void> {
    return this.operate('remove', path, () => {
      const node = this.node(path);
      if (node.kind === 'dir' && node.entries.size > 0) throw new DiskError('OTHER', path, `${path} is not empty`);
      const { parent, name } = this.place(path);
      parent.change([name, null]);
    });
  }

  makeDir(dir: string): Promise<void> {
    return this.operate('makeDir', dir, () => {
      let parent: FakeNode = this.disk.root;
      for (const name of partsOf(dir)) {
        if (parent.kind !== 'dir') throw new DiskError('OTHER', dir, `a part of ${dir} is a file`);
        let next = parent.entries.get(name);
        if (next === undefined) {
          next = new FakeDir();
          parent.change([name, next]);
        }
        parent = next;
      }
      if (parent.kind !== 'dir') throw new DiskError('EXISTS', dir, `${dir} is a file`);
    });
  }

  syncDir(dir: string): Promise<void> {
    return this.operate('syncDir', dir, () => this.dir(dir).synced());
  }

  freeBytes(dir: string): Promise<number> {
    return this.operate('stat', dir, () => {
      this.dir(dir);
      return Math.min(this.disk.capacityBytes, Number.MAX_SAFE_INTEGER) - this.disk.usedBytes();
    });
  }

  /** Does `effect` now (it may throw) and tells the result after the operation's latency. */
  operate<T>(kind: DiskOperationKind, path: string, effect: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const { gate } = this.clock;
      if (gate.isDead) return;
      let outcome: () => void;
      try {
        if (!path.startsWith('/')) throw new DiskError('OTHER', path, `${path} is not absolute`);
        this.disk.begin(kind, path);
        // The hook may have ended this process.
        if (this.clock.gate.isDead) return;
        const result = effect();
        outcome = () => resolve(result);
      } catch (error) {
        outcome = () => reject(asError(error));
      }
      this.disk.finish(kind, gate, outcome);
    });
  }

  /** A sync covers what was written before it began and is durable when it ends. */
  sync(path: string, file: FakeFile): Promise<void> {
    return new Promise((resolve, reject) => {
      const { gate } = this.clock;
      if (gate.isDead) return;
      const covered = file.pendingCount;
      let outcome = () => {
        file.synced(covered);
        resolve();
      };
      try {
        this.disk.begin('sync', path);
        if (this.clock.gate.isDead) return;
      } catch (error) {
        file.syncFailed();
        outcome = () => reject(asError(error));
      }
      this.disk.finish('sync', gate, outcome);
    });
  }

  /** Changes a file's bytes, if they fit. */
  change(kind: 'write' | 'truncate', path: string, file: FakeFile, newEnd: number, effect: () => void): Promise<void> {
    return this.operate(kind, path, () => {
      this.disk.reserve(path, newEnd - file.size);
      effect();
      file.modifiedMs = this.clock.wallMs();
    });
  }

  private node(path: string): FakeNode {
    let node: FakeNode | undefined = this.disk.root;
    for (const name of partsOf(path)) {
      if (node.kind !== 'dir') throw new DiskError('OTHER', path, `a part of ${path} is not a folder`);
      node = node.entries.get(name);
      if (node === undefined) throw new DiskError('NOT_FOUND', path, `no such file or folder: ${path}`);
    }
    return node;
  }

  private dir(path: string): FakeDir {
    const node = this.node(path);
    if (node.kind !== 'dir') throw new DiskError('OTHER', path, `${path} is not a folder`);
    return node;
  }

  private file(path: string): FakeFile {
    const node = this.node(path);
    if (node.kind !== 'file') throw new DiskError('OTHER', path, `${path} is a folder`);
    return node;
  }

  private place(path: string): { parent: FakeDir; name: string } {
    const { dir, name } = splitPath(path);
    return { parent: this.dir(dir), name };
  }
}

class Reader implements ReadableFile {
  private closed = false;

  constructor(
    private readonly disk: MountedDisk,
    private readonly path: string,
    private readonly file: FakeFile,
  ) {}

  get sizeBytes(): number {
    return this.file.size;
  }

  read(position: number, length: number): Promise<Buffer> {
    if (this.closed) return Promise.reject(closedError(this.path));
    return this.disk.operate('read', this.path, () => this.file.read(position, length));
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

class Writer implements WritableFile {
  private closed = false;

  constructor(
    private readonly disk: MountedDisk,
    private readonly path: string,
    private readonly file: FakeFile,
  ) {}

  write(bytes: Buffer, position: number): Promise<void> {
    if (this.closed) return Promise.reject(closedError(this.path));
    const end = position + bytes.length;
    return this.disk.change('write', this.path, this.file, end, () => this.file.write(bytes, position));
  }

  truncate(length: number): Promise<void> {
    if (this.closed) return Promise.reject(closedError(this.path));
    return this.disk.change('truncate', this.path, this.file, length, () => this.file.resize(length));
  }

  sync(): Promise<void> {
    return this.closed ? Promise.reject(closedError(this.path)) : this.disk.sync(this.path, this.file);
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

function closedError(path: string): DiskError {
  return new DiskError('CLOSED', path, `${path} is closed`);
}

function entryOf(name: string, node: FakeNode): DirEntry {
  return { name, kind: node.kind, sizeBytes: node.kind === 'file' ? node.size : 0, modifiedMs: node.modifiedMs };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
