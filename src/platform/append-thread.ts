import type { FileHandle } from 'node:fs/promises';
import type { Worker, WorkerOptions } from 'node:worker_threads';
import { type AppendFile, type AppendOptions, DiskError, type OnAppended } from '../host/index.js';
import { allocateRing, AppendRing, Control, RECORD_SLOTS, RecordKind, RING_BYTES } from './append-ring.js';
import { diskErrorFrom, diskErrorFromNumber } from './disk-errors.js';

/** Zeros kept ahead of the end at most, whatever the caller asks for: more would only cost disk. */
const MOST_ZEROS_AHEAD_BYTES = 8 * 1024 * 1024;
/** What a fresh file gets before it is handed out, so that its first appends need not wait for the thread's own zeros. */
const FIRST_ZEROS_BYTES = 1024 * 1024;

/** Something for the thread that may have to wait for room in the ring. */
interface Request {
  readonly file: ThreadAppendFile;
  /** A RecordKind. */
  readonly kind: number;
  readonly bytes: Buffer | null;
  /** Bytes already copied into the ring. */
  copied: number;
  readonly onDone: OnAppended;
}

/** A record in the ring. Only the last one of a request carries the request. */
interface Piece {
  readonly bytes: number;
  readonly request: Request | null;
  readonly file: ThreadAppendFile;
}

/**
 * The event loop's side of the append thread; one for all append files of a process. The thread starts with the first file.
 *
 * The thread says "done" with a message on its port: measured against Atomics.waitAsync and a pipe, all three wake the event
 * loop equally fast (the scheduler is what costs), but only the port keeps the process alive while something is under way.
 */
export class AppendThread {
  private worker: Worker | null = null;
  private readonly ring: AppendRing;
  private readonly memory = allocateRing();
  private submitted = 0;
  private submittedBytes = 0;
  private completed = 0;
  private readonly pieces: Piece[] = [];
  private firstPiece = 0;
  private waiting: Request[] = [];
  private byteHead = 0;
  private bytesInUse = 0;
  private openFiles = 0;
  /** When the thread was last seen to do something, or got its first piece of work. */
  private progressMs = 0;
  /** Why the thread is gone. */
  private failure: Error | null = null;

  constructor() {
    this.ring = new AppendRing(this.memory);
  }

  /** Takes over the handle, also when it rejects. */
  async open(path: string, handle: FileHandle, options: AppendOptions): Promise<AppendFile> {
    try {
      const aheadBytes = Math.min(options.preallocateBytes, MOST_ZEROS_AHEAD_BYTES);
      const allocated = await writeFirstZeros(handle, options, aheadBytes);
      await this.startWorker();
      const zeros = { there: allocated - options.position, wanted: aheadBytes };
      const file = new ThreadAppendFile(this, path, handle, options.position, zeros);
      if (this.openFiles++ === 0) this.worker?.ref();
      await file.opened();
      return file;
    } catch (error) {
      await handle.close();
      throw diskErrorFrom(error, path);
    }
  }

  /** For files: queues an append, or (without bytes) the beginning or end of the file. */
  submit(file: ThreadAppendFile, kind: number, bytes: Buffer | null, onDone: OnAppended): void {
    const request: Request = { file, kind, bytes, copied: 0, onDone };
    if (this.failure !== null) {
      setImmediate(() => onDone(this.lostError(file), true));
    } else if (this.waiting.length > 0 || !this.enter(request)) {
      this.waiting.push(request);
    }
    this.wake();
  }

  fileClosed(): void {
    if (--this.openFiles === 0) this.worker?.unref();
  }

  /**
   * Tells the owners of what is done, without waiting for the thread's message: on a busy event loop that comes a turn later,
   * behind everything that clients sent meanwhile.
   */
  poll(): void {
    if (Atomics.load(this.ring.control, Control.completed) !== this.completed) this.collect();
  }

  /**
   * Between `attend` and `rest` the thread sends no message: `poll` is certain to be called. A message costs both sides more
   * than the write that it tells of.
   */
  attend(): void {
    Atomics.store(this.ring.control, Control.attentive, 1);
  }

  /** What was done up to here is told of now, what comes from now on by message. */
  rest(): void {
    Atomics.store(this.ring.control, Control.attentive, 0);
    this.poll();
  }

  /** How long the thread has been at work without having done anything; 0 when it has nothing to do. */
  stuckMs(): number {
    return this.pieces.length === 0 ? 0 : performance.now() - this.progressMs;
  }

  /** Ends the thread, if the disk lets go of it within `limitMs`. Files must be closed before. */
  async stop(limitMs: number): Promise<void> {
    const { worker } = this;
    this.worker = null;
    this.lose(new Error('the append thread was stopped'));
    if (worker === null) return;
    await new Promise<void>((resolve) => {
      const patience = setTimeout(resolve, limitMs);
      const done = (): void => {
        clearTimeout(patience);
        resolve();
      };
      worker.terminate().then(done, done);
    });
  }

  private async startWorker(): Promise<void> {
    const threads = await import('node:worker_threads');
    if (this.failure !== null) throw this.failure;
    if (this.worker !== null) return;
    const worker = createWorker(threads, { workerData: this.memory, name: 'append' });
    worker.on('message', () => this.collect());
    worker.on('error', (error) => this.lose(error));
    worker.on('exit', () => this.lose(new Error('the append thread ended')));
    worker.unref();
    this.worker = worker;
  }

  /** Copies as much of a request into the ring as fits; true when all of it did. */
  private enter(request: Request): boolean {
    const { bytes, file } = request;
    if (request.kind === RecordKind.open) return this.enterOpen(request);
    const length = bytes?.length ?? 0;
    do {
      if (!this.hasSlot()) return false;
      const room = Math.min(RING_BYTES - this.bytesInUse, RING_BYTES - this.byteHead);
      const take = Math.min(length - request.copied, room);
      if (take === 0 && length > request.copied) return false;
      const isLast = request.copied + take === length;
      const offset = this.byteHead;
      bytes?.copy(this.ring.bytes, offset, request.copied, request.copied + take);
      request.copied += take;
      this.byteHead = (offset + take) % RING_BYTES;
      this.bytesInUse += take;
      const kind = isLast ? request.kind : RecordKind.write;
      this.push({ bytes: take, request: isLast ? request : null, file }, kind, file.position, offset, take);
      file.position += take;
    } while (request.copied < length);
    return true;
  }

  private enterOpen(request: Request): boolean {
    if (!this.hasSlot()) return false;
    const { file } = request;
    this.push({ bytes: 0, request, file }, RecordKind.open, file.position, file.zeros.there, file.zeros.wanted);
    return true;
  }

  private hasSlot(): boolean {
    return ((this.submitted - this.completed) | 0) < RECORD_SLOTS;
  }

  private push(piece: Piece, kind: number, position: number, offset: number, length: number): void {
    this.ring.fill(this.submitted, kind, piece.file.fd, position, offset, length);
    this.submitted = (this.submitted + 1) | 0;
    this.submittedBytes = (this.submittedBytes + piece.bytes) | 0;
    if (this.pieces.length === 0) this.progressMs = performance.now();
    this.pieces.push(piece);
  }

  private wake(): void {
    const { control } = this.ring;
    Atomics.store(control, Control.submittedBytes, this.submittedBytes);
    Atomics.store(control, Control.submitted, this.submitted);
    if (Atomics.load(control, Control.sleeping) === 0) return;
    const isEnough = ((this.submittedBytes - Atomics.load(control, Control.wakeAtBytes)) | 0) >= 0;
    if (isEnough) Atomics.notify(control, Control.submitted);
  }

  /** Tells the owners of all that is done, in order. */
  private collect(): void {
    if (this.isLost()) return;
    const { ring, pieces } = this;
    Atomics.store(ring.control, Control.announced, 0);
    const completed = Atomics.load(ring.control, Control.completed);
    let held: Request | null = null;
    while (this.completed !== completed && !this.isLost()) {
      const { bytes, file, request } = pieces[this.firstPiece++] as Piece;
      const errno = ring.errno(this.completed);
      this.completed = (this.completed + 1) | 0;
      this.bytesInUse -= bytes;
      if (errno !== 0) file.failure ??= diskErrorFromNumber(errno, file.path);
      if (request === null) continue;
      held?.onDone(held.file.failure, held.file !== file || !isAppend(request));
      held = request;
    }
    held?.onDone(held.file.failure, true);
    pieces.splice(0, this.firstPiece);
    this.firstPiece = 0;
    this.progressMs = performance.now();
    this.enterWaiting();
  }

  private isLost(): boolean {
    return this.failure !== null;
  }

  private enterWaiting(): void {
    if (this.waiting.length === 0) return;
    let entered = 0;
    for (const request of this.waiting) {
      if (!this.enter(request)) break;
      entered++;
    }
    this.waiting = this.waiting.slice(entered);
    this.wake();
  }

  /** The thread died: nothing is durable any more, and everyone who waits is told. */
  private lose(reason: Error): void {
    if (this.failure !== null) return;
    this.failure = reason;
    const lost = [...this.pieces.splice(this.firstPiece).map((piece) => piece.request), ...this.waiting.splice(0)];
    for (const request of lost) request?.onDone(this.lostError(request.file), true);
  }

  private lostError(file: ThreadAppendFile): DiskError {
    const why = this.failure?.message ?? 'for no known reason';
    file.failure ??= new DiskError('IO', file.path, `${file.path}: the append thread is gone (${why})`, {
      cause: this.failure,
    });
    return file.failure;
  }
}

function isAppend({ kind }: Request): boolean {
  return kind === RecordKind.write || kind === RecordKind.writeSync;
}

interface Threads {
  readonly Worker: typeof Worker;
}

/**
 * The compiled thread beside this file. When this runs from TypeScript sources: the source, by way of tsx, which does not reach
 * into threads by itself.
 */
function createWorker({ Worker }: Threads, options: WorkerOptions): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./append-worker.js', import.meta.url), options);
  const source = new URL('./append-worker.ts', import.meta.url).href;
  const tsx = import.meta.resolve('tsx/esm/api');
  const code = `import('${tsx}').then((tsx) => tsx.tsImport('${source}', '${import.meta.url}'))`;
  return new Worker(code, { ...options, eval: true });
}

class ThreadAppendFile implements AppendFile {
  readonly fd: number;
  failure: DiskError | undefined;
  private closing: Promise<void> | null = null;

  constructor(
    private readonly thread: AppendThread,
    readonly path: string,
    private readonly handle: FileHandle,
    /** Where the next bytes go. */
    public position: number,
    /** Zeros behind `position` that are there, and how many the thread shall keep there. */
    readonly zeros: { readonly there: number; readonly wanted: number },
  ) {
    this.fd = handle.fd;
  }

  /** The thread runs and knows the file. */
  opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.thread.submit(this, RecordKind.open, null, (error) => {
        if (error === undefined) {
          resolve();
          return;
        }
        this.thread.fileClosed();
        reject(error);
      });
    });
  }

  append(bytes: Buffer, sync: boolean, onDone: OnAppended): void {
    if (this.closing === null) {
      this.thread.submit(this, sync ? RecordKind.writeSync : RecordKind.write, bytes, onDone);
    } else {
      setImmediate(() => onDone(new DiskError('CLOSED', this.path, `${this.path} is closed`), true));
    }
  }

  close(): Promise<void> {
    this.closing ??= this.finish();
    return this.closing;
  }

  private async finish(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.thread.submit(this, RecordKind.close, null, () => resolve());
    });
    this.thread.fileClosed();
    try {
      await this.handle.close();
    } catch (error) {
      throw diskErrorFrom(error, this.path);
    }
  }
}

/** Returns the file's length with them. A full disk only means that there are none. */
async function writeFirstZeros(handle: FileHandle, options: AppendOptions, aheadBytes: number): Promise<number> {
  const allocated = Math.max(options.allocatedBytes, options.position);
  const missing = Math.min(aheadBytes, FIRST_ZEROS_BYTES) - (allocated - options.position);
  if (missing <= 0) return allocated;
  let written: number;
  try {
    ({ bytesWritten: written } = await handle.write(Buffer.alloc(missing), 0, missing, allocated));
  } catch {
    return allocated;
  }
  await handle.datasync();
  return allocated + written;
}
