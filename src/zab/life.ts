import type { Clock, Timer } from '../host/index.js';

/** Why a role, or a connection of one, is over. */
export type EndCode =
  | 'SHUTDOWN'
  | 'LISTEN_FAILED'
  | 'NO_EPOCH_QUORUM'
  | 'NO_EPOCH_ACK_QUORUM'
  | 'NO_NEWLEADER_QUORUM'
  | 'DISLOYAL_VOTERS'
  | 'QUORUM_LOST'
  | 'DISK_SLOW'
  | 'ZXID_EXHAUSTED'
  | 'HANDOVER'
  | 'RECONFIGURED'
  | 'CONNECT_FAILED'
  | 'CONNECTION_LOST'
  | 'SILENT'
  | 'PROTOCOL'
  | 'EPOCH_TOO_OLD'
  | 'EPOCH_FAR'
  | 'LEARNER_AHEAD'
  | 'DOUBLE'
  | 'CROWDED'
  | 'REPLACED'
  | 'TOO_SLOW'
  | 'THROTTLED'
  | 'TRUNCATE_FAILED'
  | 'STORAGE'
  | 'INTERNAL';

export interface RoleEnd {
  readonly code: EndCode;
  /** A sentence for the log. */
  readonly reason: string;
}

/** Ends the role (or the connection) that it is thrown in. */
export class ZabError extends Error {
  override readonly name = 'ZabError';
  constructor(
    readonly code: EndCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Thrown into whatever still waits when a life is over. */
class LifeOver extends Error {
  override readonly name = 'LifeOver';
}

/** Something that happens once. */
export class Milestone {
  private readonly waiters = new Set<() => void>();
  private done = false;

  get reached(): boolean {
    return this.done;
  }

  reach(): void {
    this.done = true;
    for (const wake of this.waiters) wake();
    this.waiters.clear();
  }

  /** Calls `wake` when it happens, later than now; returns how to take that back. */
  watch(wake: () => void): () => void {
    this.waiters.add(wake);
    return () => this.waiters.delete(wake);
  }
}

/**
 * The time a role or a connection lives: it ends once, for the first reason, and takes every timer and wait with it.
 * `drained` then waits for the disk operations under way, so that none of them reaches into the next role
 * (ZOOKEEPER-4712, 4541, 4502).
 */
export class Life {
  private endedWith: RoleEnd | null = null;
  private readonly endings = new Set<() => void>();
  private readonly work = new Set<Promise<unknown>>();

  constructor(private readonly clock: Clock) {}

  get end(): RoleEnd | null {
    return this.endedWith;
  }

  get isOver(): boolean {
    return this.endedWith !== null;
  }

  finish(code: EndCode, reason: string): void {
    if (this.endedWith !== null) return;
    this.endedWith = { code, reason };
    const endings = [...this.endings];
    this.endings.clear();
    for (const ending of endings) ending();
  }

  /** Ends with what was thrown. */
  finishWith(error: unknown, otherwise: EndCode): void {
    if (error instanceof LifeOver) return;
    const code = error instanceof ZabError ? error.code : otherwise;
    this.finish(code, error instanceof Error ? error.message : String(error));
  }

  /** Throws once the life is over. */
  check(): void {
    if (this.endedWith !== null) throw new LifeOver(this.endedWith.reason);
  }

  /** Calls `ending` at the end, at once when that was already; returns how to take it back. */
  atEnd(ending: () => void): () => void {
    if (this.endedWith !== null) {
      ending();
      return () => false;
    }
    this.endings.add(ending);
    return () => this.endings.delete(ending);
  }

  after(delayMs: number, fn: () => void): Timer {
    if (this.endedWith !== null) return { cancel: () => undefined };
    const timer = this.clock.after(delayMs, () => {
      forget();
      fn();
    });
    const forget = this.atEnd(() => {
      timer.cancel();
    });
    return {
      cancel: () => {
        forget();
        timer.cancel();
      },
    };
  }

  /** Calls `fn` again and again, `periodMs` after its last call, until the life ends. */
  every(periodMs: number, fn: () => void): void {
    this.after(periodMs, () => {
      fn();
      this.every(periodMs, fn);
    });
  }

  /**
   * Waits for a disk operation, and remembers it until it is through. Its failure ends the life with STORAGE. Throws when
   * the life ended meanwhile.
   */
  async during<T>(operation: Promise<T>): Promise<T> {
    this.work.add(operation);
    try {
      const result = await operation;
      this.check();
      return result;
    } catch (error) {
      if (error instanceof ZabError || error instanceof LifeOver) throw error;
      throw new ZabError('STORAGE', error instanceof Error ? error.message : String(error), { cause: error });
    } finally {
      this.work.delete(operation);
    }
  }

  /** True when it happens within the time, false when not. Throws when the life ends first. */
  async within(milestone: Milestone, timeoutMs: number): Promise<boolean> {
    this.check();
    if (milestone.reached) return true;
    const inTime = await new Promise<boolean>((resolve) => {
      const settle = (result: boolean): void => {
        unwatch();
        timer.cancel();
        forget();
        resolve(result);
      };
      const unwatch = milestone.watch(() => {
        settle(true);
      });
      const timer = this.after(timeoutMs, () => {
        settle(false);
      });
      const forget = this.atEnd(() => {
        settle(false);
      });
    });
    this.check();
    return inTime;
  }

  /** Resolves when no remembered operation is under way any more, whatever became of it. */
  async drained(): Promise<void> {
    while (this.work.size > 0) await Promise.allSettled(this.work);
  }
}
