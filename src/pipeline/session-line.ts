import { Fifo } from '../host/index.js';
import { ErrorCode, OpCode } from '../protocol/index.js';
import type { ClientPort, WriteRequest, WriteResult } from './api.js';

/** A request of a client of this server, until it is answered. */
export class Waiting {
  /** Set when it is decided. */
  result: WriteResult | null = null;

  constructor(
    readonly request: WriteRequest,
    readonly line: SessionLine,
    /**
     * The transaction's, where it is known when the request is submitted. On a learner the last one logged then: that of the
     * request comes behind it.
     */
    readonly zxid: number,
  ) {}
}

const SYNC_DONE: WriteResult = { zxid: 0, type: OpCode.sync, err: ErrorCode.ok, result: null };

/** Requests of all sessions that are not answered. */
export interface Outstanding {
  count: number;
}

/**
 * A session whose client is connected here, and its requests in the order they came, which is that of the answers.
 *
 * A transaction that is applied answers the syncs before it, too: whatever was proposed when they came is applied with it.
 */
export class SessionLine {
  private readonly queue = new Fifo<Waiting>();

  constructor(
    readonly sessionId: bigint,
    /** Null when the client has gone; its requests go on without an answer. */
    public port: ClientPort | null,
    private readonly outstanding: Outstanding,
  ) {}

  get isEmpty(): boolean {
    return this.queue.length === 0;
  }

  push(waiting: Waiting): void {
    this.queue.push(waiting);
    this.outstanding.count++;
  }

  /** The oldest undecided request that becomes a transaction: the only one that the session's next transaction can be. */
  get nextTransaction(): Waiting | undefined {
    for (let at = 0; ; at++) {
      const waiting = this.queue.at(at);
      if (waiting === undefined) return undefined;
      if (waiting.result === null && waiting.request.type !== OpCode.sync) return waiting;
    }
  }

  /** Answers a transaction and whatever stands before it, then what is decided behind it. */
  answerThrough(waiting: Waiting): void {
    for (let first = this.queue.first; first !== undefined; first = this.queue.first) {
      if (first.result === null && first.request.type !== OpCode.sync) break;
      this.answerFirst(first, first.result ?? SYNC_DONE);
      if (first === waiting) break;
    }
    this.answerDecided();
  }

  /** Answers what is decided and has nothing undecided before it. */
  answerDecided(): void {
    for (let first = this.queue.first; first?.result; first = this.queue.first) this.answerFirst(first, first.result);
  }

  private answerFirst({ request }: Waiting, result: WriteResult): void {
    this.queue.shift();
    this.outstanding.count--;
    const { port } = request;
    if (port === null) return;
    if (port === this.port) port.writeDone(result);
    else port.writeMissed(request, result);
  }

  /** Nobody waits any more. */
  clear(): void {
    this.outstanding.count -= this.queue.length;
    this.queue.clear();
  }
}
