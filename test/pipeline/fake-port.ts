import assert from 'node:assert/strict';
import type { ClientPort, CloseReason, RequestPipeline, WriteRequest, WriteResult } from '../../src/pipeline/index.js';
import type { Id } from '../../src/protocol/index.js';
import { ipId } from '../../src/auth/index.js';
import { answerText } from './texts.js';
import { parseRequest } from './validator-scenario.js';

/** A client connection that notes what it is told, as short texts. */
export class FakePort implements ClientPort {
  /** `opened 4000`, `refused`, `closed sessionExpired`, or the answers to requests with their number: `3 create /a`. */
  readonly told: string[] = [];
  sessionId = 0n;
  password: Buffer = Buffer.alloc(0);
  readonly auth: Id[] = [ipId('127.0.0.1')];
  private cxid = 0;
  private readonly waiting: number[] = [];
  private insideCall = false;

  constructor(readonly pipeline: RequestPipeline) {}

  // The client's side

  open(timeoutMs = 4000): this {
    this.call(() => this.pipeline.openSession(this, timeoutMs));
    return this;
  }

  resume(sessionId: bigint, password: Buffer, timeoutMs = 4000): this {
    this.call(() => this.pipeline.resumeSession(this, sessionId, password, timeoutMs));
    return this;
  }

  /** The session of another connection. */
  takeUp(other: FakePort): this {
    return this.resume(other.sessionId, other.password);
  }

  /** Sends requests in one chunk; see `parseRequest`, and `sync PATH`. */
  send(...requests: string[]): this {
    for (const text of requests) {
      const { type, body } = text.startsWith('sync') ? { type: 9, body: Buffer.alloc(4) } : parseRequest(text);
      this.waiting.push(++this.cxid);
      const request = { port: this, sessionId: this.sessionId, cxid: this.cxid, type, body, auth: this.auth };
      this.call(() => this.pipeline.submit(request));
    }
    this.call(() => this.pipeline.endBatch());
    return this;
  }

  /** Numbers requests as a client that has come back does that begins anew. */
  restartNumbers(): this {
    this.cxid = 0;
    return this;
  }

  touch(timeoutMs = 4000): boolean {
    return this.pipeline.touch(this.sessionId, timeoutMs);
  }

  hangUp(): void {
    this.pipeline.detach(this, this.sessionId);
  }

  /** What was told since the last call. */
  heard(): string[] {
    return this.told.splice(0);
  }

  private call(action: () => void): void {
    this.insideCall = true;
    action();
    this.insideCall = false;
  }

  // ClientPort

  writeDone(result: WriteResult): void {
    const cxid = this.waiting.shift();
    this.tell(`${cxid ?? 'unasked'} ${answerText(result)}`);
  }

  writeMissed({ cxid }: WriteRequest, result: WriteResult): void {
    this.tell(`missed ${cxid} ${answerText(result)}`);
  }

  sessionOpened(sessionId: bigint, timeoutMs: number, password: Buffer): void {
    this.sessionId = sessionId;
    this.password = password;
    this.tell(`opened ${timeoutMs}`);
  }

  sessionRefused(): void {
    this.tell('refused');
  }

  closeFromServer(reason: CloseReason): void {
    this.told.push(`closed ${reason}`);
  }

  private tell(text: string): void {
    assert.ok(!this.insideCall, `told "${text}" inside of a call`);
    this.told.push(text);
  }
}
