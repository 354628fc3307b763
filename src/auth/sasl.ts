/** SASL (RFC 4422) as ZooKeeper carries it: tokens go to and fro until one side says it is done. */

export type SaslErrorCode =
  /** A token is not what the mechanism allows. */
  | 'MALFORMED'
  | 'UNKNOWN_USER'
  /** The proof is wrong. */
  | 'WRONG_PROOF';

/** An exchange that failed. The message is for the log, not for the other side. */
export class SaslError extends Error {
  override readonly name = 'SaslError';
  constructor(
    readonly code: SaslErrorCode,
    message: string,
  ) {
    super(message);
  }
}

export interface SaslServerStep {
  /** What the other side is to get; null: nothing. */
  readonly token: Buffer | null;
  /** Who the other side is, once it is proven; null: the exchange goes on. */
  readonly user: string | null;
}

/** The side that is dialled; one object an exchange. */
export interface SaslServer {
  /** Takes a token (empty to begin with), one at a time. Throws, or rejects with, a `SaslError`. */
  step(token: Buffer): SaslServerStep | Promise<SaslServerStep>;
}

export interface SaslClientStep {
  readonly token: Buffer | null;
  /** The server has proven that it knows the password, too. */
  readonly isDone: boolean;
}

/** The side that dials. */
export interface SaslClient {
  /** What it says before the first challenge, maybe nothing. Throws, or rejects with, a `SaslError`. */
  first(): Buffer | Promise<Buffer>;
  /** Answers a challenge. Throws, or rejects with, a `SaslError`. */
  step(challenge: Buffer): SaslClientStep | Promise<SaslClientStep>;
}
