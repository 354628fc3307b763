export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** Fields beside the message; `code` names the kind of event for documentation and alerts (such as `ELECTION_LOST`). */
export type LogFields = Readonly<Record<string, unknown>>;

/** Structured log. Messages are whole sentences an operator can act on. */
export interface Logger {
  isEnabled(level: LogLevel): boolean;
  trace(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  fatal(message: string, fields?: LogFields): void;
  child(fields: LogFields): Logger;
}
