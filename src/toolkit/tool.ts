import type { Disk } from '../host/index.js';

/** How far a piece of work is. */
export interface Progress {
  /** So many bytes of those that were announced are done. */
  at(doneBytes: number): void;
  end(): void;
}

/** What a tool works with. */
export interface Tool {
  readonly disk: Disk;
  /** A path for a temporary file, used for nothing else. */
  readonly freshPath: () => string;
  /** Writes to standard output; `settled` tells when the reader has taken it. */
  readonly write: (text: string) => void;
  /** Resolves when little enough waits to be taken; rejects when nobody reads any more. */
  readonly settled: () => Promise<void>;
  /** Writes a line to standard error. */
  readonly complain: (line: string) => void;
  /** Shows a bar where somebody watches. */
  readonly progress: (what: string, totalBytes: number) => Progress;
  /** The answer to a question, a line; null when there is nobody to answer. */
  readonly ask: (question: string) => Promise<string | null>;
}

/** Exit codes of the file tools. */
export const ToolExit = {
  ok: 0,
  /** Damage was found, or the two files differ. */
  damaged: 1,
  /** A bad command line, a file that is absent or cannot be used. */
  usage: 2,
} as const;
