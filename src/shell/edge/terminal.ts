import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from 'node:readline';
import { complete } from '../completion.js';
import type { Sink } from '../output.js';
import type { Shell } from '../shell.js';
import { type HistoryFile, isSecret } from './history-file.js';

const COMPLETION_MS = 2000;
const HISTORY_SIZE = 1000;
const WANTS_COLOURS = (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb';

/** Lines from a terminal or a pipe, run one after the other. */
export class Terminal {
  private rl: Interface | null = null;
  private shell: Shell | null = null;
  private isPrompting = false;
  private isMuted = false;
  private readonly isInteractive = process.stdin.isTTY && process.stdout.isTTY;

  readonly sink: Sink = {
    out: (text) => this.print(process.stdout, text),
    err: (text) => this.print(process.stderr, text),
    hasColours: process.stdout.isTTY && WANTS_COLOURS,
    errHasColours: process.stderr.isTTY && WANTS_COLOURS,
    showsProgress: process.stderr.isTTY && process.env['TERM'] !== 'dumb',
    nowMs: () => performance.now(),
    get columns() {
      return process.stderr.isTTY ? process.stderr.columns : 0;
    },
  };

  /** Gives the terminal to another program, until what is answered is called. */
  suspend(): () => void {
    const { rl } = this;
    rl?.pause();
    if (this.isInteractive) process.stdin.setRawMode(false);
    return () => {
      if (this.isInteractive) process.stdin.setRawMode(true);
      rl?.resume();
    };
  }

  /** From now on nothing is written. */
  mute(): void {
    this.isMuted = true;
  }

  /** Until `quit`, or the end of the input. */
  async run(shell: Shell, history: HistoryFile): Promise<void> {
    const rl = createInterface({
      input: process.stdin,
      ...(this.isInteractive ? { output: process.stdout, terminal: true } : { terminal: false }),
      history: [...history.lines].reverse(),
      historySize: HISTORY_SIZE,
      removeHistoryDuplicates: false,
      completer: (line: string, done: (error: Error | null, result: [string[], string]) => void) => {
        complete(line, (path) => shell.childrenOf(path, COMPLETION_MS)).then(
          ([candidates, replaced]) => done(null, [candidates, replaced]),
          () => done(null, [[], line]),
        );
      },
    });
    this.rl = rl;
    this.shell = shell;
    const lines = new LineQueue(rl);
    rl.on('history', (all) => {
      if (all[0] !== undefined && isSecret(all[0])) all.shift();
    });
    rl.on('SIGINT', () => this.onInterrupt(shell));
    try {
      await this.loop(shell, history, lines);
    } finally {
      this.isPrompting = false;
      this.rl = null;
      rl.close();
    }
  }

  private async loop(shell: Shell, history: HistoryFile, lines: LineQueue): Promise<void> {
    while (!shell.isOver) {
      this.prompt(shell);
      const line = await lines.next();
      this.isPrompting = false;
      if (line === null) {
        if (this.isInteractive) process.stdout.write('\n');
        return;
      }
      if (this.isInteractive) history.add(line);
      await shell.execute(line);
    }
  }

  private prompt(shell: Shell): void {
    const { rl } = this;
    if (!this.isInteractive || rl === null) return;
    rl.setPrompt(shell.prompt);
    rl.prompt();
    this.isPrompting = true;
  }

  private onInterrupt(shell: Shell): void {
    if (shell.isBusy) {
      shell.interrupt();
      return;
    }
    const { rl } = this;
    if (rl === null) return;
    rl.write(null, { ctrl: true, name: 'e' });
    // It draws the next prompt as many rows further up as this one has.
    process.stdout.write(`^C${'\n'.repeat(1 + rl.getCursorPos().rows)}`);
    rl.write(null, { ctrl: true, name: 'u' });
    rl.prompt();
  }

  /** What comes while somebody types stands above his line. */
  private print(stream: NodeJS.WriteStream, text: string): void {
    if (this.isMuted) return;
    const { rl } = this;
    if (!this.isPrompting || rl === null) {
      stream.write(text);
      return;
    }
    // Prompt and line may have several rows in a narrow window; it draws the next prompt as many rows further up.
    const { rows } = rl.getCursorPos();
    moveCursor(process.stdout, 0, -rows);
    cursorTo(process.stdout, 0);
    clearScreenDown(process.stdout);
    stream.write(text);
    process.stdout.write('\n'.repeat(rows));
    if (this.shell !== null) rl.setPrompt(this.shell.prompt);
    rl.prompt(true);
  }
}

/** Lines that came while a command was running wait for their turn. */
class LineQueue {
  private readonly waiting: string[] = [];
  private isEnded = false;
  private wake: () => void = () => undefined;

  constructor(rl: Interface) {
    rl.on('line', (line) => {
      this.waiting.push(line);
      this.wake();
    });
    rl.on('close', () => {
      this.isEnded = true;
      this.wake();
    });
  }

  /** Null: the input has ended. */
  async next(): Promise<string | null> {
    while (this.waiting.length === 0 && !this.isEnded) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return this.waiting.shift() ?? null;
  }
}
