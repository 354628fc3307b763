/** A word of a shell command. */
export interface Word {
  /** As it stands. */
  readonly raw: string;
  /** Without quotes and with variables expanded; null when that takes more than a variable's value. */
  readonly value: string | null;
  /** What would have to be run or known; empty when there is a value. */
  readonly reason: string;
}

/** A quote or brace that is never closed: no word behind it can be told. */
export class WordError extends Error {
  override readonly name = 'WordError';
}

type Lookup = (name: string) => string | undefined;

/** `${NAME}` and its forms with a word for the absent (`-`, `=`) or present (`+`) variable; a colon makes empty absent. */
const EXPANSION = /^([A-Za-z_][A-Za-z0-9_]*)(?:(:?)([-=+])([^]*))?$/;

class WordReader {
  private value = '';
  private reason = '';

  constructor(
    private readonly text: string,
    private at: number,
    private readonly lookup: Lookup,
  ) {}

  read(): { readonly word: Word; readonly next: number } {
    const from = this.at;
    while (this.at < this.text.length && !/[\s;&|<>()]/.test(this.peek())) this.piece();
    const word = this.reason === '' ? this.value : null;
    return { word: { raw: this.text.slice(from, this.at), value: word, reason: this.reason }, next: this.at };
  }

  private peek(): string {
    return this.text.charAt(this.at);
  }

  private piece(): void {
    const character = this.peek();
    if (character === "'") this.singleQuoted();
    else if (character === '"') this.doubleQuoted();
    else if (character === '\\') this.escaped();
    else if (character === '$') this.dollar();
    else if (character === '`') this.backquoted();
    else {
      const begins = this.value === '' || this.value.endsWith('=');
      if (character === '~' && begins) this.reason = 'a home folder (~)';
      this.value += character;
      this.at++;
    }
  }

  private singleQuoted(): void {
    const end = this.text.indexOf("'", this.at + 1);
    if (end < 0) throw new WordError('a quote is never closed');
    this.value += this.text.slice(this.at + 1, end);
    this.at = end + 1;
  }

  private doubleQuoted(): void {
    this.at++;
    while (this.peek() !== '"') {
      if (this.at >= this.text.length) throw new WordError('a quote is never closed');
      const character = this.peek();
      if (character === '\\' && !'$`"\\\n'.includes(this.text.charAt(this.at + 1))) {
        this.value += '\\';
        this.at++;
      } else if (character === "'") {
        this.value += character;
        this.at++;
      } else {
        this.piece();
      }
    }
    this.at++;
  }

  private escaped(): void {
    const next = this.text.charAt(this.at + 1);
    if (next !== '\n') this.value += next;
    this.at += 2;
  }

  private backquoted(): void {
    const end = this.text.indexOf('`', this.at + 1);
    if (end < 0) throw new WordError('a back quote is never closed');
    this.reason = 'the output of a command';
    this.at = end + 1;
  }

  private dollar(): void {
    const rest = this.text.slice(this.at + 1);
    const [name] = /^[A-Za-z_][A-Za-z0-9_]*/.exec(rest) ?? [];
    if (name !== undefined) {
      this.value += this.lookup(name) ?? '';
      this.at += 1 + name.length;
    } else if (rest.startsWith('{')) {
      this.braces();
    } else if (rest.startsWith('(')) {
      this.at = this.closing(this.at + 1, '(', ')');
      this.reason = 'the output of a command';
    } else if (/^[0-9@*#?$!-]/.test(rest)) {
      this.reason = `$${rest.charAt(0)}`;
      this.at += 2;
    } else {
      this.value += '$';
      this.at++;
    }
  }

  private braces(): void {
    const end = this.closing(this.at + 1, '{', '}');
    const inside = this.text.slice(this.at + 2, end - 1);
    this.at = end;
    const [, name, colon, operator, word = ''] = EXPANSION.exec(inside) ?? [];
    if (name === undefined) {
      this.reason = `\${${inside}}`;
      return;
    }
    const value = this.lookup(name);
    const isThere = value !== undefined && (colon !== ':' || value !== '');
    if (operator === undefined) this.value += value ?? '';
    else if (operator === '+') this.value += isThere ? this.expand(word) : '';
    else this.value += isThere ? value : this.expand(word);
  }

  /** The word behind `:-` and its like, which may hold quotes and variables of its own. */
  private expand(text: string): string {
    const inner = new WordReader(text, 0, this.lookup);
    while (inner.at < text.length) inner.piece();
    if (inner.reason !== '') this.reason = inner.reason;
    return inner.value;
  }

  /** Behind the bracket that closes the one at `from`. */
  private closing(from: number, open: string, close: string): number {
    let depth = 0;
    let quote = '';
    for (let at = from; at < this.text.length; at++) {
      const character = this.text.charAt(at);
      if (character === '\\') at++;
      else if (quote !== '') quote = character === quote ? '' : quote;
      else if (character === "'" || character === '"') quote = character;
      else if (character === open) depth++;
      else if (character === close && --depth === 0) return at + 1;
    }
    throw new WordError(`a ${open} is never closed`);
  }
}

/** Reads the word that begins at `from`; `next` is behind it. */
export function readWord(text: string, from: number, lookup: Lookup): { readonly word: Word; readonly next: number } {
  return new WordReader(text, from, lookup).read();
}
