import { SaslError, type SaslServer, type SaslServerStep } from '../auth/index.js';
import type { JuteReader } from '../jute/index.js';
import type { Id } from '../protocol/index.js';
import { ErrorCode, formatSessionId } from '../protocol/index.js';
import { ID_LIMITS } from './auth-ids.js';
import type { ClientHub } from './client-hub.js';
import type { SessionCarrier } from './client-session.js';

/** The session that proves itself. */
export interface SaslSubject {
  readonly sessionId: bigint;
  readonly isOver: boolean;
  /** False: it would have too many, and has not got them. */
  addIds(ids: readonly Id[]): boolean;
}

/** SASL tokens of one session (operation 102): each gets an answer before anything else is heard of the client. */
export class SaslExchange {
  private server: SaslServer | null = null;

  constructor(
    private readonly hub: ClientHub,
    private readonly carrier: SessionCarrier,
    private readonly subject: SaslSubject,
  ) {}

  /** `reader` stands behind the request's header. */
  onRequest(xid: number, reader: JuteReader): void {
    const length = reader.remaining < 4 ? -1 : reader.int();
    if (length < 0 || length > reader.remaining) {
      this.carrier.refuse('its SASL request has no token');
      return;
    }
    this.server ??= this.hub.access.sasl?.begin() ?? null;
    if (this.server === null) {
      // Without a SASL configuration ZooKeeper answers every token with success and no token of its own.
      this.answer(xid, ErrorCode.ok, null);
      return;
    }
    try {
      const step = this.server.step(Buffer.from(reader.raw(length)));
      if (step instanceof Promise) this.wait(xid, step);
      else this.wentOn(xid, step);
    } catch (error) {
      this.failed(xid, error);
    }
  }

  /** A step that takes time, during which nothing else is heard of the client. */
  private wait(xid: number, step: Promise<SaslServerStep>): void {
    this.carrier.blockForSession();
    step.then(
      (done) => {
        this.finish(() => {
          this.wentOn(xid, done);
        });
      },
      (error: unknown) => {
        this.finish(() => {
          this.failed(xid, error);
        });
      },
    );
  }

  private finish(act: () => void): void {
    if (this.subject.isOver) return;
    act();
    this.carrier.due();
    this.carrier.releaseSession();
  }

  private wentOn(xid: number, { token, user }: SaslServerStep): void {
    if (user !== null && !this.proven(user)) {
      this.failed(xid, new SaslError('WRONG_PROOF', `SASL user ${user} is one id too many: ${ID_LIMITS}`));
      return;
    }
    this.answer(xid, ErrorCode.ok, token);
  }

  /** False: the session has too many ids to be this user, too. */
  private proven(user: string): boolean {
    if (!this.subject.addIds(this.hub.access.sasl?.idsOf(user) ?? [])) return false;
    this.hub.log.debug(
      `Session ${formatSessionId(this.subject.sessionId)} of client ${this.carrier.remoteText} is SASL user ${user}.`,
      { code: 'SASL_PROVEN' },
    );
    return true;
  }

  /** An error that is no `SaslError` is a mistake in the mechanism: it is told whole, and is no proof of the client either. */
  private failed(xid: number, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    const { log, access, traffic } = this.hub;
    const answer = access.saslFailure;
    const what = answer === null ? 'it is served as nobody' : 'its connection is closed';
    log.warn(`The client ${this.carrier.remoteText} failed to authenticate with SASL (${why}); ${what}.`, {
      code: 'SASL_FAILED',
      ...(error instanceof SaslError ? {} : { error }),
    });
    traffic.authFailures++;
    this.answer(xid, answer ?? ErrorCode.ok, null);
    if (answer !== null) this.carrier.leave('its SASL authentication failed');
  }

  private answer(xid: number, err: number, token: Buffer | null): void {
    const { outbox, stats } = this.carrier;
    const frame = outbox.begin(xid, 0, err);
    outbox.open().buffer(token);
    outbox.end(frame);
    stats.sent++;
  }
}
