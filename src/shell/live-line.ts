const REDRAW_MS = 100;
const ERASE_LINE = '\r\u001b[K';
const COLUMNS = 80;

/** Where such a line is drawn. */
export interface LiveTarget {
  write(text: string): unknown;
  /** Some terminals (those of `script`, of containers) do not know how wide they are, and say 0. */
  readonly columns?: number | undefined;
}

/** One line of a terminal that is drawn anew every now and then, and leaves nothing behind. */
export class LiveLine {
  private readonly beganMs: number;
  private drawnMs: number;
  private isShown = false;

  constructor(
    private readonly target: LiveTarget,
    private readonly nowMs: () => number,
  ) {
    // What is over at once needs no line.
    this.beganMs = this.drawnMs = nowMs();
  }

  /** Draws what `text` makes of the time since the beginning, unless something was drawn just now. */
  update(text: (elapsedMs: number, columns: number) => string): void {
    const nowMs = this.nowMs();
    if (nowMs - this.drawnMs < REDRAW_MS) return;
    this.drawnMs = nowMs;
    this.draw(text(nowMs - this.beganMs, this.columns));
  }

  /** At once. */
  say(text: string): void {
    this.draw(text.slice(0, this.columns - 1));
  }

  /** Until it is drawn again, so that something else can be written. */
  hide(): void {
    if (this.isShown) this.target.write(ERASE_LINE);
    this.isShown = false;
  }

  private draw(text: string): void {
    this.isShown = true;
    this.target.write(ERASE_LINE + text);
  }

  private get columns(): number {
    const { columns = 0 } = this.target;
    return columns > 0 ? columns : COLUMNS;
  }
}
