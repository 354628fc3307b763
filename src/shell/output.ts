/** Where a shell writes. */
export interface Sink {
  out(text: string): void;
  err(text: string): void;
  /** Standard output is a terminal that shows colours. */
  readonly hasColours: boolean;
  /** Standard error is a terminal, on which a line may be overwritten. */
  readonly showsProgress: boolean;
  /** Width of the terminal. */
  readonly columns: number;
}

export type OutputMode = 'text' | 'json';
export type Colour = 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'cyan';

const CODES: Readonly<Record<Colour, number>> = { dim: 2, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 };

export interface Progress {
  advance(by: number): void;
  done(): void;
}

/** Answers as text for people, or one JSON value a line for programs. */
export class Output {
  constructor(
    private readonly sink: Sink,
    readonly mode: OutputMode,
  ) {}

  get isJson(): boolean {
    return this.mode === 'json';
  }

  /** A line of text; nothing in JSON. */
  line(text: string): void {
    if (!this.isJson) this.sink.out(`${text}\n`);
  }

  lines(texts: readonly string[]): void {
    for (const text of texts) this.line(text);
  }

  /** Text as it is, such as what was stored in a node. */
  text(text: string): void {
    if (!this.isJson) this.sink.out(text);
  }

  /** The answer as one JSON value; nothing in text. */
  json(value: unknown): void {
    if (this.isJson) this.sink.out(`${JSON.stringify(value)}\n`);
  }

  /** A remark that is no answer: to standard error, in both modes. */
  remark(text: string): void {
    this.sink.err(`${text}\n`);
  }

  failure(text: string, details: Readonly<Record<string, unknown>>): void {
    if (this.isJson) this.sink.err(`${JSON.stringify({ error: { message: text, ...details } })}\n`);
    else this.sink.err(`${this.sink.hasColours ? `\u001b[${CODES.red}m${text}\u001b[0m` : text}\n`);
  }

  /** Standard output is what decides whether there are colours. */
  paint(colour: Colour, text: string): string {
    return this.sink.hasColours ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text;
  }

  /** A bar on the terminal; nothing elsewhere. `total` 0: not known yet. */
  progress(label: string, total: number): Progress {
    if (!this.sink.showsProgress || this.isJson) return { advance: () => undefined, done: () => undefined };
    return new Bar(this.sink, label, total);
  }
}

const BAR_CELLS = 30;

class Bar implements Progress {
  private count = 0;
  private shown = '';

  constructor(
    private readonly sink: Sink,
    private readonly label: string,
    private readonly total: number,
  ) {
    this.draw();
  }

  advance(by: number): void {
    this.count += by;
    this.draw();
  }

  done(): void {
    this.sink.err(`\r${' '.repeat(this.shown.length)}\r`);
  }

  private draw(): void {
    const text = this.textNow().slice(0, Math.max(20, this.sink.columns - 1));
    if (text === this.shown) return;
    this.sink.err(`\r${text.padEnd(this.shown.length)}`);
    this.shown = text;
  }

  private textNow(): string {
    if (this.total === 0) return `${this.label} ${this.count}`;
    const share = Math.min(1, this.count / this.total);
    const full = Math.floor(share * BAR_CELLS);
    const bar = `${'#'.repeat(full)}${'.'.repeat(BAR_CELLS - full)}`;
    return `${this.label} [${bar}] ${Math.floor(share * 100)}% (${this.count}/${this.total})`;
  }
}
