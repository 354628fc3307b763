import { progressLine, timeLeft } from '../shell/index.js';

const REDRAW_MS = 100;
const MEBIBYTE = 1024 * 1024;
const ERASE_LINE = '\r\u001b[K';
const COLUMNS = 80;

/** Where a bar is drawn: standard error, when it is a terminal. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** A bar for long work, with the speed and the time left; on a terminal only. Its line is erased at the end. */
export class ProgressBar {
  private readonly startMs: number;
  private drawnMs: number;
  private isShown = false;

  constructor(
    private readonly output: ProgressOutput,
    private readonly title: string,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    // What is over at once needs no bar.
    this.startMs = this.drawnMs = nowMs();
  }

  readonly update = (doneBytes: number, totalBytes: number): void => {
    if (this.output.isTTY !== true) return;
    const nowMs = this.nowMs();
    if (nowMs - this.drawnMs < REDRAW_MS) return;
    this.drawnMs = nowMs;
    this.isShown = true;
    const line = barLine(this.title, doneBytes, totalBytes, nowMs - this.startMs, this.columns);
    this.output.write(ERASE_LINE + line);
  };

  /** Until its next update, so that something else can be written. */
  hide(): void {
    if (this.isShown) this.output.write(ERASE_LINE);
    this.isShown = false;
  }

  /** A text in place of the bar, for a part of the work whose length is not known. */
  say(text: string): void {
    if (this.output.isTTY !== true) return;
    this.isShown = true;
    this.output.write(ERASE_LINE + text.slice(0, this.columns - 1));
  }

  end(): void {
    this.hide();
  }

  /** Some terminals (those of `script`, of containers) do not know how wide they are, and say 0. */
  private get columns(): number {
    const { columns = 0 } = this.output;
    return columns > 0 ? columns : COLUMNS;
  }
}

/** `copying [####......]  40 %, 104 of 260 MiB, 0:02 left, 85 MiB/s` */
export function barLine(
  title: string,
  doneBytes: number,
  totalBytes: number,
  elapsedMs: number,
  columns: number,
): string {
  const share = totalBytes === 0 ? 1 : Math.min(1, doneBytes / totalBytes);
  const figures = [
    `${shownSize(doneBytes)} of ${shownSize(totalBytes)}`,
    timeLeft(share, elapsedMs) ?? '',
    elapsedMs <= 0 ? '' : `${shownSize((doneBytes / elapsedMs) * 1000)}/s`,
  ];
  return progressLine({ label: title, share, figures: figures.filter((figure) => figure !== '') }, columns);
}

export function shownSize(bytes: number): string {
  if (bytes < 1024) return `${Math.round(bytes)} B`;
  if (bytes < MEBIBYTE) return `${Math.round(bytes / 1024)} KiB`;
  const mebibytes = bytes / MEBIBYTE;
  return mebibytes < 10 ? `${mebibytes.toFixed(1)} MiB` : `${Math.round(mebibytes)} MiB`;
}
