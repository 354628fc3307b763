import { isatty } from 'node:tty';
import { type Logger as PinoLogger, pino } from 'pino';
import type { LogFields, Logger, LogLevel } from '../host/index.js';
import { escapeControls } from './control-characters.js';
import { LogStream } from './log-stream.js';

const RANKS: Readonly<Record<LogLevel, number>> = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60 };
const LONGEST_FLUSH_MS = 1000;

export interface LoggerOptions {
  /** info when absent. */
  readonly level?: LogLevel;
  /** 1 (standard output) when absent. */
  readonly fd?: number;
  /** `json`, one object a line, or lines for people; when absent, the latter on a terminal only. */
  readonly format?: 'json' | 'text';
}

/** Shared by a logger and its children, so that one call sets the level of all. */
interface Shared {
  rank: number;
  readonly stream: LogStream;
}

/** Structured log by pino. */
export class RealLogger implements Logger {
  private constructor(
    private readonly shared: Shared,
    private readonly pino: PinoLogger,
  ) {}

  static create(options: LoggerOptions = {}): RealLogger {
    const fd = options.fd ?? 1;
    const isText = options.format === undefined ? isatty(fd) : options.format === 'text';
    const stream = new LogStream(fd);
    const out = isText ? { write: (json: string) => stream.write(textLine(json)) } : stream;
    const logger = pino(
      {
        level: 'trace',
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        messageKey: 'message',
        formatters: { level: (label) => ({ level: label }) },
      },
      out,
    );
    return new RealLogger({ rank: RANKS[options.level ?? 'info'], stream }, logger);
  }

  /** For this logger and every relative of it. */
  setLevel(level: LogLevel): void {
    this.shared.rank = RANKS[level];
  }

  /** Resolves when what was logged is written, or its reader has not taken it for a second. */
  flush(): Promise<void> {
    return new Promise((resolve) => {
      const patience = setTimeout(resolve, LONGEST_FLUSH_MS);
      this.shared.stream.whenIdle(() => {
        clearTimeout(patience);
        resolve();
      });
    });
  }

  isEnabled(level: LogLevel): boolean {
    return RANKS[level] >= this.shared.rank;
  }

  trace(message: string, fields?: LogFields): void {
    this.write('trace', message, fields);
  }

  debug(message: string, fields?: LogFields): void {
    this.write('debug', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.write('info', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.write('warn', message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.write('error', message, fields);
  }

  fatal(message: string, fields?: LogFields): void {
    this.write('fatal', message, fields);
  }

  child(fields: LogFields): Logger {
    return new RealLogger(this.shared, this.pino.child(printable(fields)));
  }

  private write(level: LogLevel, message: string, fields: LogFields | undefined): void {
    if (!this.isEnabled(level)) return;
    if (fields === undefined) this.pino[level](message);
    else this.pino[level](printable(fields), message);
  }
}

/** Session ids as ZooKeeper prints them, errors with code and cause; the rest as it is. */
function printable(fields: LogFields): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) result[name] = printableValue(value);
  return result;
}

function printableValue(value: unknown): unknown {
  if (typeof value === 'bigint') return `0x${BigInt.asUintN(64, value).toString(16)}`;
  return value instanceof Error ? printableError(value) : value;
}

function printableError(error: Error): Record<string, unknown> {
  const result: Record<string, unknown> = { type: error.name, message: error.message };
  if ('code' in error) result['code'] = error.code;
  if (error.stack !== undefined) result['stack'] = error.stack;
  if (error.cause instanceof Error) result['cause'] = printableError(error.cause);
  return result;
}

/**
 * `2001-02-03T04:05:06.789Z INFO  message name=value ...`, for people at a terminal. Clients and other servers may have chosen
 * parts of it: none of them begins a line of its own. Tabs, which stand between the fields of audit lines, stay.
 */
function textLine(json: string): string {
  const { level, time, message, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const tail = Object.entries(fields).map(([name, value]) => ` ${name}=${textOf(value)}`);
  const said = String(message).split('\t').map(escapeControls).join('\t');
  return `${String(time)} ${String(level).toUpperCase().padEnd(5)} ${said}${tail.join('')}\n`;
}

function textOf(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"=]+$/.test(value)) return escapeControls(value);
  if (isPrintedError(value)) return stackText(value.stack ?? value.message);
  return escapeControls(JSON.stringify(value));
}

/** The places in the code stay lines; the error's message, which comes before them, is one. */
function stackText(stack: string): string {
  return stack
    .split(/\n(?= {4}at )/)
    .map(escapeControls)
    .join('\n');
}

function isPrintedError(value: unknown): value is { message: string; stack?: string } {
  return typeof value === 'object' && value !== null && 'message' in value && 'type' in value;
}
