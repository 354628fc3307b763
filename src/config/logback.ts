import sax from 'sax';
import { type LogAppender, type LogFile, type LookupProperty, substitute } from './log-file.js';

/** The file is no XML. */
export class LogbackError extends Error {
  override readonly name = 'LogbackError';

  constructor(
    message: string,
    readonly line: number,
  ) {
    super(message);
  }
}

type Attributes = Readonly<Record<string, string>>;

interface Draft {
  className: string;
  threshold: string | null;
  layout: string;
}

const PROPERTY_TAGS: ReadonlySet<string> = new Set(['property', 'variable', 'substitutionProperty']);
const LAYOUT_TAGS: ReadonlySet<string> = new Set(['encoder', 'layout']);

/** Collects what matters while the tags go by. */
class LogbackReader {
  private readonly own = new Map<string, string>();
  private readonly appenders = new Map<string, Draft>();
  private readonly refs: string[] = [];
  private readonly loggers: string[] = [];
  private readonly path: string[] = [];
  private appender: Draft | null = null;
  private isThreshold = false;
  private rootLevel: string | null = null;
  private rootLine = 0;

  constructor(private readonly properties: LookupProperty) {}

  open(tag: string, attributes: Attributes, line: number): void {
    const parent = this.path.at(-1);
    this.path.push(tag);
    const get = (name: string): string => this.expand(attributes[name] ?? '');
    if (PROPERTY_TAGS.has(tag) && attributes['name'] !== undefined) this.own.set(attributes['name'], get('value'));
    else if (tag === 'appender') this.openAppender(get('name'), get('class'));
    else if (tag === 'filter') this.isThreshold = get('class').endsWith('ThresholdFilter');
    else if (LAYOUT_TAGS.has(tag) && this.appender !== null) this.appender.layout += ` ${get('class')}`;
    else if (tag === 'logger' && attributes['level'] !== undefined) this.loggers.push(get('name'));
    else if (tag === 'root') {
      this.rootLine = line;
      if (attributes['level'] !== undefined) this.rootLevel = get('level');
    } else if (parent === 'root') this.inRoot(tag, get);
  }

  text(text: string): void {
    const isLevel = this.path.at(-1) === 'level' && this.path.at(-2) === 'filter';
    if (isLevel && this.isThreshold && this.appender !== null) this.appender.threshold = this.expand(text).trim();
  }

  close(): void {
    if (this.path.pop() === 'appender') this.appender = null;
  }

  result(): LogFile {
    const appenders = this.refs.map((name): LogAppender => {
      const { className, threshold, layout } = this.appenders.get(name) ?? {
        className: '',
        threshold: null,
        layout: '',
      };
      return { name, className, threshold, layout: layout.trim() };
    });
    return { rootLevel: this.rootLevel, line: this.rootLine, appenders, otherLoggers: this.loggers };
  }

  private openAppender(name: string, className: string): void {
    this.appender = { className, threshold: null, layout: '' };
    this.appenders.set(name, this.appender);
  }

  private inRoot(tag: string, get: (name: string) => string): void {
    if (tag === 'level') this.rootLevel = get('value');
    else if (tag === 'appender-ref') this.refs.push(get('ref'));
  }

  /** System properties win, as the file that comes with ZooKeeper promises. */
  private expand(text: string): string {
    return substitute(text, (name) => this.properties(name) ?? this.own.get(name));
  }
}

/** Reads logback.xml (ZooKeeper 3.8 and newer). Throws LogbackError. */
export function readLogback(text: string, properties: LookupProperty): LogFile {
  const reader = new LogbackReader(properties);
  const parser = sax.parser(true);
  parser.onopentag = ({ name, attributes }) => reader.open(name, attributes as Attributes, parser.line + 1);
  parser.ontext = (piece) => reader.text(piece);
  parser.onclosetag = () => reader.close();
  parser.onerror = (error) => {
    throw new LogbackError(error.message.split('\n')[0] ?? '', parser.line + 1);
  };
  parser.write(text.replace(/^\ufeff/, '')).close();
  return reader.result();
}
