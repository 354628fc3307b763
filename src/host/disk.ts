/**
 * Files as the core sees them. Paths are absolute and `/`-separated. Errors are `DiskError`s.
 *
 * Durability is explicit: bytes are safe after `sync`; a created, renamed or removed name is safe after `syncDir` of its
 * folder. The simulated disk loses everything else at a crash.
 */
export interface Disk {
  /** Names in a folder, in no particular order. */
  list(dir: string): Promise<readonly DirEntry[]>;
  stat(path: string): Promise<DirEntry>;
  /** The whole file. */
  readFile(path: string): Promise<Buffer>;
  openRead(path: string): Promise<ReadableFile>;
  /** Creates (or empties) a file for writing. */
  create(path: string): Promise<WritableFile>;
  /** Opens an existing file for writing without changing it. */
  openWrite(path: string): Promise<WritableFile>;
  /**
   * Opens a file (creating it when absent) for the append path of the transaction log: a writer with a thread of its own,
   * so that a slow disk never blocks the caller's turn.
   */
  openAppend(path: string, options: AppendOptions): Promise<AppendFile>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Creates the folder and its parents; an existing one is fine. */
  makeDir(dir: string): Promise<void>;
  syncDir(dir: string): Promise<void>;
  /** Bytes that can still be written where `dir` lives. */
  freeBytes(dir: string): Promise<number>;
  /**
   * Claims a folder for this process until it releases it or ends, however that comes; null when another one has it. Where
   * the system has nothing of the kind everybody gets it.
   */
  claim(dir: string): Promise<FolderClaim | null>;
}

export interface FolderClaim {
  release(): Promise<void>;
}

export interface DirEntry {
  readonly name: string;
  readonly kind: 'file' | 'dir' | 'other';
  /** 0 for folders. */
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

export interface ReadableFile {
  readonly sizeBytes: number;
  /** Up to `length` bytes from `position`; fewer only at the end of the file. */
  read(position: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

export interface WritableFile {
  write(bytes: Buffer, position: number): Promise<void>;
  truncate(length: number): Promise<void>;
  /** fdatasync: resolves when every byte written so far survives a power cut. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface AppendOptions {
  /** Where the first append goes. */
  readonly position: number;
  /** The file is kept up to this many bytes (zeros) longer than what was appended, so that appends do not grow it; 0: never. */
  readonly preallocateBytes: number;
  /** Bytes the file occupies already, zeros after `position` included. */
  readonly allocatedBytes: number;
}

/** `isLast` is false when the next append of the file completed together with this one and is told of right behind it. */
export type OnAppended = (error: DiskError | undefined, isLast: boolean) => void;

export interface AppendFile {
  /**
   * Writes `bytes` behind what was appended before and, when `sync`, makes everything durable; then calls `onDone`
   * (never from inside this call). `bytes` may be reused once `onDone` ran. Calls may overlap; they complete in order.
   * After an error every later append fails with the same error.
   */
  append(bytes: Buffer, sync: boolean, onDone: OnAppended): void;
  /** Waits for what is under way; leaves the file as long as its preallocation made it. */
  close(): Promise<void>;
}

export type DiskErrorCode = 'NOT_FOUND' | 'EXISTS' | 'PERMISSION' | 'NO_SPACE' | 'IO' | 'CLOSED' | 'OTHER';

export class DiskError extends Error {
  override readonly name = 'DiskError';
  constructor(
    readonly code: DiskErrorCode,
    readonly path: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
