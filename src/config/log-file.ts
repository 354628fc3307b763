/** What a Java logging configuration says about the root, as far as one server with one log can follow it. */
export interface LogFile {
  /** As it stands, variables expanded; null when the file says nothing of the root. */
  readonly rootLevel: string | null;
  /** Line of the root, from 1. */
  readonly line: number;
  /** Those that the root writes to. */
  readonly appenders: readonly LogAppender[];
  /** Loggers with a level of their own. */
  readonly otherLoggers: readonly string[];
}

export interface LogAppender {
  readonly name: string;
  /** Java class; empty when the file does not define the appender. */
  readonly className: string;
  /** Least level that it writes; null: all. */
  readonly threshold: string | null;
  /** Java class that makes the lines; empty when none is named. */
  readonly layout: string;
}

export type LookupProperty = (name: string) => string | undefined;

/** Deeper is a ring of variables. */
const DEEPEST = 8;

/** `${name}` and `${name:-default}`; what is nowhere set stays empty. */
export function substitute(text: string, lookup: LookupProperty, depth = 0): string {
  if (depth > DEEPEST) return text;
  return text.replace(/\$\{([^}:]+)(?::-([^}]*))?\}/g, (_match, name: string, byDefault = '') =>
    substitute(lookup(name) ?? String(byDefault), lookup, depth + 1),
  );
}
