import type { TlsSettings } from '../config/index.js';
import { type Clock, type Host, type Logger, type TlsContext, TlsError, type Timer } from '../host/index.js';
import { PeerExit, StartError } from './start-error.js';

/** How often the files of keys and certificates are looked at. */
const LOOK_MS = 1000;

/** Loads the files that TLS needs; throws a `StartError` that names the file. */
export async function loadTls({ network }: Host, { options }: TlsSettings): Promise<TlsContext> {
  try {
    return await network.loadTls(options);
  } catch (error) {
    if (!(error instanceof TlsError)) throw error;
    throw new StartError(PeerExit.unexpected, error.message, { cause: error });
  }
}

/** Takes keys and certificates anew when their files change. Nobody who is connected notices. */
export class TlsFileWatch {
  private timer: Timer | null = null;
  private isStopped = false;
  private complaint = '';

  constructor(
    private readonly clock: Clock,
    private readonly log: Logger,
    /** Whose certificates: `clients` or `servers`. */
    private readonly whose: string,
    private readonly context: TlsContext,
    /** False: only when it is asked to. */
    looks: boolean,
  ) {
    if (looks) this.arm();
  }

  /** What takes the files that changed, when they are good; null: none has. Throws a `TlsError`. */
  async prepare(): Promise<(() => void) | null> {
    const take = await this.context.prepare();
    if (take === null) return null;
    return () => {
      take();
      this.told();
    };
  }

  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
  }

  private arm(): void {
    this.timer = this.clock.after(LOOK_MS, () => {
      this.look().catch((error: unknown) => {
        this.tell(error);
        this.again();
      });
    });
  }

  private async look(): Promise<void> {
    const isNew = await this.context.reload();
    this.complaint = '';
    if (isNew) this.told();
    this.again();
  }

  private told(): void {
    const message = `The certificates for ${this.whose} were read again, since a file changed.`;
    this.log.info(message, { code: 'TLS_RELOADED' });
  }

  private again(): void {
    if (!this.isStopped) this.arm();
  }

  /** A file that is being written may be broken for a moment; the same complaint is not repeated. */
  private tell(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    if (why === this.complaint) return;
    this.complaint = why;
    this.log.error(`The certificates for ${this.whose} changed, but the old ones stay in use: ${why}`, {
      code: 'TLS_RELOAD_FAILED',
    });
  }
}
