import { ErrorCode, errorName } from '../protocol/index.js';

/** Names of the codes that servers answer with (ZooKeeper's `KeeperException.Code`). */
export type ServerErrorCode = Exclude<keyof typeof ErrorCode, 'ok'>;

export type ZooKeeperErrorCode =
  | ServerErrorCode
  /** The call's own `timeoutMs` has passed. What was sent already may still be carried out. */
  | 'timeout'
  /** The call's `signal` was aborted. What was sent already may still be carried out. */
  | 'aborted'
  /** This client was closed. */
  | 'closed'
  /** The path cannot name a node; nothing was sent. */
  | 'badPath'
  /** The list of servers cannot be understood. */
  | 'badConnectString'
  /** The server answered with a code that ZooKeeper 3.9 does not have. */
  | 'unknown';

interface Details {
  readonly errorCode?: number;
  readonly path?: string | null;
  readonly cause?: unknown;
}

/** Every error of this module. `code` is for programs; the message names the operation and the path. */
export class ZooKeeperError extends Error {
  override readonly name = 'ZooKeeperError';
  /** The number on the wire; null when no server said it. */
  readonly errorCode: number | null;
  /** As the caller named it, without the chroot; null when the call has none. */
  readonly path: string | null;

  constructor(
    readonly code: ZooKeeperErrorCode,
    message: string,
    details: Details = {},
  ) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.errorCode = details.errorCode ?? null;
    this.path = details.path ?? null;
  }
}

function isServerCode(name: string): name is ServerErrorCode {
  return name in ErrorCode && name !== 'ok';
}

/** What a reply's `err` means. */
export function serverError(what: string, err: number, path: string | null): ZooKeeperError {
  const name = errorName(err);
  const code = isServerCode(name) ? name : 'unknown';
  return new ZooKeeperError(code, `${what}${path === null ? '' : ` ${path}`}: ${name}`, { errorCode: err, path });
}

/** The connection ended before the answer came: whether the request was carried out is not known. */
export function connectionLoss(what: string, path: string | null, cause?: unknown): ZooKeeperError {
  const why = cause instanceof Error ? ` (${cause.message})` : '';
  const message = `${what}${path === null ? '' : ` ${path}`}: connectionLoss${why}`;
  return new ZooKeeperError('connectionLoss', message, { errorCode: ErrorCode.connectionLoss, path, cause });
}
