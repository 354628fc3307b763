/**
 * How often something was asked about each session without an answer yet. Answers come in the order of the questions, so that
 * only the last one is about the client who waits now: those before it were about clients who have gone, and what the session
 * has done elsewhere since is in none of them.
 */
export class OpenQuestions {
  private readonly counts = new Map<bigint, number>();

  ask(sessionId: bigint): void {
    this.counts.set(sessionId, (this.counts.get(sessionId) ?? 0) + 1);
  }

  has(sessionId: bigint): boolean {
    return this.counts.has(sessionId);
  }

  /** Is it the answer to the last one? */
  answered(sessionId: bigint): boolean {
    const left = (this.counts.get(sessionId) ?? 1) - 1;
    if (left > 0) this.counts.set(sessionId, left);
    else this.counts.delete(sessionId);
    return left <= 0;
  }

  clear(): void {
    this.counts.clear();
  }
}
