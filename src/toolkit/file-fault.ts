/**
 * What is wrong with a file:
 * - `ABSENT`: it is not there, or is no file. `IO`: the disk failed.
 * - `HEADER`: it does not begin as its kind does. `CUT`: it ends too early. `LENGTH`: a length that cannot be.
 * - `MARK`: the mark behind a record is missing. `CHECKSUM`: the bytes are not those that were written.
 * - `CONTENT`: bytes that mean nothing. `ORDER`: a zxid that is not behind the one before.
 * - `BEHIND_END`: bytes where nothing should be. `PACKED`: the compressed stream is damaged. `NAME`: the name says otherwise.
 */
export type FileFaultCode =
  | 'ABSENT'
  | 'IO'
  | 'HEADER'
  | 'CUT'
  | 'LENGTH'
  | 'MARK'
  | 'CHECKSUM'
  | 'CONTENT'
  | 'ORDER'
  | 'BEHIND_END'
  | 'PACKED'
  | 'NAME';

/** One thing that is wrong with a file, and where. */
export interface FileFault {
  readonly code: FileFaultCode;
  readonly path: string;
  /** Bytes from the start of the file (of its content, when it is compressed); null: the whole file. */
  readonly offset: number | null;
  /** A clause without a full stop. */
  readonly what: string;
}

/** A file that a tool cannot work on. */
export class FileFaultError extends Error {
  override readonly name = 'FileFaultError';
  constructor(
    readonly fault: FileFault,
    options?: ErrorOptions,
  ) {
    super(formatFileFault(fault), options);
  }
}

/** `PATH: offset N: what (CODE)` */
export function formatFileFault({ code, path, offset, what }: FileFault): string {
  const place = offset === null ? '' : ` offset ${offset}:`;
  return `${path}:${place} ${what} (${code})`;
}

/** A disk's error as a fault of the file. */
export function diskFault(path: string, error: unknown): FileFault {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  const reason = (error instanceof Error ? error.message : String(error)).replace(`${path}: `, '');
  if (code === 'NOT_FOUND') return { code: 'ABSENT', path, offset: null, what: 'there is no such file' };
  if (reason.includes('EISDIR')) return { code: 'IO', path, offset: null, what: 'it is a directory, not a file' };
  return { code: 'IO', path, offset: null, what: `it cannot be read: ${reason}` };
}
