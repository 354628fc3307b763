import { ZabError } from './life.js';

/** Questions that nobody answers are no reason to run out of memory. */
const MAX_WAITING = 1_000_000;

interface Revalidation {
  readonly sessionId: bigint;
  /** Null: a client of this server asks. */
  readonly answer: ((isValid: boolean) => void) | null;
}

/**
 * What a learner has asked its leader and got no answer to, in the order of asking, which is that of the answers: for clients
 * of its own, and for observers that it serves.
 */
export class LeaderQuestions {
  /** Null: a client of this server asks. */
  private syncs: ((() => void) | null)[] = [];
  private revalidations: Revalidation[] = [];
  private touched = new Map<bigint, number>();

  askSync(done: (() => void) | null): void {
    this.syncs.push(done);
    this.checkCount(this.syncs.length);
  }

  /** Whom the answer to the oldest sync is for; null: a client of this server. */
  syncAnswered(): (() => void) | null {
    return this.syncs.shift() ?? null;
  }

  askRevalidation(sessionId: bigint, answer: Revalidation['answer']): void {
    this.revalidations.push({ sessionId, answer });
    this.checkCount(this.revalidations.length);
  }

  isAskedFor(sessionId: bigint): boolean {
    return this.revalidations.some((one) => one.sessionId === sessionId);
  }

  /** Whom the answer is for; null: a client of this server. */
  revalidationAnswered(sessionId: bigint): Revalidation['answer'] {
    const at = this.revalidations.findIndex((one) => one.sessionId === sessionId);
    if (at < 0) return null;
    const [found] = this.revalidations.splice(at, 1);
    return found?.answer ?? null;
  }

  /** An observer has heard from the session. */
  touch(sessionId: bigint, timeoutMs: number): void {
    this.touched.set(sessionId, timeoutMs);
  }

  /** Sessions that observers have heard from since the last call. */
  drainTouched(): ReadonlyMap<bigint, number> {
    const { touched } = this;
    this.touched = new Map();
    return touched;
  }

  private checkCount(count: number): void {
    if (count > MAX_WAITING) throw new ZabError('TOO_SLOW', `the leader has not answered ${count} questions`);
  }
}
