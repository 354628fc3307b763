import type { LogSettings } from '../config/index.js';
import type { LogLevel } from '../host/index.js';

interface LogOptions {
  readonly level?: LogLevel;
  readonly format?: 'json' | 'text';
}

/** The command line's word before that of the installation's logging configuration. */
export function loggerOptions(
  options: { readonly logLevel: LogLevel | undefined; readonly logFormat: 'json' | 'text' | undefined },
  installed: LogSettings,
): LogOptions {
  const level = options.logLevel ?? installed.level;
  const format = options.logFormat ?? installed.format;
  return { ...(level === null ? {} : { level }), ...(format === null ? {} : { format }) };
}
