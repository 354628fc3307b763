import type { Clock, Timer } from '../host/index.js';
import type { JuteReader, JuteWriter } from '../jute/index.js';
import { opName } from '../protocol/index.js';
import { onAbort } from './abort-listeners.js';
import { ZooKeeperError } from './errors.js';
import type { CallOptions } from './options.js';

/** One operation: how it is written, and what its answer means. */
export interface Request<T> {
  /** See `OpCode`. */
  readonly type: number;
  /** As the caller named it; null when the operation has none. */
  readonly path: string | null;
  readonly encode: (w: JuteWriter) => void;
  readonly decode: (r: JuteReader) => T;
  /** Hears of the answer before the caller, and also when the caller has given up. */
  readonly onReply?: (err: number) => void;
  /** An error code that is an answer all the same. */
  readonly answerFor?: (err: number) => T | undefined;
}

/** A request whose caller waits, unless he has given up. */
export class Call {
  xid = 0;
  private isSettled = false;
  private release: () => void = () => undefined;

  constructor(
    readonly request: Request<unknown>,
    private readonly onValue: (value: unknown) => void,
    private readonly onError: (error: Error) => void,
  ) {}

  get isOver(): boolean {
    return this.isSettled;
  }

  get name(): string {
    return opName(this.request.type);
  }

  /** Lets the caller give up by time or by signal. */
  limit(clock: Clock, timeoutMs: number, signal: AbortSignal | undefined): void {
    if (timeoutMs <= 0 && signal === undefined) return;
    const { path } = this.request;
    const subject = `${this.name}${path === null ? '' : ` ${path}`}`;
    let timer: Timer | null = null;
    if (timeoutMs > 0) {
      timer = clock.after(timeoutMs, () =>
        this.fail(new ZooKeeperError('timeout', `${subject}: no answer within ${timeoutMs} ms`, { path })),
      );
    }
    const ignore =
      signal === undefined
        ? null
        : onAbort(signal, () =>
            this.fail(new ZooKeeperError('aborted', `${subject}: aborted`, { path, cause: signal.reason })),
          );
    this.release = () => {
      timer?.cancel();
      ignore?.();
    };
  }

  succeed(value: unknown): void {
    if (this.settle()) this.onValue(value);
  }

  fail(error: Error): void {
    if (this.settle()) this.onError(error);
  }

  private settle(): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    this.release();
    return true;
  }
}

/** How long a call may take; 0: for ever. */
export function limitOf(options: CallOptions, defaultMs: number | undefined): number {
  return options.timeoutMs ?? defaultMs ?? 0;
}
