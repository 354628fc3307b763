import { formatOrigin, type Origin } from './origin.js';

/** Exit codes that a bad configuration leads to; the numbers are Apache ZooKeeper's. */
export const ConfigExit = {
  /** This server is not in the server list. */
  unexpected: 1,
  /** The configuration cannot be used. */
  invalid: 2,
  /** The data folder cannot be used. */
  dataDir: 3,
} as const;

export type Severity =
  /** The server does not start. */
  | 'error'
  /** It starts, but perhaps not as intended. */
  | 'warning'
  /** Worth one line at start. */
  | 'note';

export type FaultCode =
  | 'FILE'
  | 'SYNTAX'
  | 'DUPLICATE_KEY'
  | 'UNKNOWN_KEY'
  | 'NO_EFFECT'
  | 'BAD_VALUE'
  | 'ADJUSTED_VALUE'
  | 'OVERRIDDEN'
  | 'MISSING_KEY'
  | 'CONFLICT'
  | 'MEMBERSHIP'
  | 'MYID'
  | 'NOT_A_MEMBER'
  | 'DATA_DIR'
  /** A data folder is absent and must not be made at start. */
  | 'NO_DATA'
  | 'ADVICE'
  /** Variables of the environment, and the shell files that set them. */
  | 'ENVIRONMENT'
  /** The logging configuration of a Java server. */
  | 'LOGGING';

/** Something about a configuration that its owner should know. */
export interface Fault {
  readonly severity: Severity;
  readonly code: FaultCode;
  /** Null when it belongs to no place, such as a missing key. */
  readonly where: Origin | null;
  readonly key: string | null;
  readonly reason: string;
  /** What to write or do instead; empty when there is nothing to do. */
  readonly mend: string;
  /** What the process exits with when an error keeps it from starting. */
  readonly exitCode: number;
}

export interface FaultPlace {
  readonly where?: Origin | null;
  readonly key?: string | null;
}

/** Collects everything that is wrong instead of stopping at the first. */
export class Faults {
  readonly list: Fault[] = [];

  error(code: FaultCode, place: FaultPlace, reason: string, mend: string, exitCode: number = ConfigExit.invalid): void {
    this.add('error', code, place, reason, mend, exitCode);
  }

  warning(code: FaultCode, place: FaultPlace, reason: string, mend: string): void {
    this.add('warning', code, place, reason, mend, ConfigExit.invalid);
  }

  note(code: FaultCode, place: FaultPlace, reason: string, mend = ''): void {
    this.add('note', code, place, reason, mend, ConfigExit.invalid);
  }

  get hasErrors(): boolean {
    return this.list.some((fault) => fault.severity === 'error');
  }

  private add(
    severity: Severity,
    code: FaultCode,
    place: FaultPlace,
    reason: string,
    mend: string,
    exitCode: number,
  ): void {
    this.list.push({ severity, code, where: place.where ?? null, key: place.key ?? null, reason, mend, exitCode });
  }
}

/** `zoo.cfg:12: error: tickTime: "2s" is not a whole number. Write ...` */
export function formatFault(fault: Fault): string {
  const place = fault.where === null || fault.where.kind === 'default' ? '' : `${formatOrigin(fault.where)}: `;
  const key = fault.key === null ? '' : `${fault.key}: `;
  const mend = fault.mend === '' ? '' : ` ${fault.mend}`;
  return `${place}${fault.severity}: ${key}${fault.reason}${mend}`;
}

const RANK: Readonly<Record<Severity, number>> = { error: 0, warning: 1, note: 2 };

function lineOf(fault: Fault): number {
  return fault.where?.kind === 'file' ? fault.where.line : Number.MAX_SAFE_INTEGER;
}

/** Errors first, then warnings and notes; each in the order of the files' lines. */
export function sortFaults(faults: readonly Fault[]): Fault[] {
  return [...faults].sort((a, b) => RANK[a.severity] - RANK[b.severity] || lineOf(a) - lineOf(b));
}
