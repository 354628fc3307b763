/**
 * Reads the shell files that `zkEnv.sh` would source (`zookeeper-env.sh`, `java.env`) without running a shell: assignments
 * with quotes, continued lines and the plain expansions of variables. Whatever else such a file does is told, and left out
 * as a whole, so that nothing is set that a shell would perhaps not have set.
 */
import { readWord, type Word, WordError } from './shell-word.js';

/** Values by name; what the file sets is written into it. */
export interface ShellScope {
  get(name: string): string | undefined;
  set(name: string, value: string, line: number): void;
  unset(name: string): void;
}

export interface ShellProblem {
  /** From 1. */
  readonly line: number;
  /** The statement as it stands, cut to one line. */
  readonly text: string;
  readonly reason: string;
}

const ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_]*)(\+?)=/;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Words after which assignments still are assignments. */
const DECLARERS: ReadonlySet<string> = new Set(['export', 'readonly', 'declare', 'typeset', 'local']);
/** Commands without influence on variables. */
const HARMLESS: ReadonlySet<string> = new Set(['set', 'true', ':', 'umask', 'ulimit']);
/** What begins a compound command, and the word that ends it. */
const CLOSERS: ReadonlyMap<string, string> = new Map([
  ['if', 'fi'],
  ['case', 'esac'],
  ['for', 'done'],
  ['while', 'done'],
  ['until', 'done'],
  ['select', 'done'],
  ['{', '}'],
  ['(', ')'],
]);
/** Words behind which a command begins. */
const LEADS: ReadonlySet<string> = new Set(['then', 'else', 'elif', 'do', '{', '(', ')', '!']);
const LONGEST_SHOWN = 60;

/** A command with where it stands. */
interface Statement {
  readonly words: readonly Word[];
  readonly line: number;
  readonly from: number;
  readonly to: number;
  /** Tied to its neighbour by `&&`, `||`, `|` or `&`, so whether it takes place is not known. */
  readonly conditional: boolean;
  readonly problem: string | null;
}

class ShellReader {
  readonly problems: ShellProblem[] = [];
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly scope: ShellScope,
  ) {}

  read(): void {
    for (;;) {
      this.skipBlank();
      if (this.at >= this.text.length) return;
      const statement = this.statement();
      if (statement.problem !== null || this.isCompound(statement)) this.skipCompound(statement);
      else this.run(statement);
    }
  }

  private lineAt(offset: number): number {
    let line = 1;
    for (let i = this.text.indexOf('\n'); i >= 0 && i < offset; i = this.text.indexOf('\n', i + 1)) line++;
    return line;
  }

  private complain(from: number, to: number, reason: string): void {
    const [first = ''] = this.text.slice(from, to).trim().split('\n');
    const text = first.length > LONGEST_SHOWN ? `${first.slice(0, LONGEST_SHOWN)}...` : first;
    this.problems.push({ line: this.lineAt(from), text, reason });
  }

  /** White space, empty statements and comments. */
  private skipBlank(): void {
    for (;;) {
      const before = this.at;
      while (/[\s;]/.test(this.text.charAt(this.at))) this.at++;
      if (this.text.startsWith('\\\n', this.at)) this.at += 2;
      if (this.text.charAt(this.at) === '#') this.toLineEnd();
      if (this.at === before) return;
    }
  }

  private toLineEnd(): void {
    const end = this.text.indexOf('\n', this.at);
    this.at = end < 0 ? this.text.length : end;
  }

  /** Reads words up to the end of the command. */
  private statement(): Statement {
    const from = this.at;
    const words: Word[] = [];
    let conditional = false;
    let problem: string | null = null;
    while (problem === null) {
      this.skipGap();
      const character = this.text.charAt(this.at);
      if (character === '' || character === '\n' || character === ';') break;
      if (character === '#') {
        this.toLineEnd();
      } else if ('&|<>()'.includes(character)) {
        conditional = true;
        const operator = this.operator();
        if (operator === '<<') problem = 'a here-document';
        if (operator === '(' || operator === ')') words.push({ raw: operator, value: null, reason: '' });
      } else {
        problem = this.word(words);
      }
    }
    return { words, line: this.lineAt(from), from, to: this.at, conditional, problem };
  }

  /** Blanks and continued lines between the words of a command. */
  private skipGap(): void {
    for (;;) {
      if (this.text.startsWith('\\\n', this.at)) this.at += 2;
      else if (/[ \t]/.test(this.text.charAt(this.at))) this.at++;
      else return;
    }
  }

  private operator(): string {
    const [operator = ''] = /^(&&|\|\||<<|>>|.)/.exec(this.text.slice(this.at, this.at + 2)) ?? [];
    this.at += operator.length;
    // Behind these a command goes on, also in the next line.
    if (operator === '&&' || operator === '||' || operator === '|') this.skipBlank();
    return operator;
  }

  /** Reads one word; returns why none behind it can be read. */
  private word(words: Word[]): string | null {
    try {
      const { word, next } = readWord(this.text, this.at, (name) => this.scope.get(name));
      words.push(word);
      this.at = next;
      return null;
    } catch (error) {
      if (!(error instanceof WordError)) throw error;
      this.at = this.text.length;
      return error.message;
    }
  }

  private isCompound({ words }: Statement): boolean {
    const [first = '', second = ''] = words.map(({ raw }) => raw);
    return CLOSERS.has(first) || first === 'function' || second === '(';
  }

  /** Leaves out an `if`, loop, function or the like with all that is in it. */
  private skipCompound(head: Statement): void {
    const open: string[] = [];
    countOpen(head.words, open);
    let next = head;
    // The braces of a function may begin in the next line.
    while ((open.length > 0 || (next === head && isBareFunctionHead(head))) && next.problem === null) {
      this.skipBlank();
      if (this.at >= this.text.length) break;
      next = this.statement();
      countOpen(next.words, open);
    }
    if (next.problem === null) {
      this.complain(head.from, this.at, 'only assignments are read, so all of it is left out');
    } else {
      this.complain(head.from, this.at, `${next.problem}; from here on the file is left out`);
      this.at = this.text.length;
    }
  }

  private run({ words, line, from, to, conditional }: Statement): void {
    const [first] = words;
    if (first === undefined) return;
    if (conditional) {
      this.complain(from, to, 'whether it takes place depends on commands, which are not run');
      return;
    }
    if (HARMLESS.has(first.raw)) return;
    if (first.raw === 'unset') {
      for (const { raw } of words.slice(1)) this.scope.unset(raw);
      return;
    }
    const declares = DECLARERS.has(first.raw);
    const rest = declares ? words.slice(1).filter(({ raw }) => !raw.startsWith('-')) : words;
    const strange = rest.find(({ raw }) => !ASSIGNMENT.test(raw) && !(declares && NAME.test(raw)));
    if (strange !== undefined) {
      this.complain(from, to, 'commands are not run');
      return;
    }
    for (const word of rest) this.assign(word, line, from, to);
  }

  private assign({ raw, value, reason }: Word, line: number, from: number, to: number): void {
    const [, name, plus] = ASSIGNMENT.exec(raw) ?? [];
    if (name === undefined) return;
    if (value === null) {
      this.complain(from, to, `${reason} is not expanded`);
      return;
    }
    const text = value.slice(value.indexOf('=') + 1);
    this.scope.set(name, plus === '+' ? (this.scope.get(name) ?? '') + text : text, line);
  }
}

function isBareFunctionHead({ words }: Statement): boolean {
  const [first = '', second = ''] = words.map(({ raw }) => raw);
  return (first === 'function' || second === '(') && !words.some(({ raw }) => raw === '{');
}

/** Keeps in `open` the words that end what is open behind these words. */
function countOpen(words: readonly Word[], open: string[]): void {
  for (const [index, { raw }] of words.entries()) {
    // Words such as `fi` are special only where a command begins.
    const begins = index === 0 || LEADS.has(words[index - 1]?.raw ?? '') || raw === '{' || raw === '(' || raw === ')';
    if (!begins) continue;
    const closer = CLOSERS.get(raw);
    if (closer !== undefined) open.push(closer);
    else if (raw === open.at(-1)) open.pop();
  }
}

/** Applies a file to `scope` and returns what was left out. */
export function readShellFile(text: string, scope: ShellScope): ShellProblem[] {
  const reader = new ShellReader(text.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n'), scope);
  reader.read();
  return reader.problems;
}
