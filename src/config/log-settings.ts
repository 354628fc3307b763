/** Level and format of the log as the Java logging configuration of an installation has them. */
import type { LogLevel } from '../host/index.js';
import type { EnvironmentProperty } from './environment.js';
import type { Faults } from './fault.js';
import type { KeyValues } from './keys/index.js';
import type { LoadRequest } from './load-request.js';
import type { LogFile } from './log-file.js';
import { LOG_FILE_PROPERTIES } from './log-properties.js';
import { readLog4j } from './log4j.js';
import { LogbackError, readLogback } from './logback.js';
import type { Origin } from './origin.js';
import { besideConfig, readOptional } from './variables.js';

export interface LogSettings {
  /** Null: nobody says. */
  readonly level: LogLevel | null;
  /** `json` where the Java server writes JSON; null: nobody says. */
  readonly format: 'json' | null;
}

/** From the most talkative on. */
const RANKS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const satisfies readonly LogLevel[];

/** There is no level at which this server says nothing at all. */
const LEVELS: Readonly<Record<string, LogLevel>> = { all: 'trace', off: 'fatal' };

function levelOf(text: string): LogLevel | null {
  const word = text.trim().toLowerCase();
  return RANKS.find((level) => level === word) ?? LEVELS[word] ?? null;
}

/** The one that says less. */
function quieter(a: LogLevel, b: LogLevel): LogLevel {
  return RANKS.indexOf(a) > RANKS.indexOf(b) ? a : b;
}

function louder(a: LogLevel, b: LogLevel): LogLevel {
  return RANKS.indexOf(a) < RANKS.indexOf(b) ? a : b;
}

interface FoundFile {
  readonly path: string;
  readonly text: string;
}

class LogSettingsReader {
  constructor(
    private readonly request: LoadRequest,
    private readonly properties: ReadonlyMap<string, EnvironmentProperty>,
    private readonly faults: Faults,
  ) {}

  /** The file that a Java server would take: a property names it, or it is beside the configuration. */
  async find(): Promise<FoundFile | null> {
    const named = LOG_FILE_PROPERTIES.flatMap((name) => {
      const property = this.properties.get(name);
      return property === undefined ? [] : [{ ...property, name }];
    });
    for (const { value, origin, name } of named) {
      const path = value.replace(/^file:(\/\/)?/, '');
      // A name alone is looked for on the class path, which begins with the folder of the configuration.
      for (const candidate of path.includes('/') ? [path] : [path, besideConfig(this.request, path)]) {
        const text = await readOptional(this.request, candidate, this.faults);
        if (text !== null) return { path: candidate, text };
      }
      this.faults.warning(
        'LOGGING',
        { where: origin, key: `-D${name}` },
        `there is no file ${path}.`,
        'Check the path.',
      );
    }
    for (const name of ['logback.xml', 'log4j.properties']) {
      const path = besideConfig(this.request, name);
      const text = await readOptional(this.request, path, this.faults);
      if (text !== null) return { path, text };
    }
    return null;
  }

  parse({ path, text }: FoundFile, lookup: (name: string) => string | undefined): LogFile | null {
    if (!path.endsWith('.xml')) return readLog4j(Buffer.from(text, 'latin1'), lookup);
    try {
      return readLogback(text, lookup);
    } catch (error) {
      if (!(error instanceof LogbackError)) throw error;
      const where: Origin = { kind: 'file', file: path, line: error.line };
      this.faults.warning('LOGGING', { where }, `it is no XML and left out (${error.message}).`, 'Correct it.');
      return null;
    }
  }

  /** The level at which the root would write a line anywhere. */
  levelIn(file: LogFile, where: Origin): LogLevel | null {
    if (file.rootLevel === null) return null;
    const root = levelOf(file.rootLevel);
    if (root === null) {
      const reason = `"${file.rootLevel}" is no level of a log; info is used.`;
      this.faults.warning('LOGGING', { where }, reason, `Write one of ${RANKS.join(', ').toUpperCase()}.`);
      return null;
    }
    const thresholds = file.appenders.map(({ threshold }) => levelOf(threshold ?? 'all') ?? 'trace');
    const [first, ...others] = thresholds;
    return first === undefined ? root : quieter(root, others.reduce(louder, first));
  }

  /** One line for all that a server with one log cannot follow. */
  tellRest({ appenders, otherLoggers }: LogFile, level: LogLevel | null, where: Origin): void {
    const elsewhere = appenders.filter(({ className }) => !/Console/.test(className)).map(({ name }) => name);
    const left = [
      ...(elsewhere.length === 0 ? [] : [`the appenders ${elsewhere.join(', ')}`]),
      ...(otherLoggers.length === 0 ? [] : [`the levels of ${otherLoggers.join(', ')}`]),
    ];
    if (left.length === 0 && (level === null || level === 'info')) return;
    const taken = level === null ? '' : `the level of the root is used (${level})`;
    const rest = left.length === 0 ? '' : `${left.join(' and ')} have no effect: all is logged to the standard output`;
    this.faults.note('LOGGING', { where }, `${[taken, rest].filter((part) => part !== '').join('; ')}.`);
  }
}

function isJson({ appenders }: LogFile): boolean {
  return appenders.some(({ layout, className }) => /json|logstash|ecs/i.test(`${layout} ${className}`));
}

/** `INFO,CONSOLE`, as ZOO_LOG4J_PROP has it. */
function levelOfRootLogger(text: string | null): LogLevel | null {
  return text === null ? null : levelOf(text.split(',')[0] ?? '');
}

/** Reads logback.xml or log4j.properties and the properties that ZooKeeper's own copies of them ask for. */
export async function readLogSettings(
  request: LoadRequest,
  values: Pick<KeyValues, 'root.logger' | 'console.threshold'>,
  properties: ReadonlyMap<string, EnvironmentProperty>,
  faults: Faults,
): Promise<LogSettings> {
  const reader = new LogSettingsReader(request, properties, faults);
  const found = await reader.find();
  const given: Readonly<Record<string, string | null>> = {
    'zookeeper.root.logger': values['root.logger'],
    'zookeeper.console.threshold': values['console.threshold'],
  };
  const lookup = (name: string): string | undefined => given[name] ?? properties.get(name)?.value;
  const file = found === null ? null : reader.parse(found, lookup);
  if (found === null || file === null) {
    const root = levelOfRootLogger(values['root.logger']);
    const threshold = levelOf(values['console.threshold'] ?? '');
    return {
      level: root === null || threshold === null ? (root ?? threshold) : quieter(root, threshold),
      format: null,
    };
  }
  const where: Origin = { kind: 'file', file: found.path, line: file.line };
  const level = reader.levelIn(file, where);
  reader.tellRest(file, level, where);
  return { level, format: isJson(file) ? 'json' : null };
}
