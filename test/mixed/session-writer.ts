import { setTimeout as delay } from 'node:timers/promises';
import type { ClientProgram } from '../interop/programs.js';
import { answered, type SessionProgram } from '../interop/session-program.js';

const PAUSE_MS = 10;
const ANSWER_MS = 60_000;
const EXISTS = /^error (-110$|node_?exists)/i;
const DISCONNECTED = /^error (-4$|connection_?loss)/i;

/**
 * A client program that creates numbered nodes one after the other, each until it is acknowledged, in one session that also
 * holds an ephemeral node.
 */
export class SessionWriter {
  /** Numbers of the acknowledged creates. */
  readonly acknowledged: number[] = [];
  private readonly program: SessionProgram;
  private longestMs = 0;
  private stopped = false;
  private failure: Error | null = null;
  private done: Promise<void> = Promise.resolve();

  constructor(
    readonly kind: ClientProgram,
    hosts: string,
    readonly folder: string,
  ) {
    this.program = kind.start(hosts);
  }

  get ephemeral(): string {
    return `${this.folder}-session`;
  }

  nodeOf(number: number): string {
    return `n${String(number).padStart(8, '0')}`;
  }

  async start(): Promise<void> {
    await answered(this.program, `create ${this.folder} x`);
    await answered(this.program, `ephemeral ${this.ephemeral}`);
    this.done = this.run().catch((error: unknown) => {
      this.failure = error instanceof Error ? error : new Error(String(error));
    });
  }

  /** The longest time without an acknowledgement since it was asked last. */
  takeLongestMs(): number {
    if (this.failure !== null) throw this.failure;
    const longest = this.longestMs;
    this.longestMs = 0;
    return longest;
  }

  /** Writes no more, and keeps the session. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.done;
    if (this.failure !== null) throw this.failure;
  }

  /** Closes the session, and ends. */
  quit(): Promise<void> {
    return this.program.quit();
  }

  kill(): Promise<void> {
    return this.program.kill();
  }

  private async run(): Promise<void> {
    let lastMs = performance.now();
    for (let number = 0; !this.stopped; number++) {
      await this.create(number);
      this.acknowledged.push(number);
      const nowMs = performance.now();
      this.longestMs = Math.max(this.longestMs, nowMs - lastMs);
      lastMs = nowMs;
      await delay(PAUSE_MS);
    }
  }

  /** A create that got no answer may have been done: then the next try finds the node. */
  private async create(number: number): Promise<void> {
    for (;;) {
      const answer = await this.program.ask(`create ${this.folder}/${this.nodeOf(number)} x`, ANSWER_MS);
      if (answer.startsWith('ok') || EXISTS.test(answer)) return;
      if (!DISCONNECTED.test(answer)) throw new Error(`${this.kind.name}: ${answer}`);
      await delay(PAUSE_MS);
    }
  }
}
