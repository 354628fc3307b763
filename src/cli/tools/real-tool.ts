import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createRealHost } from '../../platform/index.js';
import type { Progress, Tool } from '../../toolkit/index.js';
import { ProgressBar } from '../progress.js';

const BUFFER_CHARACTERS = 64 * 1024;

export interface RealTool extends Tool {
  /** Writes what waits and lets everything go. */
  readonly finish: () => Promise<void>;
}

const NO_PROGRESS: Progress = { at: () => undefined, end: () => undefined };

/** `writesOn`: it writes while it works, so that on a terminal a bar would be torn to pieces by what is written. */
export function makeRealTool(writesOn: boolean): RealTool {
  const host = createRealHost({ log: { level: 'fatal' } });
  let bar: ProgressBar | null = null;
  const output = new Output(() => bar?.hide());
  const input = new Input();
  const showsBar = process.stderr.isTTY && !(writesOn && process.stdout.isTTY);
  return {
    disk: host.disk,
    freshPath: freshPaths(),
    write: (text) => output.write(text),
    settled: () => output.settled(),
    complain: (line) => {
      bar?.hide();
      output.flush();
      process.stderr.write(`${line}\n`);
    },
    progress: (what, totalBytes) => {
      if (!showsBar) return NO_PROGRESS;
      const shown = new ProgressBar(process.stderr, what);
      bar = shown;
      return { at: (doneBytes) => shown.update(doneBytes, totalBytes), end: () => shown.hide() };
    },
    ask: (question) => {
      bar?.hide();
      output.write(question);
      output.flush();
      return input.line();
    },
    finish: async () => {
      output.flush();
      input.close();
      await host.close();
    },
  };
}

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** Paths in a folder of its own, which goes with the process; it is made when the first one is asked for. */
function freshPaths(): () => string {
  let folder: string | null = null;
  let count = 0;
  return () => {
    folder ??= makeFolder();
    return join(folder, String(++count));
  };
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'zk-tool-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const [signal, number] of Object.entries(SIGNALS)) process.once(signal, () => process.exit(128 + number));
  return folder;
}

/** Standard output, in pieces that are worth a write each. */
class Output {
  private waiting = '';
  private pending: Promise<void> | null = null;

  constructor(private readonly beforeWrite: () => void) {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      // Nobody reads any more: `| head` has seen enough.
      if (error.code === 'EPIPE') process.exit(0);
      throw error;
    });
  }

  write(text: string): void {
    this.waiting += text;
    if (this.waiting.length >= BUFFER_CHARACTERS) this.flush();
  }

  flush(): void {
    if (this.waiting === '') return;
    const text = this.waiting;
    this.waiting = '';
    this.beforeWrite();
    if (process.stdout.write(text)) return;
    this.pending ??= new Promise((resolve) => {
      process.stdout.once('drain', () => {
        this.pending = null;
        resolve();
      });
    });
  }

  settled(): Promise<void> {
    return this.pending ?? Promise.resolve();
  }
}

/** Standard input, line by line. */
class Input {
  private lines: AsyncIterator<string> | null = null;
  private close_: (() => void) | null = null;

  async line(): Promise<string | null> {
    if (this.lines === null) {
      const reader = createInterface({ input: process.stdin });
      this.lines = reader[Symbol.asyncIterator]();
      this.close_ = () => reader.close();
    }
    const next = await this.lines.next();
    return next.done === true ? null : next.value;
  }

  close(): void {
    this.close_?.();
  }
}
