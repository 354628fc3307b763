const MOST_CELLS = 30;
/** A shorter bar tells nothing. */
const FEWEST_CELLS = 8;
/** With the space before them. */
const BRACKETS = 3;
const SHORTEST_LABEL = 12;
const FEWEST_COLUMNS = 20;
/** No estimate is made from less. */
const ESTIMATE_MS = 1000;

export interface ProgressState {
  /** What is done, and with what: its end says more than its beginning when there is no room for all of it. */
  readonly label: string;
  /** 0 to 1; null: how much there is to do is not known. */
  readonly share: number | null;
  /** What follows the bar; the later ones go first when there is no room. */
  readonly figures: readonly string[];
}

/** `label [####....]  40 %, figure, figure`: one line of fewer characters than the terminal has columns, so it never wraps. */
export function progressLine({ label, share, figures }: ProgressState, columns: number): string {
  const room = Math.max(FEWEST_COLUMNS, columns) - 1;
  const kept = share === null ? [...figures] : [`${String(Math.floor(share * 100)).padStart(3)} %`, ...figures];
  const shortest = Math.min(label.length, SHORTEST_LABEL);
  while (kept.length > 1 && shortest + 1 + kept.join(', ').length > room) kept.pop();
  const text = kept.join(', ');
  const labelRoom = room - text.length - 1;
  if (share === null) return `${shortened(label, labelRoom - 1)}: ${text}`.slice(0, room);
  // The label gives way to the bar, but not all of it.
  const shown = shortened(label, Math.max(Math.min(shortest, labelRoom), labelRoom - BRACKETS - FEWEST_CELLS));
  const cells = Math.min(MOST_CELLS, labelRoom - shown.length - BRACKETS);
  if (cells < FEWEST_CELLS) return `${shortened(label, labelRoom)} ${text}`.slice(0, room);
  const full = Math.floor(share * cells);
  return `${shown} [${'#'.repeat(full)}${'.'.repeat(cells - full)}] ${text}`;
}

function shortened(text: string, room: number): string {
  return text.length <= room ? text : `…${text.slice(text.length - Math.max(0, room - 1))}`;
}

/** `1:05 left`, by the speed so far; null: too early to tell. */
export function timeLeft(share: number, elapsedMs: number): string | null {
  if (elapsedMs < ESTIMATE_MS || share <= 0 || share >= 1) return null;
  const seconds = Math.ceil((elapsedMs * (1 - share)) / share / 1000);
  const minutes = Math.floor(seconds / 60);
  const clock =
    minutes < 60
      ? `${minutes}:${String(seconds % 60).padStart(2, '0')}`
      : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
  return `${clock} left`;
}
