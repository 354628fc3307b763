const REDRAW_MS = 100;
const BAR_CHARS = 30;
const MEBIBYTE = 1024 * 1024;

/** Where a bar is drawn: standard error, when it is a terminal. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** A bar for long work, with the speed; on a terminal only. */
export class ProgressBar {
  private readonly startMs: number;
  private drawnMs = Number.NEGATIVE_INFINITY;
  private hasDrawn = false;

  constructor(
    private readonly output: ProgressOutput,
    private readonly title: string,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.startMs = nowMs();
  }

  readonly update = (doneBytes: number, totalBytes: number): void => {
    if (this.output.isTTY !== true) return;
    const nowMs = this.nowMs();
    if (nowMs - this.drawnMs < REDRAW_MS && doneBytes < totalBytes) return;
    this.drawnMs = nowMs;
    this.hasDrawn = true;
    this.output.write(`\r${barLine(this.title, doneBytes, totalBytes, nowMs - this.startMs)}`);
  };

  /** Leaves the line as it is. */
  end(): void {
    if (this.hasDrawn) this.output.write('\n');
    this.hasDrawn = false;
  }
}

/** `copying [####......]  40 % of 260 MiB, 85 MiB/s` */
export function barLine(title: string, doneBytes: number, totalBytes: number, elapsedMs: number): string {
  const share = totalBytes === 0 ? 1 : Math.min(1, doneBytes / totalBytes);
  const full = Math.floor(share * BAR_CHARS);
  const bar = '#'.repeat(full) + '.'.repeat(BAR_CHARS - full);
  const percent = String(Math.floor(share * 100)).padStart(3);
  const speed = elapsedMs <= 0 ? '' : `, ${shownSize((doneBytes / elapsedMs) * 1000)}/s`;
  return `${title} [${bar}] ${percent} % of ${shownSize(totalBytes)}${speed}`;
}

export function shownSize(bytes: number): string {
  if (bytes < 1024) return `${Math.round(bytes)} B`;
  if (bytes < MEBIBYTE) return `${Math.round(bytes / 1024)} KiB`;
  const mebibytes = bytes / MEBIBYTE;
  return mebibytes < 10 ? `${mebibytes.toFixed(1)} MiB` : `${Math.round(mebibytes)} MiB`;
}
