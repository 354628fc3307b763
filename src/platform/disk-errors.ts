import { getSystemErrorName } from 'node:util';
import { DiskError, type DiskErrorCode } from '../host/index.js';

const CODES: Readonly<Record<string, DiskErrorCode>> = {
  ENOENT: 'NOT_FOUND',
  EEXIST: 'EXISTS',
  EACCES: 'PERMISSION',
  EPERM: 'PERMISSION',
  EROFS: 'PERMISSION',
  ENOSPC: 'NO_SPACE',
  EDQUOT: 'NO_SPACE',
  EIO: 'IO',
  EBADF: 'CLOSED',
};

/** Node's error as ours; a DiskError stays what it is. */
export function diskErrorFrom(cause: unknown, path: string): DiskError {
  if (cause instanceof DiskError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  const systemCode = cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? '') : '';
  return new DiskError(CODES[systemCode] ?? 'OTHER', path, `${path}: ${message}`, { cause });
}

/** The error of a system call by its (negative) number. */
export function diskErrorFromNumber(errno: number, path: string): DiskError {
  const systemCode = getSystemErrorName(errno);
  return new DiskError(CODES[systemCode] ?? 'OTHER', path, `${path}: ${systemCode} while appending`);
}
