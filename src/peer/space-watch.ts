import type { Clock, Disk, Logger, Timer } from '../host/index.js';

export interface SpaceOptions {
  /** The folders of logs and snapshots. */
  readonly folders: readonly string[];
  /** With less than this free it is said that the disk fills; 0: never. */
  readonly warnBytes: number;
  /** With less than this free the server pauses; 0: never. */
  readonly stopBytes: number;
}

const LOOK_MS = 1000;
/** It is all clear only with so much more than the mark, so that nothing flutters around it. */
const CLEAR_FACTOR = 1.25;
const MEBIBYTE = 1024 * 1024;

/**
 * Looks at the space on the disks. When little is left, this server has to let go of its role before the log cannot be
 * written any more: others can do what it cannot. When there is room again it may go on.
 */
export class SpaceWatch {
  private timer: Timer | null = null;
  private isStopped = false;
  private isFilling = false;
  private isFull = false;
  private waiting: (() => void)[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly disk: Disk,
    private readonly log: Logger,
    private readonly options: SpaceOptions,
    /** There is too little space: the role must end. */
    private readonly onFull: (why: string) => void,
  ) {}

  /** Too little to go on? */
  get isLow(): boolean {
    return this.isFull;
  }

  /** The folders are there: looks once before anything else happens, then again and again. */
  async start(): Promise<void> {
    if (this.options.stopBytes <= 0 && this.options.warnBytes <= 0) return;
    await this.look();
    this.arm();
  }

  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
    this.release();
  }

  /** Resolves when there is room, or when the watch is stopped. */
  room(): Promise<void> {
    if (!this.isFull || this.isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      this.waiting.push(resolve);
    });
  }

  private arm(): void {
    if (this.isStopped) return;
    this.timer = this.clock.after(LOOK_MS, () => {
      const again = (): void => this.arm();
      this.look().then(again, again);
    });
  }

  private async look(): Promise<void> {
    const { folders } = this.options;
    let free: readonly number[];
    try {
      free = await Promise.all(folders.map((dir) => this.disk.freeBytes(dir)));
    } catch (error) {
      this.log.debug(`The space on the disk cannot be told: ${String(error)}`, { code: 'DISK_SPACE_UNKNOWN' });
      return;
    }
    if (this.isStopped) return;
    const least = Math.min(...free);
    this.judge(least, folders[free.indexOf(least)] ?? '');
  }

  private judge(freeBytes: number, dir: string): void {
    const { warnBytes, stopBytes } = this.options;
    const left = `${Math.floor(freeBytes / MEBIBYTE)} MiB are left where ${dir} is`;
    if (freeBytes < stopBytes) {
      this.isFilling = true;
      this.pause(`${left}, at least ${Math.ceil(stopBytes / MEBIBYTE)} are needed (diskSpaceStopInMb)`);
      return;
    }
    if (this.isFull && freeBytes >= stopBytes * CLEAR_FACTOR) {
      this.isFull = false;
      this.log.info(`There is room on the disk again (${left}): this server goes on.`, { code: 'DISK_ROOM' });
      this.release();
    }
    if (freeBytes >= warnBytes * CLEAR_FACTOR) this.isFilling = false;
    if (freeBytes >= warnBytes || this.isFilling) return;
    this.isFilling = true;
    this.log.warn(`The disk fills: ${left}. Below ${Math.ceil(stopBytes / MEBIBYTE)} MiB this server pauses.`, {
      code: 'DISK_FILLING',
    });
  }

  private pause(why: string): void {
    if (this.isFull) return;
    this.isFull = true;
    this.log.error(
      `The disk is nearly full: ${why}. This server gives up its role, votes no more and serves nobody until there is room.`,
      { code: 'DISK_FULL' },
    );
    this.onFull(why);
  }

  private release(): void {
    for (const go of this.waiting.splice(0)) go();
  }
}
