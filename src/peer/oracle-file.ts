import { type Clock, Complaints, type Disk, DiskError, type Logger, type Timer } from '../host/index.js';

/**
 * How often the file is read. Who is allowed to go on alone needs longer than that to become leader, so that the one who was
 * allowed before knows that it is no more.
 */
const READ_EVERY_MS = 50;
/** An older answer is none: the file's disk hangs, or this process stood still, and the other server may be allowed now. */
const FRESH_MS = 5 * READ_EVERY_MS;
const ALLOWS = '1'.charCodeAt(0);

/**
 * The oracle of two servers: a file that somebody outside keeps. It begins with `1` on the server that may go on alone when
 * they have lost each other, and on at most one of the two (`oraclePath`, ZOOKEEPER-3922). A file that cannot be read allows
 * nothing, and neither does one that has not been read for a while.
 */
export class OracleFile {
  private isAllowed = false;
  /** Monotonic; of the last answer. */
  private readMs = Number.NEGATIVE_INFINITY;
  private timer: Timer | null = null;
  private isStopped = false;
  private reading: Promise<void> = Promise.resolve();
  private readonly complaints: Complaints;

  constructor(
    private readonly clock: Clock,
    private readonly disk: Disk,
    private readonly log: Logger,
    private readonly path: string,
  ) {
    this.complaints = new Complaints(clock, log);
  }

  /** The last answer, as long as it is fresh. */
  readonly allows = (): boolean => this.isAllowed && this.clock.monotonicMs() - this.readMs <= FRESH_MS;

  /** Resolves when the file has been read once. */
  start(): Promise<void> {
    this.reading = this.read();
    return this.reading;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.isAllowed = false;
    this.timer?.cancel();
    await this.reading;
  }

  private async read(): Promise<void> {
    const before = this.isAllowed;
    const askedMs = this.clock.monotonicMs();
    const now = await this.ask();
    if (this.isStopped) return;
    this.readMs = askedMs;
    this.isAllowed = now;
    if (now !== before) {
      const what = now ? 'allows this server to go on alone' : 'allows this server to go on alone no longer';
      this.log.warn(`The oracle ${this.path} ${what}.`, { code: 'ORACLE' });
    }
    this.timer = this.clock.after(READ_EVERY_MS, () => {
      this.reading = this.read();
    });
  }

  private async ask(): Promise<boolean> {
    try {
      return (await this.disk.readFile(this.path))[0] === ALLOWS;
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      this.complaints.warn('oracle', `The oracle cannot be read, which counts as no: ${error.message}`, {
        code: 'ORACLE_UNREADABLE',
      });
      return false;
    }
  }
}
