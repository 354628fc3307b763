/** `error`: it does not work, or will lose data. `warning`: it is at risk. `note`: worth knowing. */
export type FindingSeverity = 'error' | 'warning' | 'note';

/** One thing that is wrong or risky. */
export interface Finding {
  readonly severity: FindingSeverity;
  /** Upper case, for scripts. */
  readonly code: string;
  /** What it is about: a server, a file, a setting. */
  readonly subject: string;
  /** What was found: a sentence. */
  readonly what: string;
  /** What it leads to: a sentence. */
  readonly why: string;
  /** What to do: a sentence. */
  readonly mend: string;
}

const ORDER: readonly FindingSeverity[] = ['error', 'warning', 'note'];

/** Errors first; otherwise in the order in which they were found, each once. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  const unique = new Map(findings.map((one) => [`${one.code} ${one.subject} ${one.what}`, one] as const));
  return [...unique.values()].sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
}

/** 0: nothing but notes; 1: warnings; 2: errors. */
export function doctorExitCode(findings: readonly Finding[]): number {
  if (findings.some(({ severity }) => severity === 'error')) return 2;
  return findings.some(({ severity }) => severity === 'warning') ? 1 : 0;
}

export function findingText({ severity, code, subject, what, why, mend }: Finding): string {
  return `${severity}: ${subject}: ${what} (${code})\n  why:  ${why}\n  mend: ${mend}\n`;
}
