import { NetworkError, type NetworkErrorCode } from '../host/index.js';

const CODES: Readonly<Record<string, NetworkErrorCode>> = {
  EADDRINUSE: 'ADDRESS_IN_USE',
  EADDRNOTAVAIL: 'ADDRESS_NOT_AVAILABLE',
  EACCES: 'PERMISSION',
  EPERM: 'PERMISSION',
  ECONNREFUSED: 'REFUSED',
  EHOSTUNREACH: 'UNREACHABLE',
  ENETUNREACH: 'UNREACHABLE',
  EHOSTDOWN: 'UNREACHABLE',
  ENETDOWN: 'UNREACHABLE',
  ENOTFOUND: 'NAME_UNKNOWN',
  EAI_AGAIN: 'NAME_UNKNOWN',
  EAI_NODATA: 'NAME_UNKNOWN',
  EAI_NONAME: 'NAME_UNKNOWN',
  EAI_FAIL: 'NAME_UNKNOWN',
  ETIMEDOUT: 'TIMEOUT',
  ECONNRESET: 'RESET',
  ECONNABORTED: 'RESET',
  EPIPE: 'RESET',
};

/** Node's error as ours; `doing` says what failed. */
export function networkErrorFrom(cause: Error, doing: string): NetworkError {
  const systemCode = (cause as NodeJS.ErrnoException).code ?? '';
  // Several addresses were tried: the parts say more than their sum.
  const detail = cause instanceof AggregateError ? cause.errors.map(messageOf).join('; ') : cause.message;
  return new NetworkError(CODES[systemCode] ?? 'OTHER', `${doing}: ${detail}`, { cause });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
