import { type AppendFile, type AppendOptions, DiskError, type OnAppended } from '../../src/host/index.js';
import type { FakeClock } from './fake-clock.js';
import type { DiskOperationKind, FakeDisk } from './fake-disk.js';
import type { FakeFile } from './fake-file.js';

/** Zeros kept ahead at most, so that tests that read whole files do not read mostly zeros. */
const MOST_ZEROS_AHEAD_BYTES = 64 * 1024;

interface Waiting {
  readonly bytes: Buffer;
  readonly sync: boolean;
  readonly onDone: OnAppended;
}

/** The append path: everything that waits shares one write and one sync, as in the real writer's thread. */
export class FakeAppendFile implements AppendFile {
  private waiting: Waiting[] = [];
  private isBusy = false;
  private failure: DiskError | undefined;
  private isClosed = false;
  private position: number;
  private readonly onIdle: (() => void)[] = [];

  constructor(
    private readonly disk: FakeDisk,
    private readonly clock: FakeClock,
    private readonly path: string,
    private readonly file: FakeFile,
    private readonly options: AppendOptions,
  ) {
    this.position = options.position;
    // As the real writer does, the file has zeros before its first append.
    if (options.preallocateBytes > 0) this.allocate();
  }

  append(bytes: Buffer, sync: boolean, onDone: OnAppended): void {
    if (this.isClosed) {
      this.clock.defer(() => onDone(new DiskError('CLOSED', this.path, `${this.path} is closed`), true));
      return;
    }
    this.waiting.push({ bytes, sync, onDone });
    if (!this.isBusy) {
      this.isBusy = true;
      this.clock.defer(() => this.writeGroup());
    }
  }

  close(): Promise<void> {
    this.isClosed = true;
    if (!this.isBusy) return Promise.resolve();
    return new Promise((resolve) => {
      this.onIdle.push(resolve);
    });
  }

  private writeGroup(): void {
    const group = this.waiting;
    this.waiting = [];
    const written = this.attempt('append', () => {
      const bytes = Buffer.concat(group.map((one) => one.bytes));
      const end = this.position + bytes.length;
      this.disk.reserve(this.path, end - this.file.size);
      this.file.write(bytes, this.position);
      this.file.modifiedMs = this.clock.wallMs();
      this.position = end;
      if (this.options.preallocateBytes > 0) this.allocate();
    });
    if (!written) return;
    this.disk.finish('append', this.clock.gate, () => {
      if (this.failure === undefined && group.some((one) => one.sync)) this.sync(group);
      else this.complete(group);
    });
  }

  /** Keeps zeros ahead of the next append; a full disk only means that there are fewer. */
  private allocate(): void {
    const aheadBytes = Math.min(this.options.preallocateBytes, MOST_ZEROS_AHEAD_BYTES);
    if (this.file.size >= this.position + aheadBytes / 2 || !this.disk.hasRoom(aheadBytes)) return;
    this.file.resize(this.position + aheadBytes);
  }

  private sync(group: readonly Waiting[]): void {
    const covered = this.file.pendingCount;
    if (!this.attempt('sync', () => undefined)) return;
    if (this.failure !== undefined) this.file.syncFailed();
    this.disk.finish('sync', this.clock.gate, () => {
      if (this.failure === undefined) this.file.synced(covered);
      this.complete(group);
    });
  }

  private complete(group: readonly Waiting[]): void {
    group.forEach((one, at) => one.onDone(this.failure, at === group.length - 1));
    if (this.waiting.length > 0) {
      this.writeGroup();
      return;
    }
    this.isBusy = false;
    for (const idle of this.onIdle.splice(0)) idle();
  }

  /** Notes the error of an operation for ever; false when the process is dead. */
  private attempt(kind: DiskOperationKind, effect: () => void): boolean {
    if (this.failure !== undefined) return true;
    try {
      this.disk.begin(kind, this.path);
      if (this.clock.gate.isDead) return false;
      effect();
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      this.failure = error;
    }
    return true;
  }
}
