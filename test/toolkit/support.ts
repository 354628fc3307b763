import type { Disk, ReadableFile, WritableFile } from '../../src/host/index.js';
import { DiskError } from '../../src/host/index.js';
import { JavaDates, type Progress, type Tool } from '../../src/toolkit/index.js';

export const UTC = new JavaDates({ name: 'UTC' });

function refuse(path: string): never {
  throw new DiskError('NOT_FOUND', path, `there is no ${path}`);
}

/** Files in memory, with all that the file tools ask of a disk. */
export class MemoryFiles {
  /** Longest piece that was read at once. */
  longestRead = 0;

  constructor(readonly files: Map<string, Buffer>) {}

  get disk(): Disk {
    const { files } = this;
    const unused = (): never => {
      throw new Error('not asked for by the file tools');
    };
    return {
      openRead: (path) => Promise.resolve().then(() => this.readable(path)),
      readFile: (path) => Promise.resolve().then(() => files.get(path) ?? refuse(path)),
      stat: (path) =>
        Promise.resolve().then(() => {
          const { length } = files.get(path) ?? refuse(path);
          return { name: path, kind: 'file' as const, sizeBytes: length, modifiedMs: 0 };
        }),
      list: () => Promise.resolve([]),
      create: (path) => Promise.resolve(this.writable(path)),
      rename: (from, to) => {
        files.set(to, files.get(from) ?? refuse(from));
        files.delete(from);
        return Promise.resolve();
      },
      remove: (path) => {
        files.delete(path);
        return Promise.resolve();
      },
      syncDir: () => Promise.resolve(),
      openWrite: unused,
      openAppend: unused,
      makeDir: unused,
      freeBytes: unused,
      claim: unused,
    };
  }

  private readable(path: string): ReadableFile {
    const bytes = this.files.get(path) ?? refuse(path);
    return {
      sizeBytes: bytes.length,
      read: (position, length) => {
        this.longestRead = Math.max(this.longestRead, length);
        return Promise.resolve(bytes.subarray(position, position + length));
      },
      close: () => Promise.resolve(),
    };
  }

  private writable(path: string): WritableFile {
    this.files.set(path, Buffer.alloc(0));
    return {
      write: (bytes, position) => {
        const old = this.files.get(path) ?? Buffer.alloc(0);
        const grown = Buffer.alloc(Math.max(old.length, position + bytes.length));
        old.copy(grown);
        bytes.copy(grown, position);
        this.files.set(path, grown);
        return Promise.resolve();
      },
      truncate: () => Promise.reject(new Error('not asked for by the file tools')),
      sync: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
  }
}

/** A tool that keeps what it writes. */
export class TestTool implements Tool {
  out = '';
  readonly errors: string[] = [];
  /** Done bytes, as the bar is told. */
  readonly progressed: number[] = [];

  constructor(
    readonly disk: Disk,
    private readonly answers: string[] = [],
  ) {}

  private temporary = 0;
  readonly freshPath = (): string => `/temporary/${this.temporary++}`;
  readonly write = (text: string): void => {
    this.out += text;
  };
  readonly settled = (): Promise<void> => Promise.resolve();
  readonly complain = (line: string): void => {
    this.errors.push(line);
  };
  readonly progress = (): Progress => ({ at: (bytes) => this.progressed.push(bytes), end: () => undefined });
  readonly ask = (question: string): Promise<string | null> => {
    this.out += question;
    return Promise.resolve(this.answers.shift() ?? null);
  };
}

/** Runs one of the file tools on files in memory. */
export async function runTool(
  files: Readonly<Record<string, Buffer>>,
  run: (tool: TestTool) => Promise<number>,
  answers: readonly string[] = [],
) {
  const memory = new MemoryFiles(new Map(Object.entries(files)));
  const tool = new TestTool(memory.disk, [...answers]);
  const exitCode = await run(tool);
  return { exitCode, out: tool.out, errors: tool.errors, files: memory.files, progressed: tool.progressed, memory };
}
