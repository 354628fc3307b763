import { LiveLine } from './live-line.js';
import { progressLine, timeLeft } from './progress-line.js';

/** Where a shell writes. */
export interface Sink {
  out(text: string): void;
  err(text: string): void;
  /** Standard output is a terminal that shows colours. */
  readonly hasColours: boolean;
  /** So is standard error. */
  readonly errHasColours: boolean;
  /** Standard error is a terminal, on which a line may be overwritten. */
  readonly showsProgress: boolean;
  /** Width of the terminal; 0: it does not know. */
  readonly columns: number;
  /** Of a clock that only goes forward. */
  readonly nowMs: () => number;
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
  private bar: Bar | null = null;

  constructor(
    private readonly sink: Sink,
    readonly mode: OutputMode,
  ) {}

  get isJson(): boolean {
    return this.mode === 'json';
  }

  /** A line of text; nothing in JSON. */
  line(text: string): void {
    if (!this.isJson) this.out(`${text}\n`);
  }

  lines(texts: readonly string[]): void {
    for (const text of texts) this.line(text);
  }

  /** Text as it is, such as what was stored in a node. */
  text(text: string): void {
    if (!this.isJson) this.out(text);
  }

  /** The answer as one JSON value; nothing in text. */
  json(value: unknown): void {
    if (this.isJson) this.out(`${JSON.stringify(value)}\n`);
  }

  /** A remark that is no answer: to standard error, in both modes. */
  remark(text: string): void {
    this.err(`${text}\n`);
  }

  failure(text: string, details: Readonly<Record<string, unknown>>): void {
    if (this.isJson) this.err(`${JSON.stringify({ error: { message: text, ...details } })}\n`);
    else this.err(`${this.sink.errHasColours ? `\u001b[${CODES.red}m${text}\u001b[0m` : text}\n`);
  }

  /** Standard output is what decides whether there are colours. */
  paint(colour: Colour, text: string): string {
    return this.sink.hasColours ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text;
  }

  /** A bar on the terminal; nothing elsewhere. `total` 0: not known yet. */
  progress(label: string, total: number): Progress {
    if (!this.sink.showsProgress || this.isJson) return { advance: () => undefined, done: () => undefined };
    this.bar?.done();
    this.bar = new Bar(this.sink, label, total);
    return this.bar;
  }

  /** What is written stands above the bar, which comes again with its next step. */
  private out(text: string): void {
    this.bar?.hide();
    this.sink.out(text);
  }

  private err(text: string): void {
    this.bar?.hide();
    this.sink.err(text);
  }
}

class Bar implements Progress {
  private readonly line: LiveLine;
  private count = 0;
  private isDone = false;

  constructor(
    sink: Sink,
    private readonly label: string,
    private readonly total: number,
  ) {
    const target = {
      write: (text: string) => {
        sink.err(text);
      },
      get columns() {
        return sink.columns;
      },
    };
    this.line = new LiveLine(target, sink.nowMs);
  }

  advance(by: number): void {
    this.count += by;
    if (!this.isDone) this.line.update((elapsedMs, columns) => progressLine(this.stateAt(elapsedMs), columns));
  }

  done(): void {
    this.hide();
    this.isDone = true;
  }

  hide(): void {
    this.line.hide();
  }

  private stateAt(elapsedMs: number) {
    const { label, count, total } = this;
    const speed = `${Math.round((count / elapsedMs) * 1000)}/s`;
    if (total === 0) return { label, share: null, figures: [`${count} nodes`, speed] };
    const share = Math.min(1, count / total);
    const left = timeLeft(share, elapsedMs);
    return { label, share, figures: [`${count} of ${total}`, ...(left === null ? [] : [left]), speed] };
  }
}
