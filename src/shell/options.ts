import { CliError } from './errors.js';

/** An option of a command: `-name`, or `-name value`. */
export interface OptionSpec {
  readonly name: string;
  readonly hasValue?: boolean;
  readonly describe: string;
}

export interface OptionRules {
  readonly options: readonly OptionSpec[];
  /** Only one of the options may be there; `required`: and one must. */
  readonly exclusive?: 'optional' | 'required';
}

/** A command's words, sorted into options and the others. */
export class Arguments {
  constructor(
    /** Without the command's name. */
    readonly rest: readonly string[],
    private readonly given: ReadonlyMap<string, string>,
  ) {}

  has(name: string): boolean {
    return this.given.has(name);
  }

  value(name: string): string | undefined {
    return this.given.get(name);
  }
}

const PACKAGE = 'org.apache.commons.cli';

/**
 * Sorts words by the rules of the parser that zkCli.sh uses (Commons CLI): options may stand anywhere, short ones may be joined
 * (`-sw`) or carry their value (`-v5`, `-v=5`), `--` ends them. Its messages are kept, for scripts read them.
 */
export function parseArguments(words: readonly string[], rules: OptionRules): Arguments {
  return new ArgumentParser(rules).parse(words);
}

class ArgumentParser {
  private readonly specs: ReadonlyMap<string, OptionSpec>;
  private readonly given = new Map<string, string>();
  private readonly rest: string[] = [];
  /** Waits for its value. */
  private open: OptionSpec | null = null;
  private selected: OptionSpec | null = null;

  constructor(private readonly rules: OptionRules) {
    this.specs = new Map(rules.options.map((spec) => [spec.name, spec]));
  }

  parse(words: readonly string[]): Arguments {
    let isOver = false;
    for (const word of words) {
      if (isOver) this.rest.push(word);
      else if (word === '--') isOver = true;
      else if (this.open !== null && !this.looksLikeOption(word)) this.take(word);
      else if (word.startsWith('-') && word !== '-') this.option(word);
      else this.rest.push(word);
    }
    this.requireValue();
    if (this.rules.exclusive === 'required' && this.selected === null) {
      const names = this.rules.options.map((spec) => `-${spec.name} ${spec.describe}`);
      throw new CliError(`${PACKAGE}.MissingOptionException: Missing required option: [${names.join(', ')}]`);
    }
    return new Arguments(this.rest, this.given);
  }

  /** A negative number is a value, unless there is an option of that name. */
  private looksLikeOption(word: string): boolean {
    if (!word.startsWith('-') || word === '-') return false;
    const name = word.replace(/^--?/, '').split('=')[0] ?? '';
    if (this.specs.has(name) || this.specs.has(name.charAt(0))) return true;
    return false;
  }

  private option(word: string): void {
    const text = word.replace(/^--?/, '');
    const equals = text.indexOf('=');
    const whole = this.specs.get(text);
    if (whole !== undefined) {
      this.begin(whole);
      return;
    }
    if (equals > 0) {
      const spec = this.specs.get(text.slice(0, equals));
      if (spec?.hasValue !== true) throw unrecognized(word);
      this.begin(spec);
      this.take(text.slice(equals + 1));
      return;
    }
    this.joined(word);
  }

  private joined(word: string): void {
    for (let at = 1; at < word.length; at++) {
      const spec = this.specs.get(word.charAt(at));
      if (spec === undefined) throw unrecognized(word);
      this.begin(spec);
      if (this.open === null) continue;
      if (at + 1 < word.length) this.take(word.slice(at + 1));
      return;
    }
  }

  private begin(spec: OptionSpec): void {
    this.requireValue();
    if (this.rules.exclusive !== undefined && this.selected !== null && this.selected !== spec) {
      throw new CliError(
        `${PACKAGE}.AlreadySelectedException: The option '${spec.name}' was specified but an option from this group ` +
          `has already been selected: '${this.selected.name}'`,
      );
    }
    this.selected = spec;
    if (spec.hasValue === true) this.open = spec;
    else this.given.set(spec.name, '');
  }

  private take(value: string): void {
    if (this.open === null) return;
    const { name } = this.open;
    if (!this.given.has(name)) this.given.set(name, value.replace(/^"(.*)"$/s, '$1'));
    this.open = null;
  }

  private requireValue(): void {
    if (this.open === null) return;
    throw new CliError(`${PACKAGE}.MissingArgumentException: Missing argument for option: ${this.open.name}`);
  }
}

function unrecognized(word: string): CliError {
  return new CliError(`${PACKAGE}.UnrecognizedOptionException: Unrecognized option: ${word}`);
}

/** The table of options that some usages of zkCli.sh 3.9 end with. */
export function optionTable(options: readonly OptionSpec[]): string {
  const sorted = [...options].sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1));
  const heads = sorted.map((spec) => ` -${spec.name}${spec.hasValue === true ? ' <arg>' : ''}`);
  const width = Math.max(...heads.map((head) => head.length));
  return sorted.map((spec, at) => `${(heads[at] ?? '').padEnd(width)}   ${spec.describe}\n`).join('');
}

/** A whole number within `bits`, as Java reads it. */
export function wholeNumber(word: string, bits: 32 | 64 = 32): number {
  const value = /^[+-]?\d+$/.test(word) ? Number(word) : NaN;
  const limit = bits === 32 ? 2 ** 31 : 2 ** 63;
  if (!(value >= -limit && value < limit)) throw new CliError(`For input string: "${word}"`);
  return value;
}
