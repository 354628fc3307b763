import { createInterface } from 'node:readline';
import { SingleBar } from 'cli-progress';
import { createRealHost } from '../../platform/index.js';
import type { Progress, Tool } from '../../toolkit/index.js';

const BUFFER_CHARACTERS = 64 * 1024;

export interface RealTool extends Tool {
  /** Writes what waits and lets everything go. */
  readonly finish: () => Promise<void>;
}

const NO_PROGRESS: Progress = { at: () => undefined, end: () => undefined };

/** `writesOn`: it writes while it works, so that on a terminal a bar would be torn to pieces by what is written. */
export function makeRealTool(writesOn: boolean): RealTool {
  const host = createRealHost({ log: { level: 'fatal' } });
  const output = new Output();
  const input = new Input();
  const showsBar = process.stderr.isTTY && !(writesOn && process.stdout.isTTY);
  return {
    disk: host.disk,
    write: (text) => output.write(text),
    settled: () => output.settled(),
    complain: (line) => {
      output.flush();
      process.stderr.write(`${line}\n`);
    },
    progress: (what, totalBytes) => (showsBar ? bar(what, totalBytes) : NO_PROGRESS),
    ask: (question) => {
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

function bar(what: string, totalBytes: number): Progress {
  const shown = new SingleBar({
    stream: process.stderr,
    format: '{what} [{bar}] {percentage}% {megabytes} MB, {eta_formatted} left',
    clearOnComplete: true,
    hideCursor: true,
  });
  shown.start(totalBytes, 0, { what, megabytes: '0' });
  return {
    at: (doneBytes) => shown.update(doneBytes, { megabytes: (doneBytes / 1e6).toFixed(0) }),
    end: () => shown.stop(),
  };
}

/** Standard output, in pieces that are worth a write each. */
class Output {
  private waiting = '';
  private pending: Promise<void> | null = null;

  constructor() {
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
