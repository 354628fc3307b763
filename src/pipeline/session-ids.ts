import type { Clock } from '../host/index.js';
import { firstSessionId } from '../protocol/index.js';

/**
 * The ids of sessions made here, for the life of the process: every role goes on where the last one ended. The server's id
 * keeps those of different servers apart.
 */
export class SessionIds {
  private nextId: bigint;

  constructor(clock: Clock, myId: number) {
    this.nextId = firstSessionId(clock.wallMs(), myId);
  }

  /** A new id. Known ones are stepped over: the clock that the first came from may have been set back. */
  next(known: ReadonlyMap<bigint, unknown>): bigint {
    while (known.has(this.nextId)) this.nextId++;
    return this.nextId++;
  }
}
