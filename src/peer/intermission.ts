import type { Database } from '../storage/index.js';

/** A wish that cannot be fulfilled, because this server stops. */
export class ServerStops extends Error {
  override readonly name = 'ServerStops';
}

interface Wish {
  readonly grant: (database: Database) => Promise<void>;
  readonly refuse: (error: Error) => void;
}

/**
 * What can only be done while this server has no role: it leads nobody, follows nobody and serves nobody, and everything
 * that is logged is applied. Whoever wants that asks; the role ends, the wish is fulfilled, and the next role begins.
 */
export class Intermission {
  private wishes: Wish[] = [];
  private isOver = false;

  constructor(
    /** Ends the role (or the search for one), so that `run` is called soon. */
    private readonly endRole: (why: string) => void,
    /** Resolves when nothing (a full disk, say) stands against a new role. */
    private readonly readiness: () => Promise<void>,
  ) {}

  /** Is there something to do before the next role begins? */
  get isWanted(): boolean {
    return this.wishes.length > 0;
  }

  /** Fulfils `work` between two roles; `why` is for the log. */
  ask<T>(why: string, work: (database: Database) => Promise<T>): Promise<T> {
    if (this.isOver) return Promise.reject(new ServerStops('this server stops'));
    return new Promise<T>((resolve, reject) => {
      this.wishes.push({
        grant: async (database) => {
          try {
            resolve(await work(database));
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        },
        refuse: reject,
      });
      this.endRole(why);
    });
  }

  /** The role is over: fulfils what is wished, then waits until a new role may begin. */
  async run(database: Database): Promise<void> {
    for (;;) {
      for (let wish = this.wishes.shift(); wish !== undefined; wish = this.wishes.shift()) {
        await wish.grant(database);
      }
      if (this.isOver) return;
      await this.readiness();
      if (this.wishes.length === 0) return;
    }
  }

  /** This server stops: nothing is fulfilled any more. */
  stop(): void {
    this.isOver = true;
    for (const wish of this.wishes.splice(0)) wish.refuse(new ServerStops('this server stops'));
  }
}
