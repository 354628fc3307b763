import type { Clock, LogFields, Logger, LogLevel } from '../../src/host/index.js';

export interface LogEntry {
  readonly level: LogLevel;
  readonly atMs: number;
  readonly message: string;
  readonly fields: LogFields;
}

const LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
const KEPT_ENTRIES = 20_000;

interface Sink {
  readonly name: string;
  readonly clock: Clock;
  level: LogLevel;
  entries: LogEntry[];
}

/** Keeps the newest entries for assertions. With ZK_TEST_LOG=<level> in the environment they go to stderr as well. */
export class MemoryLogger implements Logger {
  private readonly sink: Sink;
  private readonly bound: LogFields;

  constructor(name: string, clock: Clock, level: LogLevel = 'info', parent?: { sink: Sink; bound: LogFields }) {
    this.sink = parent?.sink ?? { name, clock, level, entries: [] };
    this.bound = parent?.bound ?? {};
  }

  get entries(): readonly LogEntry[] {
    return this.sink.entries;
  }

  setLevel(level: LogLevel): void {
    this.sink.level = level;
  }

  /** Entries at `level` or above. */
  atLeast(level: LogLevel): readonly LogEntry[] {
    const from = LEVELS.indexOf(level);
    return this.sink.entries.filter((entry) => LEVELS.indexOf(entry.level) >= from);
  }

  /** Entries whose field `code` is this. */
  withCode(code: string): readonly LogEntry[] {
    return this.sink.entries.filter((entry) => entry.fields['code'] === code);
  }

  text(): string {
    return this.sink.entries.map((entry) => formatEntry(this.sink.name, entry)).join('\n');
  }

  isEnabled(level: LogLevel): boolean {
    const rank = LEVELS.indexOf(level);
    return rank >= LEVELS.indexOf(this.sink.level) || isForTerminal(rank);
  }

  trace(message: string, fields?: LogFields): void {
    this.add('trace', message, fields);
  }

  debug(message: string, fields?: LogFields): void {
    this.add('debug', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.add('info', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.add('warn', message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.add('error', message, fields);
  }

  fatal(message: string, fields?: LogFields): void {
    this.add('fatal', message, fields);
  }

  child(fields: LogFields): Logger {
    return new MemoryLogger(this.sink.name, this.sink.clock, this.sink.level, {
      sink: this.sink,
      bound: { ...this.bound, ...fields },
    });
  }

  private add(level: LogLevel, message: string, fields: LogFields | undefined): void {
    if (!this.isEnabled(level)) return;
    const entry = { level, atMs: this.sink.clock.monotonicMs(), message, fields: { ...this.bound, ...fields } };
    this.sink.entries.push(entry);
    if (this.sink.entries.length > KEPT_ENTRIES * 2) this.sink.entries = this.sink.entries.slice(-KEPT_ENTRIES);
    if (isForTerminal(LEVELS.indexOf(level))) process.stderr.write(`${formatEntry(this.sink.name, entry)}\n`);
  }
}

const TERMINAL_LEVEL = (LEVELS as readonly string[]).indexOf(process.env['ZK_TEST_LOG'] ?? '');

function isForTerminal(rank: number): boolean {
  return TERMINAL_LEVEL >= 0 && rank >= TERMINAL_LEVEL;
}

function formatEntry(name: string, entry: LogEntry): string {
  const fields = Object.keys(entry.fields).length === 0 ? '' : ` ${formatFields(entry.fields)}`;
  return `${entry.atMs.toFixed(3)} ${name} ${entry.level} ${entry.message}${fields}`;
}

function formatFields(fields: LogFields): string {
  return JSON.stringify(fields, (_key, value: unknown) => {
    if (typeof value === 'bigint') return `0x${value.toString(16)}`;
    if (value instanceof Error) return value.message;
    return value;
  });
}
