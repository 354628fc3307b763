import { LiveLine, type LiveTarget, progressLine, timeLeft } from '../shell/index.js';

const MEBIBYTE = 1024 * 1024;

/** Where a bar is drawn: standard error, when it is a terminal. */
export interface ProgressOutput extends LiveTarget {
  readonly isTTY?: boolean;
}

/** A bar for long work, with the speed and the time left; on a terminal only. Its line is erased at the end. */
export class ProgressBar {
  private readonly line: LiveLine | null;

  constructor(
    output: ProgressOutput,
    private readonly title: string,
    nowMs: () => number = () => performance.now(),
  ) {
    this.line = output.isTTY === true ? new LiveLine(output, nowMs) : null;
  }

  readonly update = (doneBytes: number, totalBytes: number): void => {
    this.line?.update((elapsedMs, columns) => barLine(this.title, doneBytes, totalBytes, elapsedMs, columns));
  };

  /** A text in place of the bar, for a part of the work whose length is not known. */
  say(text: string): void {
    this.line?.say(text);
  }

  /** Until its next update, so that something else can be written; or for good. */
  hide(): void {
    this.line?.hide();
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
