/** One login module of a section, with what stands behind it. */
export interface JaasEntry {
  readonly module: string;
  readonly flag: string;
  readonly options: ReadonlyMap<string, string>;
}

export interface JaasSection {
  readonly name: string;
  /** From 1. */
  readonly line: number;
  readonly entries: readonly JaasEntry[];
}

/** A text that Java's login configuration does not take. */
export class JaasSyntaxError extends Error {
  override readonly name = 'JaasSyntaxError';
  constructor(
    readonly line: number,
    message: string,
  ) {
    super(message);
  }
}

interface Token {
  /** `word`: quoted or not; `mark`: one of `{ } ; =`; `end`: nothing is left. */
  readonly kind: 'word' | 'mark' | 'end';
  readonly text: string;
  readonly line: number;
}

const PIECE = /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'|([{};=])|([^\s{};="']+)/gy;
const FLAGS: readonly string[] = ['required', 'requisite', 'sufficient', 'optional'];

function unescaped(text: string): string {
  return text.replace(/\\([0-7]{1,3}|.)/g, (_all, what: string) => {
    if (/^[0-7]/.test(what)) return String.fromCharCode(Number.parseInt(what, 8));
    return { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' }[what] ?? what;
  });
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  PIECE.lastIndex = 0;
  while (PIECE.lastIndex < text.length) {
    const match = PIECE.exec(text);
    if (match === null) throw new JaasSyntaxError(line, 'a quote or a comment is never closed');
    const [all, double, single, mark, word] = match;
    const quoted = double ?? single;
    if (quoted !== undefined) tokens.push({ kind: 'word', text: unescaped(quoted), line });
    else if (mark !== undefined) tokens.push({ kind: 'mark', text: mark, line });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word, line });
    line += all.split('\n').length - 1;
  }
  return tokens;
}

class JaasReader {
  private at = 0;
  private readonly tokens: readonly Token[];
  private readonly end: Token;

  constructor(text: string) {
    this.tokens = tokensOf(text);
    this.end = { kind: 'end', text: 'the end of the file', line: this.tokens.at(-1)?.line ?? 1 };
  }

  sections(): JaasSection[] {
    const sections: JaasSection[] = [];
    while (this.peek().kind !== 'end') {
      const { text: name, line } = this.word('the name of a section');
      this.mark('{');
      const entries: JaasEntry[] = [];
      while (this.peek().text !== '}' || this.peek().kind !== 'mark') entries.push(this.entry());
      this.mark('}');
      this.mark(';');
      sections.push({ name, line, entries });
    }
    return sections;
  }

  private entry(): JaasEntry {
    const { text: module } = this.word('the class of a login module');
    const flag = this.word(FLAGS.join(', '));
    if (!FLAGS.includes(flag.text.toLowerCase())) this.expected(flag, FLAGS.join(', '));
    const options = new Map<string, string>();
    while (this.peek().kind === 'word') {
      const { text: key } = this.word('an option');
      this.mark('=');
      options.set(key, this.word(`the value of ${key}`).text);
    }
    this.mark(';');
    return { module, flag: flag.text.toLowerCase(), options };
  }

  private peek(): Token {
    return this.tokens[this.at] ?? this.end;
  }

  private next(): Token {
    const token = this.peek();
    this.at++;
    return token;
  }

  private word(what: string): Token {
    const token = this.next();
    return token.kind === 'word' ? token : this.expected(token, what);
  }

  private mark(text: string): void {
    const token = this.next();
    if (token.kind !== 'mark' || token.text !== text) this.expected(token, `"${text}"`);
  }

  /** Values may be passwords, so what stands there instead is told only where it is a mark. */
  private expected(token: Token, what: string): never {
    const found = token.kind === 'word' ? 'something else' : token.kind === 'end' ? token.text : `"${token.text}"`;
    throw new JaasSyntaxError(token.line, `${what} should stand here, but there is ${found}`);
  }
}

/**
 * Reads a login configuration as Java's `ConfigFile` does: `Section { Module flag key="value" ...; };`, with comments of
 * both kinds. Throws a `JaasSyntaxError`.
 */
export function parseJaas(text: string): readonly JaasSection[] {
  return new JaasReader(text).sections();
}
