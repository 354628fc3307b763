import type { LeadershipProof } from './leadership-proof.js';

interface Waiting {
  readonly zxid: number;
  readonly ticket: number;
  readonly done: () => void;
}

/**
 * Syncs that wait for everything proposed before them: those of learners until it is committed (their COMMITs are in the
 * learner's stream then), those of this server's own clients until it is applied here.
 */
export class SyncRequests {
  private readonly remote: Waiting[] = [];
  private readonly local: Waiting[] = [];

  /** `proof` null: answer without asking a quorum. */
  constructor(private readonly proof: LeadershipProof | null) {}

  get count(): number {
    return this.remote.length + this.local.length;
  }

  add(origin: 'learner' | 'local', zxid: number, done: () => void): void {
    const ticket = this.proof?.ask() ?? 0;
    (origin === 'learner' ? this.remote : this.local).push({ zxid, ticket, done });
  }

  /** Answers what has waited long enough. */
  answer(committedZxid: number, appliedZxid: number): void {
    this.release(this.remote, committedZxid);
    this.release(this.local, appliedZxid);
  }

  /**
   * `zxid` is being committed. A learner's syncs that came before it was proposed are answered first: a Java learner takes
   * answers and commits in the order of its requests. That a quorum logged a later proposal is proof enough.
   */
  answerBefore(zxid: number): void {
    answerOlder(this.remote, zxid);
  }

  /**
   * `zxid` is being applied. Syncs of this server's own clients that came before it was proposed are answered first: reads
   * that follow one must not see what their client wrote behind them.
   */
  answerLocalBefore(zxid: number): void {
    answerOlder(this.local, zxid);
  }

  private release(queue: Waiting[], zxid: number): void {
    const proven = this.proof?.proven ?? 0;
    let ready = 0;
    for (const waiting of queue) {
      if (waiting.zxid > zxid || waiting.ticket > proven) break;
      ready++;
    }
    for (const { done } of queue.splice(0, ready)) done();
  }
}

function answerOlder(queue: Waiting[], zxid: number): void {
  let ready = 0;
  for (const waiting of queue) {
    if (waiting.zxid >= zxid) break;
    ready++;
  }
  if (ready === 0) return;
  for (const { done } of queue.splice(0, ready)) done();
}
